/** Gemini, over Google's own API. */
export { GeminiModel, type GeminiOptions } from "./model.ts";
export { type GeminiReader, type GeminiReaderOptions, geminiReader } from "./reader.ts";
