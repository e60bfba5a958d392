/**
 * The part of each record: what is said, what was thought, calls of tools.
 *
 * Sources of the shapes:
 * - vLLM, `reasoning` (before 0.11.1 `reasoning_content`) beside `content`, numbers of both in `logprobs.content`, and the
 *   marks among the tokens: vllm/entrypoints/openai/chat_completion/serving.py.
 * - DeepSeek: `reasoning_content` beside `content`, numbers of each in a list of its own (api-docs.deepseek.com,
 *   "Create Chat Completion").
 * - OpenAI: `delta.tool_calls` in pieces with `logprobs: null` (platform.openai.com, "Function calling", streaming).
 * - OpenAI's Responses API: events named in openai-node 6, resources/responses/responses.ts.
 * - Ollama: `message.thinking`, api/types.go. Gemini: `part.thought`, `part.functionCall`, js-genai, src/types.ts.
 * - Servers without a reasoning parser, which pass `<think>` on: Qwen3 and DeepSeek R1 behind vLLM without
 *   `--reasoning-parser`, LM Studio; R1's template opens the thinking, so that only `</think>` is in the answer.
 */
import { describe, expect, it } from "vitest";
import { PerplexityMeter, type TokenRecord } from "../../src/core/index.ts";
import { geminiReader } from "../../src/models/gemini/index.ts";
import { ollamaReader } from "../../src/models/ollama/index.ts";
import { chatReader, completionsReader, responsesReader } from "../../src/models/openai/index.ts";
import type { WireReader } from "../../src/models/remote/index.ts";

function read(reader: WireReader, ...values: unknown[]) {
  const streamed = values.flatMap((value) => reader.push(value));
  const { records, end } = reader.finish();
  return { ...end, records: [...streamed, ...records] };
}

/** The texts of each part, and the numbers. */
function partsOf(records: readonly TokenRecord[]) {
  const texts: Record<string, string> = {};
  const numbers: Record<string, (number | null)[]> = {};
  for (const { part = "answer", text, logprob } of records) {
    texts[part] = (texts[part] ?? "") + text;
    numbers[part] = [...(numbers[part] ?? []), logprob];
  }
  return { texts, numbers };
}

const token = (text: string, logprob: number) => ({
  token: text,
  logprob,
  bytes: [...new TextEncoder().encode(text)],
  top_logprobs: [],
});
const delta = (said: object, tokens: object[] | null = null, finish: string | null = null) => ({
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta: said, logprobs: tokens && { content: tokens }, finish_reason: finish }],
});
const message = (said: object, logprobs: object | null, tokens: number, finish = "stop") => ({
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", ...said }, logprobs, finish_reason: finish }],
  usage: { completion_tokens: tokens },
});

const THOUGHT = [token("<think>", -0.01), token("Hm", -2), token(".", -1), token("</think>", -0.02)];
const SAID = [token("\n\n", -0.03), token("Paris", -0.5), token(".", -0.25)];

describe("thinking that a server sends apart", () => {
  it.each(["reasoning", "reasoning_content"])("in a stream, as %s", (name) => {
    const { records, partial } = read(
      chatReader(),
      delta({ role: "assistant", content: "" }),
      delta({ [name]: "Hm" }, THOUGHT.slice(0, 2)),
      delta({ [name]: "." }, THOUGHT.slice(2, 3)),
      delta({ content: "Paris" }, [THOUGHT[3]!, ...SAID.slice(0, 2)]),
      delta({ content: "." }, SAID.slice(2)),
      delta({}, null, "stop"),
    );
    expect(partsOf(records)).toEqual({
      texts: { reasoning: "Hm.\n\n", answer: "Paris." }, // the server left the white space out
      numbers: { reasoning: [-0.01, -2, -1, -0.02, -0.03], answer: [-0.5, -0.25] },
    });
    expect(partial).toBe(false);
  });

  it("in a whole answer, whose numbers are of both", () => {
    const logprobs = { content: [...THOUGHT, ...SAID] };
    const { records, partial } = read(
      chatReader(),
      message({ reasoning: "Hm.", content: "Paris." }, logprobs, 7),
    );
    expect(partsOf(records)).toEqual({
      texts: { reasoning: "Hm.\n\n", answer: "Paris." }, // the server left the white space out
      numbers: { reasoning: [-0.01, -2, -1, -0.02, -0.03], answer: [-0.5, -0.25] },
    });
    expect(partial).toBe(false);
  });

  it("whose numbers are of the answer alone", () => {
    const { records, partial } = read(
      chatReader(),
      message({ reasoning_content: "Hm.", content: "Paris." }, { content: SAID.slice(1) }, 7),
    );
    expect(partsOf(records)).toEqual({
      texts: { reasoning: "Hm.", answer: "Paris." },
      numbers: { reasoning: [null], answer: [-0.5, -0.25] },
    });
    expect(partial).toBe(true);
  });

  it("whose numbers are in a list of its own", () => {
    const logprobs = { reasoning_content: THOUGHT.slice(1, 3), content: SAID.slice(1) };
    const { records, partial } = read(
      chatReader(),
      message({ reasoning_content: "Hm.", content: "Paris." }, logprobs, 4),
    );
    expect(partsOf(records).numbers).toEqual({ reasoning: [-2, -1], answer: [-0.5, -0.25] });
    expect(partial).toBe(false);
  });

  it("without any numbers: a text each", () => {
    const { records } = read(
      chatReader(),
      delta({ reasoning: "Hm", content: "" }),
      delta({ reasoning: ".", content: "Par" }),
      delta({ content: "is" }, null, "stop"),
    );
    expect(records).toEqual([
      { text: "Hm", logprob: null, part: "reasoning" },
      { text: ".", logprob: null, part: "reasoning" },
      { text: "Par", logprob: null },
      { text: "is", logprob: null },
    ]);
  });

  it("of gpt-oss, whose headers are of the thinking", () => {
    const header = ["<|channel|>", "analysis", "<|message|>"].map((text) => token(text, -0.1));
    const next = ["<|end|>", "<|start|>", "assistant", "<|channel|>", "final", "<|message|>"];
    const { records, partial } = read(
      chatReader(),
      delta({ reasoning: "Hm" }, [...header, token("Hm", -2)]),
      delta({ content: "Paris" }, [...next.map((text) => token(text, -0.1)), token("Paris", -0.5)]),
      delta({}, null, "stop"),
    );
    expect(partsOf(records)).toEqual({
      texts: { reasoning: "Hm", answer: "Paris" },
      numbers: { reasoning: [-0.1, -0.1, -0.1, -2, ...Array(6).fill(-0.1)], answer: [-0.5] },
    });
    expect(partial).toBe(false);
  });

  it("of Ollama, Gemini and the Responses API", () => {
    const ollama = read(
      ollamaReader(),
      { message: { thinking: "Hm", content: "" }, done: false, logprobs: [{ token: "Hm", logprob: -2 }] },
      { message: { content: "Yes" }, done: false, logprobs: [{ token: "Yes", logprob: -1 }] },
      { message: { content: "" }, done: true, done_reason: "stop", eval_count: 3 },
    );
    const gemini = read(geminiReader(), {
      candidates: [
        { content: { parts: [{ text: "Hm", thought: true }, { text: "Yes" }] }, finishReason: "STOP" },
      ],
    });
    const event = (type: string, more: object) => ({ type: `response.${type}`, ...more });
    const responses = read(
      responsesReader(),
      event("reasoning_text.delta", { delta: "Hm" }),
      event("output_text.delta", { delta: "Yes", logprobs: [token("Yes", -1)] }),
      event("completed", { response: { status: "completed", output: [] } }),
    );
    for (const { records } of [ollama, gemini, responses])
      expect(partsOf(records).texts).toEqual({ reasoning: "Hm", answer: "Yes" });
  });
});

describe("thinking between marks in the text", () => {
  const chunks = (...tokens: ReturnType<typeof token>[]) => [
    ...tokens.map((each) => delta({ content: each.token }, [each])),
    delta({}, null, "stop"),
  ];

  it("has the marks, and their numbers", () => {
    const { records, partial } = read(chatReader(), ...chunks(...THOUGHT, ...SAID));
    expect(partsOf(records)).toEqual({
      texts: { reasoning: "<think>Hm.</think>\n\n", answer: "Paris." },
      numbers: { reasoning: [-0.01, -2, -1, -0.02, -0.03], answer: [-0.5, -0.25] },
    });
    expect(partial).toBe(false);
  });

  it("is found where the marks are spelled, and where a text has no tokens", () => {
    const spelled = ["<", "think", ">", "Hm", "</", "think", ">", "Yes"].map((text) => token(text, -1));
    expect(partsOf(read(chatReader(), ...chunks(...spelled)).records).texts).toEqual({
      reasoning: "<think>Hm</think>",
      answer: "Yes",
    });
    const silent = message({ content: "<think>\nHm</think>\n\nYes, <think> is a tag." }, null, 20);
    expect(partsOf(read(chatReader(), silent).records).texts).toEqual({
      reasoning: "<think>\nHm</think>",
      answer: "\n\nYes, <think> is a tag.",
    });
  });

  it("is not seen where a model writes about marks", () => {
    for (const texts of [
      ["<", "html", ">"],
      ["Use ", "<think>", " and ", "</think>", "."],
    ]) {
      const { records, warnings } = read(chatReader(), ...chunks(...texts.map((text) => token(text, -1))));
      expect(partsOf(records).texts).toEqual({ answer: texts.join("") });
      expect(warnings).toEqual([]);
    }
  });

  it("whose beginning the template wrote: known of a whole answer, told of a stream", () => {
    const tokens = [...THOUGHT.slice(1, 3), token("\n", -0.1), ...THOUGHT.slice(3), ...SAID];
    const content = tokens.map(({ token }) => token).join("");
    const whole = read(chatReader(), message({ content }, { content: tokens }, tokens.length));
    expect(partsOf(whole.records).texts).toEqual({ reasoning: "Hm.\n</think>\n\n", answer: "Paris." });
    expect(whole.warnings).toEqual([]);
    const streamed = read(chatReader(), ...chunks(...tokens));
    expect(partsOf(streamed.records).texts).toEqual({ answer: content });
    expect(streamed.warnings).toEqual([expect.stringMatching(/<\/think> and no <think>/)]);
    const known = read(completionsReader({ prompt: "Capital?\n<think>\n" }), {
      choices: [{ index: 0, text: "Hm</think>Yes", logprobs: null, finish_reason: "stop" }],
    });
    expect(partsOf(known.records).texts).toEqual({ reasoning: "Hm</think>", answer: "Yes" });
  });

  it("that does not come to its end has no answer", () => {
    const cut = read(chatReader(), ...chunks(...THOUGHT.slice(0, 3)).slice(0, -1), delta({}, null, "length"));
    expect(partsOf(cut.records).texts).toEqual({ reasoning: "<think>Hm." });
  });
});

describe("calls of tools", () => {
  const call = (index: number, fields: object) => ({ tool_calls: [{ index, function: fields }] });

  it("in pieces without numbers: text of their own, and the answer is partial, also without a count", () => {
    const { records, partial, finishReason } = read(
      chatReader(),
      delta({ role: "assistant", content: null }),
      delta({ content: "Looking." }, [token("Looking", -1), token(".", -0.5)]),
      delta(call(0, { name: "weather", arguments: "" })),
      delta(call(0, { arguments: '{"city"' })),
      delta(call(0, { arguments: ':"Paris"}' })),
      delta(call(1, { name: "time", arguments: "{}" })),
      delta({}, null, "tool_calls"),
    );
    expect(partsOf(records)).toEqual({
      texts: { answer: "Looking.", "tool-call": 'weather{"city":"Paris"}time{}' },
      numbers: { answer: [-1, -0.5], "tool-call": [null, null, null, null] },
    });
    expect([partial, finishReason]).toEqual([true, "tool-calls"]);
  });

  it("whose tokens have numbers are those tokens", () => {
    const tokens = ["<tool_call>", '{"name"', ': "weather"}', "</tool_call>"].map((text) =>
      token(text, -0.5),
    );
    const said = [token("Hm", -2), token("</think>", -0.1), token("Looking", -1)];
    const whole = read(
      chatReader(),
      message(
        { reasoning: "Hm", content: "Looking", ...call(0, { name: "weather", arguments: "{}" }) },
        { content: [...said, ...tokens, token("<|im_end|>", -0.01)] },
        8,
        "tool_calls",
      ),
    );
    expect(partsOf(whole.records)).toEqual({
      texts: {
        reasoning: "Hm</think>",
        answer: "Looking",
        "tool-call": '<tool_call>{"name": "weather"}</tool_call>',
      },
      numbers: { reasoning: [-2, -0.1], answer: [-1], "tool-call": [-0.5, -0.5, -0.5, -0.5] },
    });
    expect(whole.partial).toBe(false);
  });

  it("of Ollama, Gemini and the Responses API", () => {
    const ollama = read(
      ollamaReader(),
      {
        message: {
          content: "",
          tool_calls: [{ function: { name: "weather", arguments: { city: "Paris" } } }],
        },
        done: false,
      },
      { message: { content: "" }, done: true, done_reason: "stop" },
    );
    const gemini = read(geminiReader(), {
      candidates: [
        {
          content: { parts: [{ functionCall: { name: "weather", args: { city: "Paris" } } }] },
          finishReason: "STOP",
        },
      ],
    });
    const item = { type: "function_call", name: "weather", arguments: "" };
    const responses = read(
      responsesReader(),
      { type: "response.output_item.added", output_index: 0, item },
      { type: "response.function_call_arguments.delta", output_index: 0, delta: '{"city":' },
      { type: "response.function_call_arguments.delta", output_index: 0, delta: '"Paris"}' },
      {
        type: "response.completed",
        response: { status: "completed", output: [{ ...item, arguments: '{"city":"Paris"}' }] },
      },
    );
    const whole = read(responsesReader(), {
      object: "response",
      status: "completed",
      output: [{ ...item, arguments: '{"city":"Paris"}' }],
    });
    for (const { records, partial } of [ollama, gemini, responses, whole]) {
      expect(partsOf(records).texts).toEqual({ "tool-call": 'weather{"city":"Paris"}' });
      expect(partial).toBe(true);
    }
  });
});

it("the meter reads each part for itself", () => {
  const logprobs = { content: [...THOUGHT, ...SAID] };
  const { records } = read(chatReader(), message({ reasoning: "Hm.", content: "Paris." }, logprobs, 7));
  const meter = new PerplexityMeter();
  for (const record of records) meter.push(record);
  const { perplexity, parts } = meter.read();
  expect(perplexity).toBeCloseTo(Math.exp((0.01 + 2 + 1 + 0.02 + 0.03 + 0.5 + 0.25) / 7), 12);
  expect(parts.reasoning?.perplexity).toBeCloseTo(Math.exp((0.01 + 2 + 1 + 0.02 + 0.03) / 5), 12);
  expect(parts.answer).toMatchObject({ tokens: 2, scored: 2, bytes: 6 });
  expect(parts.answer?.perplexity).toBeCloseTo(Math.exp((0.5 + 0.25) / 2), 12);
  expect(parts["tool-call"]).toBeNull();
});
