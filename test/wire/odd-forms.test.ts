/**
 * Forms in which gateways and servers say what others say otherwise: nothing is lost, nothing ends an answer that is good,
 * and the parts are right. Sources beside the cases.
 */
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../../src/core/index.ts";
import { geminiReader } from "../../src/models/gemini/index.ts";
import { AnswerMeter } from "../../src/models/metered/index.ts";
import { ollamaReader } from "../../src/models/ollama/index.ts";
import { completionsReader, responsesReader } from "../../src/models/openai/index.ts";
import { perplexityOf, textOf } from "./replay.ts";
import { chat, chunk, entry, read, SERVER, said, usage } from "./short-chats.ts";

const partsOf = (records: readonly TokenRecord[]) => ({
  answer: textOf(records.filter(({ part }) => part === undefined)),
  reasoning: textOf(records.filter(({ part }) => part === "reasoning")),
  calls: textOf(records.filter(({ part }) => part === "tool-call")),
});
const end = chunk({}, [], "stop");

describe("thinking in a chat", () => {
  it.each<[string, object, object]>([
    [
      "an object with a text (Amazon Bedrock: envoyproxy/ai-gateway pull request 1222)",
      { reasoning_content: { text: "I nee" } },
      { reasoning_content: { text: "d it" } },
    ],
    ["an object with a content", { reasoning: { content: "I nee" } }, { reasoning: { content: "d it" } }],
    ["a list", { reasoning_content: ["I ", "nee"] }, { reasoning_content: ["d it"] }],
    [
      "a part of the content with a summary (Databricks: aaif-goose/goose issue 8077, posit-dev/chatlas pull request 397)",
      { content: [{ type: "reasoning", summary: [{ type: "summary_text", text: "I nee", signature: "" }] }] },
      { content: [{ type: "reasoning", summary: [{ type: "summary_text", text: "d it" }] }] },
    ],
    [
      "a part whose thinking is a text (Anthropic's form)",
      { content: [{ type: "thinking", thinking: "I nee" }] },
      { content: [{ type: "thinking", thinking: "d it", signature: "" }] },
    ],
    [
      "a part that is a text of this type",
      { content: [{ type: "reasoning", text: "I nee" }] },
      { content: [{ type: "reasoning_text", text: "d it" }] },
    ],
  ])("%s", (_, first, second) => {
    const { records, error, end: ended } = chat(chunk(first), chunk(second), said("Four"), end);
    expect(error).toBeNull();
    expect(partsOf(records)).toEqual({ answer: "Four", reasoning: "I need it", calls: "" });
    expect(ended).toMatchObject({ scored: 1, partial: true, warnings: [] });
    expect(perplexityOf(records)).toBeCloseTo(Math.exp(0.5), 12);
  });
});

it("a call whose numbers come after it is said once (SGLang, vLLM: a step's tokens on a chunk of their own)", () => {
  const call = { tool_calls: [{ index: 0, function: { name: "weather", arguments: '{"a":1}' } }] };
  const late = chunk({}, [entry("weather"), entry('{"a"'), entry(":1"), entry("}")], "tool_calls");
  const { records, end: ended } = chat(said("So."), chunk(call), late, usage(5));
  expect(partsOf(records)).toEqual({ answer: "So.", reasoning: "", calls: 'weather{"a":1}' });
  expect(ended).toMatchObject({ tokens: 5, scored: 5, partial: false });
});

describe("the content of a chat", () => {
  it.each([
    ["one part that is not in a list", { type: "text", text: "Hi" }],
    ["a part with a text and another name", [{ type: "output_text", text: "Hi" }]],
  ])("%s", (_, content) => {
    const { text, error, end: ended } = chat(chunk({ content }, [entry("Hi")]), end, usage(1));
    expect([text, error]).toEqual(["Hi", null]);
    expect(ended).toMatchObject({ tokens: 1, scored: 1, partial: false, warnings: [] });
  });

  it.each([false, ""])("has no numbers where they are %j, as the request said", (logprobs) => {
    const choice = { index: 0, delta: { content: "Hi" }, logprobs };
    const { text, error, end: ended } = chat({ choices: [choice] }, end, usage(1));
    expect([text, error]).toEqual(["Hi", null]);
    expect(ended).toMatchObject({ tokens: 1, scored: 0, partial: true });
    const other = { choices: [{ index: 0, text: "Hi", logprobs, finish_reason: "stop" }] };
    expect(read(completionsReader({ server: SERVER }), other)).toMatchObject({ text: "Hi", error: null });
  });
});

it("completions whose numbers are null, of tokens that there are, have none", () => {
  const logprobs = { tokens: ["Hi"], token_logprobs: null, top_logprobs: null };
  const {
    text,
    error,
    end: ended,
  } = read(completionsReader({ server: SERVER }), {
    choices: [{ index: 0, text: "Hi", logprobs, finish_reason: "stop" }],
  });
  expect([text, error]).toEqual(["Hi", null]);
  expect(ended).toMatchObject({ scored: 0, partial: true });
});

it("of an answer whose numbers cannot be read, nobody is told to ask for them", () => {
  const meter = new AnswerMeter();
  meter.push({ object: "chat.completion.chunk", ...said("Hi", 0.5) });
  expect(meter.finish().warnings).toEqual([expect.stringContaining("0.5 is not the logarithm")]);
});

it("a count that is none is as if it were not there", () => {
  for (const count of [1.5, -1, "2"])
    expect(chat(said("Hi"), end, { choices: [], usage: { completion_tokens: count } }).end).toMatchObject({
      tokens: null,
      partial: false,
      warnings: [],
    });
});

describe("an error in a stream is quoted", () => {
  it.each<[string, unknown, string]>([
    // https://console.groq.com/docs/api-reference: "An error string indicating why a stream was stopped early"
    [
      "Groq's",
      { choices: [{ index: 0, delta: {} }], x_groq: { id: "r", error: "over capacity" } },
      "over capacity",
    ],
    [
      "RFC 9457's",
      { type: "about:blank", title: "Internal Server Error", status: 500 },
      "Internal Server Error",
    ],
    [
      "Amazon Bedrock's",
      { modelStreamErrorException: { message: "Try again", originalStatusCode: 424 } },
      "Try again",
    ],
    ["Amazon Bedrock's, without words", { throttlingException: {} }, "throttlingException"],
  ])("%s", (_, event, words) => {
    const { text, error } = chat(said("Hi"), event, said("no"), end);
    expect(text).toBe("Hi");
    expect(error).toMatchObject({ code: "SERVER_ERROR", what: expect.stringContaining(words) });
  });

  it("of an answer that has a title and says something, there is none", () => {
    expect(chat({ ...(said("Hi") as object), title: "Greeting" }, end)).toMatchObject({
      text: "Hi",
      error: null,
    });
  });
});

describe("the reason of an end", () => {
  it.each([
    ["STOP", "stop"],
    ["COMPLETE", "stop"],
    ["MAX_TOKENS", "length"],
    ["model_context_window_exceeded", "length"],
    ["SAFETY", "content-filter"],
    ["sensitive", "content-filter"],
    ["load", "other"],
  ])("%s is %s", (reason, finishReason) => {
    expect(chat(said("Hi"), chunk({}, [], reason), usage(1)).end).toMatchObject({
      finishReason,
      partial: false,
    });
  });

  // https://api-docs.deepseek.com/api/create-chat-completion, and promptfoo/promptfoo pull request 9905 for Z.ai
  it.each(["insufficient_system_resource", "network_error", "ERROR"])(
    "%s is a server that gave up",
    (reason) => {
      const { text, error } = chat(said("Hi"), chunk({}, [], reason), usage(1));
      expect(text).toBe("Hi");
      expect(error).toMatchObject({ code: "SERVER_ERROR", what: expect.stringContaining(`"${reason}"`) });
    },
  );

  it("of Gemini's that are a model's fault is said in its words", () => {
    const { end: ended } = read(geminiReader(), {
      candidates: [
        { finishReason: "MALFORMED_FUNCTION_CALL", finishMessage: "Malformed function call: f(." },
      ],
    });
    expect(ended).toMatchObject({
      finishReason: "other",
      warnings: ["The answer ended by MALFORMED_FUNCTION_CALL: Malformed function call: f(."],
    });
  });
});

describe("the Responses API", () => {
  const responses = (...events: unknown[]) => read(responsesReader({ server: SERVER }), ...events);
  const delta = (text: string) => ({
    type: "response.output_text.delta",
    delta: text,
    logprobs: [entry(text)],
  });
  const message = (text: string, ...logprobs: unknown[]) => ({
    type: "message",
    content: [{ type: "output_text", text, logprobs }],
  });
  const completed = (...output: unknown[]) => ({
    type: "response.completed",
    response: { status: "completed", output, usage: { output_tokens: 2 } },
  });
  const thought = { type: "reasoning", content: [{ type: "reasoning_text", text: "hm, so" }] };
  const call = { type: "function_call", name: "weather", arguments: '{"a":1}' };
  const said = { answer: "Hello", reasoning: "", calls: "" };

  it.each<[string, unknown[], { answer: string; reasoning: string; calls: string }]>([
    [
      "thinking in one event (LM Studio: earendil-works/pi pull request 4191)",
      [
        { type: "response.reasoning_text.done", text: "hm, so" },
        delta("Hel"),
        delta("lo"),
        completed(thought),
      ],
      { ...said, reasoning: "hm, so" },
    ],
    [
      "thinking in deltas and again",
      [
        { type: "response.reasoning_text.delta", delta: "hm," },
        { type: "response.reasoning_text.delta", delta: " so" },
        { type: "response.reasoning_text.done", text: "hm, so" },
        { type: "response.output_item.done", item: thought },
        ...[delta("Hel"), delta("lo"), completed(thought, message("Hello"))],
      ],
      { ...said, reasoning: "hm, so" },
    ],
    [
      "thinking at the end only",
      [delta("Hel"), delta("lo"), completed(thought, message("Hello"))],
      { ...said, reasoning: "hm, so" },
    ],
    [
      "a call whose arguments come in one piece",
      [
        { type: "response.output_item.added", item: { ...call, arguments: "" } },
        { type: "response.function_call_arguments.done", arguments: '{"a":1}' },
        { type: "response.output_item.done", item: call },
        completed(call),
      ],
      { ...said, answer: "", calls: 'weather{"a":1}' },
    ],
    [
      "a call at the end only",
      [delta("Hel"), delta("lo"), completed(message("Hello"), call)],
      { ...said, calls: 'weather{"a":1}' },
    ],
  ])("%s: all of it, once, in its part", (_, events, expected) => {
    const { records, error } = responses(...events);
    expect(error).toBeNull();
    expect(partsOf(records)).toEqual(expected);
  });

  it.each<[string, unknown]>([
    ["an item", { type: "response.output_item.done", item: message("Hello", entry("Hel"), entry("lo")) }],
    [
      "a part",
      {
        type: "response.content_part.done",
        part: { type: "output_text", text: "Hello", logprobs: [entry("Hel"), entry("lo")] },
      },
    ],
  ])(
    "the answer in %s, without deltas and with an end that is empty (BerriAI/litellm pull request 32724)",
    (_, event) => {
      const { text, end: ended } = responses(event, completed());
      expect(text).toBe("Hello");
      expect(ended).toMatchObject({ tokens: 2, scored: 2, partial: false, warnings: [] });
    },
  );

  it("an end that leaves its status, or all of it, to its name", () => {
    for (const response of [undefined, null, { output: [] }, { status: null }])
      expect(responses(delta("Hi"), { type: "response.completed", response })).toMatchObject({
        text: "Hi",
        error: null,
        end: { finishReason: "stop", partial: false },
      });
  });

  it("an event without a type is doubted; a whole answer may do without its kind", () => {
    const { text, end: ended } = responses(delta("Hel"), { foo: 1 }, delta("lo"), completed());
    expect(text).toBe("Hello");
    expect(ended).toMatchObject({ partial: true, warnings: [expect.stringContaining("not known here")] });
    expect(responses({ status: "completed", output: [message("Hi", entry("Hi"))] })).toMatchObject({
      text: "Hi",
      end: { scored: 1, partial: false },
    });
  });

  it("numbers after all of their text are left out, and that is what is said", () => {
    const { end: ended } = responses(
      { type: "response.output_text.delta", delta: "Hello", logprobs: [] },
      { type: "response.output_text.done", text: "Hello", logprobs: [entry("Hel"), entry("lo")] },
      completed(),
    );
    expect(ended).toMatchObject({ scored: 0, partial: true });
    expect(ended!.warnings.join()).toContain("after all of their text");
    expect(ended!.warnings.join()).not.toContain("lost");
  });
});

describe("Ollama's own API", () => {
  const line = (content: string) => ({ message: { content }, logprobs: [entry(content)], done: false });
  const ollama = (...lines: unknown[]) => read(ollamaReader({ server: SERVER }), ...lines);

  it.each<[string, unknown[]]>([
    ["a sign of life", [{ type: "ping" }, line("Hi"), { status: "loading" }]],
    [
      "lines that do not say that they are not the last",
      [{ message: { content: "Hi" }, logprobs: [entry("Hi")] }],
    ],
  ])("%s", (_, lines) => {
    const last = { message: { content: "" }, done: true, done_reason: "stop", eval_count: 2 };
    expect(ollama(...lines, last)).toMatchObject({
      text: "Hi",
      error: null,
      end: { tokens: 1, partial: false },
    });
  });

  it("a last line without a message", () => {
    for (const more of [{}, { message: null }])
      expect(ollama(line("Hi"), { ...more, done: true, done_reason: "stop", eval_count: 2 })).toMatchObject({
        text: "Hi",
        error: null,
        end: { tokens: 1, partial: false },
      });
  });

  it("a line of an answer that has no text is doubted", () => {
    const { end: ended } = ollama(line("Hi"), { model: "m", message: null, done: false }, { done: true });
    expect(ended).toMatchObject({ partial: true, warnings: [expect.stringContaining("lacks the text")] });
  });
});

describe("Gemini", () => {
  it("an empty list of alternatives is none", () => {
    const { error, end: ended } = read(geminiReader({ server: SERVER }), {
      candidates: [
        {
          content: { parts: [{ text: "Hi" }] },
          finishReason: "STOP",
          logprobsResult: { chosenCandidates: [{ token: "Hi", logProbability: -0.5 }], topCandidates: [] },
        },
      ],
    });
    expect(error).toBeNull();
    expect(ended).toMatchObject({ scored: 1, partial: false });
  });
});
