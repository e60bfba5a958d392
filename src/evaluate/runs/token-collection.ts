/** What pictures of tokens are drawn from: of every tokens.parquet as much as memory should hold. */
import { createHash, type Hash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SurprisalError, seededRandom } from "../../core/index.ts";
import { TOKENS } from "./files.ts";
import { type KeptTokens, keptTokens } from "./kept-tokens.ts";
import { labelled, runRows } from "./rows.ts";
import type { Run } from "./run.ts";

/** Pictures of documents. A corpus has one for each model or none; the first one, for so many models. */
export const MOST_DOCUMENTS = 6;
/** Corpora with a running perplexity of their own; where there are more, there is one over all. */
const MOST_CORPORA = 6;

/** Tokens of one model. */
export interface ModelTokens {
  /** The model's name on the page. */
  label: string;
  /** [n] ln p, nats; NaN = missing. */
  logprobs: number[];
  /** How many there were; more than n where there was no room for all. */
  tokens: number;
  /** Where its tokenizer cut the texts: equal for models whose perplexities per token can stand beside each other. */
  cuts: string;
}

/** A document under one model. */
interface DocumentTokens extends Omit<ModelTokens, "cuts"> {
  document: string;
  /** [n] where each token begins, bytes. */
  byteOffsets: number[];
}

export interface TokenCollection {
  corpora: string[];
  /** Of every model, over all its corpora; a uniform sample where there was no room for all. */
  samples: ModelTokens[];
  /** Of every model, in the order of the run, from the beginning; of all corpora together where they are many. */
  beginnings: { corpus: string | null; models: ModelTokens[] }[];
  /** Corpora by their texts: in two runs, two of one name may be two. */
  texts: number;
  /** The longest document of some texts: that with most tokens under the first model, and the same under the others. */
  documents: { corpus: string; models: DocumentTokens[] }[];
  /** What is missing, one sentence each. */
  notes: string[];
}

/** One model over one corpus. */
interface ModelOnCorpus {
  label: string;
  corpus: string;
  /** Of the corpus. */
  sha256: string;
  tokens: number;
}

interface Source {
  run: Run;
  file: string;
  /** By model and corpus. */
  pairs: Map<string, ModelOnCorpus>;
}

const keyOf = ({ modelIndex, corpusIndex }: Pick<KeptTokens, "modelIndex" | "corpusIndex">): string =>
  `${modelIndex} ${corpusIndex}`;
const textsOf = ({ corpus, sha256 }: ModelOnCorpus): string => `${sha256} ${corpus}`;

/**
 * @param folders of the runs, in their order; where there is none, there is nothing to say.
 * @param limit most tokens that are kept of a model for each kind of picture.
 */
export async function collectTokens(
  runs: readonly Run[],
  folders: readonly (string | undefined)[],
  limit: number,
): Promise<TokenCollection> {
  const notes: string[] = [];
  const sources: Source[] = [];
  const rows = labelled(runs.flatMap(runRows)).values();
  for (const [i, run] of runs.entries()) {
    const pairs = new Map<string, ModelOnCorpus>();
    for (const result of run.results) {
      const { label, row } = rows.next().value!;
      const { corpus, corpusSha256: sha256, tokens } = row;
      pairs.set(keyOf(result), { label, corpus, sha256, tokens });
    }
    const folder = folders[i];
    if (folder === undefined || pairs.size === 0) continue;
    const file = join(folder, TOKENS);
    if (existsSync(file)) sources.push({ run, file, pairs });
    else notes.push(withoutTokens(run));
  }
  return { ...(await collect(sources, limit, notes)), notes };
}

function withoutTokens({ id, status, request }: Run): string {
  return (status === "running" || status === "interrupted") && request.tokens
    ? `Run ${id} has not come to its end, where it writes its tokens: then there are pictures of them too.`
    : `There are no pictures of the tokens of run ${id}, which did not keep them: surprisal eval --tokens does.`;
}

async function collect(
  sources: readonly Source[],
  limit: number,
  notes: string[],
): Promise<Omit<TokenCollection, "notes">> {
  const collector = new Collector(
    sources.flatMap(({ pairs }) => [...pairs.values()]),
    limit,
  );
  for (const source of sources) {
    const { run, file, pairs } = source;
    try {
      for await (const tokens of keptTokens(file, run)) {
        const pair = pairs.get(keyOf(tokens)); // none: its model failed
        if (pair) collector.add(pair, tokens);
      }
    } catch (error) {
      if (!SurprisalError.isInstance(error)) throw error;
      notes.push(`There are no pictures of the tokens of run ${run.id}: ${error.what}. ${error.wayOut}`);
      // The collector has some of them: it begins again without this run.
      return collect(
        sources.filter((other) => other !== source),
        limit,
        notes,
      );
    }
  }
  return collector.collected();
}

class Collector {
  readonly #pairs: readonly ModelOnCorpus[];
  readonly #limit: number;
  readonly #corpora: string[];
  readonly #samples = new Map<string, Sample>();
  /** By model, of its texts. */
  readonly #cuts = new Map<string, Map<string, Hash>>();
  readonly #beginnings = new Map<string | null, Map<string, Beginning>>();
  readonly #texts: ReadonlySet<string>;
  /** Of the texts that have pictures of a document, by model. */
  readonly #documents = new Map<string, { corpus: string; models: Map<string, LongestDocument> }>();

  constructor(pairs: readonly ModelOnCorpus[], limit: number) {
    this.#pairs = pairs;
    this.#limit = limit;
    this.#corpora = [...new Set(pairs.map(({ corpus }) => corpus))];
    this.#texts = new Set(pairs.map(textsOf));
    let pictures = 0;
    for (const texts of this.#texts) {
      const alike = pairs.filter((pair) => textsOf(pair) === texts);
      pictures += alike.length;
      if (this.#documents.size > 0 && pictures > MOST_DOCUMENTS) break;
      this.#documents.set(texts, { corpus: alike[0]!.corpus, models: new Map() });
    }
  }

  add(pair: ModelOnCorpus, tokens: KeptTokens): void {
    const { label, corpus } = pair;
    at(this.#samples, label, () => new Sample(label, this.#limit)).add(tokens);
    const cuts = at(this.#cuts, label, () => new Map<string, Hash>());
    at(cuts, textsOf(pair), () => createHash("sha256")).update(Int32Array.from(tokens.byteOffsets));
    const place = this.#corpora.length > MOST_CORPORA ? null : corpus;
    const beginnings = at(this.#beginnings, place, () => new Map<string, Beginning>());
    at(beginnings, label, () => new Beginning(label, this.#room(label))).add(tokens);
    const models = this.#documents.get(textsOf(pair))?.models;
    if (!models || (models.size === MOST_DOCUMENTS && !models.has(label))) return;
    const [first] = models.values();
    at(models, label, () => new LongestDocument(label, this.#limit, first?.longest?.document)).add(tokens);
  }

  /** Tokens of a beginning. */
  #room(label: string): number {
    const pairs = this.#pairs.filter((pair) => pair.label === label);
    const tokens = pairs.reduce((sum, pair) => sum + pair.tokens, 0);
    const isShared = this.#corpora.length <= MOST_CORPORA && tokens > this.#limit;
    return isShared ? Math.floor(this.#limit / pairs.length) : this.#limit;
  }

  collected(): Omit<TokenCollection, "notes"> {
    const cuts = new Map(
      [...this.#cuts].map(([label, texts]) => [
        label,
        JSON.stringify([...texts].map(([name, hash]) => [name, hash.digest("hex")]).sort()),
      ]),
    );
    const withCuts = ({ label, logprobs, tokens }: Omit<ModelTokens, "cuts">): ModelTokens => ({
      label,
      logprobs,
      tokens,
      cuts: cuts.get(label) ?? "",
    });
    return {
      corpora: this.#corpora,
      samples: [...this.#samples.values()].map(withCuts),
      beginnings: [...this.#beginnings].map(([corpus, models]) => ({
        corpus,
        models: [...models.values()].map(withCuts),
      })),
      texts: this.#texts.size,
      documents: [...this.#documents.values()].map(({ corpus, models }) => ({
        corpus,
        models: [...models.values()].flatMap(({ longest }) => longest ?? []),
      })),
    };
  }
}

function at<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** Every token has the same chance to be in it. Source: Vitter 1985, algorithm R. */
class Sample implements Omit<ModelTokens, "cuts"> {
  readonly label: string;
  readonly logprobs: number[] = [];
  tokens = 0;
  readonly #limit: number;
  readonly #random = seededRandom(1); // the same page from the same runs

  constructor(label: string, limit: number) {
    this.label = label;
    this.#limit = limit;
  }

  add({ logprobs }: KeptTokens): void {
    for (const logprob of logprobs) {
      this.tokens++;
      const place = this.tokens <= this.#limit ? this.tokens - 1 : Math.floor(this.#random() * this.tokens);
      if (place < this.#limit) this.logprobs[place] = logprob;
    }
  }
}

class Beginning implements Omit<ModelTokens, "cuts"> {
  readonly label: string;
  readonly logprobs: number[] = [];
  tokens = 0;
  readonly #limit: number;

  constructor(label: string, limit: number) {
    this.label = label;
    this.#limit = limit;
  }

  add({ logprobs }: KeptTokens): void {
    append(this.logprobs, logprobs, this.#limit);
    this.tokens += logprobs.length;
  }
}

/** Of several of the same length, the first. */
class LongestDocument {
  longest: DocumentTokens | null = null;
  readonly #label: string;
  readonly #limit: number;
  readonly #name: string | undefined;
  #isNamed = false;
  #current: DocumentTokens | null = null;

  /** @param name a document of this name comes before the longest, if there is one. */
  constructor(label: string, limit: number, name: string | undefined) {
    this.#label = label;
    this.#limit = limit;
    this.#name = name;
  }

  add({ document, first, logprobs, byteOffsets }: KeptTokens): void {
    if (first) this.#current = { label: this.#label, document, tokens: 0, logprobs: [], byteOffsets: [] };
    const isNamed = document === this.#name;
    const current = this.#current;
    if (!current || (this.#isNamed && !isNamed)) return;
    append(current.logprobs, logprobs, this.#limit);
    append(current.byteOffsets, byteOffsets, this.#limit);
    current.tokens += logprobs.length;
    const isLonger = current.tokens > (this.longest?.tokens ?? 0);
    if (isLonger || this.#isNamed !== isNamed) this.longest = current;
    this.#isNamed = isNamed;
  }
}

function append(kept: number[], values: Float64Array, limit: number): void {
  const room = Math.min(values.length, limit - kept.length);
  for (let i = 0; i < room; i++) kept.push(values[i]!);
}
