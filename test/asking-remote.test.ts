/** Asking servers: with log-probabilities of given texts, of first tokens only, without any, and hostile ones. */
import { afterEach, describe, expect, it } from "vitest";
import { OpenAIModel } from "../src/models/openai/index.ts";
import { askAll, pTrue, repeated, verbalised } from "../src/uncertainty/index.ts";
import { type FakeServer, startFakeServer } from "./wire/fake-server.ts";
import { plainModel } from "./wire/plain-model.ts";
import { EVENT_STREAM, events, json, type RawServer, startRawServer } from "./wire/raw-server.ts";

let server: FakeServer | RawServer | undefined;
afterEach(() => server?.close());

const asked = { question: "What is 12 + 30?", answer: "42", samples: ["42", "41"] };

/** A server that says one text to every chat, without a number, or whatever `token` says. */
async function saying(text: string, token?: object) {
  const raw = await startRawServer((request, response) => {
    if (request.path.endsWith("/models")) return json(response, 200, { object: "list", data: [{ id: "m" }] });
    if (!request.path.endsWith("/chat/completions"))
      return json(response, 404, { error: { message: "no such route" } });
    const logprobs = token ? { content: [token] } : null;
    if (request.body.stream !== true)
      return json(response, 200, {
        choices: [
          { index: 0, message: { role: "assistant", content: text }, logprobs, finish_reason: "stop" },
        ],
        usage: { prompt_tokens: 9, completion_tokens: 1 },
      });
    response.writeHead(200, EVENT_STREAM);
    response.end(
      events(
        { choices: [{ index: 0, delta: { role: "assistant", content: text }, logprobs }] },
        { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
        "data: [DONE]\n\n",
      ),
    );
  });
  server = raw;
  return OpenAIModel.open(`${raw.origin}/v1`, { backoffMs: 1, dialect: "openai", model: "m" });
}

describe("a server that scores texts", () => {
  it.each(["vllm", "sglang"] as const)("%s gives what the model itself gives", async (dialect) => {
    server = await startFakeServer({ dialect, model: plainModel() });
    await using model = await OpenAIModel.open(server.url, { backoffMs: 1 });
    const there = await pTrue().ask(model, asked);
    // Nothing ends an answer there: only forms that hold no other one's beginning are scored, each without an end.
    const after = [..."Answer:"].at(-1)!;
    const here = plainModel();
    const p = async (form: string) => {
      for await (const { logprob } of here.score([{ context: `x${after}`, continuation: ` ${form}` }]))
        return Math.exp(logprob ?? Number.NaN);
      return Number.NaN;
    };
    const sum = async (forms: string[]) => (await Promise.all(forms.map(p))).reduce((a, b) => a + b, 0);
    const yes = await sum(["True", "true", "TRUE", "A", "(A)", "Yes"]);
    const no = await sum(["False", "false", "FALSE", "B", "(B)", "No"]);
    expect(there.confidence).toBeCloseTo(yes / (yes + no), 5);
    expect(there.tokens.read).toBeNull();
    const method = pTrue({ variant: "kadavath" });
    const [a, b] = [await method.ask(model, asked), await method.ask(plainModel(), asked)];
    expect(a.uncertainty).toBeCloseTo(b.uncertainty ?? Number.NaN, 5);
  });
});

describe("a server that lists first tokens", () => {
  it("is read there, with an interval, or says that neither is listed", async () => {
    server = await startFakeServer({ dialect: "deepseek", model: plainModel() });
    await using model = await OpenAIModel.open(server.url, { backoffMs: 1 });
    const {
      confidence,
      confidenceInterval: interval,
      missing,
      reason,
      replies,
    } = await pTrue().ask(model, asked);
    expect(replies).toHaveLength(1);
    if (typeof confidence === "number") expect(interval!.low).toBeLessThanOrEqual(confidence);
    else expect(missing).toBe("no-probabilities");
    expect(reason).not.toBe("");
    await expect(pTrue({ variant: "kadavath" }).ask(model, asked)).rejects.toMatchObject({
      code: "UNSUPPORTED_CAPABILITY",
    });
  });

  it("says True with its alternatives", async () => {
    const top_logprobs = [
      { token: "True", logprob: Math.log(0.6), bytes: null },
      { token: "False", logprob: Math.log(0.2), bytes: null },
    ];
    await using model = await saying("True", { ...top_logprobs[0], top_logprobs });
    const estimate = await pTrue().ask(model, asked);
    expect(estimate.confidence).toBeCloseTo(0.75, 12);
    expect(estimate.confidenceInterval!.low).toBeCloseTo(0.6, 12);
    expect(estimate.confidenceInterval!.high).toBeCloseTo(0.8, 12);
    expect((await pTrue({ variant: "uqlm" }).ask(model, asked)).confidence).toBeCloseTo(0.6, 12);
  });

  it("is not believed what is no probability", async () => {
    for (const logprob of [null, -9999, 5, "x"]) {
      await using model = await saying("True", { token: "True", logprob, bytes: null, top_logprobs: [] });
      const result = await pTrue()
        .ask(model, asked)
        .catch((error: unknown) => error);
      expect(result).toSatisfy(
        (value: { confidence?: number | null; code?: string }) =>
          value.confidence === null || value.code !== undefined,
      );
      server?.close();
    }
  });
});

describe("a server without numbers", () => {
  it("is asked in words", async () => {
    await using model = await saying("I am 85 % sure.");
    expect(await verbalised().ask(model, asked)).toMatchObject({ confidence: 0.85, missing: null });
    expect(await repeated(verbalised(), { n: 2 }).ask(model, asked)).toMatchObject({ each: [0.85, 0.85] });
    const estimate = await pTrue().ask(model, asked);
    expect(estimate).toMatchObject({ confidence: null, missing: "no-probabilities" });
  });

  it("may refuse, or say what is no answer, and nothing is lost", async () => {
    await using model = await saying("As an AI, I cannot rate my confidence on a scale from 0 to 100.");
    const items = [];
    for await (const item of askAll(model, [asked, asked], [verbalised()])) items.push(item);
    expect(items.map(({ estimates }) => estimates[0]!.missing)).toEqual(["refusal", "refusal"]);
    expect(items[0]!.estimates[0]!.replies[0]!.text).toContain("As an AI");
  });

  it("may say a hundred kilobytes of anything", async () => {
    for (const piece of ["9", "\\boxed{", "confidence: ", "\u202e0\u0000"]) {
      await using model = await saying(piece.repeat(Math.ceil(1e5 / piece.length)));
      const { confidence } = await verbalised().ask(model, asked);
      expect(confidence ?? 0).toBeGreaterThanOrEqual(0);
      expect(confidence ?? 0).toBeLessThanOrEqual(1);
      server?.close();
    }
  });
});
