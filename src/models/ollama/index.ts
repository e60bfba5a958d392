/** Ollama, over its own API. */
export { OllamaModel, type OllamaOptions, ollamaAddress } from "./model.ts";
export { ollamaReader } from "./reader.ts";
