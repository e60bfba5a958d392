/** Fitted detectors as files: written whole, and read with every field checked. */
import { parseVersioned, type VersionedForm } from "../calibrate/index.ts";
import { shapes } from "../evaluate/runs/index.ts";
import { readInput, writeWhole } from "../files/index.ts";
import { decodeText, infinityAsText, infinityFromText } from "../text/index.ts";
import { SIGNALS } from "./finding.ts";
import { DETECTOR_SCHEMA } from "./fitted.ts";
import type { FusionArtefact } from "./fusion/index.ts";
import { SERIES_NUMBERS, type SeriesArtefact } from "./series/index.ts";

/** A fitted detector; `kind` tells them apart. */
export type DetectorArtefact = SeriesArtefact | FusionArtefact;

const { count, flag, list, mapOf, nullable, number, oneOf, optional, record, text } = shapes;

const MOST_BYTES = 16 * 2 ** 20;
const WAY_OUT = "Give a file that `surprisal detect --fit` or saveDetector wrote, unchanged.";

/**
 * Writes a fitted detector as JSON, whole or not at all.
 * @throws SurprisalError FILE_UNWRITABLE, DISK_FULL
 */
export async function saveDetector(file: string, artefact: DetectorArtefact): Promise<void> {
  await writeWhole(file, `${JSON.stringify(artefact, infinityAsText, 2)}\n`);
}

/**
 * Reads a fitted detector and checks it.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE; as `parseDetector`.
 */
export async function loadDetector(file: string): Promise<DetectorArtefact> {
  const bytes = await readInput(file, {
    most: MOST_BYTES,
    wayOutWhenLarge: WAY_OUT,
    wayOutWhenMissing: "Check the name.",
  });
  return parseDetector(decodeText(bytes, file).text, file);
}

/**
 * A fitted detector from JSON. Fields that this version does not know are left as they are.
 * @param where it is from, for the error.
 * @throws SurprisalError DETECTOR_INVALID for what is none, one of a newer form, and parameters that cannot be.
 */
export function parseDetector(json: string, where: string): DetectorArtefact {
  return parseVersioned(json, where, FORM) as DetectorArtefact;
}

const FORM: VersionedForm = {
  schema: DETECTOR_SCHEMA,
  code: "DETECTOR_INVALID",
  name: "detector",
  wayOut: WAY_OUT,
  reviver: infinityFromText,
  problemOf: (value) => detectorShape(value, "") ?? faultOf(value as DetectorArtefact),
};

const finite: shapes.Shape = (value, at) =>
  typeof value === "number" && Number.isFinite(value) ? null : `${at} is not a finite number`;
const above0: shapes.Shape = (value, at) =>
  typeof value === "number" && value > 0 && Number.isFinite(value)
    ? null
    : `${at} is not a finite number above 0`;
const share: shapes.Shape = (value, at) =>
  typeof value === "number" && value >= 0 && value <= 1 ? null : `${at} is not from 0 to 1`;

const feature = record({
  name: text,
  low: finite,
  high: finite,
  mean: finite,
  scale: above0,
  weight: finite,
  missing: nullable(finite),
});
const head = record({
  features: list(feature),
  intercept: finite,
  penalty: above0,
  calibrator: record({
    kind: oneOf("platt"),
    input: oneOf("logit"),
    slope: (value, at) => finite(value, at) ?? (Number(value) >= 0 ? null : `${at} is below 0`),
    intercept: finite,
  }),
  dropped: list(record({ name: text, why: text })),
});
const estimate = record({
  value: nullable(number),
  standardError: nullable(number),
  low: nullable(number),
  high: nullable(number),
});

const detectorShape: shapes.Shape = (value, at) =>
  record({
    kind: oneOf("series", "fusion"),
    head,
    fittedOn: record({
      n: count,
      right: count,
      wrong: count,
      missing: count,
      groups: count,
      kinds: nullable(mapOf(count)),
      sha256: text,
    }),
    identity: record({
      model: nullable(record({ name: text, sha256: nullable(text) })),
      tokenizer: nullable(text),
      wordingSha256: nullable(text),
      recipe: nullable(text),
      kernels: nullable(text),
    }),
    measures: record({
      n: count,
      measures: mapOf(estimate),
      noiseFloor: record({ mean: finite, low: finite, high: finite, observed: finite, inside: flag }),
      intervals: record({ level: share, resamples: count }),
    }),
    folds: count,
    reference: list(share),
    madeBy: optional(text),
  })(value, at) ?? OF_KIND[(value as DetectorArtefact).kind](value, at);

const OF_KIND: Readonly<Record<DetectorArtefact["kind"], shapes.Shape>> = {
  series: record({ withLength: flag }),
  fusion: record({ signals: list(oneOf(...SIGNALS)) }),
};

/** What shapes do not tell. */
function faultOf(artefact: DetectorArtefact): string | null {
  const { fittedOn, reference } = artefact;
  const { features } = artefact.head;
  const names = features.map(({ name }) => name);
  if (new Set(names).size < names.length) return "head.features has a name twice";
  const wrong = features.find(({ low, mean, high }) => !(low <= mean && mean <= high && low < high));
  if (wrong) return `head.features: low, mean and high of ${JSON.stringify(wrong.name)} do not rise`;
  const strange = artefact.kind === "series" ? names.find((name) => !SERIES_NUMBERS.has(name)) : undefined;
  // It would be missing of every answer, and the probability another one without a word.
  if (strange !== undefined) return `head.features: a series has no number ${JSON.stringify(strange)}`;
  if ((fittedOn.right ?? 0) + (fittedOn.wrong ?? 0) !== fittedOn.n)
    return "fittedOn.right and fittedOn.wrong are not n together";
  return reference.some((value, i) => i > 0 && value < reference[i - 1]!) ? "reference does not rise" : null;
}
