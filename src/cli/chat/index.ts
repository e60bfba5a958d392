export { type Answer, type AnswerOptions, readAnswer, writeAnswer } from "./answer.ts";
export { Conversation } from "./conversation.ts";
export {
  doneEvent,
  type ErrorEvent,
  errorEvent,
  flagEvent,
  type JsonToken,
  jsonToken,
  type StopEvent,
  stopOf,
  tokenEvent,
} from "./events.ts";
export { AnswerFlags } from "./flags.ts";
export { converse } from "./interactive.ts";
export {
  ANSWER_OPTIONS,
  answerOptions,
  policyNotes,
  WRITING_OPTIONS,
  withAlternatives,
  withLineBreaks,
  writingOptions,
} from "./options.ts";
export { showAnswer, summaryOf } from "./show.ts";
export { PartTexts } from "./texts.ts";
