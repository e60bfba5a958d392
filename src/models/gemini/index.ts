/** Gemini, over Google's own API. */
export { GeminiModel, type GeminiOptions } from "./model.ts";
export { geminiReader } from "./reader.ts";
