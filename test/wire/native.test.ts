/** models/ollama and models/gemini against their fake servers. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { TokenRecord } from "../../src/core/index.ts";
import { SurprisalError } from "../../src/core/index.ts";
import { GeminiModel } from "../../src/models/gemini/index.ts";
import { type Generation, resolve } from "../../src/models/index.ts";
import { OllamaModel } from "../../src/models/ollama/index.ts";
import { ApiKey } from "../../src/models/remote/index.ts";
import { type FakeServer, type Misbehaviour, startFakeServer } from "./fake-server.ts";
import { plainModel } from "./plain-model.ts";
import { chatText } from "./utterance.ts";

const CHAT = [
  { role: "system", content: "Be short." },
  { role: "user", content: "What is the capital of France?" },
];
const PROMPT = "Once upon a time";

let server: FakeServer;
afterEach(async () => {
  await server?.close();
  vi.unstubAllEnvs();
});

async function collect(
  writing: Generation,
): Promise<{ records: TokenRecord[]; error: SurprisalError | null }> {
  const records: TokenRecord[] = [];
  try {
    for await (const record of writing) records.push(record);
    return { records, error: null };
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    return { records, error };
  }
}

const text = (records: readonly TokenRecord[]) => records.map((record) => record.text).join("");
const quick = { backoffMs: 1 };

describe("OllamaModel", () => {
  async function open(misbehave: Misbehaviour = {}, model = plainModel()): Promise<OllamaModel> {
    server = await startFakeServer({ dialect: "ollama", model, misbehave });
    return OllamaModel.open("plain", { ...quick, address: server.url });
  }

  it("writes what the model behind the server writes, number by number", async () => {
    const truth = plainModel();
    const model = await open();
    for (const options of [
      { maxTokens: 12 },
      { maxTokens: 12, temperature: 1, seed: 3, topK: 20, topP: 0.9 },
    ]) {
      const writing = model.generate(PROMPT, { ...options, alternatives: 3 });
      const { records } = await collect(writing);
      const expected = (await collect(truth.generate(PROMPT, { ...options, alternatives: 3 }))).records;
      expect(text(records)).toBe(text(expected));
      expect(records.map(({ logprob }) => logprob)).toEqual(expected.map(({ logprob }) => logprob));
      expect(records[0]!.alternatives?.map((other) => [other.text, other.logprob])).toEqual(
        expected[0]!.alternatives?.map((other) => [other.text, other.logprob]),
      );
      expect(writing.end).toMatchObject({
        finishReason: "length",
        tokens: 12,
        scored: 12,
        partial: false,
        warnings: [],
      });
    }
    expect(server.requests.at(-1)!.body).toMatchObject({
      raw: true,
      logprobs: true,
      options: { repeat_penalty: 1 },
    });
  });

  it("answers a chat through Ollama's own template", async () => {
    const model = await open();
    const { records } = await collect(model.generate(CHAT, { maxTokens: 5 }));
    const expected = (await collect(plainModel().generate(chatText(CHAT), { maxTokens: 5 }))).records;
    expect(text(records)).toBe(text(expected));
    expect(server.requests.at(-1)!.path).toBe("/api/chat");
  });

  it("says who the model is", async () => {
    const model = await open();
    expect(model.identity).toEqual({
      name: "plain",
      source: "ollama:plain",
      sha256: null,
      architecture: "llama",
      parameters: 134515008,
      quantisation: "Q8_0",
      bytes: 144811385,
    });
    expect(model.vocabulary).toEqual({ size: 258, bos: 256, eos: 257, addsBos: true });
    expect(model.trainedContext).toBe(8192);
  });

  it.each(["127.0.0.1:PORT", "http://127.0.0.1:PORT/", "0.0.0.0:PORT"])(
    "is found under OLLAMA_HOST=%s",
    async (host) => {
      server = await startFakeServer({ dialect: "ollama", model: plainModel() });
      vi.stubEnv("OLLAMA_HOST", host.replace("PORT", new URL(server.url).port));
      const model = await OllamaModel.open("plain");
      expect(model.settings.server).toBe(server.origin);
    },
  );

  it.each(["nons ense", "host:99999", "http://[::1"])(
    "is not looked for under OLLAMA_HOST=%s",
    async (host) => {
      vi.stubEnv("OLLAMA_HOST", host);
      await expect(resolve("ollama:plain")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    },
  );

  it("names the models there are when the one asked for is not", async () => {
    server = await startFakeServer({ dialect: "ollama", model: plainModel() });
    const error = await OllamaModel.open("other", { address: server.url }).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "UNKNOWN_MODEL" });
    expect((error as SurprisalError).message).toContain("plain:latest");
  });

  it("does not take a missing end-of-text record for a loss, and other missing records for one", async () => {
    const model = await open({}, plainModel({ end: 0.2 }));
    const stopped = model.generate(PROMPT, { temperature: 1, seed: 1, maxTokens: 100 });
    const { records } = await collect(stopped);
    expect(stopped.end).toMatchObject({ finishReason: "stop", partial: false, scored: records.length });
    await model[Symbol.asyncDispose]();
    await server.close();
    const accented = await open({}, plainModel({ accents: 0.3 }));
    const writing = accented.generate(PROMPT, { temperature: 1, seed: 2, maxTokens: 30 });
    const merged = (await collect(writing)).records;
    expect(text(merged)).toContain("é");
    expect(merged.length).toBeLessThan(30);
    expect(writing.end).toMatchObject({ tokens: 30, scored: merged.length, partial: true });
    expect(writing.end!.warnings.join()).toContain(`${merged.length} of 30 tokens carry a number`);
  });

  it.each<[string, Misbehaviour, string]>([
    ["a cut connection", { cutAfterBytes: 900 }, "STREAM_CUT"],
    ["a lost last line", { dropEvent: -1 }, "STREAM_CUT"],
    ["an error in a line", { errorAfterEvents: 3 }, "SERVER_ERROR"],
  ])("%s is an error, after the tokens that came", async (_, misbehave, code) => {
    const model = await open(misbehave);
    const writing = model.generate(PROMPT, { maxTokens: 12 });
    const { records, error } = await collect(writing);
    expect(error?.code).toBe(code);
    expect(records.length).toBeGreaterThan(0);
    expect(writing.end).toBeNull();
  });

  it("a lost line is not a complete answer", async () => {
    const model = await open({ dropEvent: 4 });
    const writing = model.generate(PROMPT, { maxTokens: 12 });
    const { records } = await collect(writing);
    expect(records.length).toBe(11);
    expect(writing.end?.partial).toBe(true);
  });

  it("stops the server when the caller stops reading", async () => {
    const model = await open({ slow: 5 });
    for await (const record of model.generate(PROMPT, { maxTokens: 100 })) if (record) break;
    await vi.waitFor(() => expect(server.requests.at(-1)!.aborted).toBe(true));
  });

  it("refuses what Ollama does not do", async () => {
    const model = await open();
    for (const [options, code] of [
      [{ alternatives: 21 }, "INVALID_ARGUMENT"],
      [{ parseSpecial: false }, "UNSUPPORTED_CAPABILITY"],
    ] as const)
      expect((await collect(model.generate(PROMPT, options))).error?.code).toBe(code);
    expect((await collect(model.generate([1, 2]))).error?.code).toBe("UNSUPPORTED_CAPABILITY");
    const requests = server.requests.length;
    expect((await collect(model.generate(PROMPT, { maxTokens: 0 }))).records).toEqual([]);
    expect(server.requests.length).toBe(requests);
  });
});

describe("GeminiModel", () => {
  async function open(misbehave: Misbehaviour = {}, model = plainModel()): Promise<GeminiModel> {
    server = await startFakeServer({ dialect: "gemini", model, misbehave });
    return GeminiModel.open("plain", { ...quick, address: server.url });
  }

  it("answers a chat, number by number", async () => {
    const model = await open();
    const writing = model.generate(CHAT, { maxTokens: 10, alternatives: 2 });
    const { records } = await collect(writing);
    const options = { maxTokens: 10, alternatives: 2 };
    const expected = (await collect(plainModel().generate(chatText(CHAT), options))).records;
    expect(text(records)).toBe(text(expected));
    expect(records.map(({ id, logprob }) => [id, logprob])).toEqual(
      expected.map(({ id, logprob }) => [id, logprob]),
    );
    expect(writing.end).toMatchObject({ finishReason: "length", tokens: 10, partial: false, warnings: [] });
    const { body } = server.requests.at(-1)!;
    expect(body).toMatchObject({
      systemInstruction: { parts: [{ text: "Be short." }] },
      contents: [{ role: "user" }],
      generationConfig: { responseLogprobs: true, logprobs: 2, maxOutputTokens: 10 },
    });
  });

  it("asks without numbers when they are refused, and says so", async () => {
    const model = await open({ refuseLogprobs: "Logprobs is not enabled for models/plain" });
    for (let time = 0; time < 2; time++) {
      const writing = model.generate(CHAT, { maxTokens: 10 });
      const { records } = await collect(writing);
      expect(text(records).length).toBe(10);
      expect(records.every(({ logprob }) => logprob === null)).toBe(true);
      expect(writing.end).toMatchObject({ partial: true, scored: 0 });
      expect(writing.end!.warnings.join()).toContain("Logprobs is not enabled");
    }
    const bodies = server.requests.filter(({ method }) => method === "POST").map(({ body }) => body);
    expect(bodies.map(({ generationConfig }) => "responseLogprobs" in (generationConfig as object))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("does not hide other refusals behind that", async () => {
    const model = await open();
    server.misbehave = { busy: { times: 9, status: 400 } };
    expect((await collect(model.generate(CHAT))).error?.code).toBe("SERVER_ERROR");
  });

  it("tells that a text was sent as a message", async () => {
    const model = await open();
    const writing = model.generate(PROMPT, { maxTokens: 3 });
    await collect(writing);
    expect(writing.end!.warnings.join()).toContain("chats only");
  });

  it.each<[string, Misbehaviour, string]>([
    ["a cut connection", { cutAfterBytes: 900 }, "STREAM_CUT"],
    ["a lost last event", { dropEvent: -1 }, "STREAM_CUT"],
    ["an error in an event", { errorAfterEvents: 1 }, "SERVER_ERROR"],
  ])("%s is an error, after the tokens that came", async (_, misbehave, code) => {
    const model = await open(misbehave);
    const { records, error } = await collect(model.generate(CHAT, { maxTokens: 12 }));
    expect(error?.code).toBe(code);
    expect(records.length).toBeGreaterThan(0);
  });

  it("a lost event is not a complete answer", async () => {
    const model = await open({ dropEvent: 1 });
    const writing = model.generate(CHAT, { maxTokens: 12 });
    expect((await collect(writing)).records.length).toBe(9);
    expect(writing.end?.partial).toBe(true);
  });

  it("sends Google's key to Google only, and another only to its own server", async () => {
    vi.stubEnv("GEMINI_API_KEY", "gemini-secret-key-0001");
    await open();
    expect(JSON.stringify(server.requests.map(({ headers }) => headers))).not.toContain("gemini-secret");
    await server.close();
    vi.stubEnv("SURPRISAL_API_KEY", "fake-secret-key-0002");
    const key = ApiKey.fromEnvironment("SURPRISAL_API_KEY");
    server = await startFakeServer({ dialect: "gemini", model: plainModel(), key: "fake-secret-key-0002" });
    await using other = await startFakeServer({ dialect: "gemini", model: plainModel() });
    const options = { ...quick, address: server.url, key };
    const [careful, model] = [
      await GeminiModel.open("plain", options),
      await GeminiModel.open("plain", { ...options, followRedirects: true }),
    ];
    server.misbehave = { redirect: { to: other.origin } };
    await collect(careful.generate(CHAT, { maxTokens: 2 }));
    expect(other.requests.length).toBe(0);
    await collect(model.generate(CHAT, { maxTokens: 2 }));
    expect(other.requests.length).toBe(1);
    expect(JSON.stringify(other.requests[0]!.headers)).not.toContain("secret");
    server.misbehave = { repeatKey: true };
    const wrong = ApiKey.fromEnvironment("GEMINI_API_KEY");
    const error = await GeminiModel.open("plain", { address: server.url, key: wrong }).catch(
      (error: unknown) => error,
    );
    expect(error).toMatchObject({ code: "UNAUTHORIZED" });
    expect(`${error}${JSON.stringify(error)}`).not.toContain("secret");
  });

  it("names the model that Gemini does not have", async () => {
    server = await startFakeServer({ dialect: "gemini", model: plainModel() });
    const error = await GeminiModel.open("other", { address: server.url }).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "UNKNOWN_MODEL" });
  });
});
