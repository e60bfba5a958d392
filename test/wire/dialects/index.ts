/** Every dialect that a fake server speaks. */
import type { Dialect } from "./dialect.ts";
import { gemini } from "./gemini.ts";
import { llamaCppPython, llamaServer } from "./llama.ts";
import { ollama } from "./ollama.ts";
import { azure, deepseek, lmstudio, openai, openrouter, xai } from "./openai.ts";
import { sglang } from "./sglang.ts";
import { tgi } from "./tgi.ts";
import { vllm } from "./vllm.ts";

export type DialectName =
  | "openai"
  | "azure"
  | "deepseek"
  | "openrouter"
  | "xai"
  | "lmstudio"
  | "vllm"
  | "sglang"
  | "llama-server"
  | "llama-cpp-python"
  | "tgi"
  | "ollama"
  | "gemini";

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  openai,
  azure,
  deepseek,
  openrouter,
  xai,
  lmstudio,
  vllm,
  sglang,
  "llama-server": llamaServer,
  "llama-cpp-python": llamaCppPython,
  tgi,
  ollama,
  gemini,
};
