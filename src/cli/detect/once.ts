/** What several detectors ask of one answer is run once: the passes over the answer, and the vectors of texts. */
import type { LanguageModel, ScoredText, ScoreOptions, ScoreRequest } from "../../models/index.ts";
import type { Embed } from "../../uncertainty/index.ts";
import { ALTERNATIVES } from "../confidence/index.ts";

/** A model, and what it was last asked to score. */
export interface OnceModel {
  /** Gives what it gave before where it is asked to score the same again. */
  model: LanguageModel;
  /** The answers to the first list of requests; `null`: none yet. */
  first: () => readonly ScoredText[] | null;
}

/**
 * For one answer: it keeps all that was scored. The most probable tokens of each place are asked for, too, since they cost nothing
 * beside the pass itself.
 */
export function scoredOnce(model: LanguageModel): OnceModel {
  const known = new Map<string, ScoredText[]>();
  const alternatives = Math.min(ALTERNATIVES, model.capabilities.alternatives);
  async function* score(
    requests: Iterable<ScoreRequest>,
    options: ScoreOptions = {},
  ): AsyncGenerator<ScoredText> {
    const list = [...requests];
    const key = keyOf(list);
    const before = known.get(key);
    if (before) {
      yield* before;
      return;
    }
    const found: ScoredText[] = [];
    for await (const each of model.score(list, { alternatives, ...options })) {
      found.push(each);
      yield each;
    }
    known.set(key, found);
  }
  const handler: ProxyHandler<LanguageModel> = {
    // Its private fields are its own: methods are called on the model itself.
    get(target, name) {
      if (name === "score") return score;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  };
  return { model: new Proxy(model, handler), first: () => known.values().next().value ?? null };
}

const keyOf = (requests: readonly ScoreRequest[]): string =>
  JSON.stringify(requests.map(({ context, continuation }) => [plain(context), plain(continuation)]));

const plain = (part: string | ArrayLike<number>): string | number[] =>
  typeof part === "string" ? part : Array.from(part);

/** The same of vectors. */
export function embeddedOnce(embed: Embed): Embed {
  const known = new Map<string, ArrayLike<number>>();
  return async (texts, options) => {
    const missing = [...new Set(texts)].filter((text) => !known.has(text));
    const vectors = missing.length > 0 ? await embed(missing, options) : [];
    for (const [i, text] of missing.entries()) known.set(text, vectors[i]!);
    return texts.map((text) => known.get(text)!);
  };
}
