/** `surprisal eval`: models over corpora. */
import { setMaxListeners } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ParsedArgs } from "citty";
import { RECIPES, type RecipeName, type RecipeOverrides, SurprisalError } from "../../core/index.ts";
import {
  type Corpus,
  type EvaluateOptions,
  type EvaluateProgress,
  evaluate,
  openCorpora,
  queueExecutor,
  type Run,
  type RunRequest,
  readRun,
  readTask,
  resumeEvaluation,
  type TaskProgress,
} from "../../evaluate/index.ts";
import { assertWritable, onInterrupt, writeWhole } from "../../files/index.ts";
import { DEFAULT_MODEL } from "../../models/index.ts";
import { exportRuns } from "../../report/index.ts";
import { formatCount, formatDuration, formatNumber, formatRate, visible } from "../../text/index.ts";
import {
  exitCodeOf,
  oneOf,
  positionalsOf,
  readArguments,
  usage,
  valuesOf,
  wholeNumber,
} from "../arguments.ts";
import { printEvent } from "../json.ts";
import { LOAD_ARGUMENTS, loadOptions } from "../load-options.ts";
import { reportModel } from "../model-progress.ts";
import { renderRun, startLine } from "../render/index.ts";
import type { Command } from "../usage.ts";
import { RUNS } from "./runs.ts";

const RECIPE_NAMES = Object.keys(RECIPES) as RecipeName[];

// biome-ignore format: one option a line
const args = {
  corpus: { type: "positional", required: false, valueHint: "...", description: "Text, Markdown, JSONL, CSV, Parquet (also .gz, .zst), a folder of domains, a quoted pattern, -, wikitext-2, ptb, c4, hf:owner/dataset" },
  model: { type: "string", alias: "m", description: `As for score; may be given several times (default: ${DEFAULT_MODEL})` },
  recipe: { type: "string", alias: "r", valueHint: "NAME", description: `How texts are cut and what each token sees: ${RECIPE_NAMES.join(", ")} (default: cached)` },
  context: { type: "string", alias: "c", valueHint: "TOKENS", description: "Length of the window instead of the recipe's own" },
  stride: { type: "string", valueHint: "TOKENS", description: "Step of the window instead of the recipe's own" },
  column: { type: "string", description: "Column with the text, in JSONL, CSV and Parquet" },
  split: { type: "string", valueHint: "HOW", description: "Cut text files into documents: lines, blank-lines, or a delimiter" },
  where: { type: "string", valueHint: "SQL", description: "Only the rows for which this holds" },
  task: { type: "string", valueHint: "FILE", description: "Questions instead of a corpus: JSONL of HellaSwag, of {context, choices, label}, or of {context, target}; may be given several times" },
  shots: { type: "string", valueHint: "N", description: "Solved examples in front of every question (default: none)" },
  "shots-from": { type: "string", valueHint: "FILE", description: "Where the examples are from (default: the task itself, without the question)" },
  limit: { type: "string", valueHint: "N", description: "Only the first N documents of each corpus, and questions of each task" },
  run: { type: "string", valueHint: "FOLDER", description: `Folder for the run (default: a new one in ${RUNS})` },
  resume: { type: "string", valueHint: "FOLDER", description: "Go on with a run that was broken off" },
  tokens: { type: "boolean", description: "Keep every token's numbers, in tokens.parquet", default: false },
  engines: { type: "string", valueHint: "N", description: "Models in memory that work side by side" },
  concurrency: { type: "string", valueHint: "N", description: "Requests to a server at once (default: 4)" },
  queue: { type: "string", valueHint: "URL", description: "Let workers do it, over this Redis: redis://host:port (see surprisal worker)" },
  html: { type: "string", valueHint: "FILE", description: "Also write a page with pictures; with --tokens, of the tokens too" },
  json: { type: "boolean", description: "Events as lines of JSON on standard output; the last one is the result", default: false },
  quiet: { type: "boolean", alias: "q", description: "No progress", default: false },
  ...LOAD_ARGUMENTS,
} as const;

const DESCRIPTION = `Perplexity of models over corpora, as a run that can be broken off and gone on with

Examples:
  surprisal eval wiki.test.raw -m mini -m smollm2
  surprisal eval domains/ -m mini -m smollm2 --html map.html
  surprisal eval reviews.jsonl --column body --where "stars = 5" --limit 1000
  surprisal eval wikitext-2 -m model.gguf --recipe llama.cpp
  surprisal eval --task hellaswag_val.jsonl --limit 200 -m smollm2
  surprisal eval --resume ${RUNS}/2026-11-24T10-00-00-mini-domains`;

type Arguments = ParsedArgs<typeof args>;

const command: Command = {
  name: "eval",
  description: DESCRIPTION,
  args,
  async run(rawArgs) {
    const given = readArguments(rawArgs, args);
    if (given.html !== undefined) assertWritable(given.html);
    const { run, folder } = await work(
      given,
      given.resume === undefined
        ? begun(rawArgs, given)
        : { folder: given.resume, request: resumed(given, rawArgs) },
    );
    if (given.json) printEvent({ type: "result", folder, run });
    else
      process.stdout.write(
        `${renderRun(run, process.stdout)}\nKept in ${visible(folder)}; \`surprisal runs\` shows, compares, maps and exports it.\n`,
      );
    if (given.html !== undefined) await writePage(given.html, run, folder);
    if (run.status === "failed") throw failed(run, folder);
  },
};
export default command;

interface Begun {
  folder: string;
  request: RunRequest;
}

/** A run that is new. */
function begun(rawArgs: string[], given: Arguments): Begun {
  const corpora = positionalsOf(rawArgs, args);
  const tasks = valuesOf(rawArgs, args, "task");
  if (corpora.length + tasks.length === 0) throw usage("CORPUS is missing");
  const models = valuesOf(rawArgs, args, "model");
  for (const given of [models, corpora, tasks]) {
    const twice = given.find((name, i) => given.indexOf(name) < i);
    if (twice !== undefined) throw usage(`${twice} is given twice`);
  }
  if (given.run !== undefined) assertRoomForRun(given.run);
  const { column, split, where } = given;
  const request: RunRequest = {
    models: models.length > 0 ? models : [DEFAULT_MODEL],
    corpora,
    tasks,
    fewShot: shotsOf(given, tasks),
    reading: { ...(column && { column }), ...(split && { split }), ...(where && { where }) },
    recipe: oneOf(given.recipe, "recipe", RECIPE_NAMES, "UNKNOWN_RECIPE") ?? "cached",
    overrides: overridesOf(given),
    limit: wholeNumber(given.limit, "limit", 1, Number.MAX_SAFE_INTEGER) ?? null,
    tokens: given.tokens,
    load: loadOptions(given),
  };
  return { folder: given.run ?? join(RUNS, newName(request)), request };
}

/** A run among a corpus's texts would be read as one of them the next time. */
function assertRoomForRun(folder: string): void {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return;
  const ofRun = /^(\.|(run\.json|journal\.jsonl|log\.txt|tokens\.(bin|parquet)|lock)(\.part)?$)/;
  const other = readdirSync(folder).find((name) => !ofRun.test(name));
  if (other !== undefined) throw usage(`--run ${folder} holds other files (${other}); name a new folder`);
}

function shotsOf(given: Arguments, tasks: readonly string[]): RunRequest["fewShot"] {
  const count = wholeNumber(given.shots, "shots", 0, 1000) ?? 0;
  const from = given["shots-from"];
  if (count === 0) {
    if (from !== undefined) throw usage("--shots-from needs --shots");
    return null;
  }
  if (tasks.length === 0) throw usage("--shots needs --task");
  if (from === undefined && tasks.length > 1) throw usage("--shots with several tasks needs --shots-from");
  return { count, examples: from ?? tasks[0]! };
}

function overridesOf(given: Arguments): RecipeOverrides {
  const context = wholeNumber(given.context, "context", 1, 2 ** 31 - 1);
  const stride = wholeNumber(given.stride, "stride", 1, 2 ** 31 - 1);
  return { context, stride };
}

/** "2026-11-24T10-00-00-mini-domains" */
function newName({ models, corpora, tasks }: RunRequest): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  const word = (text: string) =>
    text
      .replace(/[/\\]+$/, "")
      .split(/[/\\]/)
      .at(-1)!
      .replace(/[^\p{L}\p{N}.]+/gu, "-")
      .replace(/^[-.]+|[-.]+$/g, "")
      .slice(0, 30);
  return [time, word(models[0]!), word((corpora[0] ?? tasks[0])!)].filter((part) => part !== "").join("-");
}

/** What the run was begun with; it cannot be begun with something else now. */
function resumed(given: Arguments, rawArgs: string[]): RunRequest {
  const fixed = [
    "model",
    "recipe",
    "context",
    "stride",
    "column",
    "split",
    "where",
    "limit",
    "run",
    "task",
    "shots",
    "shots-from",
  ] as const;
  const [other] = fixed.filter((name) => given[name] !== undefined);
  if (other) throw usage(`--${other} cannot be changed when a run is gone on with`);
  if (given.tokens || positionalsOf(rawArgs, args).length > 0)
    throw usage("--resume takes the folder of a run, and nothing else of what it was begun with");
  return readRun(given.resume!).request;
}

/** @param begin the folder of a new run without --run is one that is free: this name, or with -2, -3, ... behind it. */
async function work(given: Arguments, begin: Begun): Promise<{ run: Run; folder: string }> {
  const { request } = begin;
  let { folder } = begin;
  const reporter = reportModel({ quiet: given.quiet, acceptTerms: given["accept-terms"] });
  const line = startLine({});
  const quiet = given.quiet || given.json;
  const say = (note: string) => {
    line.end();
    if (given.json) printEvent({ type: "note", note });
    else process.stderr.write(`${visible(note)}\n`);
  };
  const interruption = new AbortController();
  setMaxListeners(0, interruption.signal); // each engine listens
  const stopWatching = onInterrupt(() => {
    line.end();
    interruption.abort(); // a run in which nothing has begun leaves nothing
    process.stderr.write(
      existsSync(join(folder, "run.json"))
        ? `Interrupted. Go on with: surprisal eval --resume ${visible(folder)}\n`
        : "Interrupted before anything was scored: nothing is kept.\n",
    );
  });
  try {
    const options = { ...reporter.options, onNote: say, ...request.reading };
    const corpora: Corpus[] = await openCorpora(request.corpora, {
      ...options,
      ...(typeof request.recipe === "string" && { recipe: request.recipe }),
    });
    const tasks = await Promise.all(request.tasks.map((file) => readTask(file)));
    const { fewShot } = request;
    const evaluation: EvaluateOptions = {
      tasks,
      fewShot: fewShot && { count: fewShot.count, examples: await readTask(fewShot.examples) },
      models: request.models,
      corpora,
      recipe: request.recipe,
      ...request.overrides,
      request,
      tokens: request.tokens,
      limit: request.limit ?? undefined,
      signal: interruption.signal,
      load: { ...request.load, ...reporter.options },
      engines: wholeNumber(given.engines, "engines", 1, 1024),
      concurrency: wholeNumber(given.concurrency, "concurrency", 1, 1024),
      ...(given.queue !== undefined && { executor: hire(given.queue, request, say) }),
      ...(given.json && eventHandlers()),
      ...(!quiet && {
        onProgress: (progress) => line.show(() => describe(progress)),
        onItem: (progress) => line.show(() => describeTask(progress)),
      }),
    };
    if (given.resume !== undefined) return { run: await resumeEvaluation({ ...evaluation, folder }), folder };
    for (let next = 2; ; next++)
      try {
        return { run: await evaluate({ ...evaluation, folder }), folder };
      } catch (error) {
        if (given.run !== undefined || !isTaken(error)) throw error;
        folder = `${begin.folder}-${next}`;
      }
  } finally {
    stopWatching();
    line.end();
    reporter.end();
  }
}

/** Whether another run is in the folder: one that began in the same second has the same name. */
function isTaken(error: unknown): boolean {
  return SurprisalError.isInstance(error) && (error.code === "RUN_EXISTS" || error.code === "RUN_LOCKED");
}

/** Workers behind a queue in place of this process. */
function hire(
  url: string,
  { load }: RunRequest,
  onMessage: (message: string) => void,
): EvaluateOptions["executor"] {
  return (model, reference) => queueExecutor(url, { model, reference, load, onMessage });
}

function describe(progress: EvaluateProgress): string {
  const { modelName, corpusName, documents, totalDocuments, bytes, totalBytes, perplexity } = progress;
  const { tokensPerSecond, remainingMs } = progress;
  const of = (index: number, count: number) => (count > 1 ? ` (${index + 1} of ${count})` : "");
  return [
    `${visible(modelName)}${of(progress.model, progress.models)}, ${visible(corpusName)}${of(progress.corpus, progress.corpora)}`,
    `${Math.floor((100 * bytes) / Math.max(1, totalBytes))}%`,
    ...(totalDocuments > 1 ? [`${formatCount(documents)} of ${formatCount(totalDocuments)} documents`] : []),
    ...(tokensPerSecond === null ? [] : [formatRate(tokensPerSecond, "tokens")]),
    ...(perplexity === null ? [] : [`perplexity ${formatNumber(perplexity)}`]),
    ...(remainingMs === null ? [] : [`${formatDuration(remainingMs)} left`]),
  ].join("  ");
}

function describeTask({ name, items, totalItems }: TaskProgress): string {
  return `${visible(name)}  ${formatCount(items)} of ${formatCount(totalItems)} questions`;
}

/** Least time between two events of progress, milliseconds. */
const EVENT_INTERVAL = 500;

function eventHandlers(): Pick<EvaluateOptions, "onProgress" | "onDocument" | "onItem"> {
  let last = Number.NEGATIVE_INFINITY;
  return {
    onProgress(progress) {
      if (performance.now() - last < EVENT_INTERVAL) return;
      last = performance.now();
      printEvent({ ...progress, type: "progress" });
    },
    onItem: (progress) => printEvent({ ...progress, type: "item" }),
    onDocument(entry) {
      const { log, ...document } = entry;
      printEvent(document);
    },
  };
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
