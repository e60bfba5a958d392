/** Which documents are given to the model: each once, whole where all fit, else the best passages; and what is not read. */
import { SurprisalError } from "../../core/index.ts";
import type { Place, SourceDocument } from "../finding.ts";
import {
  PASSAGE_BYTES,
  PASSAGE_OVERLAP,
  type Passage,
  passagesOf,
  readText,
  takingOrder,
} from "./passages.ts";
import { complement, sentencePlaces, union } from "./places.ts";
import { bm25, cosines, type Embedder, MOST_EMBEDDED, nameOf } from "./relevance.ts";

/** In which order documents stand in the prompt: as they were given, or the best last, next to the question. */
export type DocumentOrder = "given" | "best-last";

/** What was read of one document. */
export interface DocumentReading {
  name: string;
  /** Number of the document with the same content that was read in its stead; `null`: none. White space is no content. */
  duplicateOf: number | null;
  read: readonly Place[];
  /** All else but white space; of a duplicate nothing. */
  unread: readonly Place[];
}

/** How passages were chosen; `null` in a result: all documents were read whole. */
export interface PassageChoice {
  /** "BM25", or the name of the embedding model. */
  by: string;
  passages: number;
  read: number;
  /** UTF-8 bytes of a passage, at most. */
  bytes: number;
  /** Sentences that a passage shares with the one before it. */
  overlap: number;
  /** Passages by the embedding model, at most: the best by BM25. */
  compared: number;
  /** Texts that the embedding model was given. */
  embedded: number;
}

/** Documents as the model is given them. */
export interface ReadDocuments {
  /** [documents] as given. */
  documents: DocumentReading[];
  /** In the order of the prompt: the number of each document that is read, and its text. */
  shown: { document: number; text: string }[];
  choice: PassageChoice | null;
}

/** What `readDocuments` needs to know. */
export interface ReadingNeeds {
  question: string | undefined;
  answer: string;
  order: DocumentOrder;
  embedder: Embedder | undefined;
  /** Tokens of prompt and answer, at most. */
  most: number;
  lengthOf: (documents: readonly string[] | null) => Promise<number>;
  /** Where it is asked, for errors. */
  model: string;
  signal: AbortSignal | undefined;
}

/** What makes two texts the same: their characters, whatever white space stands between. */
const contentOf = (text: string): string => text.normalize("NFC").replace(/\s+/gu, " ").trim();

/** No tokenizer here has tokens of more bytes on the average: so long a text is not tokenized to know that it does not fit. */
const MOST_BYTES_PER_TOKEN = 16;

/** @throws SurprisalError CONTEXT_EXCEEDED when not even one passage fits. */
export async function readDocuments(
  given: readonly SourceDocument[],
  needs: ReadingNeeds,
): Promise<ReadDocuments> {
  const duplicates = duplicatesOf(given);
  const own = [...given.keys()].filter((i) => duplicates[i] === null && given[i]!.text.trim() !== "");
  const whole = own.map((document) => ({ document, text: given[document]!.text.trim() }));
  const report = (places: (document: number) => Place[]): DocumentReading[] =>
    given.map(({ name, text }, i) => {
      const read = duplicates[i] === null ? places(i) : [];
      return {
        name,
        duplicateOf: duplicates[i]!,
        read,
        unread: duplicates[i] === null ? complement(text, read) : [],
      };
    });
  const bytes = whole.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  const fits = async (shown: ReadDocuments["shown"]) =>
    (await needs.lengthOf(shown.map(({ text }) => text))) - 1 <= needs.most;
  if (whole.length === 0 || (bytes <= needs.most * MOST_BYTES_PER_TOKEN && (await fits(whole)))) {
    const ranks = needs.order === "given" || whole.length < 2 ? null : await bestOf(whole, needs);
    return {
      documents: report((i) => (own.includes(i) ? [{ start: 0, end: given[i]!.text.length }] : [])),
      shown: ranks ? arranged(whole, ranks) : whole,
      choice: null,
    };
  }
  return choosePassages(given, own, needs, { fits, report });
}

function duplicatesOf(given: readonly SourceDocument[]): (number | null)[] {
  const first = new Map<string, number>();
  return given.map(({ text }, i) => {
    const content = contentOf(text);
    if (content === "") return null;
    const before = first.get(content);
    if (before === undefined) first.set(content, i);
    return before ?? null;
  });
}

/** What passages are compared with: the question beside each sentence of the answer. */
function queriesOf({ question, answer }: Pick<ReadingNeeds, "question" | "answer">): string[] {
  const sentences = sentencePlaces(answer).map(({ start, end }) => answer.slice(start, end));
  return sentences.map((sentence) => (question ? `${question} ${sentence}` : sentence));
}

/** [whole] rank of each document, 0 = best. */
async function bestOf(whole: ReadDocuments["shown"], needs: ReadingNeeds): Promise<Map<number, number>> {
  const texts = whole.map(({ text }) => text);
  const scores = needs.embedder
    ? await cosines(needs.embedder, queriesOf(needs), texts, needs.signal)
    : bm25(queriesOf(needs), texts, needs.signal);
  return new Map(takingOrder(scores, whole.length).map((i, rank) => [whole[i]!.document, rank]));
}

const arranged = (
  shown: ReadDocuments["shown"],
  ranks: ReadonlyMap<number, number>,
): ReadDocuments["shown"] => [...shown].sort((a, b) => ranks.get(b.document)! - ranks.get(a.document)!);

interface Helpers {
  fits: (shown: ReadDocuments["shown"]) => Promise<boolean>;
  report: (places: (document: number) => Place[]) => DocumentReading[];
}

async function choosePassages(
  given: readonly SourceDocument[],
  own: readonly number[],
  needs: ReadingNeeds,
  { fits, report }: Helpers,
): Promise<ReadDocuments> {
  const { embedder, signal } = needs;
  const textOf = ({ document, start, end }: Passage) => given[document]!.text.slice(start, end);
  const seen = new Set<string>();
  const all = own
    .flatMap((document) => passagesOf(given[document]!.text, document))
    .filter((passage) => {
      const content = contentOf(textOf(passage));
      return !seen.has(content) && seen.add(content);
    });
  const queries = queriesOf(needs);
  const byWords = takingOrder(bm25(queries, all.map(textOf), signal), all.length);
  let order = byWords;
  let embedded = 0;
  if (embedder) {
    const compared = byWords.slice(0, MOST_EMBEDDED).sort((a, b) => a - b);
    const scores = await cosines(
      embedder,
      queries,
      compared.map((i) => textOf(all[i]!)),
      signal,
    );
    order = takingOrder(scores, compared.length).map((i) => compared[i]!);
    embedded = new Set([...queries, ...compared.map((i) => textOf(all[i]!))]).size;
  }
  const shownOf = (taken: readonly number[]) => {
    const ranks = new Map<number, number>();
    const places = new Map<number, Place[]>();
    for (const [rank, i] of taken.entries()) {
      const { document, start, end } = all[i]!;
      if (!ranks.has(document)) ranks.set(document, rank);
      places.set(document, [...(places.get(document) ?? []), { start, end }]);
    }
    const shown = own
      .filter((document) => places.has(document))
      .map((document) => ({ document, text: readText(given[document]!.text, places.get(document)!) }));
    return { places, shown: needs.order === "given" ? shown : arranged(shown, ranks) };
  };
  const count = await mostThatFit(order.length, async (n) => fits(shownOf(order.slice(0, n)).shown));
  if (count === 0) throw await nothingFits(needs);
  const { places, shown } = shownOf(order.slice(0, count));
  return {
    documents: report((i) => union(places.get(i) ?? [])),
    shown,
    choice: {
      by: embedder ? nameOf(embedder) : "BM25",
      passages: all.length,
      read: count,
      bytes: PASSAGE_BYTES,
      overlap: PASSAGE_OVERLAP,
      compared: order.length,
      embedded,
    },
  };
}

/** The largest n, 0 ... `all`, that fits, where whatever is less than what fits fits too: few trials, since each is tokenized. */
async function mostThatFit(all: number, fits: (n: number) => Promise<boolean>): Promise<number> {
  let low = 0;
  let high = 1;
  while (high <= all && (await fits(high))) {
    low = high;
    high *= 2;
  }
  high = Math.min(high, all + 1);
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (await fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

async function nothingFits({ lengthOf, most, model }: ReadingNeeds): Promise<SurprisalError> {
  const alone = await lengthOf(null);
  return new SurprisalError({
    code: "CONTEXT_EXCEEDED",
    what: `Question and answer are ${alone} of the ${most} tokens that may be read, which leaves no room for a passage of the documents`,
    where: model,
    wayOut: "Raise contextTokens, shorten the answer, or take a model with a longer context.",
  });
}
