/** `surprisal/servers`: models behind servers, each over its own API. `resolve("http://...")` opens them too. */
export * from "./gemini/index.ts";
export * from "./ollama/index.ts";
export * from "./openai/index.ts";
