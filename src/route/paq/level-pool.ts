/** The levels that are loaded, side by side within a budget of memory: of those that nobody uses, the one used longest ago makes room. */
import { abortError, SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { formatBytes } from "../../text/index.ts";
import type { PaqLevelFacts } from "../levels.ts";

/** A level that is in use, until it is given back. */
export interface LentLevel {
  model: LanguageModel;
  /** What loading it took now, milliseconds; 0: it was loaded already. */
  loadMs: number;
  /** Names of the levels that were unloaded for it. */
  unloaded: readonly string[];
  giveBack(): void;
}

interface LoadedLevel {
  level: PaqLevelFacts;
  model: LanguageModel;
  users: number;
  /** The higher, the later it was used. */
  used: number;
}

/** What a level takes, bytes: as measured, else its file's size. */
export const memoryOf = ({ memoryBytes, bytes }: PaqLevelFacts): number => memoryBytes ?? bytes;

export class LevelPool implements AsyncDisposable {
  readonly #budget: number;
  readonly #open: (level: PaqLevelFacts) => Promise<LanguageModel>;
  readonly #loaded = new Map<string, LoadedLevel>();
  /** One change after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #uses = 0;
  #wake: (() => void)[] = [];
  #isClosed = false;

  /** @param budget bytes that all loaded levels may take together. */
  constructor(budget: number, open: (level: PaqLevelFacts) => Promise<LanguageModel>) {
    this.#budget = budget;
    this.#open = open;
  }

  /** Names of the levels that are loaded, the one used last first. */
  get loaded(): readonly string[] {
    return [...this.#loaded.values()].toSorted((a, b) => b.used - a.used).map(({ level }) => level.name);
  }

  /** @throws SurprisalError OUT_OF_MEMORY for a level that is larger than the budget; MODEL_DISPOSED; ABORTED; what loading throws. */
  acquire(level: PaqLevelFacts, signal?: AbortSignal): Promise<LentLevel> {
    const turn = this.#turn.then(() => this.#acquire(level, signal));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #acquire(level: PaqLevelFacts, signal: AbortSignal | undefined): Promise<LentLevel> {
    if (this.#isClosed) throw closed();
    if (signal?.aborted) throw abortError("Loading a level", signal);
    const there = this.#loaded.get(level.name);
    if (there) return this.#lend(there, 0, []);
    const unloaded = await this.#makeRoom(level);
    const start = performance.now();
    const model = await this.#open(level);
    const loaded: LoadedLevel = { level, model, users: 0, used: 0 };
    this.#loaded.set(level.name, loaded);
    return this.#lend(loaded, performance.now() - start, unloaded);
  }

  #lend(loaded: LoadedLevel, loadMs: number, unloaded: readonly string[]): LentLevel {
    loaded.users++;
    loaded.used = ++this.#uses;
    let isLent = true;
    const giveBack = () => {
      if (!isLent) return;
      isLent = false;
      loaded.users--;
      for (const wake of this.#wake.splice(0)) wake();
    };
    return { model: loaded.model, loadMs, unloaded, giveBack };
  }

  async #makeRoom(level: PaqLevelFacts): Promise<string[]> {
    const needed = memoryOf(level);
    if (needed > this.#budget)
      throw new SurprisalError({
        code: "OUT_OF_MEMORY",
        what: `${level.name} takes ${formatBytes(needed)}, and all levels together may take ${formatBytes(this.#budget)}`,
        where: level.name,
        wayOut: "Allow more memory (memoryBytes, --memory), or route to lower levels only.",
      });
    const unloaded: string[] = [];
    while (this.#taken + needed > this.#budget) {
      const [oldest] = [...this.#loaded.values()]
        .filter(({ users }) => users === 0)
        .toSorted((a, b) => a.used - b.used);
      if (oldest) {
        this.#loaded.delete(oldest.level.name);
        unloaded.push(oldest.level.name);
        await oldest.model[Symbol.asyncDispose]();
      } else await new Promise<void>((done) => this.#wake.push(done)); // all are in use: until one is given back
      if (this.#isClosed) throw closed();
    }
    return unloaded;
  }

  get #taken(): number {
    return [...this.#loaded.values()].reduce((sum, { level }) => sum + memoryOf(level), 0);
  }

  /** Frees all levels; who uses one is told by its model. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const wake of this.#wake.splice(0)) wake();
    await this.#turn;
    for (const { model } of this.#loaded.values()) await model[Symbol.asyncDispose]();
    this.#loaded.clear();
  }
}

const closed = (): SurprisalError =>
  new SurprisalError({
    code: "MODEL_DISPOSED",
    what: "The levels were let go of",
    wayOut: "Open the ladder again.",
  });
