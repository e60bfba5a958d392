export * from "./gemini/index.ts";
export type * from "./language-model.ts";
export * from "./llama/index.ts";
export * from "./ollama/index.ts";
export * from "./openai/index.ts";
export * from "./registry/index.ts";
export { type ResolveOptions, resolve } from "./resolve.ts";
