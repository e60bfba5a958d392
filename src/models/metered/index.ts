/** Answers of other people's clients, read while they pass by. */
export { AnswerMeter, type AnswerMeterOptions, type MeteredEnd } from "./answer-meter.ts";
export { type TokenEvent, wholeAnswer } from "./format.ts";
export { type SurprisalSummary, summaryOf } from "./summary.ts";
