/**
 * What odd servers send: nothing of it is lost, and nothing is said twice. The shapes and their sources are in
 * test/fixtures/wire/manifest.json (special/); here is what needs more than one outcome. Their numbers: odd-numbers.test.ts;
 * their events: odd-events.test.ts; more of their forms: odd-forms.test.ts.
 */
import { describe, expect, it } from "vitest";
import { geminiReader } from "../../src/models/gemini/index.ts";
import { ollamaReader } from "../../src/models/ollama/index.ts";
import {
  chatReader,
  completionsReader,
  llamaServerReader,
  responsesReader,
  tgiReader,
} from "../../src/models/openai/index.ts";
import type { WireReader } from "../../src/models/remote/index.ts";
import { fixtureBytes, manifest } from "./fixtures.ts";
import { sayTwice } from "./mutate.ts";
import { containerOf, perplexityOf, replay, textOf } from "./replay.ts";
import { chat, chunk, type Entry, entry, read, said } from "./short-chats.ts";

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
