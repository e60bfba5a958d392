/** Every model over every corpus, in a run that can be broken off at any moment and gone on with. */
import { randomBytes } from "node:crypto";
import {
  abortError,
  type RecipeOption,
  type RecipeOverrides,
  type ResolvedRecipe,
  resolveRecipe,
  SurprisalError,
} from "../../core/index.ts";
import type { LanguageModel, ResolveOptions } from "../../models/index.ts";
import type { Corpus } from "../corpora/index.ts";
import type { DocumentEntry, Run, RunModel, RunRequest } from "../runs/index.ts";
import { packageVersion, RunFolder, RunRecord, TOKEN_LOG, writeTokens } from "../runs/index.ts";
import { factsOf } from "../scoring/index.ts";
import { type FewShot, summarise, type Task } from "../tasks/index.ts";
import { guarded, HandlerFailure, ModelFailure, modelWork, tell } from "./blame.ts";
import { type CellProgress, scoreCell, textBytes } from "./cell.ts";
import { Engines, type Executor } from "./engines.ts";
import { checkModels, requestOf, surveyAll } from "./prepare.ts";
import { assertSame } from "./survey.ts";
import { assertSameTask, scoreTask } from "./task-cell.ts";
import { totalsOf } from "./totals.ts";

/** How far a run has come, in one model on one corpus. */
export interface EvaluateProgress extends CellProgress {
  /** Index of the model, of how many. */
  model: number;
  models: number;
  /** Name of the model and of the corpus. */
  modelName: string;
  corpusName: string;
  corpus: number;
  corpora: number;
  /** Tokens run per second in this session; `null` at the beginning. */
  tokensPerSecond: number | null;
  /** Time that all models and corpora will still take, milliseconds, as far as one can say; `null`: one cannot. */
  remainingMs: number | null;
}

/** How far a run has come, in one model on one task. */
export interface TaskProgress {
  model: number;
  task: number;
  /** Name of the task. */
  name: string;
  /** Questions that are answered, of how many. */
  items: number;
  totalItems: number;
}

/** What `evaluate` and `resumeEvaluation` call while they work. */
export interface EvaluateHandlers {
  onProgress?: ((progress: EvaluateProgress) => void) | undefined;
  /** Called for every document that is done in this session. */
  onDocument?: ((entry: DocumentEntry) => void) | undefined;
  /** Called for every question that is answered. */
  onItem?: ((progress: TaskProgress) => void) | undefined;
  /** Called when a model is done with a corpus or a task, and when a model has failed. */
  onResult?: ((run: Run) => void) | undefined;
}

/** Options of `evaluate`. */
export interface EvaluateOptions extends RecipeOverrides, EvaluateHandlers {
  /** References, as for `resolve`, or models that are open (and stay so). At least one. */
  models: readonly (string | LanguageModel)[];
  /** What is scored: see `openCorpora`. */
  corpora?: readonly Corpus[] | undefined;
  /** Questions that are answered: see `readTask`. At least one corpus or task. */
  tasks?: readonly Task[] | undefined;
  /** Solved examples in front of every question. Default: none. */
  fewShot?: FewShot | null | undefined;
  /** A named recipe, or one of your own. Default "cached". */
  recipe?: RecipeOption | undefined;
  /** Folder for the run, new or empty; left out, nothing is kept on disk. */
  folder?: string | undefined;
  /** Most documents of each corpus, and items of each task. Default: all. */
  limit?: number | undefined;
  /** Keep every token's numbers, in tokens.parquet of the folder. Default false. */
  tokens?: boolean | undefined;
  /** How models given by name are placed and run. */
  load?: ResolveOptions | undefined;
  /** Models in memory that work side by side. Default: one for each core, for models that use one thread; else one. */
  engines?: number | undefined;
  /** Requests to a server at once. Default 4. */
  concurrency?: number | undefined;
  /** Who does the work in place of this process, such as workers behind a queue. */
  executor?: ((model: LanguageModel, reference: string) => Promise<Executor>) | undefined;
  /** What the person asked for, kept in run.json, so that the run can be gone on with by its folder alone. */
  request?: Partial<RunRequest> | undefined;
  /** Given before a model is open, it frees the folder at once, so that the process can be ended right after it. */
  signal?: AbortSignal | undefined;
}

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
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    const { corpora, tasks } = await surveyAll(options);
    await checkModels(options);
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
      notes: [],
    };
    return await new Evaluation(options, folder, run).go();
  } catch (error) {
    giveUp();
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
    folder?.release();
  }
}

/**
 * Goes on with a run that was broken off, or failed: what is done is kept, the digits are those of a run in one go.
 * @param options as the run was begun with, `folder` among them; models and corpora in the same order.
 * @throws SurprisalError RUN_NOT_FOUND, RUN_LOCKED, RUN_DAMAGED, RUN_MISMATCH, CORPUS_CHANGED, ...
 */
export async function resumeEvaluation(options: EvaluateOptions & { folder: string }): Promise<Run> {
  const { folder, run } = RunFolder.open(options.folder);
  try {
    if (run.status === "complete") {
      folder.remove(TOKEN_LOG); // killed between its last two steps
      return run;
    }
    const { corpora, tasks } = await surveyAll(options);
    const counts = [corpora.length, tasks.length, options.models.length];
    const before = [run.corpora.length, run.tasks.length, run.request.models.length];
    if (counts.join() !== before.join())
      throw mismatch("it has other models, corpora or tasks", options.folder);
    for (const [i, corpus] of run.corpora.entries()) assertSame(corpus, corpora[i]!);
    for (const [i, task] of run.tasks.entries()) assertSameTask(task, tasks[i]!);
    const version = packageVersion();
    if (version !== run.version)
      run.notes.push(
        `Begun with surprisal ${run.version} and gone on with ${version}: last digits may differ.`,
      );
    Object.assign(run, { version, status: "running", failures: [] });
    return await new Evaluation(options, folder, run).go();
  } finally {
    folder.release();
  }
}

class Evaluation {
  readonly #options: EvaluateOptions;
  readonly #folder: RunFolder | null;
  readonly #run: Run;
  readonly #started = performance.now();
  /** Share of the whole that was done before this session, 0 ... 1. */
  #doneBefore = 0;
  /** Tokens run in this session: for the corpora before, and for the one at work. */
  #ranBefore = 0;
  #ran = 0;

  constructor(options: EvaluateOptions, folder: RunFolder | null, run: Run) {
    this.#options = options;
    this.#folder = folder;
    this.#run = run;
  }

  async go(): Promise<Run> {
    try {
      return await this.#everything();
    } catch (error) {
      throw error instanceof HandlerFailure ? error.cause : error;
    }
  }

  async #everything(): Promise<Run> {
    const run = this.#run;
    this.#assertWanted();
    this.#folder?.write(run);
    using record = new RunRecord(this.#folder);
    this.#doneBefore = this.#shareDone(record);
    const share = `${Math.floor(100 * this.#doneBefore)} % of the text is done`;
    this.#log(`surprisal ${run.version}, process ${process.pid}: ${run.request.models.join(", ")}; ${share}`);
    let first: unknown;
    for (const [model, source] of this.#options.models.entries()) {
      try {
        await this.#runModel(model, source, record);
      } catch (error) {
        if (!(error instanceof ModelFailure)) throw error;
        first ??= error.cause;
        this.#fail(model, error.cause);
      }
    }
    if (this.#folder && run.request.tokens) await writeTokens(this.#folder, run, record);
    run.status = run.failures.length > 0 ? "failed" : "complete";
    run.finished = new Date().toISOString();
    this.#folder?.write(run);
    this.#log(run.status);
    if (run.failures.length === this.#options.models.length) throw first;
    if (run.status === "complete") this.#folder?.remove(TOKEN_LOG);
    return run;
  }

  async #runModel(model: number, source: string | LanguageModel, record: RunRecord): Promise<void> {
    const { signal } = this.#options;
    await using engines = await modelWork(
      () =>
        Engines.open(source, {
          ...this.#options,
          engines: this.#options.executor ? 1 : this.#options.engines,
        }),
      signal,
    );
    const recipe = await modelWork(async () => this.#recipeFor(model, engines.model), signal);
    const { executor: other } = this.#options;
    await using hired = other
      ? await modelWork(() => other(engines.model, this.#run.models[model]!.reference), signal)
      : null;
    const executor = guarded(hired ?? engines, signal);
    for (const [corpus, facts] of this.#run.corpora.entries()) {
      const started = performance.now();
      const cell = record.cell(model, corpus);
      const todo = cell.documents.filter(Boolean).length < facts.documents;
      if (todo)
        try {
          await scoreCell({
            at: { model, corpus },
            corpus: this.#options.corpora![corpus]!,
            facts,
            model: engines.model,
            tokenize: (text, options) => modelWork(() => engines.model.tokenize(text, options), signal),
            recipe,
            executor,
            record,
            limit: this.#run.request.limit,
            tokens: this.#run.request.tokens && this.#folder !== null,
            onDocument: this.#options.onDocument,
            onProgress: (progress) => this.#report(model, corpus, progress),
            signal,
          });
        } finally {
          record.add([{ type: "time", model, corpus, ms: performance.now() - started }]);
          this.#ranBefore += this.#ran;
          this.#ran = 0;
        }
      this.#addResult(model, corpus, record, recipe);
    }
    for (const task of this.#run.tasks.keys())
      await modelWork(() => this.#runTask({ model, task }, engines.model, record), signal);
  }

  async #runTask(
    at: { model: number; task: number },
    model: LanguageModel,
    record: RunRecord,
  ): Promise<void> {
    const { tasks = [], fewShot = null, onItem, signal } = this.#options;
    const run = this.#run;
    const facts = run.tasks[at.task]!;
    const done = record.task(at.model, at.task);
    const task = tasks[at.task]!;
    const show = () =>
      tell(onItem, { ...at, name: facts.name, items: done.results.length, totalItems: facts.items });
    await scoreTask({ at, task, facts, model, fewShot, record, onItem: show, signal });
    const timing = { totalMs: done.ms, tokensRun: done.tokensRun };
    run.taskResults = run.taskResults.filter(
      (result) => result.model !== at.model || result.task !== at.task,
    );
    run.taskResults.push({ ...at, summary: summarise(done.results), timing });
    this.#log(`${model.identity.name}, ${facts.name}: ${facts.items} questions in ${Math.round(done.ms)} ms`);
    this.#folder?.write(run);
    tell(this.#options.onResult, run);
  }

  /** The recipe on this model; what the run says of the model is noted, or compared with what it was. */
  #recipeFor(index: number, model: LanguageModel): ResolvedRecipe {
    this.#assertWanted();
    const { recipe, overrides, models } = this.#run.request;
    const resolved = resolveRecipe(recipe, overrides, factsOf(model));
    const { identity, settings } = model;
    const before = this.#run.models[index];
    const now: RunModel = { reference: models[index]!, identity, settings, recipe: resolved };
    if (before) {
      const same = before.identity.sha256 === identity.sha256 && before.identity.name === identity.name;
      if (!same) throw mismatch(`the model ${before.reference} is another one`, this.#folder?.path);
      if (before.recipe.id !== resolved.id)
        throw mismatch(`the recipe was ${before.recipe.id} and is ${resolved.id}`, this.#folder?.path);
      if (JSON.stringify(before.settings) !== JSON.stringify(settings))
        this.#note(
          `${identity.name} was begun with other settings than it goes on with: last digits may differ.`,
        );
    }
    this.#run.models[index] = now;
    for (const note of resolved.notes) this.#note(`${identity.name}: ${note}`);
    this.#folder?.write(this.#run);
    return resolved;
  }

  /** The folder of what is aborted may be another's by now. @throws SurprisalError ABORTED */
  #assertWanted(): void {
    const { signal } = this.#options;
    if (signal?.aborted) throw abortError("The evaluation", signal);
  }

  #note(note: string): void {
    if (this.#run.notes.includes(note)) return;
    this.#run.notes.push(note);
    this.#log(note);
  }

  #log(line: string): void {
    this.#folder?.log(line);
  }

  #addResult(model: number, corpus: number, record: RunRecord, recipe: ResolvedRecipe): void {
    const run = this.#run;
    const { documents, ms, tokensRun } = record.cell(model, corpus);
    const totals = totalsOf(documents, recipe);
    if (totals.documents === 0)
      this.#note(`${run.corpora[corpus]!.name} has no document that is long enough to be scored.`);
    run.results = run.results.filter((result) => result.model !== model || result.corpus !== corpus);
    run.results.push({ model, corpus, ...totals, timing: { totalMs: ms, tokensRun } });
    const names = `${run.models[model]!.identity.name}, ${run.corpora[corpus]!.name}`;
    this.#log(
      `${names}: perplexity ${totals.perplexity} ± ${totals.standardError}, ${totals.scored} tokens in ${Math.round(ms)} ms`,
    );
    this.#folder?.write(run);
    tell(this.#options.onResult, run);
  }

  #fail(model: number, error: unknown): void {
    const { failures, request } = this.#run;
    const known = SurprisalError.isInstance(error);
    const what = known ? error.what : error instanceof Error ? error.message : String(error);
    failures.push({ model, reference: request.models[model]!, code: known ? error.code : "INTERNAL", what });
    this.#log(`${request.models[model]} failed: ${what}`);
    this.#folder?.write(this.#run);
    tell(this.#options.onResult, this.#run);
  }

  #report(model: number, corpus: number, progress: CellProgress): void {
    const { onProgress } = this.#options;
    if (!onProgress) return;
    const { models, corpora } = this.#run;
    const elapsed = performance.now() - this.#started;
    const share = this.#share(model, corpus, progress.bytes);
    this.#ran = progress.tokensRun;
    const tokensRun = this.#ranBefore + this.#ran;
    const done = share - this.#doneBefore;
    tell(onProgress, {
      ...progress,
      model,
      models: this.#options.models.length,
      modelName: models[model]!.identity.name,
      corpus,
      corpora: corpora.length,
      corpusName: corpora[corpus]!.name,
      tokensRun,
      tokensPerSecond: tokensRun > 0 ? (1000 * tokensRun) / elapsed : null,
      remainingMs: done > 0.001 ? (elapsed * (1 - share)) / done : null,
    });
  }

  /** Share of all models' work that is done when `bytes` of this corpus are, those before it being done. */
  #share(model: number, corpus: number, bytes: number): number {
    const { corpora } = this.#run;
    const all = corpora.reduce((sum, each) => sum + each.bytes, 0);
    const before = corpora.slice(0, corpus).reduce((sum, each) => sum + each.bytes, 0);
    return (model * all + before + bytes) / Math.max(1, all * this.#options.models.length);
  }

  #shareDone(record: RunRecord): number {
    const { corpora } = this.#run;
    const all = corpora.reduce((sum, { bytes }) => sum + bytes, 0) * this.#options.models.length;
    let done = 0;
    for (let model = 0; model < this.#options.models.length; model++)
      for (const corpus of corpora.keys())
        record.cell(model, corpus).documents.forEach((entry) => {
          done += textBytes(entry);
        });
    return done / Math.max(1, all);
  }
}

function mismatch(what: string, folder: string | undefined): SurprisalError {
  return new SurprisalError({
    code: "RUN_MISMATCH",
    what: `The run cannot go on: ${what}`,
    ...(folder && { where: folder }),
    wayOut: "Bring back what the run was begun with, or start another run.",
  });
}
