/** Asking a model about its answer: a number, guesses, a phrase, P(True), several times, after a review. */
export {
  type AskAllOptions,
  type AskedCounts,
  type AskedItem,
  askAll,
  countAsked,
  priceAll,
} from "./batch.ts";
export type {
  AskedEstimate,
  AskedQuestion,
  AskingMethod,
  AskOptions,
  NoEstimate,
  Reply,
} from "./contract.ts";
export { type PTrueExample, type PTrueOptions, pTrue } from "./p-true.ts";
export { P_TRUE_VARIANTS, P_TRUE_WORDINGS, type PTrueVariant } from "./p-true-wordings.ts";
export { type RepeatedEstimate, type RepeatedMethod, type RepeatedOptions, repeated } from "./repeated.ts";
export {
  type IntrospectiveOptions,
  introspective,
  type LinguisticOptions,
  linguistic,
  type TopGuessesOptions,
  topGuesses,
  type VerbalisedOptions,
  verbalised,
} from "./said.ts";
export type { UsedWording, Wording } from "./wording.ts";
export {
  GUESS_WORDINGS,
  type GuessWordingName,
  LINGUISTIC_WORDINGS,
  type LinguisticWordingName,
  NUMBER_WORDINGS,
  type NumberWording,
  type NumberWordingName,
  REVIEW_WORDINGS,
  type ReviewWordingName,
} from "./wordings.ts";
