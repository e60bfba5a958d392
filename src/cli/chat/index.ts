export { writeAnswer } from "./answer.ts";
export { Conversation } from "./conversation.ts";
export { doneEvent, errorEvent, tokenEvent } from "./events.ts";
export { converse } from "./interactive.ts";
export { ANSWER_OPTIONS, answerOptions, policyNotes, withAlternatives } from "./options.ts";
export { showAnswer } from "./show.ts";
