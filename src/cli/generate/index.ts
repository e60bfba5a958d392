export { AnswerFile } from "./answer-file.ts";
export { GENERATE_OPTIONS, generateOptions } from "./options.ts";
export { type PromptRow, readPrompts, SPLITS } from "./prompts.ts";
export { requestOf } from "./rows.ts";
export { Session } from "./session.ts";
