export { AnswerFile, type Kept } from "./answer-file.ts";
export { InOrder } from "./in-order.ts";
export { GENERATE_OPTIONS, generateOptions, placesOf } from "./options.ts";
export { type PromptRow, readPrompts, SPLITS } from "./prompts.ts";
export { type Request, requestOf } from "./rows.ts";
export { endsAll } from "./schedule.ts";
export { Session } from "./session.ts";
