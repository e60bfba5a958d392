/** The models of a worker: found by their sha256, loaded once however many runs want them, the last ones kept. */
import { SurprisalError } from "../../core/index.ts";
import { type LanguageModel, type LocateOptions, locate, type ResolveOptions } from "../../models/index.ts";
import { Engines } from "../harness/index.ts";
import type { Offer } from "./protocol.ts";

/** Models that stay in memory when no run needs them. */
const KEPT = 2;

export interface ShelfOptions {
  /** References, or models that are open and stay so. */
  models: readonly (string | LanguageModel)[];
  engines?: number | undefined;
  /** What is this machine's own: threads, cache folder, offline, terms. */
  load?: ResolveOptions | undefined;
}

interface Kept {
  key: string;
  engines: Promise<Engines>;
  users: number;
}

export class Shelf {
  readonly #options: ShelfOptions;
  /** The last one that was needed is the last. */
  #kept: Kept[] = [];

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  /**
   * The offer's model, loaded as the offer says. To be given back with `release`.
   * @throws SurprisalError MODEL_UNAVAILABLE: this worker cannot come by the file; and what loading throws.
   */
  async take({ model, load }: Pick<Offer, "model" | "load">): Promise<Engines> {
    const key = JSON.stringify([model.sha256, load]);
    let kept = this.#kept.find((each) => each.key === key);
    if (kept) this.#kept = [...this.#kept.filter((each) => each !== kept), kept];
    else {
      kept = { key, engines: this.#open(model, load), users: 0 };
      this.#kept.push(kept);
    }
    kept.users++;
    try {
      return await kept.engines;
    } catch (error) {
      this.#kept = this.#kept.filter((each) => each !== kept);
      throw error;
    }
  }

  async release(engines: Engines): Promise<void> {
    for (const kept of this.#kept) if ((await kept.engines.catch(() => null)) === engines) kept.users--;
    const idle = this.#kept.filter(({ users }) => users === 0);
    await this.#drop(idle.slice(0, Math.max(0, this.#kept.length - KEPT)));
  }

  async #open({ name, sha256, reference }: Offer["model"], load: Offer["load"]): Promise<Engines> {
    const { models, engines } = this.#options;
    const options = { engines, load: { ...this.#options.load, ...load } };
    for (const model of models)
      if (typeof model !== "string" && model.identity.sha256 === sha256) return Engines.open(model, options);
    const tried: string[] = [];
    const references = models.filter((model) => typeof model === "string");
    for (const each of [...references, ...(models.length === 0 ? [reference] : [])]) {
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

  async #drop(list: readonly Kept[]): Promise<void> {
    this.#kept = this.#kept.filter((kept) => !list.includes(kept));
    for (const { engines } of list) await (await engines.catch(() => null))?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#drop(this.#kept);
  }
}
