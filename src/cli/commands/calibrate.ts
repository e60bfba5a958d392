/** `surprisal calibrate`: whether confidences mean what they say, and a file that makes them so. */
import { once } from "node:events";
import {
  CALIBRATOR_KINDS,
  type CalibrationArtefact,
  type CalibrationIdentity,
  type CalibrationReport,
  calibratedOptions,
  calibratedPairs,
  calibratedScore,
  checkIdentity,
  fitCalibration,
  isCalibrator,
  loadCalibration,
  measureCalibration,
  pairsOf,
  reliabilityOverPerplexity,
  saveCalibration,
  sha256Of,
} from "../../calibrate/index.ts";
import { invalidArgument } from "../../core/index.ts";
import { assertWritable, isSameFile, writeWhole } from "../../files/index.ts";
import { calibrationPage } from "../../report/index.ts";
import { decodeText, formatCount, formatPlural, infinityAsText, visible } from "../../text/index.ts";
import type { AnswerRows } from "../answer-rows.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { readGiven } from "../input.ts";
import { printDocument } from "../json.ts";
import { type AnswerFile, atLine, readAnswers } from "../labelled-answers.ts";
import {
  argument,
  type Declared,
  decimal,
  flag,
  oneOf,
  option,
  text,
  type Values,
  wholeNumber,
} from "../parameters.ts";
import { renderCalibration } from "../render/index.ts";
import { JSON_DOCUMENT, MOST_MIB } from "../shared-options.ts";

const DATA = argument(
  "Labelled answers: JSONL, a JSON list or CSV; - for standard input; or the folder of a run with questions",
);
const SEEDS = 2 ** 31 - 1;

interface MeasureValues {
  bins: number | undefined;
  resamples: number;
  seed: number;
  level: number;
  of: string | undefined;
  maxMib: number | undefined;
  html: string | undefined;
  json: boolean;
}

// biome-ignore format: one option a line
const MEASURE_OPTIONS: Declared<MeasureValues> = {
  bins: option(wholeNumber(1, 10_000), { hint: "N", description: "Bins of the measures that have some (default: 15)" }),
  resamples: option(wholeNumber(2, 100_000), { hint: "N", description: "Resamples of the bootstrap", standard: "200" }),
  seed: option(wholeNumber(0, SEEDS), { hint: "N", description: "Of everything that is drawn", standard: "0" }),
  level: option(decimal(0.01, 0.999), { hint: "SHARE", description: "Coverage of the intervals", standard: "0.95" }),
  of: option(text, { hint: "MODEL", description: "Which of a run's models, where it has several" }),
  maxMib: MOST_MIB,
  html: option(text, { hint: "FILE", description: "Also write a page with pictures" }),
  json: JSON_DOCUMENT,
};

interface FieldValues {
  scoreField: string | undefined;
  labelField: string | undefined;
  groupField: string | undefined;
}

// biome-ignore format: one option a line
const FIELD_OPTIONS: Declared<FieldValues> = {
  scoreField: option(text, { hint: "NAME", description: 'Field of the probability of being right, where it is not "score"' }),
  labelField: option(text, { hint: "NAME", description: 'Field of what came of it, where it is not "correct" or "label"' }),
  groupField: option(text, { hint: "NAME", description: 'Field of what belongs together, where it is not "group"' }),
};

interface IdentityValues {
  model: string | undefined;
  modelSha256: string | undefined;
  tokenizer: string | undefined;
  wording: string | undefined;
  recipe: string | undefined;
  kernels: string | undefined;
}

// biome-ignore format: one option a line
const IDENTITY_OPTIONS: Declared<IdentityValues> = {
  model: option(text, { short: "m", hint: "NAME", description: "Name of the model that gave the answers" }),
  modelSha256: option(text, { hint: "HEX", description: "sha256 of its weights" }),
  tokenizer: option(text, { hint: "TEXT", description: "What tells its tokenizer from others" }),
  wording: option(text, { hint: "FILE", description: "File with the wording of prompt and options; its sha256 is kept" }),
  recipe: option(text, { hint: "TEXT", description: "Recipe or rule that the options were scored by" }),
  kernels: option(text, { hint: "TEXT", description: "Kernels that the numbers were computed with, such as avx2" }),
};

const EXAMPLES = `Each line of the file is one answer: {"score": 0.83, "correct": true}, or options with the right one:
{"probabilities": [0.7, 0.2, 0.1], "label": 0}, {"logprobs": {"yes": -0.3, "no": -1.4}, "label": "yes"}. "group" says what belongs
together (paraphrases of one question), "kind" is the kind of question, "perplexity" that of the answer. null = missing, and is
counted.`;

const fit = defineCommand({
  details: `${EXAMPLES}

Measures are given before, and after by calibrators that were fitted to other folds; a group is never on both sides.

Examples:
  surprisal calibrate fit answers.jsonl -o calibration.json
  surprisal calibrate fit answers.jsonl --kind beta --model mini --wording prompt.txt -o calibration.json --html page.html
  surprisal calibrate fit runs/2026-11-30 -o calibration.json`,
  // biome-ignore format: one option a line
  parameters: {
    data: DATA,
    out: option(text, { short: "o", hint: "FILE", description: "Write the calibration here" }),
    kind: option(oneOf(CALIBRATOR_KINDS), { hint: "KIND", description: `What is fitted: ${CALIBRATOR_KINDS.join(", ")}`, standard: "temperature" }),
    folds: option(wholeNumber(2, 1000), { hint: "N", description: "Folds for the measures after", standard: "5" }),
    least: option(wholeNumber(1, 1_000_000), { hint: "N", description: "Fewest right and fewest wrong answers", standard: "30" }),
    ...FIELD_OPTIONS,
    ...MEASURE_OPTIONS,
    ...IDENTITY_OPTIONS,
  },
  async run(given) {
    const { data, out, html, json } = given;
    checkOut(out, data);
    checkOut(html, data);
    const file = await readAnswers(data, { ...given, names: namesOf(given), needsLabels: true });
    const identity = { ...file.identity, ...(await identityOf(given)) };
    const { kind, folds, least: leastPerClass } = given;
    const options = { ...measureOptions(given), kind, folds, leastPerClass, identity };
    const { artefact, before, after } = atLine(file, () => fitCalibration(file.answers, options));
    if (out !== undefined) await saveCalibration(out, artefact);
    if (html !== undefined) await writeWhole(html, await pageOf(data, file, before, after, artefact, []));
    if (json) printDocument(artefact);
    else {
      process.stdout.write(renderCalibration(before, after, process.stdout));
      process.stdout.write(
        `${described(artefact)}${out === undefined ? "" : `, written to ${visible(out)}`}\n`,
      );
    }
  },
});

const apply = defineCommand({
  details: `Writes every line again, as JSON, with "calibrated": a probability, or of options under a temperature one for each. Lines without a score get
null. What the calibration was fitted to is compared with what is said of these answers (--model, --wording ...).

Examples:
  surprisal calibrate apply new.jsonl --artefact calibration.json --model mini --strict > calibrated.jsonl`,
  // biome-ignore format: one option a line
  parameters: {
    data: argument("Answers, as of `calibrate fit`; labels may be missing"),
    artefact: option(text, { short: "a", hint: "FILE", description: "The calibration" }),
    out: option(text, { short: "o", hint: "FILE", description: "Write here instead of to standard output" }),
    strict: flag({ description: "A calibration that was fitted to something else is an error, not a warning" }),
    maxMib: MOST_MIB,
    ...FIELD_OPTIONS,
    ...IDENTITY_OPTIONS,
  },
  async run(given) {
    const artefact = await artefactOf(given.artefact);
    checkOut(given.out, given.data);
    const file = await readAnswers(given.data, {
      maxMib: given.maxMib,
      names: namesOf(given),
      needsLabels: false,
    });
    const { rows, identity } = file;
    if (rows === null) throw usage("apply takes a file of answers, not a run", given.data);
    warnOf(artefact, { ...identity, ...(await identityOf(given)) }, given.strict);
    const calibrate = () => calibratedLines(artefact, file, rows);
    if (given.out === undefined) await writeOut(calibrate());
    else await writeWhole(given.out, Buffer.concat(Array.from(calibrate(), (block) => Buffer.from(block))));
    const missing = missingOf(file);
    if (missing.count > 0)
      process.stderr.write(
        `${formatCount(missing.count)} of ${formatPlural(missing.of, "answer")} ${missing.count === 1 ? "has" : "have"} no score, and null for "calibrated".\n`,
      );
  },
});

const report = defineCommand({
  details: `${EXAMPLES}

With --artefact the measures are given before and after it, on these answers: take others than it was fitted to.

Examples:
  surprisal calibrate report answers.jsonl --html page.html
  surprisal calibrate report new.jsonl --artefact calibration.json`,
  // biome-ignore format: one option a line
  parameters: {
    data: DATA,
    artefact: option(text, { short: "a", hint: "FILE", description: "Also measure the answers calibrated by this" }),
    strict: flag({ description: "A calibration that was fitted to something else is an error, not a warning" }),
    ...FIELD_OPTIONS,
    ...MEASURE_OPTIONS,
    ...IDENTITY_OPTIONS,
  },
  async run(given) {
    const { data, html, json } = given;
    checkOut(html, data);
    const artefact = given.artefact === undefined ? null : await artefactOf(given.artefact);
    const file = await readAnswers(data, { ...given, names: namesOf(given), needsLabels: true });
    const notes = artefact
      ? warnOf(artefact, { ...file.identity, ...(await identityOf(given)) }, given.strict)
      : [];
    const options = measureOptions(given);
    const groups = file.answers.groups;
    const before = measureCalibration({ ...pairsOf(file.answers), groups }, options);
    const after = artefact
      ? measureCalibration({ ...calibratedPairs(artefact.parameters, file.answers), groups }, options)
      : null;
    const perplexity = perplexityOf(file);
    if (html !== undefined) await writeWhole(html, await pageOf(data, file, before, after, artefact, notes));
    if (json)
      printDocument({ schema: "surprisal.calibration-report/1", data, before, after, perplexity, notes });
    else process.stdout.write(renderCalibration(before, after, process.stdout));
  },
});

type Measured = Values<typeof MEASURE_OPTIONS>;

const namesOf = ({ scoreField: score, labelField: label, groupField: group }: FieldValues) => ({
  score,
  label,
  group,
});

const measureOptions = ({ bins, resamples, seed, level }: Measured) => ({ bins, resamples, seed, level });

async function identityOf(given: IdentityValues): Promise<Partial<CalibrationIdentity>> {
  const { model, modelSha256 = null, tokenizer, wording, recipe, kernels } = given;
  if (modelSha256 !== null && !/^[0-9a-f]{64}$/.test(modelSha256))
    throw usage("--model-sha256 takes 64 hexadecimal digits in lower case");
  return {
    ...((model !== undefined || modelSha256 !== null) && {
      model: { name: model ?? "?", sha256: modelSha256 },
    }),
    ...(tokenizer !== undefined && { tokenizer }),
    ...(wording !== undefined && {
      wordingSha256: sha256Of(decodeText(await readGiven(wording), wording).text),
    }),
    ...(recipe !== undefined && { recipe }),
    ...(kernels !== undefined && { kernels }),
  };
}

function checkOut(out: string | undefined, data: string): void {
  if (out === undefined) return;
  if (data !== "-" && isSameFile(out, data)) throw usage("The answers would be overwritten", out);
  assertWritable(out);
}

async function artefactOf(file: string | undefined) {
  if (file === undefined) throw usage("--artefact FILE is missing: the calibration");
  const artefact = await loadCalibration(file);
  if (isCalibrator(artefact)) return artefact;
  throw invalidArgument(
    `A calibration of the kind ${artefact.kind} gives no probabilities`,
    file,
    "Give one that `surprisal calibrate fit` wrote.",
  );
}

function warnOf(
  artefact: CalibrationArtefact,
  identity: Partial<CalibrationIdentity>,
  strict: boolean,
): string[] {
  const notes: string[] = [];
  checkIdentity(artefact, identity, { strict, onWarning: (warning) => notes.push(warning) });
  for (const note of notes) process.stderr.write(`${visible(note)}\n`);
  return notes;
}

/** Lines with "calibrated", some thousand at a time. */
function* calibratedLines(
  artefact: CalibrationArtefact,
  { answers }: AnswerFile,
  rows: AnswerRows,
): Generator<string> {
  let [i, block] = [0, ""];
  for (const { row } of rows.rows()) {
    const kind = answers.kinds?.[i];
    const calibrated =
      "logprobs" in answers
        ? optionsCalibrated(artefact, row.probabilities ?? row.logprobs, answers.logprobs[i] ?? null, kind)
        : scoreCalibrated(artefact, answers.scores[i] ?? null, kind);
    block += `${JSON.stringify({ ...row, calibrated }, infinityAsText)}\n`;
    if (++i % 4096 === 0) {
      yield block;
      block = "";
    }
  }
  yield block;
}

/** To standard output, no faster than it is read. */
async function writeOut(blocks: Iterable<string>): Promise<void> {
  for (const block of blocks) if (!process.stdout.write(block)) await once(process.stdout, "drain");
}

function missingOf({ answers }: AnswerFile): { count: number; of: number } {
  const scores = "logprobs" in answers ? answers.logprobs : answers.scores;
  let count = 0;
  for (let i = 0; i < scores.length; i++) if (scores[i] === null) count++;
  return { count, of: scores.length };
}

function scoreCalibrated(artefact: CalibrationArtefact, score: number | null, kind?: string): number | null {
  return score === null ? null : calibratedScore(artefact, score, kind);
}

/**
 * In the form that the options came in: a list, or by name; of a calibrator of scores, the chosen option's.
 * @param options as they stand in the row.
 */
function optionsCalibrated(
  artefact: CalibrationArtefact,
  options: unknown,
  logprobs: ArrayLike<number> | null,
  kind?: string,
): unknown {
  if (logprobs === null) return null;
  if (artefact.kind !== "temperature" && artefact.kind !== "temperature-by-kind")
    return scoreCalibrated(artefact, pairsOf({ logprobs: [logprobs], labels: [null] }).scores[0]!, kind);
  const calibrated = Array.from(calibratedOptions(artefact, logprobs, kind));
  if (Array.isArray(options)) return calibrated;
  return Object.fromEntries(Object.keys(options as object).map((name, k) => [name, calibrated[k]]));
}

function perplexityOf({ perplexities, answers }: AnswerFile) {
  if (perplexities === null) return null;
  const { scores, correct } = pairsOf(answers);
  return reliabilityOverPerplexity({ perplexities, correct, confidences: scores });
}

function described({ kind, parameters, fittedOn }: CalibrationArtefact): string {
  const shown = ({ temperature, atBound }: { temperature: number; atBound: boolean }) =>
    `${temperature.toPrecision(4)}${atBound ? " (at the end of its range)" : ""}`;
  const temperature =
    parameters.kind === "temperature"
      ? ` ${shown(parameters)}`
      : parameters.kind === "temperature-by-kind"
        ? ` ${Object.entries(parameters.temperatures)
            .map(([name, each]) => `${visible(name)} ${shown(each)}`)
            .join(", ")}`
        : "";
  return `${kind}${temperature}, fitted to ${formatPlural(fittedOn.n, "answer")} (sha256 ${fittedOn.sha256.slice(0, 12)}…)`;
}

async function pageOf(
  name: string,
  file: AnswerFile,
  before: CalibrationReport,
  after: CalibrationReport | null,
  artefact: CalibrationArtefact | null,
  notes: readonly string[],
): Promise<string> {
  const { model, tokenizer, wordingSha256, recipe, kernels } = artefact?.identity ?? {};
  const details: [string, string | null | undefined][] = artefact
    ? [
        ["kind", described(artefact)],
        ["groups", artefact.fittedOn.groups?.toString()],
        ["model", model && `${model.name}${model.sha256 ? ` (sha256 ${model.sha256.slice(0, 12)}…)` : ""}`],
        ["tokenizer", tokenizer],
        ["wording", wordingSha256],
        ["recipe", recipe],
        ["kernels", kernels],
      ]
    : [];
  return calibrationPage({
    name,
    before,
    after,
    perplexity: perplexityOf(file),
    details: details.flatMap(([key, value]) => (value ? [[key, value] as const] : [])),
    notes,
  });
}

// biome-ignore format: one command a line
const command: Command = {
  commands: {
    fit: { summary: "Fit a calibration to labelled answers and write it as a file", load: async () => fit },
    apply: { summary: "Calibrate answers with such a file", load: async () => apply },
    report: { summary: "Measure calibration, with pictures", load: async () => report },
  },
};
export default command;
