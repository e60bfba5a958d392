/** Artefacts as files: written whole, and read with every field checked. */
import { shapes } from "../../evaluate/runs/index.ts";
import { readInput, writeWhole } from "../../files/index.ts";
import { decodeText, infinityAsText, infinityFromText } from "../../text/index.ts";
import { CALIBRATION_SCHEMA, type CalibrationArtefact } from "./artefact.ts";
import { parseVersioned, type VersionedForm } from "./versioned.ts";

const { count, either, flag, list, mapOf, nullable, number, oneOf, optional, record, text } = shapes;

/** An isotonic curve has as many points as there were distinct scores, at most. */
const MOST_BYTES = 64 * 2 ** 20;
const WAY_OUT = "Give a file that `surprisal calibrate fit` or saveCalibration wrote, unchanged.";

/**
 * Writes an artefact as JSON, whole or not at all.
 * @throws SurprisalError FILE_UNWRITABLE, DISK_FULL
 */
export async function saveCalibration(file: string, artefact: CalibrationArtefact): Promise<void> {
  await writeWhole(file, `${calibrationText(artefact)}\n`);
}

/** An artefact as JSON; what is infinite is the text "Infinity", as in all files of surprisal. */
export function calibrationText(artefact: CalibrationArtefact): string {
  return JSON.stringify(artefact, infinityAsText, 2);
}

/**
 * Reads an artefact and checks it.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE; as `parseCalibration`.
 */
export async function loadCalibration(file: string): Promise<CalibrationArtefact> {
  return parseCalibration(
    decodeText(await readInput(file, { most: MOST_BYTES, wayOutWhenLarge: WAY_OUT }), file).text,
    file,
  );
}

/**
 * An artefact from JSON. Fields that this version does not know are left as they are.
 * @param where it is from, for the error.
 * @throws SurprisalError CALIBRATION_INVALID for what is no artefact, one of a newer form, and parameters that cannot be.
 */
export function parseCalibration(json: string, where: string): CalibrationArtefact {
  return parseVersioned(json, where, FORM) as CalibrationArtefact;
}

const FORM: VersionedForm = {
  schema: CALIBRATION_SCHEMA,
  code: "CALIBRATION_INVALID",
  name: "calibration",
  wayOut: WAY_OUT,
  reviver: infinityFromText,
  problemOf: (value) => artefactShape(value, "") ?? faultOf(value as CalibrationArtefact),
};

const finite: shapes.Shape = (value, at) =>
  typeof value === "number" && Number.isFinite(value) ? null : `${at} is not a finite number`;
const within =
  (low: number, high: number): shapes.Shape =>
  (value, at) =>
    typeof value === "number" && value >= low && value <= high ? null : `${at} is not from ${low} to ${high}`;
const share = within(0, 1);
const finiteIf =
  (is: (value: number) => boolean, otherwise: string): shapes.Shape =>
  (value, at) =>
    typeof value === "number" && Number.isFinite(value) && is(value) ? null : `${at} is not ${otherwise}`;
const positive = finiteIf((value) => value > 0, "a finite number above 0");
const least = finiteIf((value) => value >= 0, "a finite number from 0 on");

/** No fit gives another temperature: what is beyond says 0 and 1, or the same of all options. */
const temperature = { temperature: within(0.01, 10_000), atBound: flag };
const quantile = record({ threshold: number, k: count, n: count });

/** Parameters by kind. */
const PARAMETERS: Readonly<Record<CalibrationArtefact["kind"], shapes.Shape>> = {
  temperature: record(temperature),
  "temperature-by-kind": record({ temperatures: mapOf(record(temperature)) }),
  platt: record({ input: oneOf("logit", "score"), slope: finite, intercept: finite }),
  beta: record({ a: least, b: least, c: finite }),
  isotonic: record({ scores: list(finite), values: list(share) }),
  histogram: record({ edges: list(share), values: list(nullable(share)) }),
  "prediction-sets": record({
    method: oneOf("lac", "aps", "aps-randomised"),
    alpha: share,
    thresholds: either(record({ all: quantile }), record({ byClass: mapOf(quantile) })),
    missing: count,
  }),
  "risk-threshold": record({
    threshold: nullable(finite),
    risk: share,
    delta: share,
    test: oneOf("binomial", "hoeffding-bentkus"),
    answered: nullable(count),
    wrong: nullable(count),
    coverage: nullable(share),
    upperBound: nullable(share),
    n: count,
    tested: count,
  }),
  "proxy-line": record({
    version: oneOf(1),
    standsFor: nullable(text),
    intercept: finite,
    slope: finite,
    pairs: count,
    typicalBytes: nullable(positive),
    residualStandardError: least,
    leaveOneOutError: least,
    rSquared: nullable(finite),
    level: share,
    range: record({ low: finite, high: finite }),
    meanProxy: finite,
    spread: positive,
  }),
};

const estimate = record({
  value: nullable(number),
  standardError: nullable(number),
  low: nullable(number),
  high: nullable(number),
});
const kept = record({
  n: count,
  measures: mapOf(estimate),
  noiseFloor: record({
    mean: finite,
    low: finite,
    high: finite,
    observed: finite,
    inside: flag,
    withinGroups: optional(nullable(share)),
  }),
  intervals: record({ level: share, resamples: count }),
});

const artefactShape = record({
  kind: oneOf(...Object.keys(PARAMETERS)),
  parameters: record({ kind: oneOf(...Object.keys(PARAMETERS)) }),
  fittedOn: record({
    n: count,
    right: nullable(count),
    wrong: nullable(count),
    missing: count,
    groups: nullable(count),
    kinds: nullable(mapOf(count)),
    sha256: text,
  }),
  measures: nullable(record({ before: kept, after: kept, folds: count })),
  identity: record({
    model: nullable(record({ name: text, sha256: nullable(text) })),
    tokenizer: nullable(text),
    wordingSha256: nullable(text),
    recipe: nullable(text),
    kernels: nullable(text),
  }),
  reference: list(finite),
  madeBy: optional(text),
});

/** What shapes do not tell. */
function faultOf({ kind, parameters, threshold }: CalibrationArtefact): string | null {
  const within = threshold === undefined ? null : thresholdFault(threshold);
  if (within !== null) return `threshold: ${within}`;
  if (parameters.kind !== kind) return `parameters.kind is ${parameters.kind}, and kind is ${kind}`;
  const problem = PARAMETERS[kind](parameters, "parameters");
  if (problem !== null) return problem;
  if (parameters.kind === "isotonic") {
    const { scores, values } = parameters;
    if (scores.length === 0 || scores.length !== values.length)
      return "parameters.scores and parameters.values are not of one length of at least 1";
    if (!rises(scores, true)) return "parameters.scores do not rise";
    if (!rises(values, false)) return "parameters.values fall";
  }
  if (parameters.kind === "histogram") {
    const { edges, values } = parameters;
    if (values.length === 0 || edges.length !== values.length + 1)
      return "parameters.edges are not one more than parameters.values";
    if (!rises(edges, true) || edges[0] !== 0 || edges.at(-1) !== 1)
      return "parameters.edges do not rise from 0 to 1";
  }
  return null;
}

function thresholdFault(threshold: CalibrationArtefact): string | null {
  const problem = artefactShape(threshold, "threshold");
  if (problem !== null) return problem;
  if (threshold.threshold !== undefined) return "it has a threshold of its own";
  return threshold.kind === "risk-threshold" ? faultOf(threshold) : `it is of the kind ${threshold.kind}`;
}

const rises = (values: readonly number[], strictly: boolean): boolean =>
  values.every((value, i) => i === 0 || (strictly ? value > values[i - 1]! : value >= values[i - 1]!));
