/** Servers that speak OpenAI's API, each in its dialect. */

export type { AlignmentProof } from "./alignment-proof.ts";
export { DIALECT_NAMES, type Dialect, type DialectName } from "./dialects.ts";
export type { OpenAIOptions } from "./endpoint.ts";
export { OpenAIModel } from "./model.ts";
export { type Finding, type ProbeReport, probe } from "./probe.ts";
export { PROVIDERS, type Provider, providerAddress } from "./providers.ts";
export {
  chatReader,
  completionsReader,
  llamaServerReader,
  responsesReader,
  sglangReader,
  tgiReader,
} from "./readers/index.ts";
