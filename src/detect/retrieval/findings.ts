/** The words of an answer that its documents do not explain. */
import type { ExaminedAnswer, Finding, Place, SourceDocument } from "../finding.ts";
import type { SentenceAgreement } from "./agreement.ts";
import type { LiftSpan, RetrievalLift, TokenLift } from "./lift.ts";
import { strengthOf, suspicionOf } from "./suspicion.ts";
import { isFunctionWord, isOpening, unitsOf } from "./units.ts";

/**
 * - "less-probable": words that are improbable, and that the documents make less probable than they are without, by 1 nat or more
 * - "unsupported": words that are improbable, and that the documents make hardly more probable
 */
export const RETRIEVAL_FINDINGS = ["unsupported", "less-probable"] as const;

/** From where on words are found. */
export interface FindingThresholds {
  /** Least suspicion of a word: the share of its surprisal that the documents leave. */
  leastSuspicion: number;
  /** Least surprisal of a word with the documents, nats. */
  leastSurprisal: number;
}

/**
 * A word that is probable with the documents is none of these, whatever they leave: 3 nats are a probability of 0.05. What 0.75 finds
 * and misses is in docs/hallucination.md.
 */
export const DEFAULT_THRESHOLDS: FindingThresholds = { leastSuspicion: 0.75, leastSurprisal: 3 };

type Sums = Pick<LiftSpan, "withDocuments" | "withoutDocuments">;
type Word = Place & Sums & { tokens: number; byDocument: (number | null)[] | null };

/**
 * Places that are found, in order; words with nothing but white space and marks between them are one.
 *
 * The first word of an answer is improbable in any case, since the answer might have begun otherwise ("The", "It is", a name), and
 * no document says how. So its numbers alone are no reason: it has to be a word that neither documents nor question have.
 * A word such as "is" or "of" says nothing that a document could have, a word of the question nothing that was not given, and a
 * common word of the documents (no name, no number) is supported: they are found between other words alone.
 */
export function findingsOf(
  { answer, question = "", documents = [] }: ExaminedAnswer,
  { tokens }: Pick<RetrievalLift, "tokens">,
  sentences: readonly SentenceAgreement[],
  thresholds: FindingThresholds,
): Finding[] {
  const runs: Word[][] = [];
  let previous = -1;
  for (const [i, word] of wordsOf(answer, tokens).entries()) {
    if (!isFound(word, thresholds)) continue;
    if (i === 0 && isBeginning(answer.slice(word.start, word.end), [question, ...documents.map(textOf)]))
      continue;
    const before = previous === i - 1 ? runs.at(-1)?.at(-1) : undefined;
    if (before && !SENTENCE_END.test(answer.slice(before.end, word.start))) runs.at(-1)!.push(word);
    else runs.push([word]);
    previous = i;
  }
  const asked = new Set(unitsOf(question));
  const read = new Set(documents.flatMap(({ text }) => unitsOf(text)));
  const says = ({ start, end }: Word) => {
    const word = answer.slice(start, end);
    const isFirst = BEGINNING.test(answer.slice(Math.max(0, start - 8), start));
    if (isFunctionWord(word, isFirst)) return false;
    const isCommon = /^[\p{Ll}'\u2019-]+$/u.test(word);
    return !unitsOf(word).every((unit) => asked.has(unit) || (isCommon && read.has(unit)));
  };
  return runs.flatMap((run) => {
    const words = run.slice(run.findIndex(says), run.findLastIndex(says) + 1);
    return words.length === 0 ? [] : [findingOf(words.reduce(joined), answer, sentences, documents)];
  });
}

const SENTENCE_END = /[.!?。！？\n]/u;
/** What stands before the first word of a sentence. */
const BEGINNING = /(?:^|[.!?。！？\n])[^\p{L}\p{N}]*$/u;

const textOf = ({ text }: SourceDocument): string => text;

/** Whether a first word is one that sentences begin with, or stands in the texts. */
function isBeginning(word: string, texts: readonly string[]): boolean {
  const lacking = new Set(unitsOf(word).filter((unit) => !isOpening(unit)));
  for (const text of texts) {
    if (lacking.size === 0) break;
    for (const unit of unitsOf(text)) lacking.delete(unit);
  }
  return lacking.size === 0;
}

/** Nats that documents take away before they are said to be against a place; a bit of probability moves with every prompt. */
const AGAINST = 1;

const LETTER = /[\p{L}\p{M}\p{N}]/u;
const ONE_BY_ONE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

/** Tokens as words, without the white space and the marks around them. What is written without spaces is a word per token. */
function wordsOf(answer: string, tokens: readonly TokenLift[]): Word[] {
  const words: Word[] = [];
  let open = false;
  for (const token of tokens) {
    const text = answer.slice(token.start, token.end);
    const first = text.search(LETTER);
    if (first < 0) {
      open &&= text === "" || /^['\u2019-]$/u.test(text);
      continue;
    }
    const last = first + text.slice(first).search(/[^\p{L}\p{M}\p{N}]*$/u);
    const place = { start: token.start + first, end: token.start + last };
    const own = {
      ...place,
      ...sums(token),
      tokens: 1,
      byDocument: token.byDocument ? [...token.byDocument] : null,
    };
    const before = words.at(-1);
    const goesOn = open && before !== undefined && first === 0 && !ONE_BY_ONE.test(text);
    if (goesOn) words[words.length - 1] = joined(before, own);
    else words.push(own);
    open = last === text.length && !ONE_BY_ONE.test(text);
  }
  return words;
}

const sums = ({ withDocuments, withoutDocuments }: Sums): Sums => ({ withDocuments, withoutDocuments });
const plus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);

const joined = (a: Word, b: Word): Word => ({
  start: a.start,
  end: b.end,
  tokens: a.tokens + b.tokens,
  withDocuments: plus(a.withDocuments, b.withDocuments),
  withoutDocuments: plus(a.withoutDocuments, b.withoutDocuments),
  byDocument: a.byDocument && b.byDocument && a.byDocument.map((value, i) => plus(value, b.byDocument![i]!)),
});

/** Of the word as a whole: the nats of its tokens together. */
const suspicionOfWord = (word: Word): number | null => suspicionOf({ ...word, tokens: 1 });

function isFound(word: Word, { leastSuspicion, leastSurprisal }: FindingThresholds): boolean {
  const suspicion = suspicionOfWord(word);
  return suspicion !== null && suspicion >= leastSuspicion && -word.withDocuments! >= leastSurprisal;
}

function findingOf(
  run: Word,
  answer: string,
  sentences: readonly SentenceAgreement[],
  documents: readonly SourceDocument[],
): Finding {
  const { start, end } = run;
  const [r, s] = [-run.withDocuments!, -run.withoutDocuments!];
  const suspicion = suspicionOfWord(run)!;
  const sentence = sentences.find((place) => start >= place.start && start < place.end);
  const best = bestDocument(run, sentence);
  const quote = answer.slice(start, end);
  const shown = quote.length > 80 ? `${quote.slice(0, 80).replace(/[\uD800-\uDBFF]$/, "")}…` : quote;
  const less = r - s >= AGAINST;
  return {
    start,
    end,
    signal: "retrieval",
    kind: less ? "less-probable" : "unsupported",
    strength: strengthOf(suspicion),
    because: less
      ? `The documents make "${shown}" less probable: ${r.toFixed(1)} nats of surprisal with them, ${s.toFixed(1)} without.`
      : `The documents hardly explain "${shown}": ${r.toFixed(1)} nats of surprisal with them, ${s.toFixed(1)} without.`,
    details: {
      suspicion,
      lift: s - r,
      "surprisal-with": r,
      "surprisal-without": s,
      document: best === null ? null : documents[best]!.name,
      missing: sentence && sentence.missing.length > 0 ? sentence.missing.join(", ") : null,
    },
  };
}

/** The document that adds most to the words; where that was not asked or none adds, the one nearest to their sentence. */
function bestDocument({ byDocument }: Word, sentence: SentenceAgreement | undefined): number | null {
  let best: number | null = null;
  for (const [i, value] of (byDocument ?? []).entries())
    if (value !== null && value > (best === null ? 0 : byDocument![best]!)) best = i;
  return best ?? sentence?.nearest?.document ?? null;
}
