/** What is asked of an evaluation, and what it tells while it is under way. Types only. */
import type { RecipeOption, RecipeOverrides } from "../../core/index.ts";
import type { LanguageModel, ResolveOptions } from "../../models/index.ts";
import type { Corpus } from "../corpora/index.ts";
import type { DocumentEntry, Run, RunRequest } from "../runs/index.ts";
import type { ChatPrompts, FewShot, Task } from "../tasks/index.ts";
import type { Executor } from "./engines.ts";
import type { CorpusProgress } from "./score-corpus.ts";

/** How far a run has come, in one model on one corpus. */
export interface EvaluateProgress extends CorpusProgress {
  /** Name of the model and of the corpus. */
  model: string;
  corpus: string;
  /** Index of the model, of how many. */
  modelIndex: number;
  models: number;
  corpusIndex: number;
  corpora: number;
  /** Tokens that this model ran per second in this session; `null` at the beginning. */
  tokensPerSecond: number | null;
  /** Time that this model will still take, milliseconds, by its own speed in this session; `null`: one cannot say. */
  modelRemainingMs: number | null;
  /**
   * Time that all models will still take; those to come by their number of weights. `null`: one cannot say, since a model to come
   * does not tell its size.
   */
  remainingMs: number | null;
}

/** How far a run has come, in one model on one task. */
export interface TaskProgress {
  /** Name of the task. */
  task: string;
  /** Indices in run.json. */
  modelIndex: number;
  taskIndex: number;
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
  /** Put the questions of tasks into each model's chat template. Default: they are plain text. */
  chat?: ChatPrompts | null | undefined;
  /** A named recipe, or one of your own. Default "cached". */
  recipe?: RecipeOption | undefined;
  /** Folder for the run, new or empty; left out, nothing is kept on disk. */
  folder?: string | undefined;
  /**
   * Of `resumeEvaluation`: what is damaged of the run is scored again; otherwise it is the error RUN_DAMAGED, and nothing is
   * changed. Default false.
   */
  repair?: boolean | undefined;
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
  /** It frees the folder at once, in which the run is "interrupted" then, so that the process can be ended right after it. */
  signal?: AbortSignal | undefined;
}
