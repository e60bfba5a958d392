/** Phrases of the table in a text, the longest first: "not very confident" holds no "confident". */
import { CONFIDENCE_PHRASES, type ConfidencePhrase } from "./phrases.ts";

/** A phrase and where it stands in the prepared text. */
export interface PhraseMention extends ConfidencePhrase {
  start: number;
  end: number;
  /** "not unlikely", 不是很确定: the phrase is denied, and what is meant instead is not said. */
  denied: boolean;
}

const escaped = (phrase: string): string => phrase.replaceAll(/[.%]/g, "\\$&").replaceAll(" ", "\\s");
const longestFirst = CONFIDENCE_PHRASES.toSorted((a, b) => b.phrase.length - a.phrase.length);
const byPhrase = new Map(CONFIDENCE_PHRASES.map((phrase) => [phrase.phrase.toLowerCase(), phrase]));
const of = (language: "en" | "zh") =>
  longestFirst.filter((phrase) => phrase.language === language).map(({ phrase }) => escaped(phrase));
const DENYING =
  /(?:\b(?:not|never|hardly|neither|without|cannot|lack|far from|less than)|n't)\s(?:(?!but\b|and\b)[\w']+\s){0,3}$|(?:不是|并不|并非|没有?|不无|不)(?:是|很|太|那么|非常|十分|特别|完全|绝对|足够)?$/i;
/** "A certain number" and "certain people" are some. */
const SOME =
  /^\s(?!(?:that|about|of|in|the|it|this|these|those|my|and|or|but|he|she|i|we|you|they|is|as|here|because|since|enough|yes|no)\b)[a-z]/i;

/** "How confident", "确定程度", "make sure" and "are you sure?" state none. */
const PHRASE = new RegExp(
  `(?<!\\bhow |\\bmake |\\bbe |\\bto be |\\bare you |\\bam I |\\bif |\\ba )(?<![A-Za-z])(?:${of("en").join("|")})(?![A-Za-z])|(?:${of("zh").join("|")})(?!程度|性)`,
  "gi",
);

export function phrasesOf(text: string): PhraseMention[] {
  return [...text.matchAll(PHRASE)].flatMap((match) => {
    const phrase = byPhrase.get(match[0].toLowerCase().replaceAll(/\s/g, " "));
    if (!phrase) return [];
    const [start, end] = [match.index, match.index + match[0].length];
    if (phrase.phrase === "Certain" && SOME.test(text.slice(end, end + 12))) return [];
    const denied = DENYING.test(text.slice(Math.max(0, start - 32), start));
    return [{ ...phrase, start, end, denied }];
  });
}
