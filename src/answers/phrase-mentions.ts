/** Phrases of the table in a text, the longest first: "not very confident" holds no "confident". */
import { CONFIDENCE_PHRASES, type ConfidencePhrase } from "./phrases.ts";

/** A phrase and where it stands in the prepared text. */
export interface PhraseMention extends ConfidencePhrase {
  start: number;
  end: number;
}

const escaped = (phrase: string): string => phrase.replaceAll(/[.%]/g, "\\$&").replaceAll(" ", "\\s");
const longestFirst = CONFIDENCE_PHRASES.toSorted((a, b) => b.phrase.length - a.phrase.length);
const byPhrase = new Map(CONFIDENCE_PHRASES.map((phrase) => [phrase.phrase.toLowerCase(), phrase]));
const of = (language: "en" | "zh") =>
  longestFirst.filter((phrase) => phrase.language === language).map(({ phrase }) => escaped(phrase));
/** "How confident", "确定程度" and "make sure" state none. */
const PHRASE = new RegExp(
  `(?<!\\bhow |\\bmake |\\bbe |\\bto be )(?<![A-Za-z])(?:${of("en").join("|")})(?![A-Za-z])|(?:${of("zh").join("|")})(?!程度|性)`,
  "gi",
);

export function phrasesOf(text: string): PhraseMention[] {
  return [...text.matchAll(PHRASE)].flatMap((match) => {
    const phrase = byPhrase.get(match[0].toLowerCase().replaceAll(/\s/g, " "));
    return phrase ? [{ ...phrase, start: match.index, end: match.index + match[0].length }] : [];
  });
}
