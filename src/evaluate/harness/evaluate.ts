/** Every model over every corpus, in a run that can be broken off at any moment and gone on with. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { abortError, type ResolvedRecipe, SurprisalError, whenAborted } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import {
  damageError,
  hasWholeTokens,
  packageVersion,
  type RecordOptions,
  RUN,
  type Run,
  RunFolder,
  type RunModel,
  RunRecord,
  readWholeRun,
  TOKEN_LOG,
  TOKENS,
} from "../runs/index.ts";
import { documentText } from "../scoring/index.ts";
import { assertSameCorpus } from "./describe-corpus.ts";
import { Engines, type Executor } from "./engines.ts";
import { callHandler, HandlerFailure, ModelFailure, modelWork, withModelFailures } from "./model-failure.ts";
import type { EvaluateOptions, EvaluateProgress } from "./options.ts";
import { checkModels, describeAll, requestOf } from "./prepare.ts";
import { ProgressEstimate } from "./progress.ts";
import { mismatch, RunResults } from "./results.ts";
import { loadAsBegun } from "./run-kernels.ts";
import { type CorpusProgress, scoreCorpus } from "./score-corpus.ts";
import { assertSameTask, scoreTask } from "./score-task.ts";

/**
 * Scores every corpus with every model. A model that fails does not stop the others: the run then has the status
 * "failed" and says which; when all have failed, the first one's error is thrown.
 * @throws SurprisalError RUN_EXISTS, FILE_UNWRITABLE, DISK_FULL, EMPTY_INPUT, ABORTED, and what corpora and models throw.
 *   What was done stays in the folder; where no model could be opened, nothing does.
 */
export async function evaluate(options: EvaluateOptions): Promise<Run> {
  const { folder: path, signal } = options;
  const folder = path === undefined ? null : RunFolder.create(path);
  const models: RunModel[] = [];
  const giveUp = () => {
    if (models.length > 0) return; // it can be gone on with
    folder?.clear();
    folder?.release();
  };
  const callOff = whenAborted(signal, giveUp);
  try {
    const { corpora, tasks, readable, notes } = await describeAll(options);
    const parameters = await checkModels(options);
    const now = new Date().toISOString();
    const run: Run = {
      schema: "surprisal.run/2",
      id: folder?.name ?? `run-${randomBytes(4).toString("hex")}`,
      status: "running",
      version: packageVersion(),
      created: now,
      finished: null,
      request: requestOf(options),
      models,
      corpora,
      results: [],
      tasks,
      taskResults: [],
      failures: [],
      notes,
    };
    const fresh = { seal: null, repair: false, hasTokens: false };
    return await Evaluation.of({ ...options, corpora: readable }, folder, run, fresh, parameters);
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    callOff();
    folder?.release();
  }
}

/**
 * Goes on with a run that was broken off, or failed: what is done is kept, the digits are those of a run in one go.
 * @param options as the run was begun with, `folder` among them; models and corpora in the same order.
 * @throws SurprisalError RUN_NOT_FOUND, RUN_LOCKED, RUN_DAMAGED, RUN_MISMATCH, CORPUS_CHANGED, ...
 */
export async function resumeEvaluation(options: EvaluateOptions & { folder: string }): Promise<Run> {
  const { repair = false } = options;
  const { folder, run, seal, isRepaired } = RunFolder.open(options.folder, { repair });
  let begun = false;
  const free = () => {
    if (!begun) folder.release();
  };
  const callOff = whenAborted(options.signal, free);
  try {
    const wasComplete = run.status === "complete";
    if (wasComplete && (await isWhole(options.folder, run, seal, repair))) {
      folder.remove(TOKEN_LOG); // killed between its last two steps
      return run;
    }
    const { corpora, tasks, readable, notes } = await describeAll(options);
    const counts = [corpora.length, tasks.length, options.models.length];
    const before = [run.corpora.length, run.tasks.length, run.request.models.length];
    if (counts.join() !== before.join())
      throw mismatch("it has other models, corpora or tasks", options.folder);
    for (const [i, corpus] of run.corpora.entries()) assertSameCorpus(corpus, corpora[i]!);
    for (const [i, task] of run.tasks.entries()) assertSameTask(task, tasks[i]!);
    const version = packageVersion();
    if (version !== run.version)
      run.notes.push(
        `Begun with surprisal ${run.version} and gone on with ${version}: last digits may differ.`,
      );
    // A run that has failed writes its tokens anew, with those of the models that had.
    const hasTokens = run.status !== "failed" && (await hasWholeTokens(options.folder, seal));
    if (!hasTokens) Object.assign(folder.seal, { tokens: null });
    if (isRepaired) run.notes.push(...notes);
    if (seal === null) folder.log(UNCHECKED);
    if (isRepaired) folder.keepAside(RUN);
    Object.assign(run, { version, status: "running", finished: null, failures: [] });
    const load = loadAsBegun(run, options.load);
    begun = true;
    return await Evaluation.of({ ...options, corpora: readable, load }, folder, run, {
      seal,
      repair,
      hasTokens,
    });
  } finally {
    callOff();
    folder.release();
  }
}

/** Said in the log of a run that has no checksums for what it had done. */
const UNCHECKED =
  "Begun with a version of surprisal that wrote no checksums: whether what it had scored was damaged since cannot be told.";

/** @throws SurprisalError RUN_DAMAGED, unless it is to be repaired. */
async function isWhole(
  path: string,
  { request }: Run,
  seal: RecordOptions["seal"],
  repair: boolean,
): Promise<boolean> {
  try {
    readWholeRun(path);
  } catch (error) {
    if (repair && SurprisalError.isInstance(error) && error.code === "RUN_DAMAGED") return false;
    throw error;
  }
  if (!request.tokens || seal === null || (await hasWholeTokens(path, seal))) return true;
  if (repair) return false;
  throw damageError({
    what: `${TOKENS} is gone, or does not fit its checksum in run.json`,
    where: join(path, TOKENS),
  });
}

type CorpusAt = Pick<EvaluateProgress, "modelIndex" | "corpusIndex">;

/** A model at work, and what its texts are scored with. */
interface ModelAtWork {
  model: LanguageModel;
  recipe: ResolvedRecipe;
  executor: Executor;
}

class Evaluation {
  readonly #options: EvaluateOptions;
  readonly #results: RunResults;
  readonly #record: RunRecord;
  readonly #estimate: ProgressEstimate;

  /** The corpus at work, and since when. */
  #current: { at: CorpusAt; started: number } | null = null;
  readonly #hasTokens: boolean;

  private constructor(
    options: EvaluateOptions,
    results: RunResults,
    record: RunRecord,
    hasTokens: boolean,
    parameters: readonly (number | null)[],
  ) {
    this.#options = options;
    this.#results = results;
    this.#record = record;
    this.#hasTokens = hasTokens;
    this.#estimate = new ProgressEstimate(parameters, results.run.corpora, record);
  }

  static async of(
    options: EvaluateOptions,
    folder: RunFolder | null,
    run: Run,
    before: RecordOptions,
    parameters: readonly (number | null)[] = options.models.map(
      (_, i) => run.models[i]?.identity.parameters ?? null,
    ),
  ): Promise<Run> {
    assertWanted(options);
    const { signal } = options;
    const results = new RunResults(run, folder, options.onResult);
    const isNew = before.seal === null && !before.repair && folder?.hasJournal === false;
    if (isNew) results.write(); // a run that is damaged is not written to before it is known to be whole
    using record = new RunRecord(folder, run, before);
    if (!isNew) results.write();
    const evaluation = new Evaluation(options, results, record, before.hasTokens, parameters);
    const interrupt = () => {
      if (isNew && !run.models.some(Boolean)) return; // nothing is worth going on with: see `giveUp`
      evaluation.#interrupt();
      folder?.release();
    };
    const callOff = whenAborted(signal, interrupt);
    try {
      return await evaluation.#everything();
    } catch (error) {
      evaluation.#interrupt();
      throw error instanceof HandlerFailure ? error.cause : error;
    } finally {
      callOff();
    }
  }

  /** Keeps what is done, and writes no more. */
  #interrupt(): void {
    try {
      this.#takeTime();
      this.#record.flush();
    } catch {
      // a full disk: what is there is kept
    }
    this.#results.interrupt();
    this.#record[Symbol.dispose]();
  }

  /** Notes how long the corpus at work has taken. */
  #takeTime(): void {
    if (!this.#current) return;
    const { at, started } = this.#current;
    this.#current = null;
    this.#record.add([{ type: "time", ...at, ms: performance.now() - started }]);
  }

  async #everything(): Promise<Run> {
    const { models } = this.#options;
    this.#results.logStart(this.#estimate.doneBefore);
    let first: unknown;
    for (const [index, source] of models.entries()) {
      try {
        await this.#runModel(index, source);
      } catch (error) {
        if (!(error instanceof ModelFailure)) throw error;
        first ??= error.cause;
        this.#results.addFailure(index, error.cause);
      }
    }
    assertWanted(this.#options);
    const run = await this.#results.finish(this.#record, this.#hasTokens);
    assertWanted(this.#options);
    if (run.failures.length === models.length) throw first;
    return run;
  }

  async #runModel(modelIndex: number, source: string | LanguageModel): Promise<void> {
    const { signal, executor: other } = this.#options;
    const { run } = this.#results;
    const engineOptions = other ? { ...this.#options, engines: 1 } : this.#options;
    await using engines = await modelWork(() => Engines.open(source, engineOptions), signal);
    const { model } = engines;
    assertWanted(this.#options);
    const recipe = await modelWork(async () => this.#results.addModel(modelIndex, model), signal);
    await using external = other
      ? await modelWork(() => other(model, run.models[modelIndex]!.reference), signal)
      : null;
    const executor = withModelFailures(external ?? engines, signal);
    this.#estimate.modelBegins(modelIndex, model.identity.parameters);
    for (const corpusIndex of run.corpora.keys())
      await this.#runCorpus({ modelIndex, corpusIndex }, { model, recipe, executor });
    for (const taskIndex of run.tasks.keys())
      await modelWork(() => this.#runTask({ modelIndex, taskIndex }, model), signal);
  }

  async #runCorpus(at: CorpusAt, { model, recipe, executor }: ModelAtWork): Promise<void> {
    const { corpora, onDocument, signal } = this.#options;
    const [results, record] = [this.#results, this.#record];
    const { limit } = results.run.request;
    const facts = results.run.corpora[at.corpusIndex]!;
    const done = record.corpus(at.modelIndex, at.corpusIndex);
    this.#current = null;
    if (done.documents.filter(Boolean).length < facts.documents)
      try {
        this.#current = { at, started: performance.now() };
        await scoreCorpus({
          at,
          corpus: corpora![at.corpusIndex]!,
          facts,
          model,
          tokenize: (text, options) => modelWork(() => model.tokenize(text, options), signal),
          textOf: (document) => modelWork(async () => documentText(model, document), signal),
          recipe,
          executor,
          record,
          limit,
          tokens: results.keepsTokens,
          onDocument,
          onProgress: (progress) => this.#report(at, progress),
          signal,
        });
      } finally {
        this.#takeTime();
        this.#estimate.corpusEnds();
      }
    record.flush(); // what is done counts before its result does
    results.addCorpus(at, done, recipe);
  }

  async #runTask(at: { modelIndex: number; taskIndex: number }, model: LanguageModel): Promise<void> {
    const { tasks = [], fewShot = null, chat = null, onItem, signal } = this.#options;
    const facts = this.#results.run.tasks[at.taskIndex]!;
    const done = this.#record.task(at.modelIndex, at.taskIndex);
    await scoreTask({
      at,
      task: tasks[at.taskIndex]!,
      facts,
      model,
      fewShot,
      chat,
      record: this.#record,
      onItem: () =>
        callHandler(onItem, { ...at, task: facts.name, items: done.results.length, totalItems: facts.items }),
      signal,
    });
    this.#record.flush();
    this.#results.addTask(at, done);
  }

  #report(at: CorpusAt, progress: CorpusProgress): void {
    const { models, onProgress } = this.#options;
    if (!onProgress) return;
    const { run } = this.#results;
    callHandler(onProgress, {
      ...progress,
      ...at,
      models: models.length,
      model: run.models[at.modelIndex]!.identity.name,
      corpora: run.corpora.length,
      corpus: run.corpora[at.corpusIndex]!.name,
      ...this.#estimate.of(at, progress),
    });
  }
}

/** The folder of what is aborted may be another's by now. @throws SurprisalError ABORTED */
function assertWanted({ signal }: EvaluateOptions): void {
  if (signal?.aborted) throw abortError("The evaluation", signal);
}
