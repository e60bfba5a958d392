/** Servers that speak OpenAI's API, each in its dialect. */

export type { AlignmentProof } from "./alignment-proof.ts";
export { DIALECT_NAMES, type Dialect, type DialectName } from "./dialects.ts";
export type { OpenAIOptions } from "./endpoint.ts";
export { OpenAIModel } from "./model.ts";
export { type Finding, type ProbeReport, probe } from "./probe.ts";
export { PROVIDERS, type Provider, providerAddress } from "./providers.ts";
export { chatReader } from "./readers/chat.ts";
export { completionsReader } from "./readers/completions.ts";
export { llamaServerReader } from "./readers/llama-server.ts";
export type { ReaderOptions } from "./readers/reader.ts";
export { responsesReader } from "./readers/responses.ts";
export { sglangReader } from "./readers/sglang.ts";
export { tgiReader } from "./readers/tgi.ts";
