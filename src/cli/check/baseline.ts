/** What was measured before: a file that is committed beside the configuration, or the folder of a run. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { type PairedUnits, type Run, readWholeRun } from "../../evaluate/index.ts";
import { readFailure, writeWhole } from "../../files/index.ts";
import { infinityAsText } from "../../text/index.ts";
import type { Measurement } from "./measure.ts";
import type { Measured, MeasuredValues, MeasureKey } from "./measures.ts";

const SCHEMA = "surprisal.baseline/1";

/** What is kept of a check. */
export interface KeptMeasurement {
  model: string;
  modelSha256: string | null;
  recipe: string;
  /** sha256 of the texts, questions or prompt. */
  sha256: string;
  values: MeasuredValues;
  parts: PairedUnits | null;
}

/** A baseline: by the name of the check. */
export interface Baseline {
  /** For people: the file or folder. */
  from: string;
  of(name: string, measured: Measurement): KeptMeasurement | null;
}

/** `null`: there is none yet. @throws SurprisalError CONFIG_INVALID, RUN_DAMAGED, FILE_UNREADABLE */
export function readBaseline(path: string): Baseline | null {
  if (!existsSync(path)) return null;
  if (statSync(path).isDirectory()) {
    if (!existsSync(join(path, "run.json")))
      throw broken(
        path,
        "It is a folder, and no run",
        "Name a run's folder (it has run.json), or a baseline file.",
      );
    return runBaseline(path, readWholeRun(path));
  }
  const kept = readKept(path);
  return { from: path, of: (name) => kept.get(name) ?? null };
}

/** The result of a run over the same texts or questions, by the same model where it has several. */
function runBaseline(folder: string, run: Run): Baseline {
  const byModel = <Result extends { modelIndex: number }>(
    results: readonly Result[],
    { model }: Measurement,
  ): Result | undefined =>
    results.find(({ modelIndex }) => run.models[modelIndex]!.identity.sha256 === model.sha256) ??
    (results.length === 1 ? results[0] : undefined);
  const head = (modelIndex: number) => {
    const { identity } = run.models[modelIndex]!;
    return { model: identity.name, modelSha256: identity.sha256 };
  };
  return {
    from: folder,
    of(_, measured) {
      const result = byModel(
        run.results.filter(({ corpusIndex }) => run.corpora[corpusIndex]!.sha256 === measured.sha256),
        measured,
      );
      if (result)
        return {
          ...head(result.modelIndex),
          recipe: run.models[result.modelIndex]!.recipe.id,
          sha256: measured.sha256,
          values: {
            perplexity: { value: result.perplexity, standardError: result.standardError },
            bitsPerByte: { value: result.bitsPerByte, standardError: result.bitsPerByteStandardError },
            bitsPerToken: { value: result.bitsPerToken, standardError: null },
            bitsPerCharacter: { value: result.bitsPerCharacter, standardError: null },
            wordPerplexity: { value: result.wordPerplexity, standardError: null },
            nll: { value: result.nll, standardError: null },
            meanProbability: { value: result.geometricMeanProbability, standardError: null },
            tokens: { value: result.tokens, standardError: null },
          },
          parts: result.parts ?? null,
        };
      const task = byModel(
        run.taskResults.filter(({ summary }) => summary.sha256 === measured.sha256),
        measured,
      );
      if (!task) return null;
      const { summary } = task;
      const values: MeasuredValues =
        summary.kind === "target"
          ? { accuracy: summary.accuracy, ...(summary.perplexity && { perplexity: summary.perplexity }) }
          : {
              accuracy: summary.accuracies.acc,
              accNorm: summary.accuracies.accNorm,
              accBytes: summary.accuracies.accBytes,
            };
      return {
        ...head(task.modelIndex),
        recipe: measured.recipe,
        sha256: measured.sha256,
        values,
        parts: null,
      };
    },
  };
}

type Json = { readonly [name: string]: unknown };
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function readKept(path: string): Map<string, KeptMeasurement> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw readFailure(cause, path);
    throw broken(
      path,
      `It is no JSON: ${cause.message}`,
      "Bring it back from version control, or write it again: --update.",
      cause,
    );
  }
  if (!isObject(parsed) || parsed.schema !== SCHEMA || !isObject(parsed.checks))
    throw broken(
      path,
      `It is no baseline of "${SCHEMA}"`,
      "Name another file as baseline:, or write it again: --update.",
    );
  return new Map(Object.entries(parsed.checks).map(([name, one]) => [name, keptOf(one, name, path)]));
}

function keptOf(value: unknown, name: string, path: string): KeptMeasurement {
  if (isObject(value) && isObject(value.values)) {
    const { model, modelSha256, recipe, sha256, values, parts } = value;
    const read = Object.entries(values).map(([key, one]) => [key, measuredOf(one)]);
    const whole = read.every(([, one]) => one !== null) && (parts === null || isParts(parts));
    if (
      typeof model === "string" &&
      (modelSha256 === null || typeof modelSha256 === "string") &&
      typeof recipe === "string" &&
      typeof sha256 === "string" &&
      whole
    )
      return {
        model,
        modelSha256,
        recipe,
        sha256,
        values: Object.fromEntries(read),
        parts: isParts(parts) ? parts : null,
      };
  }
  throw broken(
    path,
    `What it says of "${name}" is damaged`,
    "Bring it back from version control, or write it again: --update.",
  );
}

const numberOf = (value: unknown): number | null | undefined =>
  value === null || typeof value === "number"
    ? value
    : value === "Infinity"
      ? Number.POSITIVE_INFINITY
      : undefined;

function measuredOf(one: unknown): Measured | null {
  if (!isObject(one)) return null;
  const [value, standardError] = [numberOf(one.value), numberOf(one.standardError)];
  return value === undefined || standardError === undefined ? null : { value, standardError };
}

const isNumbers = (list: unknown): list is number[] =>
  Array.isArray(list) && list.every((one) => typeof one === "number");
const isParts = (parts: unknown): parts is PairedUnits =>
  isObject(parts) &&
  (parts.of === "documents" || parts.of === "bytes") &&
  isNumbers(parts.nats) &&
  isNumbers(parts.bytes) &&
  parts.nats.length === parts.bytes.length;

const broken = (where: string, what: string, wayOut: string, cause?: unknown): SurprisalError =>
  new SurprisalError({
    code: "CONFIG_INVALID",
    what: `The baseline cannot be read. ${what}`,
    where,
    wayOut,
    cause,
  });

/** The measurements of all checks as a file. Those that could not be measured this time keep what was known. */
export async function writeBaseline(
  path: string,
  measured: ReadonlyMap<string, Measurement>,
  names: readonly string[],
): Promise<void> {
  const before =
    existsSync(path) && !statSync(path).isDirectory() ? readKept(path) : new Map<string, KeptMeasurement>();
  const checks: Record<string, KeptMeasurement> = {};
  for (const name of names) {
    const one = measured.get(name);
    const kept = one ? keepOf(one) : before.get(name);
    if (kept) Object.defineProperty(checks, name, { value: kept, enumerable: true });
  }
  const json = JSON.stringify({ schema: SCHEMA, checks }, infinityAsText, 2);
  const lines = json.replace(
    /\[\s+([\d.,\seE+-]+?)\s+\]/gu,
    (_, numbers: string) => `[${numbers.replace(/\s+/gu, "")}]`,
  );
  await writeWhole(path, `${lines}\n`);
}

function keepOf({ model, recipe, sha256, values, parts }: Measurement): KeptMeasurement {
  const known = (Object.entries(values) as [MeasureKey, Measured][]).map(
    ([key, { value, standardError }]) => [key, { value, standardError }],
  );
  return {
    model: model.name,
    modelSha256: model.sha256,
    recipe,
    sha256,
    values: Object.fromEntries(known),
    parts,
  };
}
