/** Events of odd servers: what says nothing, errors, and what shares a piece of the network with something bad. */
import { describe, expect, it } from "vitest";
import { SurprisalError } from "../../src/core/index.ts";
import { geminiReader } from "../../src/models/gemini/index.ts";
import { ollamaReader } from "../../src/models/ollama/index.ts";
import {
  llamaServerReader,
  responsesReader,
  sglangReader,
  tgiReader,
} from "../../src/models/openai/index.ts";
import { readNdjson, readServerSentEvents, type WireReader } from "../../src/models/remote/index.ts";
import { chat, chunk, read, SERVER, said, usage } from "./short-chats.ts";

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
