/** Several answers of a server: one request where it gives them, one for each where it does not. */
import { afterEach, describe, expect, it } from "vitest";
import type { TokenRecord } from "../../src/core/index.ts";
import type { Generation, LanguageModel } from "../../src/models/index.ts";
import { OpenAIModel } from "../../src/models/openai/index.ts";
import { type DialectName, type FakeServer, type Misbehaviour, startFakeServer } from "./fake-server.ts";
import { plainModel } from "./plain-model.ts";

let server: FakeServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

async function open(dialect: DialectName, misbehave: Misbehaviour = {}): Promise<LanguageModel> {
  server = await startFakeServer({ dialect, model: plainModel(), misbehave });
  const model = await OpenAIModel.open(`${server.url}#table`, { dialect: dialect as "openai" });
  server.requests.length = 0; // what it asked to know the server
  return model;
}

const asked = () =>
  server!.requests
    .filter(({ body }) => "messages" in body || "prompt" in body)
    .filter(({ path }) => /completions/.test(path));
const CHAT = [{ role: "user", content: "Say something" }];
const OPTIONS = { maxTokens: 12, temperature: 1, seed: 5 };

async function read(answer: Generation): Promise<string> {
  let text = "";
  for await (const record of answer) text += record.text;
  return text;
}

/** What the server writes with each seed, asked one by one. */
async function alone(model: LanguageModel, seeds: readonly number[]): Promise<string[]> {
  const texts: string[] = [];
  for (const seed of seeds) texts.push(await read(model.generate(CHAT, { ...OPTIONS, seed })));
  return texts;
}

describe.each<DialectName>(["openai", "azure", "xai", "vllm"])("%s", (dialect) => {
  it("is asked once, for n answers, which are told apart by their index", async () => {
    const model = await open(dialect);
    const texts = await alone(model, [5, 6, 7, 8]);
    server!.requests.length = 0;
    const answers = model.sample(CHAT, { ...OPTIONS, n: 4 });
    expect(await Promise.all(answers.map(read))).toEqual(texts);
    expect(asked().map(({ body }) => [body.n, body.seed])).toEqual([[4, 5]]);
    for (const { end } of answers)
      expect(end).toMatchObject({ finishReason: "length", scored: 12, partial: false, warnings: [] });
  });

  it("gives each at its own pace: one that is left costs the others nothing, the last one left ends the request", async () => {
    const model = await open(dialect, { slow: 5 });
    const [first, second, third] = model.sample(CHAT, { ...OPTIONS, maxTokens: 400, n: 3 }) as Generation[];
    await third!.return?.(); // before it began
    await first!.next();
    await first!.return?.();
    const records: TokenRecord[] = [];
    for await (const record of second!) {
      records.push(record);
      if (records.length === 5) break;
    }
    expect(records).toHaveLength(5);
    await expect.poll(() => asked()[0]!.aborted).toBe(true);
    expect(asked()).toHaveLength(1);
  });
});

describe("where a server gives one answer to a request", () => {
  it.each<DialectName>(["deepseek", "sglang", "llama-server", "lmstudio"])(
    "%s is asked for each",
    async (dialect) => {
      const model = await open(dialect);
      const seed = dialect === "deepseek" ? undefined : 5;
      const answers = model.sample(CHAT, { maxTokens: 3, temperature: 1, seed, n: 2 });
      await Promise.all(answers.map(read));
      expect(asked().map(({ body }) => body.n)).toEqual([undefined, undefined]);
    },
  );

  it("though it should give several, the others are asked for by themselves", async () => {
    const model = await open("openai", { ignoresSamples: true });
    const texts = await alone(model, [5, 6, 7]);
    server!.requests.length = 0;
    expect(await Promise.all(model.sample(CHAT, { ...OPTIONS, n: 3 }).map(read))).toEqual(texts);
    expect(asked().map(({ body }) => body.n)).toEqual([3, undefined, undefined]);
  });

  it("though it takes n with other models, it is asked for each, and from then on at once", async () => {
    const model = await open("openai", { refusesField: "n" });
    const texts = await alone(model, [5, 6]);
    server!.requests.length = 0;
    for (let again = 0; again < 2; again++)
      expect(await Promise.all(model.sample(CHAT, { ...OPTIONS, n: 2 }).map(read))).toEqual(texts);
    expect(asked().map(({ body }) => body.n)).toEqual([2, ...Array.from({ length: 4 }, () => undefined)]);
  });

  it("an error is every answer's, once asked", async () => {
    const model = await open("openai");
    server!.misbehave = { errorAfterEvents: 0 };
    const answers = model.sample(CHAT, { ...OPTIONS, n: 2 });
    for (const answer of answers) await expect(read(answer)).rejects.toMatchObject({ code: "SERVER_ERROR" });
    expect(asked()).toHaveLength(1);
  });

  it("an abort ends the one request, and every answer", async () => {
    const model = await open("openai", { slow: 5 });
    const controller = new AbortController();
    const answers = model.sample(CHAT, { ...OPTIONS, maxTokens: 400, n: 2, signal: controller.signal });
    await Promise.all(answers.map((answer) => answer.next()));
    controller.abort();
    for (const answer of answers) await expect(read(answer)).rejects.toMatchObject({ code: "ABORTED" });
    await expect.poll(() => asked()[0]!.aborted).toBe(true);
  });
});

describe("stop strings of a server", () => {
  it("beyond four are looked for here", async () => {
    const model = await open("openai");
    const [text] = await alone(model, [5]);
    const stop = ["\u0001", "\u0002", "\u0003", "\u0004", text!.slice(4, 6)];
    const writing = model.generate(CHAT, { ...OPTIONS, stop });
    expect(await read(writing)).toBe(text!.slice(0, text!.indexOf(stop[4]!)));
    expect(asked().at(-1)!.body.stop).toEqual(stop.slice(0, 4));
    expect(writing.end).toMatchObject({ finishReason: "stop", stop: { text: stop[4], behind: "" } });
  });

  it("are looked for here where the API has none", async () => {
    server = await startFakeServer({ dialect: "openai", model: plainModel() });
    const model = await OpenAIModel.open(`${server.url}#table`, { dialect: "openai", api: "responses" });
    const plain = await read(model.generate(CHAT, { maxTokens: 12 }));
    const stop = plain.slice(4, 6);
    const writing = model.generate(CHAT, { maxTokens: 12, stop: [stop] });
    expect(await read(writing)).toBe(plain.slice(0, plain.indexOf(stop)));
    expect(writing.end).toMatchObject({ finishReason: "stop", stop: { text: stop } });
    expect(server.requests.at(-1)!.body).not.toHaveProperty("stop");
  });

  it("that a server refuses are looked for here too", async () => {
    const model = await open("openai");
    const [text] = await alone(model, [5]);
    server!.misbehave = { refusesField: "stop" };
    const stop = text!.slice(4, 6);
    expect(await read(model.generate(CHAT, { ...OPTIONS, stop: [stop] }))).toBe(
      text!.slice(0, text!.indexOf(stop)),
    );
    expect(
      asked()
        .slice(-2)
        .map(({ body }) => "stop" in body),
    ).toEqual([true, false]);
  });

  it("that it goes on behind cost no more than a token: the request is ended", async () => {
    const model = await open("openai", { slow: 5 });
    const stop = [(await alone(model, [5]))[0]!.slice(4, 6)];
    await read(model.generate(CHAT, { ...OPTIONS, maxTokens: 400, stop }));
    await expect.poll(() => asked().at(-1)!.aborted).toBe(true);
  });
});
