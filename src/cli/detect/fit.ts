/** Fitted detectors: read, held against the model that is used, and fitted to labelled rows. */
import { type CalibrationIdentity, checkIdentity } from "../../calibrate/index.ts";
import { SurprisalError, type TokenRecord } from "../../core/index.ts";
import {
  type DetectorArtefact,
  type Examination,
  type FusionArtefact,
  fitFusion,
  fitSeries,
  heldOutSeries,
  loadDetector,
  PROBABILITY_WRONG,
  type SeriesArtefact,
} from "../../detect/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { kernelsOf } from "../../models/kernels.ts";
import type { DetectedAnswer } from "../../report/index.ts";
import { formatNumber, formatPlural } from "../../text/index.ts";
import { usage } from "../errors.ts";
import type { DetectRow } from "./given.ts";

/** One of each kind at most. */
export interface Artefacts {
  fusion: FusionArtefact | null;
  series: SeriesArtefact | null;
}

/** @throws SurprisalError USAGE for two of a kind; DETECTOR_INVALID, FILE_NOT_FOUND, ... */
export async function readArtefacts(files: readonly string[]): Promise<Artefacts> {
  const found: Artefacts = { fusion: null, series: null };
  for (const file of files) {
    const artefact = await loadDetector(file);
    if (found[artefact.kind] !== null)
      throw usage(`There are two detectors of the kind ${artefact.kind}`, file);
    if (artefact.kind === "fusion") found.fusion = artefact;
    else found.series = artefact;
  }
  return found;
}

/** What gives the numbers. */
export const identityOf = (model: LanguageModel | null): Partial<CalibrationIdentity> | undefined =>
  model === null
    ? undefined
    : {
        model: { name: model.identity.name, sha256: model.identity.sha256 },
        kernels: kernelsOf(model.settings),
      };

/** What is said of artefacts that were fitted beside another model. */
export function identityNotes({ fusion, series }: Artefacts, model: LanguageModel | null): string[] {
  const notes: string[] = [];
  const used = identityOf(model);
  if (used === undefined) return notes;
  for (const artefact of [fusion, series])
    if (artefact !== null) checkIdentity(artefact, used, { onWarning: (warning) => notes.push(warning) });
  return [...new Set(notes)];
}

type Labelled = Pick<DetectedAnswer, "examinations" | "tokens" | "answer" | "correct" | "group">;

/** What was fitted, and to what file it belongs. */
export interface Fitted {
  kind: DetectorArtefact["kind"];
  file: string;
  artefact: DetectorArtefact;
}

/**
 * Fits what is asked for. A fused model that is fitted together with the detector of series sees what that says of answers that it
 * was not fitted to.
 * @throws SurprisalError CALIBRATION_TOO_SMALL, ...
 */
export function fitDetectors(
  rows: readonly Labelled[],
  { fit, fitSeries: seriesFile }: { fit: string | undefined; fitSeries: string | undefined },
  model: LanguageModel | null,
): Fitted[] {
  const options = { identity: identityOf(model), leastPerClass: LEAST };
  const cases = rows.map((row, i) => ({
    id: String(i).padStart(9, "0"),
    ...(row.group !== null && { group: String(row.group) }),
    correct: row.correct,
    row,
  }));
  const series = cases.map(({ row, ...rest }) => ({ ...rest, tokens: recordsIn(row) }));
  const fitted: Fitted[] = [];
  if (seriesFile !== undefined)
    fitted.push({ kind: "series", file: seriesFile, artefact: fitSeries(series, options) });
  if (fit !== undefined) {
    const held = seriesFile === undefined ? null : heldOutSeries(series, options);
    const examined = cases.map(({ row, ...rest }) => ({
      ...rest,
      examinations:
        held === null ? row.examinations : withSeries(row.examinations, held.get(rest.id) ?? null),
    }));
    fitted.push({ kind: "fusion", file: fit, artefact: fitFusion(examined, options) });
  }
  return fitted;
}

function withSeries(examinations: readonly Examination[], probability: number | null): Examination[] {
  const others = examinations.filter(({ signal }) => signal !== "series");
  const p = probability === null ? null : Math.min(1 - 1e-12, Math.max(1e-12, probability));
  return [
    ...others,
    {
      ...{ signal: "series", suspicion: probability, unit: PROBABILITY_WRONG, findings: [] },
      features: { "log-odds": p === null ? null : Math.log(p) - Math.log1p(-p) },
      price: { tokensRun: 0, tokensWritten: 0, ms: 0 },
    },
  ];
}

/** The tokens of a row, as detectors of series read them. */
const recordsIn = ({ answer, tokens }: Labelled): TokenRecord[] =>
  tokens.map(({ start, end, surprisal, entropy, rank, top = [] }) => ({
    text: answer.slice(start, end),
    logprob: surprisal === null ? null : -surprisal,
    ...(entropy !== undefined && { entropy }),
    ...(rank !== undefined && { rank }),
    ...(top.length > 0 && { alternatives: top.map((logprob) => ({ text: "", logprob })) }),
  }));

/** A sentence about a fit, with what it does on folds that it had not seen. */
export function fittedText({ kind, file, artefact }: Fitted): string {
  const { fittedOn, measures, folds } = artefact;
  const { value = null, low = null, high = null } = measures.measures.auroc ?? {};
  const interval =
    low === null || high === null ? "" : ` (${formatNumber(low, 3)} to ${formatNumber(high, 3)})`;
  return `${kind} fitted to ${formatPlural(fittedOn.n, "answer")}, ${fittedOn.right ?? 0} right and ${fittedOn.wrong ?? 0} wrong; AUROC ${formatNumber(value, 3)}${interval} on ${folds} folds held out: ${file}`;
}

/** Fewest right and fewest wrong answers of a fit. */
const LEAST = 30;

/**
 * What is known to be too little is said before anything is run. A line with the right answer may turn out either way.
 * @throws SurprisalError EMPTY_INPUT without labels, CALIBRATION_TOO_SMALL
 */
export function requireLabels(rows: readonly DetectRow[], where: string): void {
  const items = rows.flatMap(({ item }) => (item instanceof SurprisalError ? [] : [item]));
  const open = items.filter(({ correct, expected }) => correct === null && expected !== null).length;
  const [right, wrong] = [true, false].map(
    (label) => items.filter(({ correct }) => correct === label).length,
  );
  if (open + right! + wrong! === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "No line says whether its answer is right, so there is nothing to fit to",
      where,
      wayOut: 'Give lines "correct": true or false, or "expected": the right answer.',
    });
  if (Math.min(right!, wrong!) + open >= LEAST && open + right! + wrong! >= 2 * LEAST) return;
  const more = open > 0 ? `, ${open} have the right answer to compare with` : "";
  throw new SurprisalError({
    code: "CALIBRATION_TOO_SMALL",
    what: `Of ${formatPlural(items.length, "line")} ${right} are labelled right, ${wrong} wrong${more}: a fit needs ${LEAST} of each`,
    where,
    wayOut: "Label more answers.",
  });
}
