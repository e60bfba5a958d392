/**
 * What odd servers send: nothing of it is lost, nothing is said twice, and no number is believed that is none. The shapes
 * and their sources are in test/fixtures/wire/manifest.json (special/); here is what needs more than one outcome.
 */
import { describe, expect, it } from "vitest";
import { PerplexityMeter, SurprisalError, type TokenRecord } from "../../src/core/index.ts";
import { geminiReader } from "../../src/models/gemini/index.ts";
import { ollamaReader } from "../../src/models/ollama/index.ts";
import {
  chatReader,
  completionsReader,
  llamaServerReader,
  responsesReader,
  sglangReader,
  tgiReader,
} from "../../src/models/openai/index.ts";
import { readNdjson, readServerSentEvents, type WireReader } from "../../src/models/remote/index.ts";
import { fixtureBytes, manifest } from "./fixtures.ts";
import { sayTwice } from "./mutate.ts";
import { containerOf, perplexityOf, replay, textOf } from "./replay.ts";

const SERVER = "http://fixture/v1";

interface Read {
  records: TokenRecord[];
  text: string;
  error: SurprisalError | null;
  end: ReturnType<WireReader["finish"]>["end"] | null;
}

/** Everything that is given before an error, and the error. */
function read(reader: WireReader, ...values: unknown[]): Read {
  const records: TokenRecord[] = [];
  try {
    for (const value of values) records.push(...reader.push(value));
    const { records: rest, end } = reader.finish();
    records.push(...rest);
    return { records, text: textOf(records), error: null, end };
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    return { records, text: textOf(records), error, end: null };
  }
}

type Entry = { token: string; logprob: number; top_logprobs?: unknown[]; bytes?: number[] };
const entry = (token: string, logprob = -0.5): Entry => ({ token, logprob });
const chunk = (delta: object, content: readonly Entry[] = [], finish: string | null = null) => ({
  choices: [{ index: 0, delta, logprobs: content.length > 0 ? { content } : null, finish_reason: finish }],
});
const said = (token: string, logprob?: number) => chunk({ content: token }, [entry(token, logprob)]);
const usage = (completion_tokens: number) => ({ choices: [], usage: { completion_tokens } });
const chat = (...values: unknown[]) => read(chatReader({ server: SERVER }), ...values);

describe("tool calls", () => {
  const calls = (args: string) => ({
    tool_calls: [{ index: 0, function: { name: "weather", arguments: args } }],
  });
  const fixture = (name: string) => {
    const file = `special/chat-calls-${name}-stream.sse`;
    return replay(fixtureBytes(file), "chat", containerOf(file));
  };

  it("whose tokens have no numbers leave the answer partial, also without a count (SGLang, vLLM)", async () => {
    const { end, records } = await fixture("without-numbers");
    expect(textOf(records.filter(({ part }) => part !== "tool-call"))).toBe("I look.");
    expect(end).toMatchObject({ scored: 3, tokens: null, partial: true, finishReason: "tool-calls" });
    expect(end!.warnings.join()).toContain("tool call");
  });

  it("whose steps put their numbers on the first chunk, or on one of their own, are complete (SGLang)", async () => {
    const { end, records } = await fixture("with-numbers");
    expect(end).toMatchObject({ scored: 7, partial: false, warnings: [] });
    expect(perplexityOf(records)).toBeCloseTo(Math.exp(2 / 7), 12);
  });

  it.each<[string, WireReader, unknown[]]>([
    [
      "in one piece",
      chatReader(),
      [{ choices: [{ message: calls('{"a":"Paris"}'), finish_reason: "tool_calls" }] }],
    ],
    [
      "beside a text with numbers",
      chatReader(),
      [said("I"), chunk(calls('{"a":"Paris"}'), [], "tool_calls")],
    ],
    [
      "as an old function_call",
      chatReader(),
      [chunk({ function_call: { name: "weather", arguments: "{}" } }, [], "function_call")],
    ],
    [
      "of Ollama",
      ollamaReader(),
      [
        {
          message: {
            content: "",
            tool_calls: [{ function: { name: "weather", arguments: { a: "Paris" } } }],
          },
          done: true,
          done_reason: "stop",
        },
      ],
    ],
    [
      "of Gemini",
      geminiReader(),
      [
        {
          candidates: [
            {
              content: { parts: [{ functionCall: { name: "weather", args: { a: "Paris" } } }] },
              finishReason: "STOP",
            },
          ],
        },
      ],
    ],
    [
      "of a Responses stream",
      responsesReader(),
      [
        { type: "response.function_call_arguments.delta", delta: '{"a":"Paris"}' },
        { type: "response.completed", response: { status: "completed", output: [] } },
      ],
    ],
    [
      "of a whole response",
      responsesReader(),
      [
        {
          object: "response",
          status: "completed",
          output: [{ type: "function_call", name: "weather", arguments: "{}" }],
        },
      ],
    ],
  ])("without a number for their tokens, %s: partial", (_, reader, values) => {
    expect(read(reader, ...values).end).toMatchObject({ partial: true });
  });

  it("with all their numbers in one piece: complete; the answer's own text is not lost beside them", () => {
    const tokens = ["I", " look", '{"name": "weather", ', '"arguments": {"a": "Paris"}}'].map((token) =>
      entry(token),
    );
    const whole = (content: string, list: Entry[]) => ({
      choices: [
        {
          message: { content, ...calls('{"a":"Paris"}') },
          logprobs: { content: list },
          finish_reason: "tool_calls",
        },
      ],
    });
    expect(chat(whole("I look", tokens)).end).toMatchObject({ scored: 4, partial: false });
    const lost = chat(whole("I look", tokens.slice(2)));
    expect(lost.text).toBe("I look");
    expect(lost.end).toMatchObject({ partial: true });
  });
});

describe("a text said twice", () => {
  const stop = chunk({}, [], "stop");
  const message = (content: string, finish: string | null = null) => ({
    choices: [{ index: 0, message: { content }, finish_reason: finish }],
  });

  it.each<[string, unknown[], string, boolean]>([
    ["the whole message at the end", [said("Par"), said("is"), message("Paris", "stop")], "Paris", false],
    ["trimmed", [said(" Par"), said("is\n"), message("Paris", "stop")], " Paris\n", false],
    ["a message with more than the deltas", [said("Par"), message("Paris", "stop")], "Paris", true],
    ["another message", [said("Par"), said("is"), message("London", "stop")], "Paris", true],
    ["messages alone, so far", [message("Par"), message("Paris"), message("Paris", "stop")], "Paris", true],
    ["messages alone, each a piece", [message("Par"), message("is", "stop")], "Paris", true],
    [
      "an empty delta beside a message that is a piece",
      [
        { choices: [{ delta: {}, message: { content: "Par" } }] },
        { choices: [{ delta: { content: "" }, message: { content: "is" }, finish_reason: "stop" }] },
      ],
      "Paris",
      true,
    ],
    [
      "deltas that are the whole so far",
      [..."abcdefghijklmn"].map((_, i, all) => chunk({ content: all.slice(0, i + 1).join("") })).concat(stop),
      "abcdefghijklmn",
      true,
    ],
    [
      "deltas that only look so",
      [
        chunk({ content: "1" }),
        chunk({ content: "10" }),
        chunk({ content: "100" }),
        chunk({ content: "0" }),
        stop,
      ],
      "1101000",
      true,
    ],
    [
      "deltas that look so to the end",
      [chunk({ content: "ha" }), chunk({ content: "haha" }), stop],
      "hahaha",
      true,
    ],
    [
      "tokens that say that they are pieces",
      [said("ha"), said("haha"), said("hahahahahaha"), stop],
      "hahahahahahahahaha",
      false,
    ],
    [
      "tokens that say that they are the whole so far",
      [
        said("ha"),
        chunk({ content: "haha" }, [entry("ha")]),
        chunk({ content: "hahaha" }, [entry("ha")]),
        stop,
      ],
      "hahaha",
      false,
    ],
    [
      "text beside an empty delta",
      [{ choices: [{ delta: {}, text: "Paris", finish_reason: "stop" }] }],
      "Paris",
      true,
    ],
  ])("%s", (_, values, text, partial) => {
    const answer = chat(...values);
    expect(answer.error).toBe(null);
    expect([answer.text, answer.end!.partial]).toEqual([text, partial]);
  });

  /** The texts of these two are said in a way that the corruption does not know. */
  const ITS_OWN = /cumulative|reasoning-details/;
  const streams = manifest().fixtures.filter(
    ({ file, format, outcome, choices }) =>
      format === "chat" &&
      file.endsWith(".sse") &&
      !ITS_OWN.test(file) &&
      outcome &&
      !("error" in outcome) &&
      choices === undefined,
  );
  it.each(streams)("$file, each text of it said again: nothing changes", async ({ file }) => {
    const bytes = fixtureBytes(file);
    const truth = await replay(bytes, "chat", "sse");
    for (let i = 0; i < 6; i++) {
      const random = [(i % 2) / 2, Math.floor(i / 2) / 3]; // where, and which text
      const { text } = sayTwice(new TextDecoder().decode(bytes), "sse", () => random.shift()!);
      expect(await replay(new TextEncoder().encode(String(text)), "chat", "sse")).toEqual(truth);
    }
  });

  it("so do completions", () => {
    const piece = (text: string, more: object = {}) => ({
      choices: [{ text, finish_reason: null, ...more }],
    });
    const message = { message: { content: "Paris" }, finish_reason: "stop" };
    expect(read(completionsReader(), piece("Par"), piece("is"), piece("", message)).text).toBe("Paris");
    const inDelta = piece("", { delta: { content: "Paris" }, finish_reason: "stop" });
    expect(read(completionsReader(), inDelta).text).toBe("Paris");
  });

  it("numbers beside the delta and beside the choice are the same ones", () => {
    const both = { ...said("Par").choices[0]!, logprobs: null };
    const numbers = { content: [entry("Par")] };
    const inDelta = { choices: [{ ...both, delta: { content: "Par", logprobs: numbers } }] };
    const empty = {
      choices: [{ ...both, logprobs: { content: [] }, delta: { content: "Par", logprobs: numbers } }],
    };
    for (const one of [inDelta, empty, said("Par")])
      expect(chat(one, stop).end).toMatchObject({ scored: 1, partial: false });
    const arrays = { tokens: ["Par"], token_logprobs: [-0.5] };
    for (const logprobs of [
      { ...arrays, content: null },
      { ...arrays, content: [] },
    ])
      expect(
        read(completionsReader(), { choices: [{ text: "Par", logprobs, finish_reason: "stop" }] }).end,
      ).toMatchObject({ scored: 1, partial: false });
  });
});

describe("halves of surrogate pairs", () => {
  const face = "\u{1f642}";
  const [high, low] = [face[0]!, face[1]!];
  it.each<[string, WireReader, unknown[]]>([
    ["chat", chatReader(), [chunk({ content: high }), chunk({ content: low }, [], "stop")]],
    ["thinking", chatReader(), [chunk({ reasoning: high }), chunk({ reasoning: low }, [], "stop")]],
    [
      "completions",
      completionsReader(),
      [{ choices: [{ text: high }] }, { choices: [{ text: low, finish_reason: "stop" }] }],
    ],
    [
      "llama-server",
      llamaServerReader(),
      [
        { content: high, stop: false },
        { content: low, stop: true, stop_type: "eos" },
      ],
    ],
    [
      "responses",
      responsesReader(),
      [
        { type: "response.output_text.delta", delta: high },
        { type: "response.output_text.delta", delta: low },
        { type: "response.output_text.done", text: face },
        { type: "response.completed", response: { status: "completed" } },
      ],
    ],
    [
      "ollama",
      ollamaReader(),
      [
        { response: high, done: false },
        { response: low, done: true, done_reason: "stop" },
      ],
    ],
    [
      "gemini",
      geminiReader(),
      [
        { candidates: [{ content: { parts: [{ text: high }] } }] },
        { candidates: [{ content: { parts: [{ text: low }] }, finishReason: "STOP" }] },
      ],
    ],
    [
      "tgi",
      tgiReader(),
      [
        { index: 1, token: { id: 1, text: high, logprob: -1, special: false } },
        {
          index: 2,
          token: { id: 2, text: low, logprob: -1, special: false },
          generated_text: face,
          details: { finish_reason: "length", generated_tokens: 2 },
        },
      ],
    ],
  ])("%s: one character", (_, reader, values) => {
    expect(read(reader, ...values).text).toBe(face);
  });

  it("in the arguments of a tool call", () => {
    const call = (args: string) => chunk({ tool_calls: [{ index: 0, function: { arguments: args } }] });
    const { text } = chat(call(`{"a":"${high}`), call(`${low}"}`), chunk({}, [], "tool_calls"));
    expect(text).toBe(`{"a":"${face}"}`);
  });

  it("in tokens and alternatives too: numbers stay, no text has half a character", () => {
    const top = [
      { token: high, logprob: -1 },
      { token: "a", logprob: -1.5 },
    ];
    const answer = chat(
      chunk({ content: high }, [{ ...entry(high, -1), top_logprobs: top }]),
      chunk({ content: low }, [entry(low, -0.25)]),
      chunk({}, [], "stop"),
    );
    expect(answer.end).toMatchObject({ scored: 2, partial: false });
    expect(answer.records.map(({ text }) => text)).toEqual(["", face]);
    const texts = answer.records.flatMap(({ alternatives = [] }) => alternatives.map(({ text }) => text));
    expect(texts.join("")).not.toMatch(/\p{Surrogate}/u);
  });
});

describe("numbers that are all 0", () => {
  const answer = (numbers: readonly number[], top?: (token: string) => unknown[]) =>
    chat(
      ...numbers.map((logprob, i) => {
        const token = String.fromCharCode(97 + (i % 26));
        return chunk({ content: token }, [
          { ...entry(token, logprob), ...(top && { top_logprobs: top(token) }) },
        ]);
      }),
      chunk({}, [], "length"),
    );
  const zeros = (n: number) => Array.from({ length: n }, () => 0);

  it.each([
    [1, 1, false],
    [2, 2, true],
    [3, 3, true],
    [4, 0, true],
    [16, 0, true],
    [17, 0, true],
    [500, 0, true],
  ])("%i of them: %i are numbers, doubted: %s", (n, scored, partial) => {
    const { end, records } = answer(zeros(n));
    expect(end).toMatchObject({ scored, partial });
    expect(records.filter(({ logprob }) => logprob !== null)).toHaveLength(scored);
    expect(end!.warnings.length).toBe(partial ? 1 : 0);
  });

  it.each([-0, 1e-6, 5e-4])("%d is 0 too", (zero) => {
    expect(answer(Array.from({ length: 8 }, () => zero)).end!.scored).toBe(0);
  });

  it("but for one: they are numbers, also where it comes late", () => {
    for (const at of [0, 3, 7, 15]) {
      const numbers = zeros(20).map((zero, i) => (i === at ? -0.5 : zero));
      expect(answer(numbers).end).toMatchObject({ scored: 20, partial: false, warnings: [] });
    }
    expect(answer([...zeros(40), -0.5, 0]).end).toMatchObject({ scored: 2, partial: true });
  });

  it("are numbers where the lists show a distribution, and none where they contradict it", () => {
    const list = (own: number, other: number) => (token: string) => [
      { token, logprob: own },
      { token: "~", logprob: other },
    ];
    expect(answer(zeros(30), list(0, -18.625)).end).toMatchObject({ scored: 30, partial: false });
    expect(answer(zeros(30), list(-0.7, -0.9)).end).toMatchObject({ scored: 0, partial: true });
    expect(answer(zeros(30), list(0, 0)).end).toMatchObject({ scored: 0, partial: true });
    expect(answer(zeros(30), (token) => [{ token, logprob: 0 }]).end).toMatchObject({
      scored: 0,
      partial: true,
    });
    expect(answer(zeros(30), list(0, -9999)).end).toMatchObject({ scored: 0, partial: true });
  });

  it("wait for no more than a few tokens, and come before an error", () => {
    const reader = chatReader();
    let given = 0;
    for (let i = 0; i < 20; i++) given += reader.push(said("a", 0)).length;
    expect(given).toBe(20);
    const broken = chat(said("a", 0), said("b", 0), { error: { message: "no" } });
    expect([broken.text, broken.error?.code]).toEqual(["ab", "SERVER_ERROR"]);
  });

  it("one other number for all is said, and stays", () => {
    const { end } = answer(Array.from({ length: 20 }, () => -1));
    expect(end).toMatchObject({ scored: 20, partial: false });
    expect(end!.warnings.join()).toContain("Every log-probability is -1");
  });
});

describe("lists of alternatives", () => {
  const one = (logprob: number, top: readonly (readonly [string, number | null])[], token = "a") => {
    const top_logprobs = top.map(([token, logprob]) => ({ token, logprob }));
    const answer = chat(
      chunk({ content: token }, [{ ...entry(token, logprob), top_logprobs }]),
      chunk({}, [], "length"),
    );
    const meter = new PerplexityMeter({ vocabularySize: 1000 });
    for (const record of answer.records) meter.push(record);
    const { entropy, confidence } = meter.read();
    const { rank, alternatives, logprob: kept } = answer.records[0]!;
    return {
      rank,
      alternatives: alternatives?.length,
      kept,
      known: [entropy.tokens, confidence.tokens],
      end: answer.end!,
    };
  };

  it.each([
    // likelier than the last, and not among them
    [
      -0.5,
      [
        ["x", -1],
        ["y", -2],
      ],
    ],
    [
      -1.5,
      [
        ["x", -1],
        ["y", -2],
      ],
    ],
    // its own number is another one there
    [
      -0.5,
      [
        ["a", -2],
        ["y", -3],
      ],
    ],
    // more than 1 together
    [
      -0.5,
      [
        ["a", -0.5],
        ["x", -0.6],
        ["y", -0.7],
      ],
    ],
  ] as const)("that are not its token's are left out: %d among %j", (logprob, top) => {
    const { rank, alternatives, kept, known, end } = one(logprob, top);
    expect({ rank, alternatives, kept, known }).toEqual({
      rank: undefined,
      alternatives: undefined,
      kept: logprob,
      known: [0, 0],
    });
    expect(end).toMatchObject({ partial: false, scored: 1 });
    expect(end.warnings).toHaveLength(1);
  });

  it.each([
    [
      -1,
      [
        ["a", -1],
        ["y", -2],
      ],
      1,
    ],
    [
      -2,
      [
        ["x", -1],
        ["a", -2],
        ["y", -3],
      ],
      2,
    ],
    [
      -9,
      [
        ["x", -1],
        ["y", -2],
      ],
      undefined,
    ],
    [
      -1,
      [
        ["a", -1.004],
        ["y", -2],
      ],
      1,
    ], // rounded, either way
    [
      -1,
      [
        ["a", -0.9999],
        ["y", -2],
      ],
      1,
    ],
    [
      -0.5,
      [
        ["a", -0.5],
        ["y", null],
      ],
      1,
    ],
  ] as const)("that may be its token's stay: %d among %j", (logprob, top, rank) => {
    const read = one(logprob, top);
    expect(read.rank).toBe(rank);
    expect(read.known).toEqual([1, 1]);
    expect(read.end.warnings).toEqual([]);
  });

  it("with gaps say nothing of entropy and confidence, and of the rank only what is certain", () => {
    const completion = (logprob: number, top: Record<string, number>) => {
      const logprobs = { tokens: ["a"], token_logprobs: [logprob], top_logprobs: [top] };
      const { records, end } = read(completionsReader(), {
        choices: [{ text: "a", logprobs, finish_reason: "stop" }],
      });
      return { ...records[0]!, warnings: end!.warnings };
    };
    const likely = completion(-0.25, { a: -0.25, "": -2 });
    expect([likely.rank, likely.alternatives, likely.logprob]).toEqual([1, undefined, -0.25]);
    const open = completion(-1.5, { a: -1.5, b: -2, "\uFFFD": -1 });
    expect([open.rank, open.alternatives, open.logprob]).toEqual([undefined, undefined, -1.5]);
    expect(open.warnings).toHaveLength(1);
  });
});

describe("what says nothing is passed over", () => {
  const nothing = [null, {}, [], { choices: null }, { choices: {} }, { choices: [] }, { type: "ping" }];
  const stop = chunk({}, [], "stop");
  it.each([
    ...nothing,
    { choices: [{ index: 0 }] },
    { choices: [{ index: 0, delta: null }] },
    { choices: [{ index: 0, delta: {}, finish_reason: "" }] },
    { error: "" },
    { error: null },
    { error: false },
    { error: "", choices: [] },
    { error: { code: 0, message: "" }, choices: [] },
    { id: "", object: "", created: 0, model: "", usage: null },
    { usage: { completion_tokens: -1 }, choices: [] },
    { usage: "none", choices: [] },
  ])("in a chat: %j", (value) => {
    expect(chat(value, said("Par"), value, said("is"), value, stop, value)).toMatchObject({
      text: "Paris",
      error: null,
      end: { scored: 2, partial: false, warnings: [] },
    });
  });

  it.each([
    { object: "chat.completion.chunk", id: "1" },
    { object: "chat.completion.chunk", id: "1", choices: null },
    { choices: [null] },
    { choices: [{}] },
    { choices: [{ index: 0, value: { delta: { content: "Par" } } }] },
    { choices: [{ delta_v2: ["Par"] }] },
  ])("but what lacks what it should say is doubted: %j", (value) => {
    expect(chat(value, said("is"), stop)).toMatchObject({ text: "is", error: null, end: { partial: true } });
    expect(chat(value, said("is"), stop, usage(2)).end).toMatchObject({ partial: true });
    // The very count shows that nothing was lost.
    expect(chat(value, said("is"), stop, usage(1)).end).toMatchObject({ partial: false, warnings: [] });
  });

  it.each<[string, () => WireReader, unknown[]]>([
    [
      "responses",
      responsesReader,
      [
        { type: "response.output_text.delta", delta: "a" },
        { type: "response.completed", response: { status: "completed" } },
      ],
    ],
    ["llama-server", llamaServerReader, [{ content: "a", stop: true, stop_type: "eos" }]],
    [
      "sglang",
      sglangReader,
      [{ text: "a", meta_info: { completion_tokens: 1, finish_reason: { type: "stop" } } }],
    ],
    [
      "tgi",
      tgiReader,
      [{ token: { id: 1, text: "a", logprob: -1, special: false }, generated_text: "a", details: null }],
    ],
    ["ollama", ollamaReader, [{ response: "a", done: true, done_reason: "stop" }]],
    [
      "gemini",
      geminiReader,
      [{ candidates: [{ content: { parts: [{ text: "a" }] }, finishReason: "STOP" }] }],
    ],
  ])("in %s", (_, make, values) => {
    for (const value of [null, {}, { error: "" }].slice(0, 2))
      expect(read(make(), value, ...values)).toMatchObject({ text: "a", error: null });
  });
});

describe("an error in the server's words, wherever it stands", () => {
  it.each<[unknown, string]>([
    [{ error: "no" }, "no"],
    [{ error: { message: "no" } }, "no"],
    [{ error: { error: { message: "no" } } }, "no"],
    [{ error: { detail: "no" } }, "no"],
    [{ error: { code: 500 } }, '{"code":500}'],
    [{ detail: "no" }, "no"],
    [{ detail: { error: "no" } }, "no"],
    [{ message: "no" }, "no"],
    [{ code: 1, msg: "no" }, "no"],
    [{ error_code: 110, error_msg: "no" }, "no"],
    [{ success: false, errors: [{ message: "no" }] }, "no"],
    [{ object: "error", message: "no", code: 400 }, "no"],
    [{ type: "error", error: { type: "overloaded_error", message: "no" } }, "no"],
    [{ choices: null, base_resp: { status_code: 1004, status_msg: "no" } }, "no"],
    [{ choices: [{ index: 0, error: { message: "no" } }] }, "no"],
    [{ choices: [{ index: 0, delta: { error: "no" } }] }, "no"],
    [
      { choices: [{ index: 0, delta: { content: "" }, finish_reason: "error", error: { message: "no" } }] },
      "no",
    ],
    [{ choices: [{ index: 0, delta: {}, finish_reason: "error" }], error: { message: "no" } }, "no"],
    [{ choices: [{ index: 0, delta: {}, finish_reason: "error" }] }, 'finish reason "error"'],
  ])("%j", (value, words) => {
    for (const values of [[value], [said("a"), value]]) {
      const { error, text } = chat(...values);
      expect(error).toMatchObject({ code: "SERVER_ERROR" });
      expect(error!.what).toContain(words);
      expect(text).toBe(values.length > 1 ? "a" : "");
    }
  });

  it("comes after the text that it stands beside", () => {
    const beside = { choices: [{ index: 0, delta: { content: "b" }, finish_reason: "error", error: "no" }] };
    const { text, error } = chat(said("a"), beside);
    expect([text, error?.what]).toEqual(["ab", "The server reports an error: no"]);
    expect(chat(said("a"), { ...said("b"), error: { message: "no" } }).text).toBe("ab");
  });

  it("is none where it is a filter's own, beside an answer", () => {
    const verdict = {
      content_filter_results: { error: { code: "content_filter_error", message: "not filtered" } },
    };
    const filtered = { choices: [{ index: 0, finish_reason: null, ...verdict }] };
    expect(chat(said("a"), filtered, chunk({}, [], "stop")).error).toBe(null);
  });
});

describe("counts", () => {
  it.each([
    [1, null, true],
    [0, null, true],
    [2, 2, false],
    [3, 2, false],
  ])("%i counted of 2: %j tokens", (counted, tokens, partial) => {
    const { end } = chat(said("a"), said("b"), chunk({}, [], "stop"), usage(counted));
    expect(end).toMatchObject({ tokens, partial, scored: 2 });
    expect(end!.warnings.join()).not.toMatch(/2 of 1/);
  });

  it("are never fewer than what carries a number", () => {
    const { end } = chat(said("a"), chunk({ content: " b" }), said("c"), chunk({}, [], "stop"), usage(2));
    expect(end).toMatchObject({ partial: true, scored: 2 });
    expect(end!.tokens === null || end!.tokens >= 2).toBe(true);
    expect(end!.warnings.join()).not.toMatch(/2 of 1/);
  });
});

describe("several choices under one index", () => {
  const ends = [chunk({}, [], "stop"), chunk({}, [], "stop")];
  const two = (...values: unknown[]) => read(chatReader({ choices: 2 }), ...values);

  it("are doubted: one index for all, two ends, or two in one piece", () => {
    expect(two(said("a"), said("a"), ...ends).end!.partial).toBe(true);
    expect(two(said("a"), said("b"), ends[0]!).end!.partial).toBe(true);
    const [choice] = said("a").choices;
    const whole = {
      choices: [
        { ...choice!, finish_reason: "stop" },
        { ...choice!, finish_reason: "stop" },
      ],
    };
    const { end, text } = two(whole);
    expect([text, end!.partial]).toEqual(["a", true]);
    expect(() => chatReader().push(whole)).toThrow("twice");
  });

  it("are not where each has its own", () => {
    const second = (value: ReturnType<typeof chunk>) => ({ choices: [{ ...value.choices[0]!, index: 1 }] });
    expect(two(said("a"), second(said("b")), ends[0]!, second(ends[1]!)).end!.partial).toBe(false);
  });
});

describe("what shares a piece of the network with something bad", () => {
  const good = 'data: {"a":1}\n\ndata: {"a":2}\n\n';
  const collect = async (values: AsyncIterable<unknown>) => {
    const seen: unknown[] = [];
    try {
      for await (const value of values) seen.push(value);
      return { seen, code: null, what: "" };
    } catch (error) {
      if (!SurprisalError.isInstance(error)) throw error;
      return { seen, code: error.code, what: error.what };
    }
  };
  async function* once(...parts: (string | number[])[]) {
    const bytes = parts.flatMap((part) =>
      typeof part === "string" ? [...new TextEncoder().encode(part)] : part,
    );
    yield Uint8Array.from(bytes);
  }

  it.each<[string, (string | number[])[], string]>([
    ["broken JSON", ['data: {"a":\n\n'], "WIRE_MALFORMED"],
    ["words", ["data: Internal Server Error\n\n"], "WIRE_MALFORMED"],
    ["a line of data without its mark", ['dat: {"a":3}\n\n'], "WIRE_MALFORMED"],
    ["no UTF-8", ["data: ", [0xff, 0xfe], "\n\n"], "WIRE_MALFORMED"],
    ["an end within an event", ['data: {"a"'], "STREAM_CUT"],
  ])("%s: what came before is given", async (_, bad, code) => {
    const result = await collect(readServerSentEvents(once(good, ...bad), SERVER));
    expect([result.seen, result.code]).toEqual([[{ a: 1 }, { a: 2 }], code]);
    if (bad[0] === "data: Internal Server Error\n\n") expect(result.what).toContain("Internal Server Error");
  });

  it("lines too", async () => {
    for (const bad of ['{"a":\n', [0xff, 0x0a]])
      expect(await collect(readNdjson(once('{"a":1}\n{"a":2}\n', bad), SERVER))).toMatchObject({
        seen: [{ a: 1 }, { a: 2 }],
        code: "WIRE_MALFORMED",
      });
  });

  it("no UTF-8 after a character that two pieces share", async () => {
    async function* pieces() {
      yield Uint8Array.from([...new TextEncoder().encode('data: "'), 0xe4, 0xbd]);
      yield Uint8Array.from([0xa0, ...new TextEncoder().encode('"\n\n'), 0xff, 0x0a]);
    }
    expect(await collect(readServerSentEvents(pieces(), SERVER))).toMatchObject({
      seen: ["\u4f60"],
      code: "WIRE_MALFORMED",
    });
  });

  it("events without the blank line between them are read one by one, [DONE] among them", async () => {
    const stream = 'data: {"a":1}\ndata: {"a":2}\n\ndata: {"a":\ndata: 3}\n\n';
    expect((await collect(readServerSentEvents(once(stream), SERVER))).seen).toEqual([
      { a: 1 },
      { a: 2 },
      { a: 3 },
    ]);
    const ended = 'data: {"a":1}\ndata: {"a":2}\ndata: [DONE]\n';
    expect(await collect(readServerSentEvents(once(ended), SERVER))).toMatchObject({
      seen: [{ a: 1 }, { a: 2 }],
      code: null,
    });
  });

  it("words in the place of events, and an error in a field of its own, are quoted", async () => {
    const words = await collect(readServerSentEvents(once("upstream connect error\n\n"), SERVER));
    expect(words).toMatchObject({ seen: [], code: "WIRE_MALFORMED" });
    expect(words.what).toContain("upstream connect error");
    for (const [line, error] of [
      ["error: out of memory", "out of memory"],
      ['error: {"message":"no"}', { message: "no" }],
    ] as const)
      expect((await collect(readServerSentEvents(once(good, `${line}\n\n`), SERVER))).seen.at(-1)).toEqual({
        error,
      });
  });

  it("comments of any kind are none, and [DONE] may be quoted", async () => {
    const stream = `: {"t":1}\n\n: keep-alive\n\n:\n\n${good}data:   \n\ndata: "[DONE]"\n\ndata: {broken\n\n`;
    expect(await collect(readServerSentEvents(once(stream), SERVER))).toMatchObject({
      seen: [{ a: 1 }, { a: 2 }],
      code: null,
    });
  });
});
