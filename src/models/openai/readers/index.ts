export { chatReader } from "./chat.ts";
export { completionsReader, tokensOfArrays } from "./completions.ts";
export { llamaServerReader } from "./llama-server.ts";
export { type ReaderOptions, wireTokens } from "./reader.ts";
export { responsesReader } from "./responses.ts";
export { type CompletionsLogprobs, isFourArrays, readCompletionsAnswer } from "./schema.ts";
export { sglangReader } from "./sglang.ts";
export { tgiReader } from "./tgi.ts";
