export { AnswerFile } from "./answer-file.ts";
export { InOrder } from "./in-order.ts";
export { GENERATE_OPTIONS, generateOptions, placesOf } from "./options.ts";
export { type PromptRow, readPrompts, SPLITS } from "./prompts.ts";
export { answerRow, errorRow, type Request, type Row, requestOf } from "./rows.ts";
export { writeAll } from "./schedule.ts";
export { AnswerList } from "./show.ts";
