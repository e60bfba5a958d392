/** Asks servers for the attack on them, one after the other, through the real sources. */
import { GeminiModel } from "../../dist/models/gemini/index.js";
import { OllamaModel } from "../../dist/models/ollama/index.js";
import { OpenAIModel } from "../../dist/models/openai/index.js";
import { ApiKey } from "../../dist/models/remote/index.js";

const CHAT = [{ role: "user", content: "private prompt" }];

function open(source, origin, options) {
  if (source === "ollama") return OllamaModel.open("m", { ...options, address: origin });
  if (source === "gemini") return GeminiModel.open("m", { ...options, address: `${origin}/v1beta` });
  const dialect = source === "chat" ? "openai" : "llama-cpp-python";
  return OpenAIModel.open(`${origin}/v1#m`, { ...options, dialect, prove: false });
}

process.on("message", async ({ source, origin, options, key }) => {
  process.env.SURPRISAL_API_KEY = key;
  const records = [];
  const reply = { records };
  try {
    const own = ApiKey.fromEnvironment("SURPRISAL_API_KEY");
    const model = await open(source, origin, { ...options, key: own });
    const writing = model.generate(source === "completions" ? "private prompt" : CHAT, { maxTokens: 8 });
    for await (const { text, logprob } of writing) records.push({ text: text.slice(0, 20), logprob });
    const { partial, warnings } = writing.end;
    reply.end = { partial, warnings };
  } catch (error) {
    const { code, what, where, wayOut, message, stack } = error;
    reply.error = { code, what, where, wayOut, message, stack };
  }
  if (records.length > 5000) records.length = 5000;
  process.send({ ...reply, mostMemory: process.resourceUsage().maxRSS }); // of the whole life of this process, KiB
});
process.send("ready");
