/** The answers of a real llama-server, llama-cpp-python and Ollama, byte for byte (test/fixtures/wire/README.md). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../../../core/index.ts";
import type { GenerationEnd } from "../../language-model.ts";
import { parseJson, readServerSentEvents, type WireReader } from "../../remote/index.ts";
import { chatReader } from "./chat.ts";
import { completionsReader } from "./completions.ts";
import { llamaServerReader } from "./llama-server.ts";
import type { ReaderOptions } from "./reader.ts";
import { responsesReader } from "./responses.ts";

function fixture(path: string): Uint8Array {
  return readFileSync(new URL(`../../../../test/fixtures/wire/${path}`, import.meta.url));
}

/** The JSON values of a fixture; a stream's bytes come in pieces that cut events and characters. */
async function valuesIn(path: string): Promise<unknown[]> {
  const bytes = fixture(path);
  if (!path.endsWith(".sse"))
    return [parseJson(new TextDecoder().decode(bytes).replace(/\nHTTP 200\s*$/, ""), path)];
  const values: unknown[] = [];
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 5) yield bytes.subarray(at, at + 5);
  }
  for await (const value of readServerSentEvents(pieces(), path)) values.push(value);
  return values;
}

type Reading = {
  records: TokenRecord[];
  end: Omit<GenerationEnd, "provenance">;
  probabilities?: string | undefined;
};

async function reading(path: string, reader: WireReader): Promise<Reading> {
  const records = (await valuesIn(path)).flatMap((value) => reader.push(value));
  const { records: rest, ...finished } = reader.finish();
  return { records: [...records, ...rest], ...finished };
}

/** Every number of a token that was written, in order, found without knowing the format. */
function numbersIn(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(numbersIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inside]) => {
    if (key === "top_logprobs" || key === "top_probs") return [];
    if (key === "logprob") return [inside as number];
    if (key === "prob") return [Math.log(inside as number)];
    if (key === "token_logprobs") return inside as number[];
    return numbersIn(inside);
  });
}

const text = (records: readonly TokenRecord[]) => records.map((record) => record.text).join("");

type Make = (options?: ReaderOptions) => WireReader;

interface Expected {
  text: RegExp;
  finishReason: "stop" | "length";
  /** As the server counts them, without end-of-text. */
  tokens: number | null;
  scored: number;
  partial: boolean;
  /** Numbers in the file that are not records: the end-of-text token. */
  endOfText?: number;
}

const complete = (
  text: RegExp,
  finishReason: Expected["finishReason"],
  scored: number,
  more: Partial<Expected> = {},
) => ({
  text,
  finishReason,
  tokens: scored,
  scored,
  partial: false,
  ...more,
});

const GOLDEN: [path: string, make: Make, expected: Expected][] = [
  ["llama-server/chat-stream.sse", chatReader, complete(/^Hello in Chinese, .*English\.$/, "stop", 22)],
  [
    "llama-server/chat.json",
    chatReader,
    complete(/^Hello in Chinese, .*English\.$/, "stop", 22, { endOfText: 1 }),
  ],
  ["llama-server/completions-stream.sse", completionsReader, complete(/^ Paris\.\n\n.* 201$/, "length", 12)],
  ["llama-server/completions.json", completionsReader, complete(/^ Paris\.\n\n.* 201$/, "length", 12)],
  // `echo` is ignored: the written token only.
  ["llama-server/completions-echo.txt", completionsReader, complete(/^ Paris$/, "length", 1)],
  // Ten records, for 16 tokens: six characters of two tokens each, and an incomplete one at the end.
  [
    "llama-server/native.json",
    llamaServerReader,
    { ...complete(/^我们可以在这里安全的$/, "length", 10), tokens: 16, partial: true },
  ],
  [
    "llama-server/native-stream.sse",
    llamaServerReader,
    { ...complete(/^我们可以在这里安全的$/, "length", 10), tokens: 16, partial: true },
  ],
  [
    "llama-server/native-post-sampling.json",
    llamaServerReader,
    complete(/^ the day she made it, she found$/, "length", 8),
  ],
  ["llama-cpp-python/chat.json", chatReader, complete(/^Hello! I'm here .*\. What$/, "length", 16)],
  [
    "llama-cpp-python/chat-stream.sse",
    chatReader,
    complete(/^Hello! I'm here .*\. What$/, "length", 16, { tokens: null }),
  ],
  [
    "llama-cpp-python/completions.json",
    completionsReader,
    complete(/^ Paris\.\n- .* approximately$/, "length", 12),
  ],
  [
    "llama-cpp-python/completions-stream.sse",
    completionsReader,
    complete(/^ Paris\.\n- .* approximately$/, "length", 12, { tokens: null }),
  ],
  [
    "llama-cpp-python/completions-stream-zh.sse",
    completionsReader,
    complete(/^可以到，$/, "length", 13, { tokens: null }),
  ],
  ["ollama/openai-chat-stream.sse", chatReader, complete(/^I'm so glad you're here\.$/, "length", 8)],
  // Ollama has no numbers here, and says so by empty lists or not at all.
  [
    "ollama/openai-responses-stream.sse",
    responsesReader,
    { text: /^I'm so glad you're here\.$/, finishReason: "stop", tokens: 8, scored: 0, partial: true },
  ],
  [
    "ollama/openai-completions-echo.json",
    completionsReader,
    { text: /^The capital of France is Paris$/, finishReason: "length", tokens: 6, scored: 0, partial: true },
  ],
];

describe("real servers' answers", () => {
  it.each(GOLDEN)("%s", async (path, make, { text: words, endOfText = 0, ...expected }) => {
    const { records, end } = await reading(path, make());
    expect(end).toMatchObject(expected);
    expect(text(records)).toMatch(words);
    const numbers = numbersIn(await valuesIn(path));
    expect(records.flatMap(({ logprob }) => (logprob === null ? [] : [logprob]))).toEqual(
      numbers.slice(0, numbers.length - endOfText),
    );
  });

  it("says how many tokens carry a number", async () => {
    const { end } = await reading("llama-server/native.json", llamaServerReader());
    expect(end.warnings).toContain("10 of 16 tokens carry a number.");
  });

  it.each([
    ["llama-server/chat", chatReader],
    ["llama-server/completions", completionsReader],
    ["llama-server/native", llamaServerReader],
    ["llama-cpp-python/chat", chatReader],
    ["llama-cpp-python/completions", completionsReader],
  ] as const)("%s: the same records, whole and streamed", async (name, make) => {
    const whole = await reading(`${name}.json`, make({ alternatives: 2 }));
    const suffix = name.endsWith("native") ? "native-stream" : `${name.split("/")[1]}-stream`;
    const streamed = await reading(`${name.split("/")[0]}/${suffix}.sse`, make({ alternatives: 2 }));
    expect(streamed.records.map(shape)).toEqual(whole.records.map(shape));
    // Computed in other batches, so not to the last digit.
    for (const [i, { logprob }] of streamed.records.entries())
      expect(logprob).toBeCloseTo(whole.records[i]!.logprob!, 1);
  });

  it("says when the probabilities are those after sampling", async () => {
    const post = await reading("llama-server/native-post-sampling.json", llamaServerReader());
    expect(post.probabilities).toBe("post-sampling");
    const raw = await reading("llama-server/native.json", llamaServerReader());
    expect(raw.probabilities).toBe("raw");
  });

  it("keeps exact bytes of alternatives that are halves of characters", async () => {
    const { records } = await reading("llama-server/chat.json", chatReader({ alternatives: 5 }));
    const halves = records[0]!.alternatives!.slice(1);
    expect(halves.map(({ bytes }) => Array.from(bytes!))).toEqual([[230], [229], [231], [232]]);
    expect(halves.every(({ text }) => text === "\uFFFD")).toBe(true);
    expect(records[0]).toMatchObject({ id: 19556, rank: 1 });
  });

  it("leaves out alternatives that the server keyed by no text", async () => {
    const { records, end } = await reading("llama-cpp-python/completions-stream-zh.sse", completionsReader());
    expect(records.flatMap(({ alternatives }) => alternatives ?? []).some((other) => other.text === "")).toBe(
      false,
    );
    expect(end.warnings.join()).toMatch(/several share one place/);
  });

  it("finds an echo among the records", async () => {
    const { end } = await reading("llama-cpp-python/completions-echo.json", completionsReader());
    expect(end.partial).toBe(true); // the first token has no number
  });
});

const shape = ({ text, id, bytes, alternatives }: TokenRecord) => ({
  text,
  id,
  bytes: bytes && Array.from(bytes),
  alternatives: alternatives?.map((other) => other.text),
});
