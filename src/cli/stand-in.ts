/** An open model that reads a text in the place of a closed one: `--proxy`, and calibrations as files. */

import {
  applyProxyCalibration,
  type ProxyCalibration,
  type ProxyEstimate,
  parseCalibration,
} from "../calibrate/index.ts";
import { invalidArgument, SurprisalError } from "../core/index.ts";
import { ByteSurprisal, type TextScore } from "../evaluate/index.ts";
import { readInput } from "../files/index.ts";
import type { LanguageModel, ModelIdentity } from "../models/index.ts";
import type { StandInView } from "../report/index.ts";
import { decodeText, formatNumber, formatWithError } from "../text/index.ts";
import { usage } from "./errors.ts";
import { openModel } from "./load-options.ts";
import { type Declared, option, text } from "./parameters.ts";

/** What a file says of a calibrated proxy, whichever form it has. */
interface CalibrationFile {
  /** The model that is stood for, as it was named; `null` = nobody named it. */
  model: string | null;
  /** The model that reads; `null` = the file does not say. */
  proxy: Pick<ModelIdentity, "name" | "sha256"> | null;
  /** Id of the recipe it reads by; `null` = the file does not say. */
  recipe: string | null;
  calibration: ProxyCalibration;
}

/** What versions before `surprisal.calibration/1` wrote. */
interface OldCalibrationFile extends CalibrationFile {
  schema: "surprisal.proxy-calibration/1";
}

/** What `score --json` says beside the proxy's own numbers. */
export interface ProxyDocument {
  /** The model that is stood for; `null` = nobody named one. */
  model: string | null;
  /** The proxy's surprisal of the text, nats per byte; `null` = no byte has a number. */
  natsPerByte: number | null;
  /** What the model would say, nats per byte; `null` without a calibration. */
  estimate: ProxyEstimate | null;
  /** Coverage of the estimate's interval, and what it is from; `null` without a calibration. */
  calibration: Pick<ProxyCalibration, "level" | "pairs" | "leaveOneOutError" | "rSquared"> | null;
}

interface ProxyValues {
  proxy: string | undefined;
  proxyCalibration: string | undefined;
}

// biome-ignore format: one option a line
export const PROXY_OPTIONS: Declared<ProxyValues> = {
  proxy: option(text, { hint: "MODEL", description: "An open model that reads the text in the place of one whose server gives no numbers of it" }),
  proxyCalibration: option(text, { hint: "FILE", description: "With --proxy: estimate the other model's bits per byte, by a file of `surprisal proxy calibrate`" }),
};

type Given = Parameters<typeof openModel>[0] & ProxyValues;

/** The model that reads the text, and the one it stands for. */
export interface Reader {
  model: LanguageModel;
  /** `null`: it reads for itself. */
  standsFor: { name: string | null; calibration: CalibrationFile | null } | null;
  notes: string[];
}

/**
 * Opens the model, or with `--proxy` the proxy, unless the model scores texts itself.
 * @throws SurprisalError USAGE, INVALID_ARGUMENT for a file that is no calibration, and what opening throws.
 */
export async function openReader(given: Given): Promise<Reader> {
  if (given.proxy === undefined) {
    if (given.proxyCalibration !== undefined) throw usage("--proxy-calibration needs --proxy MODEL");
    return { model: await openModel(given), standsFor: null, notes: [] };
  }
  const file = given.proxyCalibration;
  const calibration = file === undefined ? null : await readCalibration(file);
  let name: string | null = null;
  const notes: string[] = [];
  if (given.model !== undefined) {
    name = given.model.replace(/^.*#/, "");
    const closed = await openClosed(given);
    if (closed?.capabilities.score) {
      const note = `${closed.identity.name} gives the numbers of a text itself: --proxy was not needed.`;
      return { model: closed, standsFor: null, notes: [note] };
    }
    if (closed) name = closed.identity.name;
    else notes.push(`${name} could not be asked: only its name is used.`);
    await closed?.[Symbol.asyncDispose]();
  }
  const model = await openModel({ ...given, model: given.proxy });
  if (!model.capabilities.score) {
    await model[Symbol.asyncDispose]();
    throw usage(`--proxy takes a model that scores texts, which ${given.proxy} does not`);
  }
  return { model, standsFor: { name, calibration }, notes };
}

/** The model that is stood for, to see whether it has numbers itself; `null` where it cannot be reached, or has no key. */
async function openClosed(given: Given): Promise<LanguageModel | null> {
  try {
    return await openModel(given);
  } catch (error) {
    const { code } = SurprisalError.isInstance(error) ? error : { code: null };
    if (code === "UNAUTHORIZED" || code === "SERVER_UNREACHABLE") return null;
    throw error;
  }
}

/**
 * What the proxy's score says of the model that it stands for. `quiet` is bits per byte: the estimate, and half of its
 * interval; without a calibration the proxy's own.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function standIn(
  { name, calibration: given }: NonNullable<Reader["standsFor"]>,
  score: TextScore,
): { document: ProxyDocument; view: StandInView; notes: string[]; quiet: string } {
  const { nats, missing } = ByteSurprisal.fromTable(score.table).known();
  const bytes = score.text.length - missing;
  const natsPerByte = bytes > 0 ? nats / bytes : null;
  const calibration = given?.calibration ?? null;
  if (given) checkReader(given, score.model);
  const estimate =
    calibration && natsPerByte !== null && natsPerByte < Number.POSITIVE_INFINITY
      ? applyProxyCalibration(calibration, natsPerByte, { bytes })
      : null;
  const bits = estimate && inBits(estimate);
  return {
    quiet: bits
      ? formatWithError(bits.value, (bits.high - bits.low) / 2)
      : formatNumber(natsPerByte === null ? null : natsPerByte / Math.LN2),
    document: {
      model: name ?? given?.model ?? null,
      natsPerByte,
      estimate,
      calibration: calibration && {
        level: calibration.level,
        pairs: calibration.pairs,
        leaveOneOutError: calibration.leaveOneOutError,
        rSquared: calibration.rSquared,
      },
    },
    view: {
      model: name ?? given?.model ?? null,
      estimate: bits && calibration && { ...bits, level: calibration.level },
      typicalError: calibration && calibration.leaveOneOutError / Math.LN2,
      pairs: calibration?.pairs ?? null,
    },
    notes: notesOn(given, name, score, estimate),
  };
}

function notesOn(
  file: CalibrationFile | null,
  name: string | null,
  score: TextScore,
  estimate: ProxyEstimate | null,
): string[] {
  const notes: string[] = [];
  if (file && name !== null && file.model !== null && file.model !== name)
    notes.push(`The calibration was made for ${file.model}, not for ${name}.`);
  if (file && file.recipe !== null && file.recipe !== score.recipe.id)
    notes.push(
      `The calibration was made with another recipe (${file.recipe}): its numbers may differ a little.`,
    );
  if (estimate?.extrapolated)
    notes.push("The text is easier or harder than all texts of the calibration: the estimate is a guess.");
  return notes;
}

const inBits = ({ estimate, low, high }: ProxyEstimate) => ({
  value: estimate / Math.LN2,
  low: low / Math.LN2,
  high: high / Math.LN2,
});

/** A line through another model's numbers says nothing of this one's. */
function checkReader({ proxy }: CalibrationFile, model: ModelIdentity): void {
  if (proxy === null) return;
  const same = proxy.sha256 === null ? proxy.name === model.name : proxy.sha256 === model.sha256;
  if (!same)
    throw invalidArgument(
      `The calibration was made with ${proxy.name} as the proxy, not with these weights of ${model.name}`,
      "--proxy-calibration",
      `Give --proxy ${proxy.name}, or make a calibration: surprisal proxy calibrate.`,
    );
}

/** A calibration has a dozen numbers. */
const MOST_CALIBRATION = 2 ** 20;
const NO_CALIBRATION =
  "Give a file that `surprisal proxy calibrate` wrote, or what calibrateProxy returned, as JSON.";

/** The file of `surprisal proxy calibrate`, also of older versions, or what `calibrateProxy` returned, as JSON. */
async function readCalibration(file: string): Promise<CalibrationFile> {
  const { text } = decodeText(
    await readInput(file, { most: MOST_CALIBRATION, wayOutWhenLarge: NO_CALIBRATION }),
    file,
  );
  try {
    const found = calibrationIn(text, file);
    applyProxyCalibration(found.calibration, 1);
    return found;
  } catch (cause) {
    if (SurprisalError.isInstance(cause) && cause.code === "CALIBRATION_INVALID") throw cause;
    throw invalidArgument("This is no calibration of a proxy", file, NO_CALIBRATION, cause);
  }
}

function calibrationIn(text: string, file: string): CalibrationFile {
  const json = JSON.parse(text) as { schema?: unknown };
  if (json.schema === "surprisal.proxy-calibration/1") return json as OldCalibrationFile;
  if (json.schema === undefined)
    return { model: null, proxy: null, recipe: null, calibration: json as ProxyCalibration };
  const { parameters, identity } = parseCalibration(text, file);
  if (parameters.kind !== "proxy-line")
    throw usage(`The calibration is of the kind ${parameters.kind}`, file);
  const { kind: _, standsFor, ...calibration } = parameters;
  return { model: standsFor, proxy: identity.model, recipe: identity.recipe, calibration };
}

/** Of a model without numbers of a text: the way out names the option. */
export function namingProxy(error: unknown): never {
  if (!SurprisalError.isInstance(error) || error.code !== "UNSUPPORTED_CAPABILITY") throw error;
  const { code, what, where, wayOut } = error;
  throw new SurprisalError({
    code,
    what,
    ...(where && { where }),
    wayOut: `Let an open model read the text in its place: --proxy smollm2 (with --proxy-calibration FILE for an estimate of this model's numbers).${wayOut ? ` ${wayOut}` : ""}`,
    cause: error,
  });
}
