/** `surprisal/servers`: models behind servers, each over its own API. `resolve("http://...")` opens them too. */
export { GeminiModel, type GeminiOptions } from "../models/gemini/index.ts";
export { OllamaModel, type OllamaOptions } from "../models/ollama/index.ts";
export {
  type AlignmentProof,
  DIALECT_NAMES,
  type Dialect,
  type DialectName,
  OpenAIModel,
  type OpenAIOptions,
} from "../models/openai/index.ts";
