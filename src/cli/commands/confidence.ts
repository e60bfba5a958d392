/** `surprisal confidence`: how sure a model is of its answers, by all methods at once, each with its variant and its price. */
import { existsSync } from "node:fs";
import { assertWritable, isSameFile, writeWhole } from "../../files/index.ts";
import { confidencePage } from "../../report/index.ts";
import { visible, wrapWords } from "../../text/index.ts";
import { type ConfidenceMethod, METHOD_FAMILIES, selectMethods } from "../../uncertainty/index.ts";
import { errorEvent } from "../chat/index.ts";
import { type Command, defineCommand } from "../command.ts";
import {
  type ConfidenceRow,
  type FailedRow,
  failureOf,
  type ItemRow,
  itemOf,
  keptRows,
  listedMethods,
  measure,
  measureAll,
  NO_MODEL,
  planOf,
  planText,
  rank,
  readItems,
  recipeOf,
  setupOf,
  type UsedModels,
  viewOf,
} from "../confidence/index.ts";
import { usage } from "../errors.ts";
import { AnswerFile, placesOf, requestOf } from "../generate/index.ts";
import { printDocument, printEvent } from "../json.ts";
import { CONTEXT_SIZE, LOAD_OPTIONS, openEncoder, openModel } from "../load-options.ts";
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
  renderConfidence,
  renderMethodList,
  renderRanking,
} from "../render/index.ts";
import { MODEL_DESCRIPTION, MOST_MIB, QUIET } from "../shared-options.ts";

const LARGEST = 2 ** 31 - 2;
const WIDTH_WITHOUT_TERMINAL = 80; // columns
/** Samples that a list's prices are of, where nobody said how many. */
const USUAL_SAMPLES = 10;

// biome-ignore format: one option a line
const parameters = {
  file: optionalArgument("JSON lines with questions, answers, samples or numbers, or rows of surprisal generate; - or nothing: standard input"),
  prompt: option(text, { short: "p", description: "One question, instead of a file" }),
  answer: option(text, { description: "With --prompt: the answer to judge (default: the model writes one)" }),
  model: option(text, { short: "m", description: MODEL_DESCRIPTION }),
  methods: repeated(text, { hint: "NAMES", description: `Methods or families (${METHOD_FAMILIES.join(", ")}), or all; with commas, or several times (default: one-pass, and samples where there are some)` }),
  list: flag({ description: "Show all methods with what they need and cost, and nothing else" }),
  samples: option(wholeNumber(0, 128), { short: "n", hint: "N", description: "Draw N further answers to each question", standard: "0" }),
  maxTokens: option(wholeNumber(1, LARGEST), { hint: "N", description: "Longest answer and sample, tokens", standard: "256" }),
  temperature: option(decimal(0, 2), { hint: "T", description: "Of an answer that is written", standard: "0" }),
  sampleTemperature: option(decimal(0.01, 2), { hint: "T", description: "Of the samples; 1 is what the formulas mean", standard: "1" }),
  seed: option(wholeNumber(0, LARGEST - 256), { hint: "N", description: "Of the answer; sample i has the seed plus i, from 1 (default: 0; some services take none)" }),
  read: option(oneOf(["number", "letter", "yes-no"]), { hint: "KIND", description: "Samples are the same where they give the same number, letter, yes or no (default: the same text)" }),
  embedding: option(text, { hint: "MODEL", description: "Encoder for the methods that compare by meaning, such as minilm" }),
  judge: option(text, { hint: "MODEL", description: "Model that says whether one text follows from another; self: that of --model" }),
  plain: flag({ description: "Ask in plain text, though the model has a chat template" }),
  system: option(text, { short: "s", hint: "TEXT", description: "What a model with a chat template is told before a question" }),
  html: option(text, { hint: "FILE", description: "Write a page with answers, methods and samples" }),
  out: option(text, { short: "o", hint: "FILE", description: "Write the rows into this file, as they are done" }),
  resume: flag({ description: "Go on with the file of --out: what it has is kept, errors are tried again" }),
  dryRun: flag({ description: "Say what it would cost, and nothing else" }),
  atOnce: option(wholeNumber(1, 64), { hint: "N", description: "Questions that are worked on side by side (default: 4; without a model 1)" }),
  json: flag({ description: "A JSON object a line: the plan, a row for each answer, and how methods rank" }),
  maxMib: MOST_MIB,
  quiet: QUIET,
  ...CONTEXT_SIZE,
  ...LOAD_OPTIONS,
};

type Given = Values<typeof parameters>;

const command: Command = defineCommand({
  details: `Lines look like {"question": "...", "answer": "...", "samples": ["...", "..."], "logprobs": [...], "correct": true}, none
of them needed but a question or an answer; messages in the place of the question are a chat. An answer that is not there is
written by the model, one without numbers is scored by it. Without --model nothing is run: what the lines have is read. What a
method lacks is said, and its number is null.

With "correct", or "expected" (the right answer), the output ends with how well each method tells right from wrong.
docs/confidence.md has the methods and the fields.

Examples:
  surprisal confidence --prompt "What is the capital of France?" -m smollm2 --samples 5
  surprisal confidence questions.jsonl -m smollm2 -n 10 --read number --out rows.jsonl --html page.html
  surprisal confidence questions.jsonl -m smollm2 --methods asking,mean-nll --dry-run
  surprisal confidence answers.jsonl --methods samples --json
  surprisal confidence --list`,
  parameters,
  errorDocument: errorEvent,
  run: confidence,
});
export default command;

async function confidence(given: Given): Promise<void> {
  const columns = (process.stdout.isTTY && process.stdout.columns) || WIDTH_WITHOUT_TERMINAL;
  if (given.list) return showList(given, columns);
  await checkFiles(given);
  const named = given.methods
    .flatMap((names) => names.split(",").map((name) => name.trim()))
    .filter((name) => name !== "");
  if (given.methods.length > 0) selectMethods(named, "--methods");
  const rows = await rowsOf(given);
  const methods = methodsOf(named, rows, given);
  const needsModel =
    given.model !== undefined ||
    given.samples > 0 ||
    rows.some(isUnanswered) ||
    methods.some(({ family }) => family === "asking");
  if (given.judge === "self" && !needsModel) throw usage("--judge self needs --model");
  await using model = needsModel ? await openModel(given) : null;
  await using judge =
    given.judge === undefined || given.judge === "self" || given.judge === given.model
      ? null
      : await openModel({ ...given, model: given.judge });
  await using encoder = await openEncoder(given);
  await carryOut(
    given,
    rows,
    methods,
    named,
    { model, judge: given.judge === undefined ? null : (judge ?? model), encoder },
    columns,
  );
}

async function carryOut(
  given: Given,
  rows: readonly ItemRow[],
  methods: readonly ConfidenceMethod[],
  named: readonly string[],
  { model, judge, encoder }: UsedModels,
  columns: number,
): Promise<void> {
  const { out, resume, quiet, json } = given;
  const models = { model, judge, encoder };
  const setup = setupOf(given, models, methods, named);
  const recipe = recipeOf(given, models, methods);
  const request = requestOf(model?.identity ?? NO_MODEL, recipe);
  using file =
    out === undefined || given.dryRun ? null : AnswerFile.open(out, { resume, request, rows, samples: 1 });
  const missing = rows.filter((row) => !file?.has(row, 0));
  const plan = await planOf(missing, setup);
  if (json)
    printEvent({
      type: "plan",
      schema: "surprisal.confidence/1",
      ...plan,
      methods: methods.map(({ name, family, variant, needs }) => ({ name, family, variant, needs })),
      request,
      model: model?.identity ?? null,
    });
  if (given.dryRun) {
    if (!json) process.stdout.write(`${planText(plan)}\n`);
    return;
  }
  if (!quiet) {
    process.stderr.write(`${planText(plan)}\n`);
    for (const note of model?.notes ?? []) process.stderr.write(`note: ${visible(note)}\n`);
  }
  const kept: ConfidenceRow[] = [];
  const outcome = await measureAll({
    ...{ rows, request, file, out, quiet, label: "estimating" },
    measure: (item, signal) => measure(item, setup, signal),
    atOnce: model === null ? 1 : placesOf({ atOnce: given.atOnce ?? 4 }, model),
    show: (row) => {
      if (row.type === "answer") kept.push(row);
      if (json) printEvent(row);
      else if (out === undefined) showRow(row, rows.length, columns);
    },
  });
  const answers = file === null || out === undefined ? kept : keptRows(out);
  const ranking = rank(answers);
  if (json && ranking) printEvent({ type: "ranking", methods: ranking });
  else if (ranking)
    process.stdout.write(`${out === undefined ? "\n" : ""}${renderRanking(ranking, columns)}`);
  const failure = failureOf(outcome, out);
  if (given.html !== undefined) {
    const view = viewOf(
      given.prompt === undefined ? (given.file ?? "standard input") : "one question",
      model,
      answers,
      ranking,
      recipe,
      failure?.what ?? null,
    );
    await writeWhole(given.html, await confidencePage(view));
  }
  if (!quiet && out !== undefined)
    process.stderr.write(`${answers.length} of ${rows.length} answers, in ${visible(out)}\n`);
  if (failure) throw failure;
}

const isUnanswered = ({ item }: ItemRow): boolean => !(item instanceof Error) && item.answer === null;

async function showList({ samples, json }: Given, columns: number): Promise<void> {
  const methods = await listedMethods(samples || USUAL_SAMPLES);
  if (json)
    printDocument({ schema: "surprisal.confidence-methods/1", samples: samples || USUAL_SAMPLES, methods });
  else
    process.stdout.write(
      renderMethodList(methods, process.stdout.isTTY ? columns : Number.POSITIVE_INFINITY),
    );
}

/** @throws SurprisalError USAGE for files that cannot be what they are named for. */
async function checkFiles({ file, out, html, resume, prompt, dryRun }: Given): Promise<void> {
  if (resume && out === undefined) throw usage("--resume needs --out");
  for (const [name, target] of Object.entries({ out, html })) {
    if (target === undefined || dryRun) continue;
    if (file !== undefined && file !== "-" && prompt === undefined && (await isSameFile(target, file)))
      throw usage(`--${name} names the file that is read`, target);
    assertWritable(target);
  }
  if (out !== undefined && out === html) throw usage("--out and --html name the same file", out);
  if (out !== undefined && !resume && !dryRun && existsSync(out))
    throw usage("--out names a file that is there already; --resume goes on with it", out);
}

async function rowsOf({ file, prompt, answer, maxMib }: Given): Promise<ItemRow[]> {
  if (prompt === undefined) {
    if (answer !== undefined) throw usage("--answer needs --prompt");
    if (file === undefined && process.stdin.isTTY)
      throw usage("There is nothing to judge: name a file, give --prompt, or pipe lines in");
    return readItems(file ?? "-", maxMib);
  }
  if (file !== undefined) throw usage("Give a file or --prompt, not both", file);
  if (prompt.trim() === "") throw usage("The question is empty", "--prompt");
  if (answer?.trim() === "") throw usage("The answer is empty", "--answer");
  return [itemOf(prompt, answer)];
}

/** What costs nothing beside the answer, and what compares samples where there are some. */
function methodsOf(named: readonly string[], rows: readonly ItemRow[], given: Given): ConfidenceMethod[] {
  if (named.length > 0) return selectMethods(named, "--methods");
  const hasSamples =
    given.samples > 0 || rows.some(({ item }) => !(item instanceof Error) && item.samples.length > 0);
  const tools = { embeddings: given.embedding, entailment: given.judge };
  return selectMethods(hasSamples ? ["one-pass", "samples"] : ["one-pass"]).filter(
    (method) =>
      method.family !== "samples" || method.sample.tool === null || tools[method.sample.tool] !== undefined,
  );
}

function showRow(row: ConfidenceRow | FailedRow, count: number, columns: number): void {
  const { stdout, env } = process;
  const head = count > 1 ? `${row.prompt + 1} of ${count}` : "";
  const space = row.prompt > 0 ? "\n" : "";
  if (row.type === "error") {
    const words = [head, `no answer: ${visible(row.message)} [${row.code}]`].filter((part) => part !== "");
    stdout.write(`${space}${wrapWords(words.join(": "), columns).join("\n")}\n`);
  } else
    stdout.write(
      space +
        renderConfidence(row, head, {
          colour: decideColour(env, stdout),
          background: decideBackground(env),
          columns,
        }),
    );
}
