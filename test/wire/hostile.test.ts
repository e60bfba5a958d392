/** Servers that do what no server should: the reader neither hangs nor crashes, and believes no number it cannot. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { type PerplexityMeter, SurprisalError } from "../../src/core/index.ts";
import { GeminiModel, geminiReader } from "../../src/models/gemini/index.ts";
import { AnswerMeter } from "../../src/models/metered/index.ts";
import { ollamaReader } from "../../src/models/ollama/index.ts";
import {
  chatReader,
  completionsReader,
  llamaServerReader,
  responsesReader,
  sglangReader,
  tgiReader,
} from "../../src/models/openai/index.ts";
import { ApiKey, parseJson, readNdjson, type WireReader } from "../../src/models/remote/index.ts";

/** Far more than these take, and far less than they would with a step that goes through everything again. */
const SOON = 20_000;

const READERS = {
  chatReader,
  completionsReader,
  responsesReader,
  llamaServerReader,
  sglangReader,
  tgiReader,
  ollamaReader,
  geminiReader,
};

type Entry = { token: string; logprob: number; bytes?: number[]; top_logprobs?: unknown[] };

function chunk(text: string, content: Entry[] = [{ token: text, logprob: -1 }], more: object = {}) {
  return { choices: [{ index: 0, delta: { content: text }, logprobs: { content } }], ...more };
}

const end = (reason: string, more: object = {}) => ({
  choices: [{ index: 0, delta: {}, finish_reason: reason }],
  ...more,
});

function read(reader: WireReader, values: readonly unknown[]) {
  const records = values.flatMap((value) => reader.push(value));
  const finished = reader.finish();
  return { ...finished.end, records: [...records, ...finished.records] };
}

describe("what is long takes no longer than it is", () => {
  it("JSON that ends within a string of quotes", { timeout: SOON }, () => {
    const text = `{"a": "${'\\"'.repeat(200_000)}`;
    expect(() => parseJson(text, "server")).toThrow(SurprisalError);
    expect(parseJson(`${text}", "b": NaN}`, "server")).toMatchObject({ b: null });
  });

  it("a line of megabytes in small pieces", { timeout: SOON }, async () => {
    async function* pieces() {
      for (let i = 0; i < 8000; i++) yield new TextEncoder().encode(i === 0 ? '"' : "x".repeat(1000));
      yield new TextEncoder().encode('"\n');
    }
    for await (const value of readNdjson(pieces(), "server")) expect(value).toHaveLength(7_999_000);
  });

  it("a token that looks like bytes", { timeout: SOON }, () => {
    const token = `${"\\x80".repeat(100_000)}z`;
    const { partial } = read(chatReader(), [chunk(token), end("stop")]);
    expect(partial).toBe(false);
  });

  it.each([
    ["", "\u00e9", 1],
    ["\uFFFD", "\u{1f642}", 4],
  ])(
    "thousands of tokens %j one after the other, whose bytes nobody gave",
    { timeout: SOON },
    (token, character, each) => {
      const values = Array.from({ length: 4000 }, (_, i) =>
        chunk(i % each === each - 1 ? character : "", [{ token, logprob: -1 }]),
      );
      const { records, partial } = read(chatReader(), [...values, end("length")]);
      expect([records.length, partial]).toEqual([4000, false]);
      expect(records.map(({ text }) => text).join("")).toBe(character.repeat(4000 / each));
    },
  );

  it("more tokens in one piece than a call takes arguments", { timeout: 60_000 }, () => {
    const n = 150_000;
    const content = Array.from({ length: n }, () => ({ token: "a", logprob: -1 }));
    const message = { content: "a".repeat(n) };
    const whole = { choices: [{ index: 0, message, finish_reason: "length", logprobs: { content } }] };
    expect(read(chatReader(), [{ ...whole, usage: { completion_tokens: n } }])).toMatchObject({
      scored: n,
      partial: false,
    });
  });

  it("events that repeat all events before them", { timeout: SOON }, () => {
    const reader = sglangReader();
    const list: [number, number, string][] = [];
    const tops: [number, number, string][][] = [];
    let records = 0;
    for (let i = 1; i <= 2000; i++) {
      list.push([-1, i, "a"]);
      tops.push(Array.from({ length: 5 }, (_, k) => [-1 - k, k, "b"]));
      const meta_info = {
        output_token_logprobs: list,
        output_top_logprobs: tops,
        completion_tokens: i,
        finish_reason: null,
      };
      records += reader.push({ text: "a".repeat(i), meta_info }).length;
    }
    expect(records).toBe(2000);
  });
});

describe("what is deep is an error, and no crash", () => {
  const deep = (open: string, close: string) => `${open.repeat(100_000)}1${close.repeat(100_000)}`;
  for (const [name, make] of Object.entries(READERS))
    it.each([
      ["an error in an error", `{"error": ${deep('{"error":', "}")}}`],
      ["a list in a list", `{"error": ${deep("[", "]")}}`],
      ["only lists", deep("[", "]")],
    ])(`${name}: %s`, (_, text) => {
      expect(() => make({}).push(parseJson(text, "server"))).toThrow(SurprisalError);
    });

  it.each([true, 1, [], [[]], {}])("an answer whose error is %j", (error) => {
    const response = { object: "response", output: [], error };
    expect(() => responsesReader().push(response)).toThrow(SurprisalError);
    expect(() => responsesReader().push({ type: "response.completed", response })).toThrow(SurprisalError);
    expect(() => chatReader().push({ error })).toThrow(SurprisalError);
  });
});

describe("numbers that were never filled in", () => {
  // ggml-org/llama.cpp issue 27972: with a draft model, all tokens but the first.
  const others = [{ token: "a", logprob: -0.5 }];
  const chat = [
    chunk("a", [{ token: "a", logprob: -0.5, top_logprobs: others }]),
    chunk("b", [{ token: "b", logprob: 0, top_logprobs: [] }]),
    chunk("c", [{ token: "c", logprob: 0, top_logprobs: [{ token: "c", logprob: 0 }] }]),
    end("length", { usage: { completion_tokens: 3 } }),
  ];

  it("are missing: 0 without the alternatives that others have", () => {
    const { records, partial, scored, warnings } = read(chatReader({ alternatives: 0 }), chat);
    expect(records.map(({ logprob }) => logprob)).toEqual([-0.5, null, 0]);
    expect([partial, scored]).toEqual([true, 2]);
    expect(warnings.join()).toContain("speculative");
  });

  it("are missing in llama-server's own format, and after sampling", () => {
    for (const [first, filler] of [
      [
        { logprob: -0.5, top_logprobs: [{ id: 1, token: "a", logprob: -0.5 }] },
        { logprob: 0, top_logprobs: [] },
      ],
      [
        { prob: 0.5, top_probs: [{ id: 1, token: "a", prob: 0.5 }] },
        { prob: 1, top_probs: [] },
      ],
    ]) {
      const entry = (token: string, numbers: object) => [{ id: 1, token, bytes: [97], ...numbers }];
      const { records, partial } = read(llamaServerReader(), [
        { content: "a", stop: false, completion_probabilities: entry("a", first!) },
        { content: "a", stop: false, completion_probabilities: entry("a", filler!) },
        { content: "", stop: true, stop_type: "limit", tokens_predicted: 2 },
      ]);
      expect([records[1]!.logprob, partial]).toEqual([null, true]);
    }
  });

  it("are numbers where no alternatives were asked for", () => {
    const plain = [chunk("a", [{ token: "a", logprob: -0.5, top_logprobs: [] }]), chat[1]!, end("stop")];
    expect(read(chatReader(), plain)).toMatchObject({ scored: 2, partial: false });
  });
});

describe("two answers in one stream", () => {
  const one = (id: string) => ["a", "b", "c"].map((text) => chunk(text, undefined, { id }));

  it("are noticed by their ids", () => {
    const [first, second] = [one("1"), one("2")];
    const mixed = first.flatMap((each, i) => [each, second[i]!]);
    const values = [...mixed, end("stop", { id: "1" }), end("stop", { id: "2" })];
    expect(read(chatReader(), values)).toMatchObject({ partial: true });
    const texts = values.map(({ choices: [choice], ...rest }) => {
      const { delta, finish_reason = null } = choice as {
        delta: { content?: string };
        finish_reason?: string;
      };
      const { content: text = "" } = delta;
      const logprobs = text === "" ? null : { tokens: [text], token_logprobs: [-1] };
      return { ...rest, choices: [{ index: 0, text, logprobs, finish_reason }] };
    });
    expect(read(completionsReader(), texts)).toMatchObject({ partial: true });
  });

  it("are one where each chunk has an id of its own, or none", () => {
    for (const ids of [
      ["1", "2", "3"],
      ["", "1", "1"],
      ["1", "", "1"],
    ]) {
      const values = ["a", "b", "c"].map((text, i) => chunk(text, undefined, { id: ids[i] }));
      expect(read(chatReader(), [...values, end("stop")])).toMatchObject({ scored: 3, partial: false });
    }
  });
});

describe("several choices", () => {
  const both = ["a", "b"].flatMap((text) => [
    chunk(text),
    { choices: [{ ...chunk(`${text}!`).choices[0]!, index: 1 }] },
  ]);
  const ends = [0, 1].map((index) => ({ choices: [{ index, delta: {}, finish_reason: "stop" }] }));

  it("that nobody asked for are an error", () => {
    expect(() => read(chatReader(), [...both, ...ends])).toThrow("Choice 1 was not asked for");
  });

  it("that were asked for are read one by one, and their common count is not believed", () => {
    for (const [choice, texts] of [
      [0, ["a", "b"]],
      [1, ["a!", "b!"]],
    ] as const) {
      const usage = { choices: [], usage: { completion_tokens: 4 } };
      const { records, tokens, partial, warnings } = read(chatReader({ choices: 2, choice }), [
        ...both,
        ...ends,
        usage,
      ]);
      expect(records.map(({ text }) => text)).toEqual(texts);
      expect([tokens, partial]).toEqual([null, false]);
      expect(warnings.join()).toContain("all choices together");
    }
  });
});

describe("counts", () => {
  const three = ["a", "b", "c"].map((text) => chunk(text));
  const counted = (usage: object) => ({ choices: [], usage });

  it("that contradict each other are not believed: the largest holds", () => {
    const values = [
      ...three,
      end("length"),
      counted({ completion_tokens: 5 }),
      counted({ completion_tokens: 3 }),
    ];
    expect(read(chatReader(), values)).toMatchObject({ tokens: 5, scored: 3, partial: true });
  });

  it.each([
    // OpenAI: what was thought is among the completion's tokens. xAI: it is not, and the total has all three.
    [{ completion_tokens: 13, prompt_tokens: 7, total_tokens: 20 }, 10],
    [{ completion_tokens: 3, prompt_tokens: 7, total_tokens: 20 }, 10],
    [{ completion_tokens: 3 }, 10],
  ])("leave out what was thought and is not shown: %j", (usage, reasoning_tokens) => {
    const details = { completion_tokens_details: { reasoning_tokens } };
    expect(read(chatReader(), [...three, end("length"), counted({ ...usage, ...details })])).toMatchObject({
      tokens: 3,
      partial: false,
    });
  });
});

describe("an answer that a policy stops", () => {
  it("says what was doubtful until then", () => {
    const meter = new AnswerMeter({ stopWhen: "tokens>=3" });
    meter.push({ object: "chat.completion.chunk", id: "1", ...chunk("a") });
    meter.push({ id: "2", ...chunk("b") });
    expect(meter.reading.partial).toBe(false);
    expect(meter.push({ id: "1", ...chunk("c") })).toBe(true);
    expect(meter.reading).toMatchObject({ partial: true } satisfies Partial<
      ReturnType<PerplexityMeter["read"]>
    >);
    const { partial, warnings, tokens } = meter.finish();
    expect([partial, tokens]).toEqual([true, 3]);
    expect(warnings.join()).toContain("two answers");
  });

  it("says at once that a server gave up, also beside a last piece of text", () => {
    const meter = new AnswerMeter();
    meter.push({ object: "chat.completion.chunk", ...chunk("a") });
    meter.push({ ...chunk("b"), error: { message: "out of memory" } });
    expect(meter.reading).toMatchObject({ tokens: 2, scored: 2, partial: true });
    expect(meter.finish().warnings.join()).toContain("out of memory");
  });

  it("is complete as far as it goes where nothing was", () => {
    const meter = new AnswerMeter({ stopWhen: "tokens>=2" });
    meter.push({ object: "chat.completion.chunk", ...chunk("a") });
    meter.push(chunk("b"));
    expect(meter.finish()).toMatchObject({ partial: false, tokens: 2, scored: 2, warnings: [] });
  });
});

describe("a key that the server repeats in the middle of an answer", () => {
  it("is not printed", async () => {
    const SECRET = "secret-0123456789-abcdef";
    const http = createServer((request, response) => {
      if (request.method === "GET") return response.end(JSON.stringify({ name: "models/plain" }));
      response.writeHead(200, { "content-type": "text/event-stream" });
      const key = String(request.headers["x-goog-api-key"]);
      return response.end(
        `data: ${JSON.stringify({ error: { message: `The key ${key} has expired` } })}\n\n`,
      );
    }).listen(0, "127.0.0.1");
    await once(http, "listening");
    try {
      const model = await GeminiModel.open("plain", {
        address: `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1beta`,
        key: ApiKey.fromEnvironment("KEY", { KEY: SECRET }),
      });
      const error: unknown = await model
        .generate("Hello")
        .next()
        .catch((error: unknown) => error);
      expect(error).toMatchObject({ code: "SERVER_ERROR" });
      expect(String(error)).toContain("has expired");
      expect(String(error)).not.toContain(SECRET);
    } finally {
      http.closeAllConnections();
      http.close();
    }
  });
});
