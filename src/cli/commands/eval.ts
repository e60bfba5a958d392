/** `surprisal eval`: models over corpora, as a run on disk. */
import { SurprisalError } from "../../core/index.ts";
import {
  LLAMA_FORMS,
  newRunFolder,
  otherFileIn,
  RUNS_FOLDER,
  type Run,
  type RunRequest,
  readRun,
  taskForms,
} from "../../evaluate/index.ts";
import { assertWritable, writeWhole } from "../../files/index.ts";
import { DEFAULT_MODEL } from "../../models/index.ts";
import { exportRuns } from "../../report/index.ts";
import { visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { exitCodeOf, usage } from "../errors.ts";
import { carryOut } from "../evaluation.ts";
import { printEvent } from "../json.ts";
import { LOAD_OPTIONS, loadOptions, serverOptions } from "../load-options.ts";
import {
  distinct,
  flag,
  oneOf,
  option,
  optionalArgumentList,
  repeated,
  text,
  type Values,
  wholeNumber,
} from "../parameters.ts";
import { spelled } from "../parse.ts";
import { renderRun } from "../render/index.ts";
import {
  CORPUS_DESCRIPTION,
  CORPUS_OPTIONS,
  COUNT,
  DEFAULT_RECIPE,
  QUIET,
  RECIPE_OPTIONS,
} from "../shared-options.ts";

/** What a run is begun with; it cannot be gone on with something else. */
// biome-ignore format: one option a line
const FIXED = {
  model: repeated(text, { short: "m", description: `As for score; may be given several times (default: ${DEFAULT_MODEL})` }),
  ...RECIPE_OPTIONS,
  ...CORPUS_OPTIONS,
  task: repeated(text, { hint: "FILE", description: "Questions instead of a corpus: rows of a published set or your own (JSONL, CSV, Parquet), or llama.cpp's files; may be given several times" }),
  form: option(text, { hint: "NAME", description: "What the questions' rows are, where their fields do not tell, or where other fields are to be left aside (names below)" }),
  shots: option(wholeNumber(0, 1000), { hint: "N", description: "Solved examples in front of every question (default: none)" }),
  shotsFrom: option(text, { hint: "FILE", description: "Where the examples are from (default: the task itself, without the question)" }),
  shotsSampler: option(oneOf(["shared", "per-item", "first"]), { hint: "HOW", description: "How examples are drawn: shared (the same for all), per-item (anew for each question, lm-eval's way), first (default: shared; of MMLU first)" }),
  limit: option(wholeNumber(1, Number.MAX_SAFE_INTEGER), { hint: "N", description: "Only the first N documents of each corpus, and questions of each task" }),
  run: option(text, { hint: "FOLDER", description: `Folder for the run (default: a new one in ${RUNS_FOLDER})` }),
};

/** Options of loading that change digits. */
const SETTINGS = ["kernels", "cacheType", "batch"] as const;

// biome-ignore format: one option a line
const parameters = {
  corpus: optionalArgumentList(CORPUS_DESCRIPTION),
  ...FIXED,
  resume: option(text, { hint: "FOLDER", description: "Go on with a run that was broken off" }),
  repair: flag({ description: "With --resume: score again what is damaged of the run, instead of an error" }),
  applyChatTemplate: flag({ description: "Put questions into the model's chat template, as lm-eval does" }),
  fewshotAsMultiturn: flag({ description: "Examples in the chat template are turns of their own (the default there, as in lm-eval)" }),
  fewshotAsOneTurn: flag({ description: "Examples and question in the chat template are one turn of the user" }),
  tokens: flag({ description: "Keep every token's numbers, in tokens.parquet; logprob and entropy are in nats there" }),
  engines: option(COUNT, { hint: "N", description: "Models in memory that work side by side" }),
  concurrency: option(COUNT, { hint: "N", description: "Requests to a server at once (default: 4)" }),
  queue: option(text, { hint: "URL", description: "Let workers do it, over this Redis: redis://host:port (see surprisal worker)" }),
  html: option(text, { hint: "FILE", description: "Also write a page with pictures; with --tokens, of the tokens too" }),
  json: flag({ description: "Events as lines of JSON on standard output; the last one is the result; nll and logprob are in nats" }),
  quiet: QUIET,
  ...LOAD_OPTIONS,
};

type Given = Values<typeof parameters>;

const FORM_NAMES = [
  ...taskForms().map(({ name, aliases }) => [name, ...aliases].join(" = ")),
  ...LLAMA_FORMS,
].join(", ");

const command: Command = defineCommand({
  details: `Examples:
  surprisal eval wiki.test.raw -m mini -m smollm2
  surprisal eval domains/ -m mini -m smollm2 --html map.html
  surprisal eval reviews.jsonl --column body --where "stars = 5" --limit 1000
  surprisal eval wikitext-2 -m model.gguf --recipe llama.cpp
  surprisal eval --task hellaswag_val.jsonl --limit 200 -m smollm2
  surprisal eval --task arc.parquet --shots 5 --shots-from arc-train.parquet --apply-chat-template -m smollm2
  surprisal eval --resume ${RUNS_FOLDER}/2026-11-24T10-00-00-mini-domains

Names for --form (docs/tasks.md has their fields):
  ${FORM_NAMES}`,
  parameters,
  async run(given) {
    const { html, json, resume } = given;
    if (html !== undefined) assertWritable(html);
    if (given.repair && resume === undefined) throw usage("--repair needs --resume");
    const request = resume === undefined ? requestOf(given) : resumed(resume, given);
    const folder = resume ?? given.run ?? newRunFolder(request);
    const done = await carryOut({ ...given, request, folder, server: serverOptions(given) });
    if (json) printEvent({ type: "result", folder: done.folder, run: done.run });
    else
      process.stdout.write(
        `${renderRun(done.run, process.stdout)}\nKept in ${visible(done.folder)}; \`surprisal runs\` shows, compares, maps and exports it.\n`,
      );
    if (html !== undefined) await writePage(html, done.run, done.folder);
    if (done.run.status === "failed") throw failed(done.run, done.folder);
  },
});
export default command;

/** A run that is new. */
function requestOf(given: Given): RunRequest {
  const { corpus, task, model, run, column, split, where, skipUnreadable, context, stride } = given;
  if (corpus.length + task.length === 0) throw usage("CORPUS is missing");
  if (corpus.length === 0) refuseCorpusOptions(given);
  const other = run === undefined ? null : otherFileIn(run);
  if (other !== null) throw usage(`--run ${run} holds other files (${other}); name a new folder`);
  return {
    models: model.length > 0 ? model : [DEFAULT_MODEL],
    corpora: [...distinct(corpus)],
    tasks: task,
    form: formOf(given),
    fewShot: shotsOf(given),
    chat: chatOf(given),
    reading: {
      column,
      split,
      where,
      skipUnreadable: skipUnreadable || undefined,
      ...(given.maxMib !== undefined && { maxDocumentBytes: given.maxMib * 2 ** 20 }),
    },
    recipe: given.recipe ?? DEFAULT_RECIPE,
    overrides: { context, stride, parseSpecial: given.parseSpecial || undefined },
    limit: given.limit ?? null,
    tokens: given.tokens,
    load: loadOptions(given),
  };
}

/** What is said of texts does nothing to questions: they are read and cut as lm-eval does, whatever the recipe. */
function refuseCorpusOptions(given: Given): void {
  const options = [
    "recipe",
    "context",
    "stride",
    "parseSpecial",
    "column",
    "split",
    "where",
    "skipUnreadable",
  ] as const;
  const idle = options.find((name) => given[name] !== undefined && given[name] !== false);
  if (idle !== undefined) throw usage(`--${spelled(idle)} needs a CORPUS; it changes nothing of a --task`);
}

function shotsOf({ shots = 0, shotsFrom, shotsSampler: sampler, task }: Given): RunRequest["fewShot"] {
  if (shots === 0) {
    if (shotsFrom !== undefined) throw usage("--shots-from needs --shots");
    if (sampler !== undefined) throw usage("--shots-sampler needs --shots");
    return null;
  }
  if (task.length === 0) throw usage("--shots needs --task");
  if (shotsFrom === undefined && task.length > 1)
    throw usage("--shots with several tasks needs --shots-from");
  return { count: shots, examples: shotsFrom ?? task[0]!, sampler };
}

function formOf({ form, task }: Given): RunRequest["form"] {
  if (form !== undefined && task.length === 0) throw usage("--form needs --task");
  return form;
}

function chatOf(given: Given): RunRequest["chat"] {
  const { applyChatTemplate, fewshotAsMultiturn, fewshotAsOneTurn, task } = given;
  if (fewshotAsMultiturn && fewshotAsOneTurn)
    throw usage("--fewshot-as-multiturn and --fewshot-as-one-turn exclude each other");
  if (!applyChatTemplate) {
    if (fewshotAsMultiturn || fewshotAsOneTurn)
      throw usage(
        `--fewshot-as-${fewshotAsMultiturn ? "multiturn" : "one-turn"} needs --apply-chat-template`,
      );
    return null;
  }
  if (task.length === 0) throw usage("--apply-chat-template needs --task");
  return { multiturn: !fewshotAsOneTurn };
}

function resumed(folder: string, given: Given): RunRequest {
  const names = [...(Object.keys(FIXED) as (keyof typeof FIXED)[]), ...SETTINGS];
  const isGiven = (value: Given[keyof Given]) =>
    Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  const other = names.find((name) => isGiven(given[name]));
  if (other) throw usage(`--${spelled(other)} cannot be changed when a run is gone on with`);
  const { tokens, exact, applyChatTemplate, fewshotAsMultiturn, fewshotAsOneTurn, corpus } = given;
  const flags = [tokens, exact, applyChatTemplate, fewshotAsMultiturn, fewshotAsOneTurn];
  if (flags.some(Boolean) || corpus.length > 0)
    throw usage("--resume takes the folder of a run, and nothing else of what it was begun with");
  return readRun(folder, { repair: given.repair }).request;
}

/** The run is done and shown: what goes wrong with its page is no wrong usage. */
async function writePage(file: string, run: Run, folder: string): Promise<void> {
  try {
    await writeWhole(file, await exportRuns([run], "html", { folders: [folder] }));
  } catch (cause) {
    if (exitCodeOf(cause) === 1) throw cause;
    throw new SurprisalError({
      code: "FILE_UNWRITABLE",
      what: `The page cannot be made: ${SurprisalError.isInstance(cause) ? cause.what : cause}`,
      where: file,
      wayOut: `The results are kept: surprisal runs export ${folder} -f md`,
      cause,
    });
  }
}

function failed(run: Run, folder: string): SurprisalError {
  const [first] = run.failures;
  const many = run.failures.length > 1 ? `, and ${run.failures.length - 1} more` : "";
  return new SurprisalError({
    code: "MODEL_FAILED",
    what: `${first!.reference} failed: ${first!.what} (${first!.code})${many}`,
    where: folder,
    wayOut: `The other models are done. Mend it and go on: surprisal eval --resume ${folder}`,
  });
}
