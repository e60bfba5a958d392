/**
 * Forms of an answer that are not OpenAI's: what is known of them is read, and of the rest the text still comes, without
 * numbers and marked so. A wrong field in a known form stays an error.
 *
 * Sources:
 * - Together: togethercomputer/together-python, src/together/types/chat_completions.py and common.py (a chunk's
 *   `logprobs` is a number; a whole answer's are LogprobsPart, `tokens` and `token_logprobs`); `token_id` in the delta.
 * - Mistral: mistralai/client-python, models/deltamessage.py (`content` may be a list of parts), thinkchunk.py,
 *   textchunk.py, referencechunk.py.
 * - mlx_lm.server: ml-explore/mlx-lm, mlx_lm/server.py, generate_response: tokens `{id, logprob}` without a text.
 * - Gateways to Gemini's API that write `finishReason: "STOP"` in every event.
 * - llama-server as a router: ggml-org/llama.cpp, tools/server/server-models.cpp ("model name is missing from the request").
 */
import { afterEach, describe, expect, it } from "vitest";
import { geminiReader } from "../../src/models/gemini/index.ts";
import {
  chatReader,
  completionsReader,
  OpenAIModel,
  responsesReader,
} from "../../src/models/openai/index.ts";
import type { WireReader } from "../../src/models/remote/index.ts";
import { type FakeServer, startFakeServer } from "./fake-server.ts";
import { plainModel } from "./plain-model.ts";

const SERVER = "http://fixture/v1";

function read(reader: WireReader, ...values: unknown[]) {
  const records = values.flatMap((value) => reader.push(value));
  const finished = reader.finish();
  const all = [...records, ...finished.records];
  return { ...finished.end, text: all.map(({ text }) => text).join(""), records: all };
}

const chat = (...values: unknown[]) => read(chatReader({ server: SERVER }), ...values);
const chunk = (delta: object, logprobs: unknown = null, finish: string | null = null, more: object = {}) => ({
  choices: [{ index: 0, delta, logprobs, finish_reason: finish }],
  ...more,
});
const whole = (content: unknown, logprobs: unknown, tokens: number) => ({
  choices: [{ index: 0, message: { role: "assistant", content }, logprobs, finish_reason: "stop" }],
  usage: { completion_tokens: tokens },
});
const usage = (tokens: number) => ({ usage: { completion_tokens: tokens } });

describe("Together", () => {
  const role = { role: "assistant" };

  it("gives a number per chunk", () => {
    const answer = chat(
      chunk({ ...role, content: "Par", token_id: 3 }, -0.5),
      chunk({ content: "is", token_id: 4 }, -1),
      chunk({ content: "", token_id: 9 }, -0.01, "stop", usage(3)),
    );
    expect(answer).toMatchObject({ text: "Paris", tokens: 2, scored: 2, partial: false, warnings: [] });
    expect(answer.records).toEqual([
      { text: "Par", id: 3, logprob: -0.5 },
      { text: "is", id: 4, logprob: -1 },
    ]);
  });

  it("gives a number to the last token too, where the answer ends for its length", () => {
    const answer = chat(
      chunk({ content: "Par", token_id: 3 }, -0.5),
      chunk({ content: "is", token_id: 4 }, -1, "length", usage(2)),
    );
    expect(answer).toMatchObject({ text: "Paris", tokens: 2, scored: 2, partial: false });
  });

  it("has lost a token where it counts more", () => {
    const answer = chat(
      chunk({ content: "is", token_id: 4 }, -1),
      chunk({ content: "", token_id: 9 }, -0.01, "stop", usage(3)),
    );
    expect(answer.partial).toBe(true);
  });

  it("gives arrays in a whole answer", () => {
    const arrays = { tokens: ["Par", "is"], token_logprobs: [-0.5, null], token_ids: [3, 4] };
    const answer = chat(whole("Paris", arrays, 2));
    expect(answer.records).toEqual([
      { text: "Par", logprob: -0.5 },
      { text: "is", logprob: null },
    ]);
    expect(answer).toMatchObject({ tokens: 2, scored: 1, partial: true });
  });

  it.each([
    [{ tokens: ["Par", 17], token_logprobs: [-1, -1] }, "choices[0].logprobs.tokens[1]"],
    [{ tokens: ["Par", "is"], token_logprobs: [-1, "x"] }, "choices[0].logprobs.token_logprobs[1]"],
    [{ tokens: ["Par", "is"], token_logprobs: [-1] }, "choices[0].logprobs.token_logprobs"],
    [{ tokens: ["Par", "is"], token_logprobs: [-1, 2] }, "choices[0].logprobs.token_logprobs[1]"],
  ])("a wrong field of them is an error: %j", (logprobs, field) => {
    expect(() => chat(whole("Paris", logprobs, 2))).toThrow(
      expect.objectContaining({ code: "WIRE_MALFORMED", where: `${SERVER}, ${field}` }),
    );
  });

  it("gives no number that is the logarithm of no probability", () => {
    expect(() => chat(chunk({ content: "a", token_id: 1 }, 1))).toThrow(
      expect.objectContaining({ code: "WIRE_MALFORMED", where: `${SERVER}, choices[0].logprobs` }),
    );
  });
});

describe("numbers in a form that is not known", () => {
  const ids = [
    { id: 3, logprob: -0.5, top_logprobs: [{ id: 3, logprob: -0.5 }] },
    { id: 4, logprob: -1 },
  ];

  it.each<[string, unknown, string]>([
    ["tokens by their ids alone (mlx_lm.server)", { content: ids }, "choices[0].logprobs.content"],
    ["tokens in another field", { content: [{ text: "Paris", logprob: -1 }] }, "choices[0].logprobs.content"],
    ["a bare list", [-0.5, -1], "choices[0].logprobs"],
    ["an object of something else", { numbers: [-0.5, -1] }, "choices[0].logprobs"],
    ["one number for all", -1.5, "choices[0].logprobs"],
  ])("%s: the text comes without them, and a warning names the field", (_, logprobs, field) => {
    for (const answer of [
      chat(whole("Paris", logprobs, 2)),
      chat(chunk({ content: "Paris" }, logprobs), chunk({}, null, "stop", usage(2))),
    ]) {
      expect(answer).toMatchObject({ text: "Paris", scored: 0, partial: true, finishReason: "stop" });
      expect(answer.records).toEqual([{ text: "Paris", logprob: null }]);
      expect(answer.warnings[0]).toContain(`${SERVER}, ${field} `);
    }
  });

  it("so do the other APIs' texts", () => {
    const text = { choices: [{ text: "Paris", logprobs: { content: ids }, finish_reason: "stop" }] };
    const part = { type: "output_text", text: "Paris", logprobs: ids };
    const response = {
      object: "response",
      status: "completed",
      output: [{ type: "message", content: [part] }],
    };
    const number = { choices: [{ text: "Paris", logprobs: -1, finish_reason: "stop" }] };
    for (const answer of [
      read(completionsReader(), text),
      read(completionsReader(), number),
      read(responsesReader(), response),
    ]) {
      expect(answer).toMatchObject({ text: "Paris", scored: 0, partial: true });
      expect(answer.warnings[0]).toContain("logprobs");
    }
  });

  it("alternatives without a text are none", () => {
    const content = [{ token: "a", logprob: -1, top_logprobs: [{ id: 1, logprob: -1 }] }];
    expect(chat(whole("a", { content }, 1)).records).toEqual([{ text: "a", logprob: -1 }]);
  });

  it.each<[unknown, string]>([
    ["-0.5", "choices[0].logprobs"],
    [true, "choices[0].logprobs"],
    [{ content: 17 }, "choices[0].logprobs.content"],
    [{ content: [{}] }, "choices[0].logprobs.content[0].token"],
    [{ content: [{ logprob: -1 }] }, "choices[0].logprobs.content[0].token"],
    [{ content: [{ bytes: [97], logprob: -1 }] }, "choices[0].logprobs.content[0].token"],
    [{ content: [{ token: 17, logprob: -1 }] }, "choices[0].logprobs.content[0].token"],
    [{ content: [{ token: "a", logprob: "-1" }] }, "choices[0].logprobs.content[0].logprob"],
    [{ content: [{ id: 1, logprob: "-1" }] }, "choices[0].logprobs.content[0].logprob"],
  ])("a wrong field of the known form is an error: %j", (logprobs, field) => {
    expect(() => chat(whole("a", logprobs, 1))).toThrow(
      expect.objectContaining({ code: "WIRE_MALFORMED", where: `${SERVER}, ${field}` }),
    );
  });
});

describe("Mistral", () => {
  const thinking = { type: "thinking", thinking: [{ type: "text", text: "Easy." }] };

  it("writes what is thought and said as parts", () => {
    for (const answer of [
      chat(chunk({ content: [thinking] }), chunk({ content: "Paris" }), chunk({ content: "" }, null, "stop")),
      chat(whole([thinking, { type: "text", text: "Paris" }], null, 3)),
    ]) {
      expect(answer).toMatchObject({ text: "Easy.Paris", scored: 0, partial: true });
      expect(answer.records.every(({ logprob }) => logprob === null)).toBe(true);
    }
  });

  it("may add parts that are no text, and a warning says which", () => {
    const content = [
      { type: "text", text: "Paris" },
      { type: "reference", reference_ids: [1] },
    ];
    const answer = chat(whole(content, null, 1));
    expect(answer.text).toBe("Paris");
    expect(answer.warnings.join()).toContain("reference");
  });

  it.each<[unknown, string]>([
    [17, "content"],
    [["Paris"], "content[0]"],
    [[{ text: "Paris" }], "content[0].type"],
    [[{ type: "text", text: 17 }], "content[0].text"],
    [[{ type: "thinking", thinking: [{ type: "text", text: 17 }] }], "content[0].thinking[0].text"],
  ])("a wrong part is an error: %j", (content, field) => {
    expect(() => chat(whole(content, null, 1))).toThrow(
      expect.objectContaining({ code: "WIRE_MALFORMED", where: `${SERVER}, choices[0].message.${field}` }),
    );
  });
});

describe("Gemini's events after a finish reason", () => {
  const event = (text: string, logProbability: number, finishReason?: string) => ({
    candidates: [
      {
        index: 0,
        content: { parts: [{ text }], role: "model" },
        ...(finishReason && { finishReason }),
        logprobsResult: { chosenCandidates: [{ token: text, tokenId: 1, logProbability }] },
      },
    ],
  });

  it("with text are read, and doubted", () => {
    const answer = read(geminiReader(), event("Hel", -0.5, "STOP"), event("lo", -1, "STOP"));
    expect(answer).toMatchObject({ text: "Hello", scored: 2, partial: true, finishReason: "stop" });
    expect(answer.warnings).toHaveLength(1);
  });

  it("without text are no reason to doubt", () => {
    const grounding = {
      candidates: [{ index: 0, groundingMetadata: {}, content: { parts: [{ text: "" }] } }],
    };
    const counts = { usageMetadata: { candidatesTokenCount: 2 } };
    const answer = read(
      geminiReader(),
      event("Hel", -0.5),
      event("lo", -1, "STOP"),
      { ...grounding, ...counts },
      grounding,
    );
    expect(answer).toMatchObject({ text: "Hello", scored: 2, tokens: 2, partial: false, warnings: [] });
  });
});

describe("llama-server as a router", () => {
  let server: FakeServer;
  afterEach(() => server?.close());

  it("is told the model in every request that it passes on", async () => {
    server = await startFakeServer({ dialect: "llama-server", model: plainModel() });
    const model = await OpenAIModel.open(`${server.url}#plain`);
    for await (const record of model.generate("Once", { maxTokens: 2 })) void record;
    await model.tokenize("Once upon");
    await model.detokenize([122]);
    const posts = server.requests.filter(({ method }) => method === "POST");
    const paths = new Set(posts.map(({ path }) => path));
    expect([...paths]).toEqual(expect.arrayContaining(["/tokenize", "/detokenize", "/completion"]));
    expect(posts.filter(({ body }) => body.model !== "plain").map(({ path }) => path)).toEqual([]);
  });
});
