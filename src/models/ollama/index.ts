/** Ollama, over its own API. */
export { OllamaModel, type OllamaOptions, ollamaAddress } from "./model.ts";
export { type OllamaReader, type OllamaReaderOptions, ollamaReader } from "./reader.ts";
