/** What a written answer says: its number, letter, yes or no, and how confident it says it is. */
export { boxedAnswers } from "./boxed.ts";
export {
  type ConfidenceFacts,
  type ReadConfidenceOptions,
  readConfidence,
  type StatedConfidence,
} from "./confidence.ts";
export type { NumberStyle } from "./digits.ts";
export type { Extraction, Found, Missing, MissingWhy, Place } from "./extraction.ts";
export { type Guess, readGuesses } from "./guesses.ts";
export { type LetterAnswer, type ReadLetterOptions, readLetter } from "./letter.ts";
export type { NumberForm, NumberMention } from "./mention.ts";
export {
  type NumberAnswer,
  type NumberFacts,
  type ReadNumberOptions,
  type ReadOptions,
  readNumber,
} from "./number-answer.ts";
export { type NumberOptions, readNumbers } from "./numbers.ts";
export {
  CHINESE_EXPRESSIONS,
  CONFIDENCE_PHRASES,
  type ConfidencePhrase,
  type PhraseSource,
  TIAN_EXPRESSIONS,
} from "./phrases.ts";
export {
  type AnswerKind,
  type IsRightOptions,
  isRight,
  type Judged,
  type ReadAnswer,
  type ReadAnswerOptions,
  readAnswer,
  type SameNumberOptions,
  sameNumber,
  textKey,
} from "./same.ts";
export type { ConfidenceScale } from "./scales.ts";
export { readYesNo, type YesNoAnswer } from "./yes-no.ts";
