/** The conformance suite over every source, each against a fake server that speaks its dialect. */
import { afterAll, describe, it } from "vitest";
import { GeminiModel } from "../../src/models/gemini/index.ts";
import { isChat } from "../../src/models/generation.ts";
import type { LanguageModel, Prompt } from "../../src/models/index.ts";
import { OllamaModel } from "../../src/models/ollama/index.ts";
import { OpenAIModel, type OpenAIOptions } from "../../src/models/openai/index.ts";
import { type ConformanceSkip, TableModel, testConformance } from "../../src/models/test/index.ts";
import { type DialectName, type FakeServer, startFakeServer } from "./fake-server.ts";
import { plainModel } from "./plain-model.ts";

interface Source {
  name: string;
  dialect: DialectName;
  /** The model behind the server. Default: one that writes readable text, for servers that show no bytes. */
  model?: () => TableModel;
  open(server: FakeServer, model: string): Promise<LanguageModel>;
  skip?: readonly ConformanceSkip[];
}

const NO_SEED: ConformanceSkip = {
  reason: "the API takes no seed, and says so instead of ignoring it",
  tests: [
    "the same seed writes the same text, other seeds others",
    "answers written at once are what each is alone",
    "sample writes what generate writes with the seeds that follow",
    "an answer ends exactly where a stop string begins",
  ],
};

const NO_TOP_K: ConformanceSkip = {
  reason: "the API has no top-k, and says so instead of ignoring it",
  tests: ["one candidate left is greedy, at any temperature"],
};

const SILENT_CACHE: ConformanceSkip = {
  reason: "the server does not say what it had run already, so every token counts as run",
  tests: ["requests that share a prefix: the same numbers, and the prefix run once"],
};

const SPECIAL_ALWAYS: ConformanceSkip = {
  reason:
    "the server's tokenizer reads special tokens in a text, always; such a text is refused, not misread",
  tests: [
    "tokens give back the very bytes of the text",
    "byte offsets cut the text into the tokens' bytes",
    "text that looks like a special token is text unless asked",
  ],
};

const TEXT_ONLY: ConformanceSkip = {
  reason:
    "TGI takes texts, and does not say what an id stands for: ids score where it makes the same ones of a text that was seen",
  tests: [
    "text that looks like a special token is text unless asked",
    "what was written scores as it was written",
    "disjoint windows, prefix in the first: the same numbers as score()",
    "a full window without prefix: the same numbers as score()",
  ],
};

const NO_PROMPT_ALTERNATIVES: ConformanceSkip = {
  reason: "TGI gives alternatives of written tokens only",
  tests: [
    "alternatives: best first, probabilities that sum to at most 1",
    "a plan gives alternatives when asked",
  ],
};

const openai =
  (options: OpenAIOptions = {}) =>
  (server: FakeServer, model: string) =>
    OpenAIModel.open(`${server.url}#${model}`, options);

/** A source that takes chats only is asked with the suite's texts as a user's message. */
const chatOnly = (dialect: OpenAIOptions["dialect"]) => async (server: FakeServer, model: string) =>
  answering(await OpenAIModel.open(`${server.url}#${model}`, { dialect }));

function answering(model: LanguageModel): LanguageModel {
  const chat = (prompt: Prompt): Prompt =>
    typeof prompt === "string" && !isChat(prompt) ? [{ role: "user", content: prompt }] : prompt;
  const generate: LanguageModel["generate"] = (prompt, options) => model.generate(chat(prompt), options);
  const sample: LanguageModel["sample"] = (prompt, options) => model.sample(chat(prompt), options);
  return new Proxy(model, {
    get(target, key) {
      if (key === "generate") return generate;
      if (key === "sample") return sample;
      const value = Reflect.get(target, key, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const SOURCES: readonly Source[] = [
  { name: "vLLM", dialect: "vllm", open: openai(), skip: [SPECIAL_ALWAYS, SILENT_CACHE] },
  {
    name: "vLLM, any bytes",
    dialect: "vllm",
    model: () => TableModel.bytes(),
    open: openai(),
    skip: [SPECIAL_ALWAYS],
  },
  { name: "SGLang", dialect: "sglang", open: openai(), skip: [SPECIAL_ALWAYS, SILENT_CACHE] },
  {
    name: "Text Generation Inference",
    dialect: "tgi",
    open: openai(),
    skip: [TEXT_ONLY, NO_PROMPT_ALTERNATIVES, SILENT_CACHE],
  },
  { name: "llama-server", dialect: "llama-server", open: openai() },
  { name: "llama-cpp-python", dialect: "llama-cpp-python", open: openai() },
  {
    name: "OpenAI, completions",
    dialect: "openai",
    open: openai({ dialect: "openai" }),
    skip: [NO_TOP_K],
  },
  { name: "OpenAI, chat", dialect: "openai", open: chatOnly("openai"), skip: [NO_TOP_K] },
  { name: "Azure", dialect: "azure", open: chatOnly("azure"), skip: [NO_TOP_K] },
  { name: "DeepSeek", dialect: "deepseek", open: chatOnly("deepseek"), skip: [NO_SEED, NO_TOP_K] },
  { name: "OpenRouter", dialect: "openrouter", open: chatOnly("openrouter") },
  { name: "xAI", dialect: "xai", open: chatOnly("xai"), skip: [NO_TOP_K] },
  { name: "LM Studio", dialect: "lmstudio", open: chatOnly("lmstudio") },
  {
    name: "Ollama, OpenAI-compatible",
    dialect: "ollama",
    open: chatOnly("ollama"),
    skip: [NO_TOP_K],
  },
  {
    name: "Ollama",
    dialect: "ollama",
    open: (server, model) => OllamaModel.open(model, { address: server.url }),
  },
  {
    name: "Gemini",
    dialect: "gemini",
    open: (server, model) => GeminiModel.open(model, { address: server.url }),
  },
];

for (const { name, dialect, model = plainModel, open, skip = [] } of SOURCES)
  describe(name, () => {
    let server: FakeServer | undefined;
    testConformance({
      describe,
      it,
      async create() {
        const behind = model();
        server = await startFakeServer({ dialect, model: behind });
        return open(server, behind.identity.name);
      },
      skip,
    });
    afterAll(() => server?.close());
  });
