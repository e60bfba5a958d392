/** The models of a worker: found by their sha256, loaded once however many runs want them, the last ones kept. */
import { SurprisalError } from "../../core/index.ts";
import {
  cpuBuildOf,
  type LanguageModel,
  type LocateOptions,
  locate,
  type ResolveOptions,
} from "../../models/index.ts";
import { Engines } from "../harness/index.ts";
import { referenceFault } from "./messages.ts";
import type { Offer } from "./protocol.ts";

/** Models that stay in memory when no run needs them. */
const MOST_IDLE = 2;

export interface ModelCacheOptions {
  /** References, or models that are open and stay so. */
  models: readonly (string | LanguageModel)[];
  engines?: number | undefined;
  /** What is this machine's own: threads, cache folder, offline, terms. */
  load?: ResolveOptions | undefined;
}

interface CachedModel {
  key: string;
  engines: Promise<Engines>;
  users: number;
}

export class ModelCache {
  readonly #options: ModelCacheOptions;
  /** The last one that was needed is the last. */
  #cached: CachedModel[] = [];

  constructor(options: ModelCacheOptions) {
    this.#options = options;
  }

  /**
   * The offer's model, loaded as the offer says. To be given back with `release`.
   * @throws SurprisalError MODEL_UNAVAILABLE: this worker cannot come by the file; and what loading throws.
   */
  async acquire({ model, load, settings }: Pick<Offer, "model" | "load" | "settings">): Promise<Engines> {
    const cpuBuild = cpuBuildOf(settings) ?? undefined; // the coordinator's: another one rounds differently
    const key = JSON.stringify([model.sha256, load, cpuBuild]);
    let cached = this.#cached.find((each) => each.key === key);
    if (cached) this.#cached = [...this.#cached.filter((each) => each !== cached), cached];
    else {
      cached = { key, engines: this.#open(model, { ...load, cpuBuild }), users: 0 };
      this.#cached.push(cached);
    }
    cached.users++;
    try {
      return await cached.engines;
    } catch (error) {
      this.#cached = this.#cached.filter((each) => each !== cached);
      throw error;
    }
  }

  async release(engines: Engines): Promise<void> {
    for (const cached of this.#cached)
      if ((await cached.engines.catch(() => null)) === engines) cached.users--;
    const idle = this.#cached.filter(({ users }) => users === 0);
    await this.#drop(idle.slice(0, Math.max(0, this.#cached.length - MOST_IDLE)));
  }

  async #open({ name, sha256, reference }: Offer["model"], load: ResolveOptions): Promise<Engines> {
    const { models, engines } = this.#options;
    const options = { engines, load: { ...this.#options.load, ...load } };
    for (const model of models)
      if (typeof model !== "string" && model.identity.sha256 === sha256) return Engines.open(model, options);
    const tried: string[] = [];
    const references = models.filter((model) => typeof model === "string");
    const fault = models.length === 0 ? referenceFault(reference) : null;
    if (fault !== null) tried.push(fault);
    for (const each of [...references, ...(models.length === 0 && fault === null ? [reference] : [])]) {
      const found = await this.#find(each);
      if (typeof found !== "string" && found.sha256 === sha256) return Engines.open(each, options);
      tried.push(typeof found === "string" ? `${each}: ${found}` : `${each} is another file`);
    }
    throw new SurprisalError({
      code: "MODEL_UNAVAILABLE",
      what: `this worker does not have ${name} (sha256 ${sha256.slice(0, 12)}...)${tried.length > 0 ? `; ${tried.join("; ")}` : ""}`,
      wayOut: "Start it with --model and the path of the same file.",
    });
  }

  /** The file of a reference, or why there is none. */
  async #find(reference: string): Promise<{ sha256: string } | string> {
    try {
      return await locate(reference, this.#options.load as LocateOptions | undefined);
    } catch (error) {
      if (SurprisalError.isInstance(error)) return error.what;
      throw error;
    }
  }

  async #drop(list: readonly CachedModel[]): Promise<void> {
    this.#cached = this.#cached.filter((cached) => !list.includes(cached));
    for (const { engines } of list) await (await engines.catch(() => null))?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#drop(this.#cached);
  }
}
