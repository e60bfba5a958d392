/** What the tests of the queue share: shards of made-up documents, a model that takes its time, a worker in this process. */
import { setTimeout as sleep } from "node:timers/promises";
import { planWindows } from "../src/core/index.ts";
import { type Shard, type ShardScore, scoreShard, shardsOf } from "../src/evaluate/harness/shard.ts";
import { type WorkerEvent, work } from "../src/evaluate/queue/index.ts";
import type { LanguageModel } from "../src/models/index.ts";
import { TableModel } from "../src/models/test/index.ts";
import { altered } from "./altered-model.ts";

export const SHA256: string = "a".repeat(64);

/** The table model as a file of its own, whose every shard takes a while. */
export function slowModel(
  ms = 0,
  changes: (table: TableModel) => Partial<LanguageModel> = () => ({}),
): LanguageModel {
  return altered((table) => ({
    identity: { ...table.identity, sha256: SHA256 },
    async *scoreTokens(ids, plan, options) {
      await sleep(ms, undefined, options?.signal && { signal: options.signal });
      yield* table.scoreTokens(ids, plan, options);
    },
    ...changes(table),
  }));
}

/** Shards of some documents, each of several windows. */
export function someShards(count: number): Shard[] {
  const window = {
    method: "disjoint",
    context: 600,
    prefix: null,
    prefixIn: "first",
    extendLast: false,
  } as const;
  const shards: Shard[] = [];
  for (let document = 0; shards.length < count; document++) {
    const ids = Int32Array.from({ length: 1500 + 31 * document }, (_, i) => (i * (document + 3)) % 256);
    for (const part of shardsOf(document, ids, planWindows(ids.length, window)))
      shards.push({ parts: [part] });
  }
  return shards.slice(0, count);
}

export const directly = async (shards: readonly Shard[]): Promise<ShardScore[]> => {
  await using model = TableModel.bytes();
  return Promise.all(shards.map((shard) => scoreShard(model, shard)));
};

/** A worker in this process. */
export class TestWorker implements AsyncDisposable {
  readonly events: WorkerEvent[] = [];
  readonly #stop = new AbortController();
  readonly #end: Promise<void>;

  constructor(url: string, models: readonly (string | LanguageModel)[] = [slowModel()], graceMs = 5000) {
    const { signal } = this.#stop;
    this.#end = work(url, { models, graceMs, signal, onEvent: (event) => this.events.push(event) });
    this.#end.catch(() => {});
  }

  count(type: WorkerEvent["type"]): number {
    return this.events.filter((event) => event.type === type).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#end;
  }
}

export async function until(condition: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${condition}`);
    await sleep(20);
  }
}
