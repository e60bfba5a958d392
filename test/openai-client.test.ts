/** `surprisal/openai` around the real `openai` client, which talks to fake servers on this machine. */
import OpenAI from "openai";
import { Stream } from "openai/core/streaming";
import { afterEach, describe, expect, it } from "vitest";
import { perplexity, SurprisalError, type TokenRecord } from "../src/core/index.ts";
import { type Metered, type MeteredEnd, meter } from "../src/models/openai-client/index.ts";
import { type DialectName, type FakeServer, type Misbehaviour, startFakeServer } from "./wire/fake-server.ts";
import { plainModel } from "./wire/plain-model.ts";

type Chunk = OpenAI.Chat.Completions.ChatCompletionChunk;

const TOKENS = 60;
const chat = {
  model: "plain",
  messages: [{ role: "user", content: "Tell me." }],
  temperature: 1,
  seed: 7,
  max_completion_tokens: TOKENS,
  logprobs: true,
  top_logprobs: 3,
} satisfies OpenAI.Chat.Completions.ChatCompletionCreateParams;
const text = { model: "plain", prompt: "Once", temperature: 1, seed: 7, max_tokens: TOKENS, logprobs: 3 };
const response = {
  model: "plain",
  input: "Tell me.",
  temperature: 1,
  max_output_tokens: TOKENS,
  include: ["message.output_text.logprobs"],
  top_logprobs: 3,
} satisfies OpenAI.Responses.ResponseCreateParams;

let server: FakeServer;
afterEach(() => server?.close());

async function start(dialect: DialectName = "openai", misbehave: Misbehaviour = {}): Promise<OpenAI> {
  server = await startFakeServer({ dialect, model: plainModel(), misbehave });
  return new OpenAI({ baseURL: server.url, apiKey: "none", maxRetries: 0, timeout: 20_000 });
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

const numbersOf = (chunks: Chunk[]) =>
  chunks.flatMap(({ choices }) => choices[0]?.logprobs?.content ?? []).map(({ logprob }) => logprob);

describe("meter around the openai client", () => {
  it("reads a streamed chat, chunk by chunk", async () => {
    const client = await start();
    const seen: [TokenRecord, number | null][] = [];
    const answer = meter(
      await client.chat.completions.create({
        ...chat,
        stream: true,
        stream_options: { include_usage: true },
      }),
      { onToken: (record, { perplexity }) => seen.push([record, perplexity]) },
    );
    expect(answer).toBeInstanceOf(Stream);
    expect(answer.reading.tokens).toBe(0);
    expect(answer.end).toBeNull();
    const chunks: Chunk[] = [];
    for await (const chunk of answer) {
      chunks.push(chunk);
      const numbers = numbersOf(chunks);
      expect(answer.reading.scored).toBe(numbers.length);
      if (numbers.length > 0) expect(answer.reading.perplexity).toBeCloseTo(perplexity(numbers)!, 9);
    }
    expect(answer.end).toEqual({
      finishReason: "length",
      tokens: TOKENS,
      scored: TOKENS,
      partial: false,
      warnings: [],
    });
    expect(seen.map(([{ text }]) => text).join("")).toBe(
      chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join(""),
    );
    expect(seen.at(-1)![1]).toBe(answer.reading.perplexity);
    expect(answer.reading.confidence.topK).toEqual({ least: 3, most: 3 });
  });

  it("says the same of a whole answer and of a stream, of each API", async () => {
    const client = await start();
    const pairs: [Metered<object>, Metered<AsyncIterable<unknown>>][] = [
      [
        meter(await client.chat.completions.create(chat)),
        meter(await client.chat.completions.create({ ...chat, stream: true })),
      ],
      [
        meter(await client.completions.create(text)),
        meter(await client.completions.create({ ...text, stream: true })),
      ],
      [
        meter(await client.responses.create(response)),
        meter(await client.responses.create({ ...response, stream: true })),
      ],
    ];
    for (const [whole, stream] of pairs) {
      await all(stream);
      expect(whole.reading.scored).toBe(TOKENS);
      expect(stream.reading.perplexity).toBe(whole.reading.perplexity);
      expect(stream.end).toMatchObject({ finishReason: "length", scored: TOKENS, partial: false });
      expect(whole.end).toMatchObject({ finishReason: "length", scored: TOKENS, partial: false });
    }
  });

  it.each<DialectName>(["azure", "deepseek", "openrouter", "xai", "lmstudio", "vllm", "sglang", "tgi"])(
    "reads the chat of %s",
    async (dialect) => {
      const client = await start(dialect);
      const answer = meter(
        await client.chat.completions.create({ ...chat, max_tokens: TOKENS, stream: true }),
      );
      const numbers = numbersOf(await all(answer));
      // LM Studio has no numbers in its chats.
      if (dialect === "lmstudio") expect(answer.end!.warnings.at(-1)).toContain("No token carries a number");
      else expect(answer.reading.perplexity).toBeCloseTo(perplexity(numbers)!, 9);
      expect(answer.end!.finishReason).toBe("length");
    },
  );

  it("stops the request where a policy says so", async () => {
    const client = await start("openai", { slow: 5 });
    const answer = meter(await client.chat.completions.create({ ...chat, stream: true }), {
      stopWhen: "tokens>=10",
    });
    const numbers = numbersOf(await all(answer));
    expect(numbers).toHaveLength(10);
    expect(answer.stoppedBy).toMatchObject({ token: 10, message: "stopped at token 10: tokens 10 >= 10" });
    expect(answer.end).toMatchObject({
      finishReason: null,
      tokens: 10,
      scored: 10,
      partial: false,
      warnings: [],
    });
    expect(answer.controller.signal.aborted).toBe(true);
    await expect.poll(() => server.requests[0]!.aborted).toBe(true);
  });

  it("is no stop, but an alarm, when the answer is there already", async () => {
    const client = await start();
    const answer = meter(await client.chat.completions.create(chat), { stopWhen: "tokens>=10" });
    expect(answer.stoppedBy).toBeNull();
    expect(answer.alarms.map(({ message }) => message)).toEqual(["alarm at token 10: tokens 10 >= 10"]);
    expect(answer.reading.scored).toBe(TOKENS);
  });

  it("aborts the request when the loop is left, or its controller aborted", async () => {
    const client = await start("openai", { slow: 5 });
    const left = meter(await client.chat.completions.create({ ...chat, stream: true }));
    for await (const _ of left) if (left.reading.tokens === 3) break;
    expect(left.end).toBeNull();
    expect(left.controller).toBe(left.unmetered.controller);
    await expect.poll(() => server.requests[0]!.aborted).toBe(true);

    const aborted = meter(await client.chat.completions.create({ ...chat, stream: true }));
    for await (const _ of aborted) if (aborted.reading.tokens === 3) aborted.controller.abort();
    expect(aborted.reading.tokens).toBe(3);
    expect(aborted.end).toMatchObject({ finishReason: null, partial: true });
    expect(aborted.end!.warnings[0]).toContain("no finish reason");
    await expect.poll(() => server.requests[1]!.aborted).toBe(true);
  });

  it("says how to ask when nobody asked", async () => {
    const client = await start();
    const { logprobs: _, top_logprobs: __, ...unasked } = chat;
    const { logprobs: ___, ...unaskedText } = text;
    const { include: ____, ...unaskedResponse } = response;
    const stream = meter(await client.chat.completions.create({ ...unasked, stream: true }));
    await all(stream);
    const ends: [MeteredEnd | null, number | null, string][] = [
      [stream.end, stream.reading.perplexity, "logprobs: true, top_logprobs: 5"],
    ];
    for (const [answer, way] of [
      [meter(await client.chat.completions.create(unasked)), "logprobs: true, top_logprobs: 5"],
      [meter(await client.completions.create(unaskedText)), "logprobs: 5"],
      [meter(await client.responses.create(unaskedResponse)), 'include: ["message.output_text.logprobs"]'],
    ] as const)
      ends.push([answer.end, answer.reading.perplexity, way]);
    for (const [end, number, way] of ends) {
      expect(number).toBeNull();
      expect(end).toMatchObject({ scored: 0, partial: true });
      expect(end!.warnings.at(-1)).toContain(way);
    }
  });

  it("takes the promise too, and gives on its error", async () => {
    const client = await start();
    const answer = await meter(client.chat.completions.create(chat));
    expect(answer.choices[0]!.message.content).toHaveLength(TOKENS);
    expect(JSON.parse(JSON.stringify(answer))).toEqual(answer.unmetered);
    server.misbehave = { refuseLogprobs: "no logprobs here" };
    await expect(meter(client.chat.completions.create(chat))).rejects.toThrow("no logprobs here");
  });

  it("leaves the client's promise its other ways", async () => {
    const client = await start();
    const { data, response, request_id } = await meter(client.chat.completions.create(chat)).withResponse();
    expect([data.reading.scored, response.status, request_id]).toEqual([TOKENS, 200, null]);
    const stream = await meter(client.chat.completions.create({ ...chat, stream: true })).withResponse();
    expect(numbersOf(await all(stream.data))).toHaveLength(TOKENS);
    expect(stream.data.reading.scored).toBe(TOKENS);
    // The body can be read once: nobody has read it for the meter.
    const raw = await meter(client.chat.completions.create(chat)).asResponse();
    expect(meter((await raw.json()) as OpenAI.Chat.ChatCompletion).reading.scored).toBe(TOKENS);
    const promise = meter(client.chat.completions.create(chat));
    expect(await promise.finally(() => {})).toBe(await promise);
    expect(promise).toBeInstanceOf(Promise);
    expect(() => meter(promise, { stopWhen: "windows>80" })).toThrow("windows");
  });

  it("aborts the request of a helper where a policy says so", async () => {
    const client = await start("openai", { slow: 5 });
    const helper = meter(client.chat.completions.stream(chat), { stopWhen: "tokens>=5" });
    await all(helper);
    expect(helper.stoppedBy?.token).toBe(5);
    await expect.poll(() => server.requests[0]!.aborted).toBe(true);

    const events = meter(client.responses.stream(response));
    await all(events);
    expect(events.end).toMatchObject({ scored: TOKENS, partial: false });
    expect((await events.finalResponse()).output_text).toHaveLength(TOKENS);
  });

  it("lets an error of the stream through, and knows no end then", async () => {
    const client = await start("openai", { errorAfterEvents: 6 });
    const answer = meter(await client.chat.completions.create({ ...chat, stream: true }));
    await expect(all(answer)).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(answer.reading.tokens).toBeGreaterThan(0);
    expect(answer.end).toBeNull();
  });

  it("marks an answer whose connection was cut", async () => {
    const client = await start("openai", { cutAfterBytes: 3000 });
    const answer = meter(await client.chat.completions.create({ ...chat, stream: true }));
    await all(answer).catch(() => {}); // the client notices, or it does not
    expect(answer.end === null || answer.end.partial).toBe(true);
    expect(answer.end?.finishReason ?? null).toBeNull();
  });

  it("serves the client's other ways to read a stream", async () => {
    const client = await start();
    const teed = meter(await client.chat.completions.create({ ...chat, stream: true }));
    const [first, second] = teed.tee();
    expect(numbersOf(await all(first))).toEqual(numbersOf(await all(second)));
    expect(teed.reading.scored).toBe(TOKENS);

    const read = meter(await client.chat.completions.create({ ...chat, stream: true }));
    const again = Stream.fromReadableStream<Chunk>(read.toReadableStream(), new AbortController());
    expect(numbersOf(await all(again))).toHaveLength(TOKENS);
    expect(read.reading.scored).toBe(TOKENS);

    const helper = meter(client.chat.completions.stream(chat));
    await all(helper);
    expect(helper.reading.scored).toBe(TOKENS);
    expect(await helper.finalContent()).toHaveLength(TOKENS);
  });
});

describe("meter around chunks", () => {
  const chunk = (logprob: number, finish: "stop" | null = null): Chunk => ({
    id: "1",
    created: 0,
    model: "m",
    object: "chat.completion.chunk",
    choices: [
      {
        index: 0,
        delta: { content: "a" },
        finish_reason: finish,
        logprobs: { content: [{ token: "a", bytes: [97], logprob, top_logprobs: [] }], refusal: null },
      },
    ],
  });
  const streamOf = (chunks: unknown[]) =>
    new Stream<Chunk>(async function* () {
      yield* chunks as Chunk[];
    }, new AbortController());

  it("gives on the very same objects", async () => {
    const chunks = [chunk(-1), chunk(-2), chunk(-3, "stop")];
    const answer = meter(streamOf(chunks));
    const got = await all(answer);
    expect(got.every((each, i) => each === chunks[i])).toBe(true);
    expect(got).toHaveLength(3);
    expect(answer.reading.perplexity).toBeCloseTo(Math.exp(2), 12);
  });

  it("turns what cannot be read into a warning", async () => {
    const chunks = [chunk(-1), chunk(2), chunk(-3, "stop")];
    const answer = meter(streamOf(chunks));
    expect(await all(answer)).toHaveLength(3);
    expect(answer.end).toMatchObject({ scored: 1, partial: true, finishReason: null });
    expect(answer.end!.warnings.join()).toContain("could not be read to the end");
    expect(answer.reading.partial).toBe(true);
  });

  it("knows when a stream is of another kind", async () => {
    const events = Array.from({ length: 20 }, () => ({ type: "content_block_delta", delta: { text: "a" } }));
    const answer = meter(streamOf(events));
    expect(await all(answer)).toHaveLength(20);
    expect(answer.reading.perplexity).toBeNull();
    expect(answer.end!.warnings.join()).toContain("none of the known formats");
  });

  it("refuses what is no answer, and a policy that is none", () => {
    expect(() => meter({ hello: "world" })).toThrow(SurprisalError);
    expect(() => meter(streamOf([]), { stopWhen: "windows>80" })).toThrow(SurprisalError);
  });
});

describe("the types of the client", () => {
  /** Never called. */
  async function types(client: OpenAI): Promise<unknown[]> {
    const whole = meter(await client.chat.completions.create(chat));
    const stream = meter(await client.chat.completions.create({ ...chat, stream: true }));
    const events = await meter(client.responses.create({ ...response, stream: true }));
    const content: string | null = whole.choices[0]!.message.content;
    const controller: AbortController = stream.controller;
    const same: Stream<Chunk> = stream;
    const types: string[] = [];
    for await (const event of events) types.push(event.type);
    for await (const { choices } of stream) types.push(choices[0]?.delta.content ?? "");
    const written: string = (await meter(client.responses.create(response))).output_text;
    const number: number | null = stream.reading.perplexity;
    const { data, response: raw } = await meter(client.responses.create(response)).withResponse();
    const parts: [number | null, string, number] = [data.reading.perplexity, data.output_text, raw.status];
    const body: ReadableStream | null = (await meter(client.models.list()).asResponse()).body;
    const plain: Promise<Metered<OpenAI.Completion>> = meter(Promise.resolve({} as OpenAI.Completion));
    // @ts-expect-error A promise of another kind has no response.
    (): unknown => plain.withResponse();
    return [parts, body, plain, content, controller, same, written, number];
  }

  it("come through: this compiles", () => expect(types).toBeTypeOf("function"));
});
