/** What a run has come to: in run.json and in the log as soon as it is known. */
import { type ResolvedRecipe, resolveRecipe, SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { formatPerplexity } from "../../text/index.ts";
import {
  type CorpusRecord,
  checkTokens,
  type Run,
  type RunFolder,
  type RunRecord,
  type TaskRecord,
  TOKEN_LOG,
  unitsOfCorpus,
  writeTokens,
} from "../runs/index.ts";
import { factsOf } from "../scoring/index.ts";
import { summarise } from "../tasks/index.ts";
import { callHandler } from "./model-failure.ts";
import type { EvaluateHandlers } from "./options.ts";
import { assertSameKernels } from "./run-kernels.ts";
import { taskNotes } from "./task-notes.ts";
import { totalsOf } from "./totals.ts";

/** Where there is no sha256, as of an open model that came from nowhere, another model mostly differs in one of the others. */
const IDENTIFYING = ["sha256", "name", "architecture", "parameters", "quantisation", "bytes"] as const;

/** Every method that adds something writes run.json. @throws SurprisalError DISK_FULL, FILE_UNWRITABLE */
export class RunResults {
  readonly run: Run;
  readonly #folder: RunFolder | null;
  readonly #onResult: EvaluateHandlers["onResult"];

  /** @param folder `null`: nothing is kept on disk. */
  constructor(run: Run, folder: RunFolder | null, onResult: EvaluateHandlers["onResult"]) {
    this.run = run;
    this.#folder = folder;
    this.#onResult = onResult;
  }

  /** Whether every token's numbers are wanted, and there is a place for them. */
  get keepsTokens(): boolean {
    return this.run.request.tokens && this.#folder !== null;
  }

  write(): void {
    this.#folder?.write(this.run);
  }

  /** @param share that was done before, 0 ... 1. */
  logStart(share: number): void {
    const { version, request } = this.run;
    const done = `${Math.floor(100 * share)} % of the text is done`;
    this.#log(`surprisal ${version}, process ${process.pid}: ${request.models.join(", ")}; ${done}`);
  }

  /**
   * What the run says of a model is noted, or compared with what it was.
   * @returns the recipe on this model.
   * @throws SurprisalError RUN_MISMATCH
   */
  addModel(index: number, model: LanguageModel): ResolvedRecipe {
    const { recipe: wanted, overrides, models } = this.run.request;
    const recipe = resolveRecipe(wanted, overrides, factsOf(model));
    const { identity, settings } = model;
    const before = this.run.models[index];
    if (before) {
      const same = IDENTIFYING.every((fact) => before.identity[fact] === identity[fact]);
      if (!same) throw mismatch(`the model ${before.reference} is another one`, this.#folder?.path);
      if (before.recipe.id !== recipe.id)
        throw mismatch(`the recipe was ${before.recipe.id} and is ${recipe.id}`, this.#folder?.path);
      const note = assertSameKernels(before, settings, identity, this.#folder?.path);
      if (note !== null) this.#note(note);
      else if (JSON.stringify(before.settings) !== JSON.stringify(settings))
        this.#note(
          `${identity.name} was begun with other settings than it goes on with: last digits may differ.`,
        );
    }
    this.run.models[index] = { reference: models[index]!, identity, settings, recipe };
    for (const note of [...(model.notes ?? []), ...recipe.notes]) this.#note(`${identity.name}: ${note}`);
    this.write();
    return recipe;
  }

  addCorpus(
    at: { modelIndex: number; corpusIndex: number },
    record: CorpusRecord,
    recipe: ResolvedRecipe,
  ): void {
    const { models, corpora, results } = this.run;
    const { documents, ms, tokensRun } = record;
    const totals = totalsOf(documents, recipe);
    const corpus = corpora[at.corpusIndex]!;
    const { name } = corpus;
    const parts = unitsOfCorpus(
      corpus,
      documents.filter(({ sums }) => sums !== null).map((document) => document.parts),
    );
    if (totals.documents === 0) this.#note(`${name} has no document that is long enough to be scored.`);
    const others = results.filter(
      ({ modelIndex, corpusIndex }) => modelIndex !== at.modelIndex || corpusIndex !== at.corpusIndex,
    );
    this.run.results = [...others, { ...at, ...totals, parts, timing: { totalMs: ms, tokensRun } }];
    const { perplexity, standardError, scored } = totals;
    this.#log(
      `${models[at.modelIndex]!.identity.name}, ${name}: perplexity ${formatPerplexity(perplexity, standardError)}, ${scored} tokens in ${Math.round(ms)} ms`,
    );
    this.#publish();
  }

  addTask(at: { modelIndex: number; taskIndex: number }, { results, ms, tokensRun }: TaskRecord): void {
    const { models, tasks, taskResults } = this.run;
    const others = taskResults.filter(
      ({ modelIndex, taskIndex }) => modelIndex !== at.modelIndex || taskIndex !== at.taskIndex,
    );
    const timing = { totalMs: ms, tokensRun };
    this.run.taskResults = [...others, { ...at, summary: summarise(results), timing }];
    const { name, items } = tasks[at.taskIndex]!;
    const model = models[at.modelIndex]!.identity.name;
    for (const note of taskNotes(results)) this.#note(`${model}, ${name}: ${note}`);
    this.#log(`${model}, ${name}: ${items} questions in ${Math.round(ms)} ms`);
    this.#publish();
  }

  /** @param error what the model threw. */
  addFailure(modelIndex: number, error: unknown): void {
    const reference = this.run.request.models[modelIndex]!;
    const known = SurprisalError.isInstance(error);
    const what = known ? error.what : error instanceof Error ? error.message : String(error);
    this.run.failures.push({ modelIndex, reference, code: known ? error.code : "INTERNAL", what });
    this.#log(`${reference} failed: ${what}`);
    this.#publish();
  }

  /** The run is broken off; what was done is kept. Nothing is written after it. */
  interrupt(): void {
    if (!this.#folder?.isHeld || this.run.status !== "running") return;
    this.run.status = "interrupted";
    try {
      this.write();
      this.#log("interrupted");
    } catch {
      // why it was broken off is what counts
    }
  }

  /**
   * Every model has had its turn.
   * @param hasTokens tokens.parquet is there from before, and is only checked.
   */
  async finish(record: RunRecord, hasTokens: boolean): Promise<Run> {
    const { run } = this;
    if (this.#folder && run.request.tokens)
      await (hasTokens ? checkTokens : writeTokens)(this.#folder, run, record);
    record.flush();
    run.status = run.failures.length > 0 ? "failed" : "complete";
    run.finished = new Date().toISOString();
    this.write();
    this.#log(run.status);
    if (run.status === "complete") this.#folder?.remove(TOKEN_LOG);
    return run;
  }

  #note(note: string): void {
    if (this.run.notes.includes(note)) return;
    this.run.notes.push(note);
    this.#log(note);
  }

  #log(line: string): void {
    this.#folder?.log(line);
  }

  #publish(): void {
    this.write();
    callHandler(this.#onResult, this.run);
  }
}

/** RUN_MISMATCH */
export function mismatch(what: string, folder: string | undefined): SurprisalError {
  return new SurprisalError({
    code: "RUN_MISMATCH",
    what: `The run cannot go on: ${what}`,
    where: folder,
    wayOut: "Bring back what the run was begun with, or start another run.",
  });
}
