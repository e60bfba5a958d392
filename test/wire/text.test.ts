/** The text of an answer is the server's, whatever is wrong with its tokens. */
import { describe, expect, it } from "vitest";
import { seededRandom, type TokenRecord } from "../../src/core/index.ts";
import { chatReader } from "../../src/models/openai/index.ts";
import { fixtureBytes, manifest } from "./fixtures.ts";
import { containerOf, replay, textOf } from "./replay.ts";

interface Entry {
  token: string;
  logprob: number;
}

interface Said {
  content?: string;
  reasoning?: string;
  reasoning_content?: string;
}

const entry = (token: string, logprob: number): Entry => ({ token, logprob });

function chunk(delta: Said, content: readonly Entry[] = [], finish_reason: string | null = null) {
  return { choices: [{ index: 0, delta, logprobs: content.length > 0 ? { content } : null, finish_reason }] };
}

const usage = (completion_tokens: number) => ({ choices: [], usage: { completion_tokens } });

function read(values: readonly unknown[]) {
  const reader = chatReader();
  const records = values.flatMap((value) => reader.push(value));
  const { records: rest, end } = reader.finish();
  return { records: [...records, ...rest], end };
}

/** What the same server says in one piece. */
function wholeOf(chunks: readonly ReturnType<typeof chunk>[], completion_tokens: number) {
  const choices = chunks.flatMap(({ choices }) => choices);
  const joined = (of: (said: Said) => string | undefined) =>
    choices.map(({ delta }) => of(delta) ?? "").join("");
  const message = {
    content: joined(({ content }) => content),
    reasoning: joined(({ reasoning, reasoning_content }) => reasoning ?? reasoning_content),
  };
  const content = choices.flatMap(({ logprobs }) => logprobs?.content ?? []);
  const finish_reason = choices.at(-1)!.finish_reason;
  return [
    { choices: [{ index: 0, message, logprobs: { content }, finish_reason }], usage: { completion_tokens } },
  ];
}

const shown = (records: readonly TokenRecord[]) =>
  records.filter(({ text }) => text !== "").map(({ text, logprob }) => [text, logprob]);

describe("gpt-oss behind vLLM", () => {
  // vLLM, with `return_token_ids`: header tokens come in empty deltas, with their numbers.
  const header = (...tokens: string[]) => tokens.map((token) => chunk({}, [entry(token, -1e-3)]));
  const chunks = [
    chunk({ content: "" }),
    ...header("<|channel|>", "analysis", "<|message|>"),
    chunk({ reasoning: "Easy" }, [entry("Easy", -0.5)]),
    ...header("<|end|>", "<|start|>", "assistant", "<|channel|>", "final", "<|message|>"),
    chunk({ content: "Par" }, [entry("Par", -0.3)]),
    chunk({ content: "is" }, [entry("is", -0.1)]),
    chunk({}, [entry("<|return|>", -0.05)], "stop"),
  ];

  it.each([
    ["streamed", [...chunks, usage(13)]],
    ["whole", wholeOf(chunks, 13)],
  ])("%s: its headers carry numbers and no text", (_, values) => {
    const { records, end } = read(values);
    expect(shown(records)).toEqual([
      ["Easy", -0.5],
      ["Par", -0.3],
      ["is", -0.1],
    ]);
    expect(records).toHaveLength(12);
    expect(end).toMatchObject({ tokens: 12, scored: 12, partial: false, warnings: [] });
  });
});

describe("a token that llama-server holds back", () => {
  // tools/server: "<" may begin "</think>"; nothing is sent for it, and its text comes with the next token's number.
  const chunks = [
    chunk({ reasoning_content: "if" }, [entry("if", -0.1)]),
    chunk({ reasoning_content: " <3" }, [entry("3", -0.2)]),
    chunk({ content: "Yes" }, [entry("Yes", -0.3)]),
    chunk({ content: ", x <=2" }, [entry("=2", -0.4)]),
    chunk({ content: "." }, [entry(".", -0.5)], "stop"),
  ];

  it.each([
    ["streamed", [...chunks, usage(9)]],
    ["whole", wholeOf(chunks, 9)],
  ])("%s: its text is there, without a number", (_, values) => {
    const { records, end } = read(values);
    expect(shown(records)).toEqual([
      ["if", -0.1],
      [" <", null],
      ["3", -0.2],
      ["Yes", -0.3],
      [", x <", null],
      ["=2", -0.4],
      [".", -0.5],
    ]);
    expect(end).toMatchObject({ scored: 5, partial: true });
  });
});

describe("numbers that were lost, repeated or changed", () => {
  const files = manifest().fixtures.filter(
    ({ format, outcome }) =>
      format === "chat" && outcome && !("error" in outcome) && outcome.perplexity !== null,
  );
  /** Without white space, which servers trim, and characters that several tokens may share. */
  const words = (records: readonly TokenRecord[]) => textOf(records).replace(/[^!-~]/g, "");

  it.each(files)("change no text of $file", async ({ file, format, choices }) => {
    const random = seededRandom(20261128);
    const [bytes, container] = [fixtureBytes(file), containerOf(file)];
    const options = { piece: 4096, ...(choices !== undefined && { choices }) };
    const truth = await replay(bytes, format, container, options);
    for (let i = 0; i < 20; i++) {
      const damaged = new TextDecoder()
        .decode(bytes)
        .replace(/"content":\s*\[.*?\]\s*\}\s*\](?=\s*[,}])/gs, (list) => damage(list, random));
      const { records, error } = await replay(new TextEncoder().encode(damaged), format, container, options);
      expect(error).toBe(null);
      expect(words(records)).toBe(words(truth.records));
    }
  });
});

/** Of `"content": [...]`: an entry left out, twice, or of another token. */
function damage(list: string, random: () => number): string {
  const at = list.indexOf("[");
  let entries: Entry[];
  try {
    entries = JSON.parse(list.slice(at)) as Entry[];
  } catch {
    return list;
  }
  const damaged = entries.flatMap((entry) => {
    const draw = random();
    if (draw < 0.1) return [];
    if (draw < 0.2) return [entry, entry];
    return draw < 0.3 ? [{ ...entry, token: "qq", bytes: null }] : [entry];
  });
  return list.slice(0, at) + JSON.stringify(damaged);
}
