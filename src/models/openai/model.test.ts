/** OpenAIModel, the probe and references, against fake servers that speak real servers' dialects, and misbehave. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { type FakeServer, type FakeServerOptions, startFakeServer } from "../../../test/wire/fake-server.ts";
import { plainModel } from "../../../test/wire/plain-model.ts";
import { type ErrorCode, SurprisalError, type TokenRecord } from "../../core/index.ts";
import type { GenerateOptions, LanguageModel, Prompt } from "../language-model.ts";
import { resolve } from "../resolve.ts";
import { type DialectName, OpenAIModel, type OpenAIOptions, probe } from "./index.ts";

const PROMPT = "Once upon a time, there was a";
const CHAT = [{ role: "user", content: "What is the capital of France?" }];

const servers: FakeServer[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) await server.close();
});

async function serve(
  dialect: FakeServerOptions["dialect"],
  more: Partial<FakeServerOptions> = {},
): Promise<FakeServer> {
  const server = await startFakeServer({ dialect, model: plainModel(), ...more });
  servers.push(server);
  return server;
}

const open = ({ url }: FakeServer, options: OpenAIOptions = {}) =>
  OpenAIModel.open(url, { backoffMs: 1, ...options });

async function write(model: LanguageModel, prompt: Prompt, options: GenerateOptions = {}) {
  const generation = model.generate(prompt, { maxTokens: 6, ...options });
  const records: TokenRecord[] = [];
  for await (const record of generation) records.push(record);
  return { records, end: generation.end! };
}

async function failure(action: () => Promise<unknown>): Promise<SurprisalError> {
  try {
    await action();
  } catch (error) {
    if (SurprisalError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing failed");
}

const refuses = async (code: ErrorCode, action: () => Promise<unknown>) => {
  expect((await failure(action)).code).toBe(code);
};

/** What the model behind the server says, without a server. */
async function truth(prompt: string, options: GenerateOptions = {}) {
  return write(plainModel(), prompt, options);
}

const numbers = (records: readonly TokenRecord[]) => records.map(({ logprob }) => logprob);

describe("finding out which server it is", () => {
  it.each([
    ["vllm", "vllm"],
    ["sglang", "sglang"],
    ["llama-server", "llama-server"],
    ["llama-cpp-python", "llama-cpp-python"],
    ["tgi", "tgi"],
    ["ollama", "ollama"],
    ["lmstudio", "lmstudio"],
    ["deepseek", "deepseek"],
    ["xai", "xai"],
    ["openai", "other"], // on another host than its own
  ] as const)("%s", async (dialect, found) => {
    const model = await open(await serve(dialect), { prove: false });
    expect(model.dialect.name).toBe(found);
    expect(model.identity).toMatchObject({ name: "plain", source: servers[0]!.url });
  });

  it("asks once per address", async () => {
    const server = await serve("tgi");
    await open(server);
    const asked = server.requests.length;
    await open(server);
    // What the server is and the proof are remembered; the tokenizer is tried for each model.
    const again = server.requests.slice(asked).map(({ path }) => path);
    expect(again).toEqual(["/v1/models", "/tokenize", "/tokenize"]);
  });

  it("notices another server at the same address", async () => {
    const first = await serve("vllm");
    expect((await open(first, { prove: false })).dialect.name).toBe("vllm");
    const { port } = new URL(first.origin);
    await first.close();
    expect((await open(await serve("sglang", { port: Number(port) }), { prove: false })).dialect.name).toBe(
      "sglang",
    );
  });

  it("an address without a path means /v1", async () => {
    const server = await serve("vllm");
    expect((await OpenAIModel.open(server.origin, { prove: false })).settings.server).toBe(server.url);
  });

  it("says what is wrong with an address", async () => {
    await refuses("SERVER_UNREACHABLE", () => OpenAIModel.open("http://127.0.0.1:9/v1"));
    await refuses("INVALID_ARGUMENT", () => OpenAIModel.open("localhost"));
    const page = await serve("vllm", { misbehave: { webPage: true } });
    await refuses("WIRE_MALFORMED", () => open(page));
    const azure = await serve("azure");
    await refuses("UNKNOWN_MODEL", () => open(azure, { dialect: "azure" }));
  });
});

describe("writing", () => {
  it.each([
    ["vllm", "other", true],
    ["sglang", "other", true],
    ["llama-server", "other", true],
    ["tgi", "other", true],
    ["openai", "openai", true],
    ["openai", "openai", false],
    ["vllm", "vllm", false],
    ["llama-server", "llama-server", false],
    ["sglang", "sglang", false],
    ["tgi", "tgi", false],
  ] as [FakeServerOptions["dialect"], DialectName, boolean][])(
    "%s (as %s, stream: %s) gives the model's own numbers",
    async (dialect, as, stream) => {
      const named = as === "other" ? {} : { dialect: as };
      const model = await open(await serve(dialect), { ...named, stream, prove: false });
      const { records, end } = await write(model, PROMPT, { alternatives: 3 });
      const expected = await truth(PROMPT, { alternatives: 3 });
      expect(numbers(records)).toEqual(numbers(expected.records));
      expect(records.map(({ text }) => text)).toEqual(expected.records.map(({ text }) => text));
      for (const [i, { alternatives }] of records.entries())
        for (const [j, other] of expected.records[i]!.alternatives!.entries())
          expect(alternatives![j]!.logprob).toBeCloseTo(other.logprob!, 6);
      expect(end).toMatchObject({
        finishReason: "length",
        tokens: 6,
        scored: 6,
        partial: false,
        warnings: [],
      });
    },
  );

  it("a seed is the server's seed; sampling is as asked for, and nothing else", async () => {
    const model = await open(await serve("llama-server"), { prove: false });
    const options = { temperature: 1.3, topK: 20, topP: 0.9, seed: 7 };
    const { records } = await write(model, PROMPT, options);
    expect(numbers(records)).toEqual(numbers((await truth(PROMPT, options)).records));
    expect(servers[0]!.requests.at(-1)!.body).toMatchObject({
      top_k: 20,
      top_p: 0.9,
      min_p: 0,
      seed: 7,
      temperature: 1.3,
    });
  });

  it("chats go to the chat route, or to the Responses API", async () => {
    const server = await serve("openai");
    for (const api of ["chat", "responses"] as const) {
      const model = await open(server, { dialect: "openai", model: "plain", api });
      const { end } = await write(model, CHAT, { alternatives: 2 });
      expect(end).toMatchObject({ tokens: 6, scored: 6, partial: false });
    }
    expect(server.requests.map(({ path }) => path)).toEqual(["/v1/chat/completions", "/v1/responses"]);
    expect(server.requests[0]!.body).toMatchObject({
      max_completion_tokens: 6,
      logprobs: true,
      top_logprobs: 2,
    });
  });

  it("leaving early ends the request", async () => {
    const server = await serve("vllm", { misbehave: { slow: 20 } });
    const model = await open(server, { prove: false });
    for await (const record of model.generate(CHAT, { maxTokens: 200 })) if (record) break;
    await vi.waitFor(() => expect(server.requests.at(-1)!.aborted).toBe(true));
  });

  it("numbers after sampling are said to be so", async () => {
    const model = await open(await serve("sglang"), { prove: false });
    for (const [temperature, probabilities] of [
      [0, "raw"],
      [1, "raw"],
      [0.5, "post-sampling"],
    ] as const)
      expect((await write(model, PROMPT, { temperature })).end.provenance.probabilities).toBe(probabilities);
  });
});

describe("what a server does not take", () => {
  it("is refused, not ignored", async () => {
    const openai = await open(await serve("openai"), { dialect: "openai", model: "plain" });
    await refuses("UNSUPPORTED_CAPABILITY", () => write(openai, CHAT, { topK: 5 }));
    await refuses("INVALID_ARGUMENT", () => write(openai, CHAT, { alternatives: 21 }));
    await refuses("UNSUPPORTED_CAPABILITY", () => write(openai, PROMPT, { parseSpecial: false }));
    const deepseek = await open(await serve("deepseek"), { dialect: "deepseek", model: "plain" });
    await refuses("UNSUPPORTED_CAPABILITY", () => write(deepseek, CHAT, { temperature: 1, seed: 3 }));
    await refuses("UNSUPPORTED_CAPABILITY", () => write(deepseek, PROMPT));
    const python = await open(await serve("llama-cpp-python"), { prove: false });
    await refuses("UNSUPPORTED_CAPABILITY", () => write(python, [1, 2, 3]));
    expect(servers[0]!.requests).toEqual([]);
  });

  it("log-probabilities: it writes without them, and says so", async () => {
    const server = await serve("openai", { misbehave: { refuseLogprobs: "This model has no logprobs." } });
    const model = await open(server, { dialect: "openai", model: "plain" });
    for (const [alternatives, requests] of [
      [2, 3], // with alternatives, with numbers, without
      [2, 4], // it remembers
    ]) {
      const { records, end } = await write(model, CHAT, { alternatives: alternatives! });
      expect(new Set(numbers(records))).toEqual(new Set([null]));
      expect(end).toMatchObject({ scored: 0, partial: true });
      expect(end.warnings.join()).toContain("This model has no logprobs.");
      expect(server.requests).toHaveLength(requests!);
    }
  });

  it("so many alternatives: that is said, with the server's words", async () => {
    const server = await serve("xai");
    const model = await open(server, { dialect: "openai", model: "plain" });
    const error = await failure(() => write(model, CHAT, { alternatives: 12 }));
    expect(error).toMatchObject({
      code: "INVALID_ARGUMENT",
      what: expect.stringContaining("between 0 and 8"),
    });
  });
});

describe("what goes wrong on the way", () => {
  const chatModel = async (misbehave: FakeServerOptions["misbehave"]) => {
    const server = await serve("llama-server");
    const model = await open(server, { prove: false });
    server.misbehave = misbehave!;
    return model;
  };

  it.each([
    [{ cutAfterBytes: 900 }, "STREAM_CUT"],
    [{ errorAfterEvents: 3 }, "SERVER_ERROR"],
  ] as const)("%j ends in %s, after the tokens that came", async (misbehave, code) => {
    const model = await chatModel(misbehave);
    const generation = model.generate(CHAT, { maxTokens: 40 });
    const records: TokenRecord[] = [];
    const error = await failure(async () => {
      for await (const record of generation) records.push(record);
    });
    expect(error.code).toBe(code);
    expect(records.length).toBeGreaterThan(0);
    expect(generation.end).toBe(null);
  });

  it("a token that was lost makes the result partial", async () => {
    const { end } = await write(await chatModel({ dropEvent: 3 }), CHAT);
    expect(end).toMatchObject({ partial: true, scored: 5, tokens: 6 });
  });

  it("a busy server is asked again", async () => {
    const model = await chatModel({ busy: { times: 2, status: 503 } });
    expect((await write(model, CHAT)).end.partial).toBe(false);
  });

  it("a server that falls silent is left", async () => {
    const server = await serve("llama-server");
    const model = await open(server, { prove: false, patience: { silenceMs: 100 } });
    server.misbehave = { stallAfterEvents: 3 };
    await refuses("STREAM_CUT", () => write(model, CHAT));
  });

  it("disposing stops what is under way", async () => {
    const model = await chatModel({ slow: 50 });
    await refuses("ABORTED", async () => {
      for await (const _ of model.generate(CHAT, { maxTokens: 100 })) await model[Symbol.asyncDispose]();
    });
    await refuses("MODEL_DISPOSED", () => write(model, CHAT));
  });
});

describe("keys", () => {
  it("an address has SURPRISAL_API_KEY, or the variable that is named", async () => {
    vi.stubEnv("SURPRISAL_API_KEY", "sk-of-this-server");
    vi.stubEnv("OTHER_KEY", "sk-another");
    vi.stubEnv("OPENAI_API_KEY", "sk-openai-secret");
    const server = await serve("vllm", { key: "sk-of-this-server" });
    await write(await open(server, { prove: false }), CHAT);
    const other = await serve("vllm", { key: "sk-another" });
    await write(await open(other, { prove: false, keyVariable: "OTHER_KEY" }), CHAT);
    const sent = JSON.stringify([...server.requests, ...other.requests].map(({ headers }) => headers));
    expect(sent).not.toContain("sk-openai-secret");
  });

  it("that is missing is asked for by name", async () => {
    const server = await serve("vllm", { key: "sk-right" });
    const error = await failure(() => open(server, { keyVariable: "THE_KEY" }));
    expect(error).toMatchObject({ code: "UNAUTHORIZED", wayOut: expect.stringContaining("Set THE_KEY.") });
  });

  it("a wrong one is said to be wrong, and not said", async () => {
    vi.stubEnv("SURPRISAL_API_KEY", "sk-wrong-wrong-wrong");
    const server = await serve("vllm", { key: "sk-right", misbehave: { repeatKey: true } });
    const error = await failure(() => open(server));
    expect(error.code).toBe("UNAUTHORIZED");
    expect(error.message).toContain("SURPRISAL_API_KEY");
    expect(error.message).not.toContain("wrong-wrong");
  });

  it("does not follow a redirect", async () => {
    vi.stubEnv("SURPRISAL_API_KEY", "sk-of-this-server");
    const elsewhere = await serve("vllm");
    const server = await serve("vllm", { misbehave: { redirect: { to: elsewhere.origin } } });
    expect((await failure(() => open(server, { prove: false }))).code).toBe("REDIRECT_REFUSED");
    await open(server, { prove: false, followRedirects: true });
    expect(elsewhere.requests.length).toBeGreaterThan(0);
    expect(JSON.stringify(elsewhere.requests.map(({ headers }) => headers))).not.toContain("sk-of");
  });
});

describe("scoring", () => {
  it.each(["vllm", "sglang", "tgi", "openai"] as const)("%s scores as the model itself", async (dialect) => {
    const model = await open(await serve(dialect));
    expect(model.proof).toMatchObject({ verdict: "proven" });
    const requests = [
      { context: "The capital of France is", continuation: " Paris." },
      { context: "A", continuation: "b" },
    ];
    const own = plainModel();
    for await (const answer of model.score(requests)) {
      for await (const expected of own.score([requests[answer.index]!])) {
        expect(answer.logprob).toBeCloseTo(expected.logprob!, 6);
        expect(answer.greedy).toBe(dialect === "tgi" ? null : expected.greedy); // it says nothing of other tokens
        expect(Array.from(answer.tokens.byteOffsets)).toEqual(Array.from(expected.tokens.byteOffsets));
      }
    }
  });

  it.each([
    [
      "llama-cpp-python",
      {},
      /echo with logprobs gives -\d+\.\d+ for .* which had -\d+\.\d+ when it was written/,
    ],
    ["openai", { shiftedEcho: true }, /echo with logprobs gives/],
    ["openai", { ignoredEcho: true }, /gives 1 number for 9 tokens or more/],
    ["openai", { emptyEcho: true }, /gives no numbers/],
    ["vllm", { shiftedEcho: true }, /prompt_logprobs gives/],
    ["vllm", { emptyEcho: true }, /prompt_logprobs gives no numbers/],
    ["sglang", { shiftedEcho: true }, /input_token_logprobs gives/],
    ["sglang", { ignoredEcho: true }, /input_token_logprobs gives/],
    ["tgi", { emptyEcho: true }, /decoder_input_details gives/],
    ["vllm", { refuseLogprobs: "Not with this model." }, /Not with this model/],
  ] as const)("%s %j is refused, with what was seen", async (dialect, misbehave, seen) => {
    const model = await open(await serve(dialect, { misbehave }));
    expect(model.proof).toMatchObject({ verdict: "refused", seen: expect.stringMatching(seen) });
    expect(model.capabilities.score).toBe(false);
    const error = await failure(async () => {
      for await (const _ of model.score([{ context: "a", continuation: "b" }]));
    });
    expect(error).toMatchObject({ code: "UNSUPPORTED_CAPABILITY", what: expect.stringMatching(seen) });
  });

  it("a server that goes wrong later is not believed", async () => {
    const server = await serve("sglang");
    const model = await open(server);
    server.misbehave = { ignoredEcho: true };
    await refuses("WIRE_MALFORMED", async () => {
      for await (const _ of model.score([{ context: [256, 97], continuation: [98] }]));
    });
  });
});

describe("the probe", () => {
  it.each([
    ["vllm", { chat: true, text: true, alternatives: 20, counts: true, prompt: true, tokenize: true }],
    ["tgi", { chat: true, text: true, alternatives: 5, counts: true, prompt: true, tokenize: true }],
    [
      "llama-server",
      { chat: true, text: true, alternatives: 100, counts: true, prompt: false, tokenize: true },
    ],
    ["llama-cpp-python", { chat: true, text: true, counts: false, prompt: false, tokenize: false }],
    ["ollama", { chat: true, text: null, alternatives: 20, prompt: false }],
    ["lmstudio", { chat: false, alternatives: 0, prompt: false }],
    ["xai", { chat: true, text: null, alternatives: 8, prompt: false }],
  ] as const)("%s: %j", async (dialect, expected) => {
    const server = await serve(dialect);
    const report = await probe(server.url);
    const found = { ...expected } as Record<string, unknown>;
    for (const name of Object.keys(expected)) found[name] = report[name as "chat"].found;
    expect(found).toEqual(expected);
    const asked = server.requests.length;
    expect(await probe(server.url)).toBe(report);
    expect(server.requests).toHaveLength(asked);
  });
});

describe("references", () => {
  it("an address, with and without the model", async () => {
    const server = await serve("vllm");
    for (const reference of [server.url, `${server.url}#plain`, server.origin]) {
      await using model = await resolve(reference);
      expect(model.identity).toMatchObject({ name: "plain", source: reference });
    }
  });

  it("ollama:name@host, and the address of an Ollama, are Ollama's own API", async () => {
    const server = await serve("ollama");
    const host = new URL(server.origin).host;
    for (const reference of [`ollama:plain@${host}`, `${server.origin}/v1#plain`, `${server.origin}#plain`]) {
      await using model = await resolve(reference);
      expect(model.identity.source).toBe(reference);
      expect((await write(model, PROMPT)).end).toMatchObject({ scored: 6, partial: false });
    }
    expect(server.requests.filter(({ path }) => path === "/api/generate")).toHaveLength(3);
  });

  it("what is no reference is told what there is", async () => {
    const error = await failure(() => resolve("opnai:gpt-4.1"));
    expect(error.code).toBe("UNKNOWN_MODEL");
    for (const form of ["http://host:port/v1#model", "ollama:name", "openai:name", "gemini:name", "hf:"])
      expect(error.message).toContain(form);
    await refuses("INVALID_ARGUMENT", () => resolve("openai:"));
    vi.stubEnv("AZURE_OPENAI_ENDPOINT", "");
    await refuses("INVALID_ARGUMENT", () => resolve("azure:gpt-4o"));
  });

  it("offline, only servers on this machine are asked", async () => {
    const server = await serve("vllm");
    await using model = await resolve(server.url, { offline: true });
    expect(model.identity.name).toBe("plain");
    for (const reference of ["openai:gpt-4.1", "gemini:x", "http://192.0.2.1/v1#m", "ollama:x@192.0.2.1"])
      await refuses("MODEL_UNAVAILABLE", () => resolve(reference, { offline: true }));
  });
});
