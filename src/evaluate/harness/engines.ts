/** Who does the work: engines of this process, each with a model of its own. */
import { availableParallelism } from "node:os";
import { SurprisalError } from "../../core/index.ts";
import { type LanguageModel, type ResolveOptions, resolve } from "../../models/index.ts";
import { type ScoreShardOptions, type Shard, type ShardScore, scoreShard } from "./shard.ts";

/** Does shards, several at a time. */
export interface Executor extends AsyncDisposable {
  /** Shards that may be under way at once. */
  readonly slots: number;
  run(shard: Shard, options?: ScoreShardOptions): Promise<ShardScore>;
}

/** Requests to a server that are under way at once, unless the person says otherwise. */
const REMOTE_SLOTS = 4;

export interface EngineOptions {
  load?: ResolveOptions | undefined;
  /**
   * Models in memory that work side by side. Default: one for each core where one model uses one thread only (files
   * under 32 MB), else one, which uses all cores.
   */
  engines?: number | undefined;
  /** Requests to a server at once. Default 4. */
  concurrency?: number | undefined;
}

/** Opens a reference once more. @throws SurprisalError FILE_UNREADABLE: it leads to another file by now. */
async function sameAs(
  { identity }: LanguageModel,
  source: string,
  load: ResolveOptions | undefined,
): Promise<LanguageModel> {
  const other = await resolve(source, load);
  if (other.identity.sha256 === identity.sha256) return other;
  await other[Symbol.asyncDispose]();
  throw new SurprisalError({
    code: "FILE_UNREADABLE",
    what: "The model's file was changed while it was opened for the second time",
    where: source,
    wayOut: "Run it again when nothing writes to the file.",
  });
}

/** Engines over one model. */
export class Engines implements Executor {
  readonly model: LanguageModel;
  readonly slots: number;
  readonly #idle: LanguageModel[];
  readonly #owned: readonly LanguageModel[];
  readonly #waiting: ((model: LanguageModel) => void)[] = [];

  private constructor(model: LanguageModel, others: readonly LanguageModel[], slots: number, owned: boolean) {
    this.model = model;
    this.slots = slots;
    // A server's model stands in several places: it takes several requests at once.
    this.#idle = [model, ...others, ...new Array<LanguageModel>(slots - 1 - others.length).fill(model)];
    this.#owned = owned ? [model, ...others] : others;
  }

  /**
   * @param source a reference, or a model that is open and stays so.
   * @throws SurprisalError as `resolve`.
   */
  static async open(source: string | LanguageModel, options: EngineOptions = {}): Promise<Engines> {
    const { load, engines, concurrency = REMOTE_SLOTS } = options;
    if (typeof source !== "string") return new Engines(source, [], slotsOf(source, concurrency), false);
    const model = await resolve(source, load);
    const others: LanguageModel[] = [];
    try {
      const wanted = engines ?? (model.execution.threads === 1 ? availableParallelism() : 1);
      if (isLocal(model)) while (others.length + 1 < wanted) others.push(await sameAs(model, source, load));
    } catch (error) {
      for (const opened of [model, ...others]) await opened[Symbol.asyncDispose]();
      throw error;
    }
    return new Engines(model, others, Math.max(others.length + 1, slotsOf(model, concurrency)), true);
  }

  async run(shard: Shard, options?: ScoreShardOptions): Promise<ShardScore> {
    const model =
      this.#idle.pop() ?? (await new Promise<LanguageModel>((resolve) => this.#waiting.push(resolve)));
    try {
      return await scoreShard(model, shard, options);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(model);
      else this.#idle.push(model);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const model of this.#owned) await model[Symbol.asyncDispose]();
  }
}

function isLocal({ execution }: LanguageModel): boolean {
  return execution.place === "process";
}

function slotsOf(model: LanguageModel, concurrency: number): number {
  return isLocal(model) ? 1 : concurrency;
}
