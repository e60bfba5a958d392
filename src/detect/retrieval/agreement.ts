/**
 * How far the sentences of an answer agree with documents, by what stands in both: words, numbers and names; embeddings; what follows
 * from what. None of it needs the model that lift is read from, and all of it looks at all of every document.
 */
import type { Entails } from "../../uncertainty/index.ts";
import type { Place, SourceDocument } from "../finding.ts";
import { type Passage, passagesOf, takingOrder } from "./passages.ts";
import { sentencePlaces } from "./places.ts";
import { bm25, checkEmbedder, cosines, type Embedder, MOST_EMBEDDED } from "./relevance.ts";
import { namesOf, numbersOf, unitsOf } from "./units.ts";

/** What can be said of a sentence beside documents. */
export const AGREEMENTS = ["words", "numbers", "names", "embedding", "entailment", "contradiction"] as const;
/** One of AGREEMENTS. */
export type AgreementKind = (typeof AGREEMENTS)[number];

/** Numbers from 0 to 1; `null`: it cannot be said, see the reason. */
export interface AgreementValues {
  /** Share of the sentence's words that are in the documents; of Chinese, of its characters. */
  words: number | null;
  /** Share of its numbers, written in digits. `null` where it has none. */
  numbers: number | null;
  /** Share of its names: words with a capital letter. `null` where it has none. */
  names: number | null;
  /** Cosine to the nearest passage, below 0 as 0. */
  embedding: number | null;
  /** Greatest probability that it follows from a passage. */
  entailment: number | null;
  /** Greatest probability that a passage contradicts it. */
  contradiction: number | null;
}

/** A sentence of the answer beside the documents. */
export interface SentenceAgreement extends Place, AgreementValues {
  /** Numbers and names that no document has. */
  missing: readonly string[];
  /** Where the documents are nearest to it: by embedding where there is one, else by words. `null`: no word is in them. */
  nearest: (Place & { document: number }) | null;
  /** Why a number is `null`. */
  reasons: Readonly<Partial<Record<AgreementKind, string>>>;
}

/** An answer beside documents. */
export interface DocumentAgreement {
  sentences: readonly SentenceAgreement[];
  /** Means over the sentences that have a number. */
  mean: AgreementValues;
  /** The lowest of a sentence; of `contradiction` the highest. */
  worst: AgreementValues;
  price: { textsEmbedded: number; pairsAsked: number };
}

/** Options of `documentAgreement`. */
export interface AgreementOptions {
  /** Put before a sentence where passages are compared with it or it is judged: a short answer means something only so. */
  question?: string | undefined;
  embedder?: Embedder | undefined;
  /** Whether a sentence follows from a passage. */
  entailment?: Entails | undefined;
  /** Passages that each sentence is judged against, the nearest ones. Default 1. */
  premises?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * How far each sentence of an answer agrees with documents: by words, numbers and names; by embeddings and by entailment where
 * there is an embedder and a judge.
 * @throws SurprisalError INVALID_ARGUMENT, ABORTED, and what the embedder and the judge throw
 */
export async function documentAgreement(
  answer: string,
  documents: readonly SourceDocument[],
  { question, embedder, entailment, premises = 1, signal }: AgreementOptions = {},
): Promise<DocumentAgreement> {
  checkEmbedder(embedder);
  const places = sentencePlaces(answer);
  const sentences = places.map(({ start, end }) => answer.slice(start, end));
  const queries = sentences.map((sentence) => (question ? `${question} ${sentence}` : sentence));
  const passages = documents.flatMap(({ text }, i) => passagesOf(text, i));
  const textOf = ({ document, start, end }: Passage) => documents[document]!.text.slice(start, end);
  const byWords = bm25(queries, passages.map(textOf), signal);
  const compared = embedder
    ? takingOrder(byWords, passages.length)
        .slice(0, MOST_EMBEDDED)
        .sort((a, b) => a - b)
    : [];
  const near = embedder
    ? await cosines(
        embedder,
        queries,
        compared.map((i) => textOf(passages[i]!)),
        signal,
      )
    : null;
  /** [sentences] numbers of the nearest passages. */
  const nearest = sentences.map((_, s) => {
    const row = near ? near[s]! : byWords[s]!;
    const from = near ? compared : passages.map((_, i) => i);
    const ranked = from.map((passage, i) => ({ passage, score: row[i]! })).filter(({ score }) => score > 0);
    return ranked.sort((a, b) => b.score - a.score || a.passage - b.passage).map(({ passage }) => passage);
  });
  const judged = nearest.map((own) => (entailment ? own.slice(0, premises) : []));
  const pairs = judged.flatMap((own, s) => own.map((i) => [textOf(passages[i]!), queries[s]!] as const));
  const said = entailment && pairs.length > 0 ? await entailment(pairs, { signal }) : [];
  const inDocuments = contentsOf(documents);
  let at = 0;
  const found = sentences.map((sentence, s): SentenceAgreement => {
    const verdicts = said.slice(at, at + judged[s]!.length);
    at += judged[s]!.length;
    const best = nearest[s]![0];
    const nothing = passages.length === 0 ? "There are no documents." : undefined;
    const read = (embedder: unknown, tool: string): string =>
      nothing ?? (embedder ? "No passage is near it." : tool);
    const lexical = lexicalAgreement(sentence, inDocuments, nothing);
    const embedding = near && compared.length > 0 ? Math.max(...near[s]!) : null;
    const most = (of: "entailment" | "contradiction") =>
      verdicts.length > 0 ? Math.max(...verdicts.map((verdict) => verdict[of])) : null;
    const judge =
      verdicts.length > 0 ? undefined : read(entailment, "There is no judge of entailment: give entailment.");
    return {
      ...places[s]!,
      ...lexical.values,
      embedding,
      entailment: most("entailment"),
      contradiction: most("contradiction"),
      missing: lexical.missing,
      nearest: best === undefined ? null : { ...passages[best]! },
      reasons: {
        ...lexical.reasons,
        ...(embedding === null && {
          embedding: read(embedder, "There is no embedding model: give embedder."),
        }),
        ...(judge !== undefined && { entailment: judge, contradiction: judge }),
      },
    };
  });
  return {
    sentences: found,
    mean: summary(found, (values) => values.reduce((sum, value) => sum + value, 0) / values.length),
    worst: {
      ...summary(found, (values) => Math.min(...values)),
      contradiction: summary(found, (values) => Math.max(...values)).contradiction,
    },
    price: {
      textsEmbedded: near ? new Set([...queries, ...compared.map((i) => textOf(passages[i]!))]).size : 0,
      pairsAsked: pairs.length,
    },
  };
}

function summary(
  sentences: readonly AgreementValues[],
  of: (values: readonly number[]) => number,
): AgreementValues {
  const value = (kind: AgreementKind) => {
    const known = sentences.flatMap((sentence) => sentence[kind] ?? []);
    return known.length > 0 ? of(known) : null;
  };
  return {
    words: value("words"),
    numbers: value("numbers"),
    names: value("names"),
    embedding: value("embedding"),
    entailment: value("entailment"),
    contradiction: value("contradiction"),
  };
}

interface Contents {
  units: ReadonlySet<string>;
  numbers: ReadonlySet<string>;
  scripts: ReadonlySet<string>;
}

const contentsOf = (documents: readonly SourceDocument[]): Contents => ({
  units: new Set(documents.flatMap(({ text }) => unitsOf(text))),
  numbers: new Set(documents.flatMap(({ text }) => numbersOf(text))),
  scripts: new Set(documents.flatMap(({ text }) => scriptsOf(text))),
});

const SCRIPTS = [
  ["Latin", /\p{Script=Latin}/u],
  ["Han", /\p{Script=Han}/u],
  ["Kana", /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ["Hangul", /\p{Script=Hangul}/u],
  ["Cyrillic", /\p{Script=Cyrillic}/u],
  ["Greek", /\p{Script=Greek}/u],
  ["Arabic", /\p{Script=Arabic}/u],
  ["Hebrew", /\p{Script=Hebrew}/u],
  ["Devanagari", /\p{Script=Devanagari}/u],
  ["Thai", /\p{Script=Thai}/u],
] as const;

const scriptsOf = (text: string): string[] =>
  SCRIPTS.flatMap(([name, pattern]) => (pattern.test(text) ? [name] : []));

type Lexical = Pick<AgreementValues, "words" | "numbers" | "names">;

function lexicalAgreement(
  sentence: string,
  contents: Contents,
  nothing: string | undefined,
): { values: Lexical; reasons: Partial<Record<keyof Lexical, string>>; missing: string[] } {
  if (nothing !== undefined)
    return {
      values: { words: null, numbers: null, names: null },
      reasons: { words: nothing, numbers: nothing, names: nothing },
      missing: [],
    };
  const scripts = scriptsOf(sentence);
  const foreign = scripts.length > 0 && !scripts.some((script) => contents.scripts.has(script));
  const [units, numbers, names] = [unitsOf(sentence), numbersOf(sentence), namesOf(sentence)];
  const other = "The documents are written in another script.";
  const share = (of: readonly string[], among: ReadonlySet<string>) =>
    of.length > 0 ? of.filter((one) => among.has(one)).length / of.length : null;
  const reasonOf = (of: readonly string[], what: string) =>
    of.length === 0 ? `The sentence has no ${what}.` : other;
  const values = {
    words: foreign ? null : share(units, contents.units),
    numbers: share(numbers, contents.numbers),
    names: foreign ? null : share(names, contents.units),
  };
  const missing = [
    ...numbers.filter((number) => !contents.numbers.has(number)),
    ...(foreign ? [] : names.filter((name) => !contents.units.has(name))),
  ];
  return {
    values,
    reasons: {
      ...(values.words === null && { words: reasonOf(units, "words") }),
      ...(values.numbers === null && { numbers: reasonOf(numbers, "numbers") }),
      ...(values.names === null && { names: reasonOf(names, "names") }),
    },
    missing: [...new Set(missing)],
  };
}
