/** `surprisal detect`: which spans of an answer are suspected to be made up, why, and what documents explain of it. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { saveDetector } from "../../detect/index.ts";
import { assertWritable, isSameFile, writeWhole } from "../../files/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { type DetectedAnswer, detectionPage } from "../../report/index.ts";
import { visible, wrapWords } from "../../text/index.ts";
import { errorEvent } from "../chat/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { type DoneRow, type FailedRow, failureOf, measureAll, rowsIn } from "../confidence/index.ts";
import {
  chosenSignals,
  confidentErrorsOf,
  type Detected,
  type DetectRow,
  type DetectSetup,
  detect,
  detectionViewOf,
  detectPlanOf,
  detectPlanText,
  fitDetectors,
  fittedText,
  identityNotes,
  listedSignals,
  numberFromText,
  rankSignals,
  readArtefacts,
  readContext,
  readDetectItems,
  requireLabels,
} from "../detect/index.ts";
import { usage } from "../errors.ts";
import { AnswerFile, placesOf, requestOf } from "../generate/index.ts";
import { printDocument, printEvent } from "../json.ts";
import { LOAD_OPTIONS, openEncoder, openModel } from "../load-options.ts";
import {
  decimal,
  flag,
  oneOf,
  option,
  optionalArgument,
  repeated,
  text,
  type Values,
  wholeNumber,
} from "../parameters.ts";
import {
  decideBackground,
  decideColour,
  renderConfidentErrors,
  renderDetection,
  renderSignalList,
  renderSignalRanking,
} from "../render/index.ts";
import { MODEL_DESCRIPTION, MOST_MIB, QUIET } from "../shared-options.ts";

const LARGEST = 2 ** 31 - 2;
const WIDTH_WITHOUT_TERMINAL = 80; // columns
/** Samples that a list's prices are of, where nobody said how many. */
const USUAL_SAMPLES = 5;
/** Exit code where an answer is more suspicious than --fail-above allows. */
const SUSPICIOUS = 3;

// biome-ignore format: one option a line
const parameters = {
  file: optionalArgument("An answer as a text, or JSON lines with answers, questions, documents, samples; - or nothing: standard input"),
  question: option(text, { hint: "TEXT", description: "What the text answers" }),
  context: repeated(text, { short: "c", hint: "PATH", description: "Documents that answers should rest on: a file, a folder, a quoted pattern, or - for standard input; several times" }),
  as: option(oneOf(["text", "lines"]), { hint: "KIND", description: "What the file is (default: lines where it is named .jsonl or begins with one)" }),
  model: option(text, { short: "m", description: MODEL_DESCRIPTION }),
  noModel: flag({ description: "Load no model: patterns, and what the lines have" }),
  signals: repeated(text, { hint: "NAMES", description: "anomaly, retrieval, consistency, patterns, series, or all; with commas, or several times (default: those that have something to look at)" }),
  list: flag({ description: "Show all signals with what they need and cost, and nothing else" }),
  byDocument: flag({ description: "Also what each document adds, and to which span: a pass more for each" }),
  samples: option(wholeNumber(0, 128), { short: "n", hint: "N", description: "Draw N further answers to each question, for consistency", standard: "0" }),
  embedding: option(text, { hint: "MODEL", description: "Encoder that chooses passages and compares by meaning, such as minilm" }),
  artefact: repeated(text, { short: "a", hint: "FILE", description: "A fitted detector: scores are calibrated probabilities then; one of each kind" }),
  fit: option(text, { hint: "FILE", description: "Fit a detector to these labelled lines, all signals together, and write it" }),
  fitSeries: option(text, { hint: "FILE", description: "Fit a detector of the course of log-probabilities, and write it" }),
  failAbove: option(decimal(0, 1), { hint: "P", description: `Exit with ${SUSPICIOUS} where an answer is more suspicious than P` }),
  maxTokens: option(wholeNumber(1, LARGEST), { hint: "N", description: "Longest sample, and answer that is written, tokens", standard: "256" }),
  temperature: option(decimal(0, 2), { hint: "T", description: "Of an answer that is written", standard: "0" }),
  sampleTemperature: option(decimal(0.01, 2), { hint: "T", description: "Of the samples", standard: "1" }),
  seed: option(wholeNumber(0, LARGEST - 256), { hint: "N", description: "Of the answer; sample i has the seed plus i, from 1 (default: 0; some services take none)" }),
  plain: flag({ description: "Ask in plain text, though the model has a chat template" }),
  system: option(text, { short: "s", hint: "TEXT", description: "What a model with a chat template is told before it writes" }),
  contextSize: option(wholeNumber(1, LARGEST), { hint: "TOKENS", description: "Documents, question and answer together; of longer ones the nearest passages are read (default: what the model was trained for, 8192 at most)" }),
  html: option(text, { hint: "FILE", description: "Write a page with the answers, their spans and reasons" }),
  out: option(text, { short: "o", hint: "FILE", description: "Write the rows into this file, as they are done" }),
  resume: flag({ description: "Go on with the file of --out: what it has is kept, errors are tried again" }),
  dryRun: flag({ description: "Say what it would cost, and nothing else" }),
  atOnce: option(wholeNumber(1, 64), { hint: "N", description: "Answers that are worked on side by side (default: 4; without a model 1)" }),
  json: flag({ description: "A JSON object a line: the plan, a row for each answer, and how signals rank" }),
  maxMib: MOST_MIB,
  quiet: QUIET,
  ...LOAD_OPTIONS,
};

type Given = Values<typeof parameters>;

const command: Command = defineCommand({
  details: `What is marked is a reason to look, not a proof. Five signals: jumps of surprisal, what the documents do not explain, what
samples do not say again, what is wrong by its form (dates, check digits, citations, numbers that the documents have
otherwise), and a fitted detector of the course of log-probabilities. Each is shown by itself, and all together as spans
with their reasons.

Lines look like {"question": "...", "answer": "...", "documents": [{"name": "...", "text": "..."}], "samples": ["..."],
"correct": true}; none of them needed but an answer, or a question that the model answers. With labels the output ends with
how well each signal tells wrong from right, and with the confident errors. docs/hallucination.md has the signals.

Examples:
  surprisal detect answer.txt --context docs/ -m smollm2
  surprisal detect answer.txt --question "When was it built?" -c report.md --by-document --html page.html
  surprisal detect answers.jsonl -m smollm2 -n 5 --out rows.jsonl --json
  surprisal detect labelled.jsonl -m smollm2 --fit detector.json
  surprisal detect answer.txt --no-model --fail-above 0.5
  surprisal detect --list

Exit codes: 0 done, 1 failed, 2 wrong usage, ${SUSPICIOUS} more suspicious than --fail-above.`,
  parameters,
  errorDocument: errorEvent,
  run: detectAll,
});
export default command;

async function detectAll(given: Given): Promise<void> {
  const columns = (process.stdout.isTTY && process.stdout.columns) || WIDTH_WITHOUT_TERMINAL;
  if (given.list) return showList(given, columns);
  await checkGiven(given);
  const rows = await rowsOf(given);
  if (given.fit !== undefined || given.fitSeries !== undefined)
    requireLabels(rows, given.file === undefined || given.file === "-" ? "standard input" : given.file);
  const context = await readContext(given.context, given.maxMib);
  const artefacts = await readArtefacts(given.artefact);
  const signals = chosenSignals(given.signals, rows, {
    isModel: !given.noModel,
    documents: context.documents.length,
    samples: given.samples,
    isSeries: artefacts.series !== null,
  });
  const needsModel =
    !given.noModel && (signals.some((signal) => signal !== "patterns") || rows.some(isUnanswered));
  await using model = needsModel ? await openModel(given) : null;
  await using embedder = await openEncoder(given);
  const setup: DetectSetup = {
    ...{ model, signals, documents: context.documents, samples: given.samples, maxTokens: given.maxTokens },
    ...{ temperature: given.temperature, sampleTemperature: given.sampleTemperature, seed: given.seed },
    ...{ plain: given.plain, system: given.system, contextTokens: given.contextSize },
    ...{ byDocument: given.byDocument, embedder, ...artefacts },
  };
  await carryOut(given, rows, setup, [...context.notes, ...identityNotes(artefacts, model)], columns);
}

const isUnanswered = ({ item }: DetectRow): boolean => !(item instanceof Error) && item.answer === null;

async function carryOut(
  given: Given,
  rows: readonly DetectRow[],
  setup: DetectSetup,
  notes: readonly string[],
  columns: number,
): Promise<void> {
  const { out, resume, quiet, json } = given;
  const { model } = setup;
  const recipe = recipeOf(given, setup);
  const request = requestOf(model?.identity ?? NO_MODEL, recipe);
  using file =
    out === undefined || given.dryRun ? null : AnswerFile.open(out, { resume, request, rows, samples: 1 });
  const plan = detectPlanOf(
    rows.filter((row) => !file?.has(row, 0)),
    setup,
  );
  if (json)
    printEvent({
      ...{ type: "plan", schema: "surprisal.detect/1", ...plan, signals: setup.signals },
      ...{ request, model: model?.identity ?? null, notes },
    });
  if (given.dryRun) {
    if (!json) process.stdout.write(`${detectPlanText(plan)}\n`);
    return;
  }
  if (!quiet) {
    process.stderr.write(`${detectPlanText(plan)}\n`);
    for (const note of [...notes, ...(model?.notes ?? [])]) process.stderr.write(`note: ${visible(note)}\n`);
  }
  const done: DoneRow<Detected>[] = [];
  const outcome = await measureAll({
    ...{ rows, request, file, out, quiet, label: "examining" },
    measure: (item, signal) => detect(item, setup, signal),
    atOnce: model === null ? 1 : placesOf({ atOnce: given.atOnce ?? 4 }, model),
    show: (row) => {
      if (row.type === "answer") done.push(row);
      if (json) printEvent(row);
      else if (out === undefined) showRow(row, rows.length, columns);
    },
  });
  const answers = file === null || out === undefined ? done : rowsIn<DoneRow<Detected>>(out, numberFromText);
  showTogether(answers, given, columns);
  const failure = failureOf(outcome, out);
  if (given.html !== undefined) {
    const title = given.file === undefined || given.file === "-" ? "standard input" : given.file;
    const all = [...(failure ? [failure.what] : []), ...notes];
    await writeWhole(given.html, await detectionPage(detectionViewOf(title, model, answers, recipe, all)));
  }
  await fitTo(answers, given, model);
  if (!quiet && out !== undefined)
    process.stderr.write(`${answers.length} of ${rows.length} answers, in ${visible(out)}\n`);
  if (failure) throw failure;
  const { failAbove } = given;
  if (failAbove !== undefined && answers.some(({ score }) => score !== null && score > failAbove))
    process.exitCode = SUSPICIOUS;
}

const NO_MODEL = { name: "no model", source: "", sha256: null };

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What the rows depend on beside the model. */
function recipeOf(given: Given, setup: DetectSetup): Readonly<Record<string, unknown>> {
  const { model, signals, samples, embedder, fusion, series, documents } = setup;
  const writes = samples > 0 || model !== null;
  return {
    signals: signals.join(","),
    documents: documents.length > 0 ? documents.map(({ name }) => name).join(", ") : undefined,
    documentsSha256: documents.length > 0 ? sha256(JSON.stringify(documents)) : undefined,
    ...{ byDocument: setup.byDocument, contextSize: setup.contextTokens, samples },
    ...(writes && { maxTokens: setup.maxTokens, temperature: setup.temperature, seed: setup.seed }),
    ...(samples > 0 && { sampleTemperature: setup.sampleTemperature }),
    system: setup.system,
    prompt: model === null ? undefined : model.capabilities.chat && !setup.plain ? "chat" : "plain",
    embedding: embedder?.identity.sha256 ?? embedder?.identity.name,
    fusion: fusion?.fittedOn.sha256,
    series: series?.fittedOn.sha256,
    ...{ exact: given.exact, kernels: given.kernels, cacheType: given.cacheType },
  };
}

/** What all answers say together, where labels are known. */
function showTogether(answers: readonly DetectedAnswer[], { json, out }: Given, columns: number): void {
  const ranking = rankSignals(answers);
  const errors = confidentErrorsOf(answers);
  if (json) {
    if (ranking) printEvent({ type: "ranking", signals: ranking });
    if (errors) printEvent({ type: "confident-errors", ...errors });
    return;
  }
  const blocks = [
    ...(ranking ? [renderSignalRanking(ranking, columns)] : []),
    ...(errors ? [renderConfidentErrors(errors, columns)] : []),
  ];
  if (blocks.length > 0) process.stdout.write(`${out === undefined ? "\n" : ""}${blocks.join("\n")}`);
}

async function fitTo(
  answers: readonly DetectedAnswer[],
  { fit, fitSeries, json, quiet }: Given,
  model: LanguageModel | null,
): Promise<void> {
  if (fit === undefined && fitSeries === undefined) return;
  for (const fitted of fitDetectors(answers, { fit, fitSeries }, model)) {
    await saveDetector(fitted.file, fitted.artefact);
    if (json) {
      const { kind, file, artefact } = fitted;
      const { fittedOn, measures, folds } = artefact;
      printEvent({ type: "fit", kind, file, fittedOn, folds, measures: measures.measures });
    } else if (!quiet) process.stderr.write(`${visible(fittedText(fitted))}\n`);
  }
}

function showList({ samples, json }: Given, columns: number): void {
  const signals = listedSignals(samples || USUAL_SAMPLES);
  if (json) printDocument({ schema: "surprisal.detect-signals/1", signals });
  else
    process.stdout.write(
      renderSignalList(signals, process.stdout.isTTY ? columns : Number.POSITIVE_INFINITY),
    );
}

/** @throws SurprisalError USAGE for options that do not go together, and files that cannot be what they are named for. */
async function checkGiven(given: Given): Promise<void> {
  const { file, out, html, fit, fitSeries, resume, dryRun, noModel, context } = given;
  if (resume && out === undefined) throw usage("--resume needs --out");
  if (noModel && given.model !== undefined) throw usage("Give --model or --no-model, not both");
  if (noModel && given.samples > 0) throw usage("--samples needs a model to draw them");
  if (context.includes("-") && (file === undefined || file === "-"))
    throw usage("Standard input is the answer, or a document of --context, not both");
  const targets = Object.entries({ out, html, fit, fitSeries });
  for (const [i, [name, target]] of targets.entries()) {
    if (target === undefined || dryRun) continue;
    const option = name === "fitSeries" ? "--fit-series" : `--${name}`;
    if (file !== undefined && file !== "-" && (await isSameFile(target, file)))
      throw usage(`${option} names the file that is read`, target);
    if (targets.slice(0, i).some(([, other]) => other === target))
      throw usage(`${option} names a file that another option writes`, target);
    assertWritable(target);
  }
  if (out !== undefined && !resume && !dryRun && existsSync(out))
    throw usage("--out names a file that is there already; --resume goes on with it", out);
}

async function rowsOf({ file, question, as, maxMib }: Given): Promise<DetectRow[]> {
  if (file === undefined && process.stdin.isTTY)
    throw usage("There is nothing to examine: name a file, or pipe an answer in");
  return readDetectItems(file ?? "-", { maxMib, as, question });
}

function showRow(row: DoneRow<Detected> | FailedRow, count: number, columns: number): void {
  const { stdout, env } = process;
  const head = count > 1 ? `${row.prompt + 1} of ${count}` : "";
  const space = row.prompt > 0 ? "\n" : "";
  if (row.type === "error") {
    const words = [head, `not examined: ${visible(row.message)} [${row.code}]`].filter((part) => part !== "");
    stdout.write(`${space}${wrapWords(words.join(": "), columns).join("\n")}\n`);
    return;
  }
  const screen = { colour: decideColour(env, stdout), background: decideBackground(env), columns };
  stdout.write(space + renderDetection(row, head, screen));
}
