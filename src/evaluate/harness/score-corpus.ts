/** One model over one corpus: documents in, journal entries out, in whatever order they are done. */
import {
  emptyTable,
  fillColumns,
  originalTextSize,
  planFor,
  type ResolvedRecipe,
  SurprisalError,
  sliceColumns,
  sumTokens,
  type TextSize,
  type TokenTable,
  type WindowPlan,
} from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { Corpus, CorpusDocument } from "../corpora/index.ts";
import { CorpusDigest, sha256 } from "../corpora/index.ts";
import {
  type DocumentEntry,
  hasDocumentUnits,
  type RunCorpus,
  type RunRecord,
  unitsOfDocument,
  type WindowsEntry,
} from "../runs/index.ts";
import { factsOf, recipeTokens } from "../scoring/index.ts";
import { assertSameCorpus, documentsOf } from "./describe-corpus.ts";
import type { Executor } from "./engines.ts";
import {
  canScoreTogether,
  type PartScore,
  type Shard,
  type ShardPart,
  ShortDocuments,
  shardsOf,
} from "./shard.ts";
import { documentError } from "./totals.ts";

/** What is done: shown while it is. */
export interface CorpusProgress {
  /** Documents that are done, of how many. */
  documents: number;
  totalDocuments: number;
  /** UTF-8 bytes of text that are scored (about, within a document), of how many. */
  bytes: number;
  totalBytes: number;
  /** Tokens run through the model in this session. */
  tokensRun: number;
  /** Of what is scored so far; `null` before anything is. */
  perplexity: number | null;
}

export interface ScoreCorpusOptions {
  /** Indices in run.json. */
  at: { modelIndex: number; corpusIndex: number };
  corpus: Corpus;
  /** What the corpus was when the run began. */
  facts: RunCorpus;
  model: LanguageModel;
  tokenize: LanguageModel["tokenize"];
  /** What the model reads of a document. */
  textOf: (document: CorpusDocument) => Promise<string>;
  recipe: ResolvedRecipe;
  executor: Executor;
  record: RunRecord;
  limit: number | null;
  /** Keep every token's numbers. */
  tokens: boolean;
  onDocument?: ((entry: DocumentEntry) => void) | undefined;
  onProgress?: ((progress: CorpusProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A document under way. */
interface OpenDocument {
  documentIndex: number;
  /** Byte of the corpus at which it begins. */
  offset: number;
  name: string;
  sha256: string;
  isChat: boolean;
  text: Uint8Array;
  size: TextSize;
  table: TokenTable;
  /** Parts that are not done. */
  pending: number;
  parts: number;
  tokensRun: number;
  /** Bytes that count as scored in what is shown. */
  shown: number;
}

/** Codes of texts that have nothing to score under a recipe. */
const TOO_SHORT: readonly string[] = ["NOTHING_TO_SCORE", "TOO_FEW_TOKENS", "EMPTY_INPUT"];

/** Scores what the record does not have yet. @throws SurprisalError what corpus, model and disk throw. */
export async function scoreCorpus(options: ScoreCorpusOptions): Promise<void> {
  await new CorpusScoring(options).run();
}

class CorpusScoring {
  readonly #options: ScoreCorpusOptions;
  readonly #open = new Map<number, OpenDocument>();
  readonly #progress: CorpusProgress;
  #nll = 0;
  #scored = 0;

  constructor(options: ScoreCorpusOptions) {
    this.#options = options;
    const { documents: totalDocuments, bytes: totalBytes } = options.facts;
    this.#progress = { documents: 0, totalDocuments, bytes: 0, totalBytes, tokensRun: 0, perplexity: null };
  }

  async run(): Promise<void> {
    const { executor } = this.#options;
    const running = new Set<Promise<void>>();
    let failure: { error: unknown } | null = null;
    try {
      for await (const shard of this.#shards()) {
        while (running.size >= executor.slots && !failure) await Promise.race(running);
        if (failure) break;
        const work = this.#score(shard)
          .catch((error: unknown) => {
            failure ??= { error };
          })
          .finally(() => running.delete(work));
        running.add(work);
      }
    } finally {
      await Promise.all(running);
    }
    if (failure) throw (failure as { error: unknown }).error;
  }

  /** What is to do, in order. */
  async *#shards(): AsyncGenerator<Shard> {
    const { corpus, facts, limit, signal, record, at, model, recipe } = this.#options;
    const before = record.corpus(at.modelIndex, at.corpusIndex);
    const short = canScoreTogether(model, recipe) ? new ShortDocuments() : null;
    const digest = new CorpusDigest();
    let documentIndex = -1;
    let offset = 0;
    for await (const document of documentsOf(corpus, limit, signal)) {
      documentIndex++;
      digest.add(sha256(document.text));
      const done = before.documents[documentIndex];
      if (done) this.#count(done);
      const parts = done ? [] : await this.#partsOf({ documentIndex, offset }, document);
      offset += Buffer.byteLength(document.text);
      // Whatever has no part ends the short documents before it: then they share their batches with the same
      // neighbours when the run is resumed.
      if (!short || parts.length !== 1) {
        yield* short?.flush() ?? [];
        for (const part of parts) yield { parts: [part] };
      } else yield* short.add(parts[0]!);
    }
    yield* short?.flush() ?? [];
    assertSameCorpus(facts, { documents: documentIndex + 1, sha256: digest.hex() });
  }

  /** The parts of a document that are to do; none when there is nothing to score, which is noted. */
  async #partsOf(
    { documentIndex, offset }: { documentIndex: number; offset: number },
    document: CorpusDocument,
  ): Promise<ShardPart[]> {
    const { at, record, textOf } = this.#options;
    const { name, original, messages } = document;
    const isChat = messages !== undefined;
    const text = await textOf(document);
    const digest = sha256(text);
    const size = originalTextSize(original ?? text);
    const bytes = new TextEncoder().encode(text);
    const planned = await this.#plan(text, name, isChat);
    if (!planned) {
      this.#finish([
        {
          type: "document",
          ...at,
          documentIndex,
          document: name,
          sha256: digest,
          sums: null,
          size,
          standardError: null,
          interval: null,
          tokensRun: 0,
          log: null,
        },
      ]);
      return [];
    }
    const { ids, byteOffsets, plan } = planned;
    const parts = [...shardsOf(documentIndex, ids, plan)];
    const table = emptyTable(ids, byteOffsets, 0);
    const open: OpenDocument = {
      documentIndex,
      offset,
      name,
      sha256: digest,
      isChat,
      text: bytes,
      size,
      table,
      pending: parts.length,
      parts: parts.length,
      tokensRun: 0,
      shown: 0,
    };
    this.#open.set(documentIndex, open);
    const windows = record.corpus(at.modelIndex, at.corpusIndex).windows.get(documentIndex);
    const todo = parts.filter(({ range }) => {
      const known = windows?.get(range.start);
      return !(known?.end === range.end && this.#recall(open, known));
    });
    if (todo.length === 0) this.#finish([this.#entry(open)]); // killed between its last window and its entry
    return todo;
  }

  /** `null` when the text has nothing to score under the recipe. */
  async #plan(
    text: string,
    name: string,
    isChat: boolean,
  ): Promise<{ ids: Int32Array; byteOffsets: Uint32Array; plan: WindowPlan } | null> {
    const { model, recipe, tokenize } = this.#options;
    if (text === "") return null;
    try {
      const { ids, byteOffsets } = await recipeTokens(model, recipe, text, { isChat, tokenize });
      return { ids, byteOffsets, plan: planFor(recipe, ids.length, factsOf(model)) };
    } catch (error) {
      if (!SurprisalError.isInstance(error)) throw error;
      if (TOO_SHORT.includes(error.code)) return null;
      throw error.at(name);
    }
  }

  /** Takes the numbers of windows that were scored in an earlier session. @returns whether they are there. */
  #recall(open: OpenDocument, { log, start, tokensRun }: WindowsEntry): boolean {
    const frame = this.#options.record.frame(log);
    if (!frame) return false;
    fillColumns(open.table, start, { ...frame, alternatives: null });
    this.#advance(frame.documentIndex, frame.logprobs, 0);
    open.pending--;
    open.tokensRun += tokensRun;
    return true;
  }

  async #score(shard: Shard): Promise<void> {
    const { executor, signal } = this.#options;
    let seen = false;
    const { parts, tokensRun } = await executor.run(shard, {
      signal,
      onSpan: ({ logprobs, tokensRun }) => {
        seen = true;
        this.#advance(shard.parts[0]!.documentIndex, logprobs, tokensRun);
      },
    });
    const runFor = shares(tokensRun, parts.length);
    if (!seen)
      for (const [i, { documentIndex, columns }] of parts.entries())
        this.#advance(documentIndex, columns.logprobs, runFor[i]!);
    const entries = parts.flatMap((part, i) => this.#take(part, runFor[i]!));
    if (entries.length > 0) this.#finish(entries);
  }

  /** @returns the entry of the document, if this was the last of it. */
  #take({ documentIndex, start, columns }: PartScore, tokensRun: number): DocumentEntry[] {
    const { at, record, tokens } = this.#options;
    const open = this.#open.get(documentIndex)!;
    fillColumns(open.table, start, columns);
    open.pending--;
    open.tokensRun += tokensRun;
    const end = start + columns.logprobs.length;
    if (open.parts > 1) {
      const log = this.#log(open, start, end);
      if (log) record.add([{ type: "windows", ...at, documentIndex, start, end, tokensRun, log }]);
    }
    if (open.pending > 0) return [];
    const whole = tokens && open.parts === 1;
    return [this.#entry(open, whole ? this.#log(open, 0, open.table.length) : null)];
  }

  #log({ documentIndex, table, text }: OpenDocument, start: number, end: number): DocumentEntry["log"] {
    const byteOffsets = table.byteOffsets.subarray(start, end + 1);
    return this.#options.record.log({
      documentIndex,
      start,
      ...sliceColumns(table, start, end),
      ids: table.ids.subarray(start, end),
      byteOffsets,
      text: text.subarray(byteOffsets[0], byteOffsets.at(-1)),
    });
  }

  #entry(open: OpenDocument, log: DocumentEntry["log"] = null): DocumentEntry {
    const { at, recipe, facts } = this.#options;
    const { documentIndex, offset, name, sha256, isChat, size, table, text, tokensRun } = open;
    const sums = sumTokens(table, text);
    this.#open.delete(documentIndex);
    this.#progress.bytes -= open.shown; // it counts whole from now on
    return {
      type: "document",
      ...at,
      documentIndex,
      document: name,
      sha256,
      sums,
      size,
      ...documentError(table.logprobs, sums, recipe, facts.documents === 1),
      // Every model makes another text of a chat: bytes in a row would not be the same parts for all of them.
      parts:
        isChat && !hasDocumentUnits(facts)
          ? undefined
          : unitsOfDocument(facts, { documentIndex, offset }, table),
      tokensRun,
      log,
    };
  }

  #finish(entries: DocumentEntry[]): void {
    const { record, onDocument, onProgress } = this.#options;
    record.add(entries);
    for (const entry of entries) {
      this.#progress.documents++;
      this.#progress.bytes += textBytes(entry);
      onDocument?.(entry);
    }
    onProgress?.({ ...this.#progress });
  }

  /** A document of an earlier session. */
  #count(entry: DocumentEntry): void {
    const { sums } = entry;
    this.#progress.documents++;
    this.#progress.bytes += textBytes(entry);
    this.#nll += sums?.totalNll ?? 0;
    this.#scored += sums?.scored ?? 0;
  }

  #advance(documentIndex: number, logprobs: Float64Array, tokensRun: number): void {
    for (const logprob of logprobs) {
      if (Number.isNaN(logprob)) continue;
      this.#nll -= logprob;
      this.#scored++;
    }
    const open = this.#open.get(documentIndex)!;
    const bytes = (open.text.length * logprobs.length) / open.table.length;
    open.shown += bytes;
    const progress = this.#progress;
    progress.bytes += bytes;
    progress.tokensRun += tokensRun;
    progress.perplexity = this.#scored > 0 ? Math.exp(this.#nll / this.#scored) : null;
    this.#options.onProgress?.({ ...progress });
  }
}

/** UTF-8 bytes of what was scored: `size` may be that of another form of the text, the original. */
export function textBytes({ sums, size }: DocumentEntry): number {
  return sums ? sums.bytes + sums.unscoredBytes : size.bytes;
}

/** Whole numbers that add up to a total, as equal as can be: who ran a token in a shared batch cannot be said. */
function shares(total: number, count: number): number[] {
  return Array.from(
    { length: count },
    (_, i) => Math.floor((total * (i + 1)) / count) - Math.floor((total * i) / count),
  );
}
