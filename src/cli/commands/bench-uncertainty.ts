/** `surprisal bench-uncertainty`: which method tells right answers from wrong ones, how surely, and at what price. */
import { existsSync } from "node:fs";
import { SurprisalError } from "../../core/index.ts";
import { assertWritable, isSameFile, writeWhole } from "../../files/index.ts";
import { type BenchView, benchPage, benchPicture } from "../../report/index.ts";
import { CALIBRATORS, METHOD_FAMILIES } from "../../uncertainty/index.ts";
import {
  BASELINES,
  type BenchRow,
  type BenchSetup,
  type ChosenMethods,
  chooseMethods,
  columnsOf,
  detectorsOf,
  measureBenched,
  readBenchItems,
  sectionsOf,
  withFused,
} from "../bench/index.ts";
import { type Command, defineCommand } from "../command.ts";
import {
  type ConfidenceRow,
  failureOf,
  keptRows,
  measureAll,
  NO_MODEL,
  planOf,
  planText,
  recipeOf,
  setupOf,
  type UsedModels,
} from "../confidence/index.ts";
import { usage } from "../errors.ts";
import { AnswerFile, placesOf, requestOf } from "../generate/index.ts";
import { printDocument } from "../json.ts";
import { CONTEXT_SIZE, LOAD_OPTIONS, openEncoder, openModel } from "../load-options.ts";
import {
  argument,
  decimal,
  flag,
  oneOf,
  option,
  repeated,
  text,
  type Values,
  wholeNumber,
} from "../parameters.ts";
import { renderBench } from "../render/index.ts";
import { MODEL_DESCRIPTION, MOST_MIB, QUIET } from "../shared-options.ts";

const LARGEST = 2 ** 31 - 2;
const WIDTH_WITHOUT_TERMINAL = 80; // columns

// biome-ignore format: one option a line
const parameters = {
  file: argument("JSON lines with questions, answers and whether they are right; with --replay: rows of --out"),
  model: option(text, { short: "m", description: MODEL_DESCRIPTION }),
  methods: repeated(text, { hint: "NAMES", description: `Methods or families (${METHOD_FAMILIES.join(", ")}, baselines, detectors, own), or all; with commas, or several times (default: one-pass, baselines, own, and samples where there are some)` }),
  replay: flag({ description: "The file has rows of this command's --out, or of surprisal confidence's: no model is run" }),
  samples: option(wholeNumber(0, 128), { short: "n", hint: "N", description: "Draw N further answers to each question", standard: "0" }),
  at: repeated(wholeNumber(1, 128), { hint: "N", description: "Measure methods that compare samples at the first N samples, as NAME@N; several times" }),
  lengthMatched: option(wholeNumber(0, 1000), { hint: "WORDS", description: "Also on pairs of a group, one right and one wrong, whose lengths differ by at most so many words" }),
  readDocuments: flag({ description: "Put a line's documents before its question" }),
  calibrator: option(oneOf(Object.keys(CALIBRATORS) as (keyof typeof CALIBRATORS)[]), { hint: "NAME", description: "What makes probabilities of the numbers, fitted to the other folds: platt, beta, isotonic", standard: "platt" }),
  folds: option(wholeNumber(2, 100), { hint: "N", description: "Folds of the calibration; a group is never torn apart", standard: "5" }),
  resamples: option(wholeNumber(2, 100_000), { hint: "N", description: "Resamples of the intervals", standard: "1000" }),
  maxTokens: option(wholeNumber(1, LARGEST), { hint: "N", description: "Longest answer and sample, tokens", standard: "256" }),
  temperature: option(decimal(0, 2), { hint: "T", description: "Of an answer that is written", standard: "0" }),
  sampleTemperature: option(decimal(0.01, 2), { hint: "T", description: "Of the samples; 1 is what the formulas mean", standard: "1" }),
  seed: option(wholeNumber(0, LARGEST - 256), { hint: "N", description: "Of answers, samples, folds and resamples (default: 0)" }),
  read: option(oneOf(["number", "letter", "yes-no"]), { hint: "KIND", description: "Answers are compared with \"expected\", and with each other, by the number, letter, yes or no in them (default: the whole text)" }),
  embedding: option(text, { hint: "MODEL", description: "Encoder for the methods that compare by meaning, such as minilm" }),
  judge: option(text, { hint: "MODEL", description: "Model that says whether one text follows from another; self: that of --model" }),
  plain: flag({ description: "Ask in plain text, though the model has a chat template" }),
  system: option(text, { short: "s", hint: "TEXT", description: "What a model with a chat template is told before a question" }),
  out: option(text, { short: "o", hint: "FILE", description: "Keep the rows in this file, as they are done" }),
  resume: flag({ description: "Go on with the file of --out: what it has is kept, errors are tried again" }),
  html: option(text, { hint: "FILE", description: "Write a page with pictures and tables" }),
  svg: option(text, { hint: "FILE", description: "Write the picture: AUROC with its interval, of the last set of answers" }),
  json: flag({ description: "One JSON document" }),
  dryRun: flag({ description: "Say what it would cost, and nothing else" }),
  atOnce: option(wholeNumber(1, 64), { hint: "N", description: "Questions that are worked on side by side; more than 1 makes seconds longer than they are", standard: "1" }),
  maxMib: MOST_MIB,
  quiet: QUIET,
  ...CONTEXT_SIZE,
  ...LOAD_OPTIONS,
};

type Given = Values<typeof parameters>;

const command: Command = defineCommand({
  details: `Lines are those of surprisal confidence, with "correct" or "expected"; "group" for answers that belong together,
"documents" (or "knowledge", "context") for what an answer should rest on, and "uncertainties": {"my method": 0.3} for numbers of your
own. A line of HaluEval, with right_answer and hallucinated_answer, is two answers of one group.

Methods are measured on the answers that all of them have a number for. Baselines (${Object.keys(BASELINES).join(", ")}) know nothing
of truth: where they do well, the labels of the set leak, and --length-matched 3 says what is left. docs/hallucination.md has more.

Examples:
  surprisal bench-uncertainty halueval.jsonl -m smollm2 --length-matched 3 --out rows.jsonl
  surprisal bench-uncertainty questions.jsonl -m smollm2 -n 10 --at 5 --at 10 --read number --html page.html
  surprisal bench-uncertainty rows.jsonl --replay --methods baselines,mean-nll,cocoa --json`,
  parameters,
  run: bench,
});
export default command;

async function bench(given: Given): Promise<void> {
  await checkFiles(given);
  const named = given.methods
    .flatMap((names) => names.split(",").map((name) => name.trim()))
    .filter((name) => name !== "");
  if (given.methods.length > 0 && named.length === 0) throw usage("--methods names no method");
  if (given.replay) {
    refuseWithReplay(given);
    const rows = replayed(given.file);
    const chosen = chooseMethods(named.length > 0 ? named : ["baselines"]);
    return show(given, rows, named.length > 0 ? chosen : null, chosen.baselines, null);
  }
  const rows = await readBenchItems(given.file, given.maxMib);
  const hasSamples =
    given.samples > 0 || rows.some(({ item }) => !(item instanceof Error) && item.samples.length > 0);
  const tools = { embeddings: given.embedding, entailment: given.judge };
  const usual = ["one-pass", "baselines", "own", ...(hasSamples ? ["samples"] : [])];
  const chosen = chooseMethods(named.length > 0 ? named : usual);
  if (named.length === 0)
    chosen.confidence = chosen.confidence.filter(
      (method) =>
        method.family !== "samples" || method.sample.tool === null || tools[method.sample.tool] !== undefined,
    );
  const needsModel =
    given.model !== undefined ||
    given.samples > 0 ||
    rows.some(({ item }) => !(item instanceof Error) && item.answer === null) ||
    (chosen.detectors.some((name) => ["retrieval", "lift", "fused"].includes(name)) &&
      rows.some(({ item }) => !(item instanceof Error) && item.documents.length > 0)) ||
    chosen.confidence.some(({ family }) => family === "asking");
  if (given.judge === "self" && !needsModel) throw usage("--judge self needs --model");
  await using model = needsModel ? await openModel(given) : null;
  await using judge =
    given.judge === undefined || given.judge === "self" || given.judge === given.model
      ? null
      : await openModel({ ...given, model: given.judge });
  await using encoder = await openEncoder(given);
  const models = { model, judge: given.judge === undefined ? null : (judge ?? model), encoder };
  const measured = await measuredRows(given, rows, chosen, named, models);
  if (measured === null) return;
  await show(given, measured.rows, null, [], models, measured.failure);
}

/** @returns `null` where only the price was wanted. */
async function measuredRows(
  given: Given,
  rows: readonly BenchRow[],
  chosen: ChosenMethods,
  named: readonly string[],
  models: UsedModels,
): Promise<{ rows: ConfidenceRow[]; failure: SurprisalError | null } | null> {
  const { out, resume, quiet } = given;
  const setup = setupOf(given, models, chosen.confidence, named);
  const benched: BenchSetup = {
    ...{ setup, chosen, readsDocuments: given.readDocuments },
    detectors: detectorsOf(chosen, setup),
  };
  const recipe = {
    ...recipeOf(given, models, chosen.confidence),
    more: [...chosen.baselines, ...chosen.detectors, ...(chosen.own ? ["own"] : [])].join(","),
    readDocuments: given.readDocuments || undefined,
  };
  const request = requestOf(models.model?.identity ?? NO_MODEL, recipe);
  using file =
    out === undefined || given.dryRun ? null : AnswerFile.open(out, { resume, request, rows, samples: 1 });
  const plan = await planOf(
    rows.filter((row) => !file?.has(row, 0)),
    setup,
  );
  if (given.dryRun) {
    if (given.json) printDocument({ schema: "surprisal.bench-uncertainty-plan/1", ...plan, request });
    else process.stdout.write(`${planText(plan)}\n`);
    return null;
  }
  if (!quiet) process.stderr.write(`${planText(plan)}\n`);
  const kept: ConfidenceRow[] = [];
  const outcome = await measureAll({
    ...{ rows, request, file, out, quiet, label: "measuring" },
    measure: (item, signal) => measureBenched(item, benched, signal),
    atOnce: models.model === null ? 1 : placesOf({ atOnce: given.atOnce }, models.model),
    show: (row) => {
      if (row.type === "answer") kept.push(row);
    },
  });
  const failure = failureOf(outcome, out);
  return { rows: file === null || out === undefined ? kept : keptRows(out), failure };
}

/** @param chosen `null`: all that the rows have. @param failure of lines that could not be measured, thrown at the end. */
async function show(
  given: Given,
  rows: readonly ConfidenceRow[],
  chosen: ChosenMethods | null,
  baselines: readonly string[],
  models: UsedModels | null,
  failure: SurprisalError | null = null,
): Promise<void> {
  if (rows.length === 0) throw failure ?? noRows(given.file);
  if (rows.every(({ correct }) => correct === null))
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "No answer has a label",
      where: given.file,
      wayOut: 'Lines need "correct": true or false, or "expected" with the right answer.',
    });
  const wanted =
    chosen &&
    new Set([...chosen.confidence.map(({ name }) => name), ...chosen.baselines, ...chosen.detectors]);
  const own = chosen?.own ? ownNames(rows) : [];
  const found = await columnsOf(rows, {
    wanted: wanted && new Set([...wanted, ...own]),
    baselines,
    at: given.at,
    read: given.read,
  });
  const { folds, calibrator, resamples, seed } = given;
  const wantsFused = wanted === null || wanted.has("fused");
  const { columns, note } = wantsFused
    ? withFused(rows, found, { folds, seed })
    : { columns: found, note: null };
  const { sections, notes } = sectionsOf(columns, given.lengthMatched, {
    folds,
    calibrator,
    resamples,
    seed,
  });
  const model = models?.model?.identity.name ?? modelOf(rows);
  const view: BenchView = {
    title: given.file === "-" ? "standard input" : given.file,
    model,
    sections,
    families: columns.families,
    prices: columns.prices,
    details: [
      ...(model === null ? [] : ([["model", model]] as const)),
      ["calibrator", `${calibrator}, ${folds} folds`],
      [
        "intervals",
        `95 %, bootstrap over ${columns.groups ? "groups" : "answers"}, ${resamples} resamples, seed ${seed ?? 0}`,
      ],
      ["surprisal", request(rows)],
    ],
    notes: [
      ...(failure === null ? [] : [failure.what]),
      ...notes,
      ...(note === null ? [] : [note]),
      ...(models?.model?.notes ?? []),
    ],
  };
  if (given.json) printDocument(documentOf(given, rows, view));
  else
    process.stdout.write(
      renderBench(view, (process.stdout.isTTY && process.stdout.columns) || WIDTH_WITHOUT_TERMINAL),
    );
  if (given.html !== undefined) await writeWhole(given.html, await benchPage(view));
  if (given.svg !== undefined) await writeWhole(given.svg, await benchPicture(sections.at(-1)!.benched));
  if (failure) throw failure;
}

const request = (rows: readonly ConfidenceRow[]): string => JSON.stringify(rows[0]!.request?.options ?? {});

/** The model that wrote or scored the rows. */
const modelOf = (rows: readonly ConfidenceRow[]): string | null => {
  const name = rows[0]?.request?.model.name;
  return name === undefined || name === NO_MODEL.name ? null : name;
};

function ownNames(rows: readonly ConfidenceRow[]): string[] {
  const names = rows.flatMap(({ more }) => {
    const { estimates = [] } = (more ?? {}) as { estimates?: { name: string }[] };
    return estimates.map(({ name }) => name);
  });
  return [...new Set(names)].filter((name) => !Object.hasOwn(BASELINES, name));
}

function documentOf({ file, read }: Given, rows: readonly ConfidenceRow[], view: BenchView): object {
  return {
    schema: "surprisal.bench-uncertainty/1",
    data: file,
    model: view.model,
    request: rows[0]!.request ?? null,
    read: read ?? null,
    answers: rows.length,
    sections: view.sections.map(({ name, benched }) => ({
      name,
      ...benched,
      methods: benched.methods.map((method) => ({
        ...method,
        family: view.families[method.name] ?? null,
        price: view.prices[method.name] ?? null,
      })),
    })),
    notes: view.notes,
  };
}

/** @throws SurprisalError INVALID_ARGUMENT, EMPTY_INPUT */
function replayed(file: string): ConfidenceRow[] {
  if (file === "-") throw usage("--replay needs a file");
  let rows: ConfidenceRow[];
  try {
    rows = keptRows(file);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: `The file has a line that is not JSON: ${error.message}`,
      where: file,
      wayOut: "Go on with it first: the command that wrote it, with --resume.",
      cause: error,
    });
  }
  if (rows.length === 0) throw noRows(file);
  const odd = rows.findIndex(
    ({ estimates, answer }) => !Array.isArray(estimates) || typeof answer !== "string",
  );
  if (odd >= 0)
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: "The file has rows of another command",
      where: `${file}, answer ${odd + 1}`,
      wayOut: "--replay takes what surprisal confidence or this command wrote with --out.",
    });
  return rows;
}

const noRows = (where: string): SurprisalError =>
  new SurprisalError({
    code: "EMPTY_INPUT",
    what: "There are no answers",
    where,
    wayOut: "Give lines with questions and answers, or rows that --out wrote.",
  });

function refuseWithReplay(given: Given): void {
  const { model, samples, out, embedding, judge, readDocuments } = given;
  const named = Object.entries({
    model,
    out,
    embedding,
    judge,
    "read-documents": readDocuments || undefined,
    samples: samples || undefined,
  });
  const [first] = named.filter(([, value]) => value !== undefined);
  if (first) throw usage(`--replay runs nothing, so --${first[0]} has no meaning`);
}

/** @throws SurprisalError USAGE for files that cannot be what they are named for. */
async function checkFiles({ file, out, html, svg, resume, dryRun }: Given): Promise<void> {
  if (resume && out === undefined) throw usage("--resume needs --out");
  const targets = Object.entries({ out, html, svg }).filter(([, target]) => target !== undefined);
  for (const [name, target] of targets as [string, string][]) {
    if (dryRun) continue;
    if (file !== "-" && (await isSameFile(target, file)))
      throw usage(`--${name} names the file that is read`, target);
    assertWritable(target);
  }
  const twice = targets.find(([, target], i) => targets.findIndex(([, other]) => other === target) < i);
  if (twice) throw usage(`--${twice[0]} names a file that another option names too`, twice[1]);
  if (out !== undefined && !resume && !dryRun && existsSync(out))
    throw usage("--out names a file that is there already; --resume goes on with it", out);
}
