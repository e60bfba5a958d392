/** What a run says of itself: the content of `run.json`, where Infinity is the text "Infinity". Types only. */
import type { Measures, Recipe, RecipeOption, RecipeOverrides, ResolvedRecipe } from "../../core/index.ts";
import type { LanguageModel, LlamaLoadOptions, ModelIdentity } from "../../models/index.ts";
import type { CorpusRule, Unreadable } from "../corpora/index.ts";
import type { ChatPrompts, FewShot, TaskFormName, TaskKind, TaskSummary } from "../tasks/index.ts";
import type { PairedUnits } from "./paired-units.ts";

/** What was asked for; enough to go on with a run that was broken off. */
export interface RunRequest {
  /** References, as for `resolve`. */
  models: string[];
  /** Paths, patterns or names, as for `openCorpora`. */
  corpora: string[];
  /** Options of `openCorpora`. */
  reading: Record<string, unknown>;
  /** Files of tasks, as for `readTask`. */
  tasks: string[];
  /** Form of the tasks' rows; left out: told from their fields. */
  form?: string | undefined;
  /** Solved examples in front of every question; `null` = none. */
  fewShot: ({ examples: string } & Pick<FewShot, "count" | "sampler">) | null;
  /** How questions are put into the model's chat template; `null`, or left out by older versions: they are plain text. */
  chat?: ChatPrompts | null | undefined;
  recipe: RecipeOption;
  overrides: RecipeOverrides;
  /** Most documents of each corpus and items of each task; `null` = all. */
  limit: number | null;
  /** Keep every token's numbers in tokens.parquet. */
  tokens: boolean;
  load: LlamaLoadOptions;
}

/** A model of a run. */
export interface RunModel {
  reference: string;
  identity: ModelIdentity;
  settings: LanguageModel["settings"];
  /** The recipe with this model's numbers in it. */
  recipe: ResolvedRecipe;
}

/** A corpus of a run. */
export interface RunCorpus {
  name: string;
  source: string;
  domain: string | null;
  rule: CorpusRule;
  documents: number;
  /** UTF-8 bytes of all documents. */
  bytes: number;
  /**
   * sha256 of what is scored: of the one document's UTF-8 bytes; of several, of their sha256 in lower-case hex, each
   * followed by a newline.
   */
  sha256: string;
  /** What of it was left out as unreadable: how many files, rows and pieces, and the first ones; `null` = that is an error. */
  unreadable?: Unreadable | null | undefined;
}

/** A task of a run. */
export interface RunTask {
  name: string;
  source: string;
  kind: TaskKind;
  form: TaskFormName;
  items: number;
  /** sha256 over the questions: contexts, choices and labels. */
  sha256: string;
  /** What stands between a context and a choice; every one that occurs. Left out by older versions. */
  delimiters?: string[] | undefined;
  /** As in the request. */
  chat?: ChatPrompts | null | undefined;
  /** Where the examples are from, and their sha256. */
  fewShot: (Omit<FewShot, "examples"> & { examples: string; sha256: string }) | null;
}

/** One model over one task. */
export interface RunTaskResult {
  /** Index in `models`. */
  modelIndex: number;
  /** Index in `tasks`. */
  taskIndex: number;
  summary: TaskSummary;
  timing: RunResult["timing"];
}

/** How sure a number is. */
export interface PerplexityError {
  /** ± of the perplexity (one standard error); `null` where it cannot be estimated. */
  standardError: number | null;
  /** 95 % interval of the perplexity, where the method gives one. */
  interval: readonly [low: number, high: number] | null;
  standardErrorMethod: "document-bootstrap" | Recipe["standardErrorMethod"];
}

/** One model over one corpus. */
export interface RunResult extends Measures, PerplexityError {
  /** Index in `models`. */
  modelIndex: number;
  /** Index in `corpora`. */
  corpusIndex: number;
  /** Documents that were scored. */
  documents: number;
  /** Documents that hold nothing to score: empty ones, and those too short for the recipe. */
  skipped: number;
  /** Arithmetic mean of the documents' perplexities, as Hugging Face's evaluate reports it. */
  meanPerplexity: number | null;
  /** ± of bitsPerByte, bits; `null` where it cannot be estimated. */
  bitsPerByteStandardError: number | null;
  /**
   * The same numbers for parts of the corpus, equal for every model: what differences in pairs are made of. `null`, or left
   * out, in runs that an older version began.
   */
  parts?: PairedUnits | null | undefined;
  timing: {
    /** Milliseconds of work, over all sessions of the run. */
    totalMs: number;
    /** Tokens run through the model. */
    tokensRun: number;
  };
}

/** What went wrong with one model, while the others went on. */
export interface RunFailure {
  modelIndex: number | null;
  /** Reference of the model. */
  reference: string;
  code: string;
  what: string;
}

/** A run as it stands in its `run.json`: what was asked for, with what, and what came of it. */
export interface Run {
  schema: "surprisal.run/2";
  /** Name of the run's folder. */
  id: string;
  /**
   * "running": at work. "interrupted": broken off, also where who was at work on it is dead. "failed": something is missing,
   * see `failures`. All but "complete" can be gone on with.
   */
  status: "running" | "interrupted" | "complete" | "failed";
  /** Version of surprisal. */
  version: string;
  /** ISO 8601. */
  created: string;
  finished: string | null;
  request: RunRequest;
  /** By index in the request; a hole (`null` in run.json) where one could not be opened. */
  models: RunModel[];
  corpora: RunCorpus[];
  results: RunResult[];
  tasks: RunTask[];
  taskResults: RunTaskResult[];
  failures: RunFailure[];
  /** What a person should know, one sentence each. */
  notes: string[];
}
