/** What OpenAIModel makes of servers that misbehave, over real connections. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { SurprisalError, type TokenRecord } from "../../src/core/index.ts";
import type { Generation, Prompt } from "../../src/models/index.ts";
import { OpenAIModel, type OpenAIOptions } from "../../src/models/openai/index.ts";
import { type DialectName, type FakeServer, type Misbehaviour, startFakeServer } from "./fake-server.ts";
import { plainModel } from "./plain-model.ts";

const PROMPT = "Once upon a time";
const CHAT = [{ role: "user", content: "What is the capital of France?" }];

const servers: FakeServer[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) await server.close();
});

async function start(dialect: DialectName, misbehave: Misbehaviour = {}, key?: string): Promise<FakeServer> {
  const server = await startFakeServer({
    dialect,
    model: plainModel(),
    misbehave,
    ...(key !== undefined && { key }),
  });
  servers.push(server);
  return server;
}

const open = (server: FakeServer, options: OpenAIOptions = {}) =>
  OpenAIModel.open(`${server.url}#plain`, { backoffMs: 1, ...options });

async function collect(
  writing: Generation,
): Promise<{ records: TokenRecord[]; error: SurprisalError | null; end: Generation["end"] }> {
  const records: TokenRecord[] = [];
  try {
    for await (const record of writing) records.push(record);
    return { records, error: null, end: writing.end };
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    return { records, error, end: writing.end };
  }
}

describe("scoring is offered only where the numbers of a prompt have been proven", () => {
  it.each<[DialectName, Misbehaviour, boolean]>([
    ["vllm", {}, true],
    ["vllm", { shiftedEcho: true }, false],
    ["vllm", { ignoredEcho: true, emptyEcho: true }, false],
    ["vllm", { emptyEcho: true }, false],
    ["sglang", {}, true],
    ["sglang", { shiftedEcho: true }, false],
    ["sglang", { ignoredEcho: true }, false],
    ["tgi", {}, true],
    ["tgi", { shiftedEcho: true }, false],
    ["tgi", { emptyEcho: true }, false],
    ["llama-cpp-python", {}, false], // it shifts by itself
    ["llama-cpp-python", { shiftedEcho: false }, true],
    ["llama-cpp-python", { shiftedEcho: false, ignoredEcho: true }, false],
    ["llama-cpp-python", { shiftedEcho: false, templateOnCompletions: true }, false],
    ["llama-server", {}, false],
    ["ollama", {}, false],
  ])("%s, %o: %s", async (dialect, misbehave, expected) => {
    const model = await open(await start(dialect, misbehave));
    expect(model.capabilities.score, JSON.stringify(model.proof)).toBe(expected);
    if (expected) return;
    const scoring = (async () => {
      for await (const answer of model.score([{ context: PROMPT, continuation: " there" }])) void answer;
    })();
    await expect(scoring).rejects.toMatchObject({ code: "UNSUPPORTED_CAPABILITY" });
  });
});

describe("an answer that is not whole is no complete one", () => {
  const dialects: readonly DialectName[] = [
    "openai",
    "vllm",
    "sglang",
    "llama-server",
    "tgi",
    "deepseek",
    "openrouter",
    "xai",
  ];
  const cases: readonly [
    name: string,
    misbehave: Misbehaviour,
    verdict: "error" | "partial",
    code?: string,
  ][] = [
    ["cut", { cutAfterBytes: 1500 }, "error", "STREAM_CUT"],
    ["an error in the stream", { errorAfterEvents: 6 }, "error", "SERVER_ERROR"],
    ["a lost event", { dropEvent: 4 }, "partial"],
    ["counts of more tokens", { wrongUsage: 3 }, "partial"],
  ];
  for (const dialect of dialects)
    it.each(cases)(`${dialect}: %s`, async (_, misbehave, verdict, code) => {
      const server = await start(dialect);
      const model = await open(server, { ...named(dialect), prove: false });
      server.misbehave = misbehave;
      const { records, error, end } = await collect(model.generate(promptFor(dialect), { maxTokens: 20 }));
      if (verdict === "error") expect(error?.code).toBe(code);
      // Each event of SGLang's repeats all before it: nothing was lost.
      else if (dialect === "sglang" && misbehave.dropEvent)
        expect([records.length, end?.partial]).toEqual([20, false]);
      // A server that numbers its events, or repeats its text, may also give itself away.
      else if (error) expect(error.code).toBe("WIRE_MALFORMED");
      else expect(end?.partial).toBe(true);
      if (verdict === "error") expect(records.length).toBeGreaterThan(0);
    });
});

describe("a stream that is well", () => {
  it.each<Misbehaviour>([{ crlf: true }, { comments: true }, { crlf: true, comments: true }, { slow: 1 }])(
    "is read with %o",
    async (misbehave) => {
      const server = await start("openai");
      const model = await open(server, { dialect: "openai" });
      const plain = await collect(model.generate(CHAT, { maxTokens: 12 }));
      server.misbehave = misbehave;
      const changed = await collect(model.generate(CHAT, { maxTokens: 12 }));
      expect(changed.records).toEqual(plain.records);
      expect(changed.end).toEqual(plain.end);
    },
  );
});

describe("numbers that are refused", () => {
  it.each<DialectName>(["openai", "vllm", "deepseek", "openrouter"])(
    "%s: records without, and a warning",
    async (dialect) => {
      const server = await start(dialect, {
        refuseLogprobs: "logprobs are not supported with reasoning models",
      });
      const model = await open(server, named(dialect));
      const { records, error, end } = await collect(model.generate(CHAT, { maxTokens: 8 }));
      expect(error).toBeNull();
      expect(records.map(({ text }) => text).join("").length).toBe(8);
      expect(records.every(({ logprob }) => logprob === null)).toBe(true);
      expect(end).toMatchObject({ scored: 0, partial: true });
      expect(end!.warnings.length).toBeGreaterThan(0);
    },
  );
});

describe("a server that is busy", () => {
  it("is asked again, and not before it wants", async () => {
    const server = await start("openai");
    const model = await open(server, { dialect: "openai" });
    server.misbehave = { busy: { times: 2, retryAfter: "0.2" } };
    const began = performance.now();
    const { records } = await collect(model.generate(CHAT, { maxTokens: 4 }));
    expect(records.length).toBe(4);
    expect(performance.now() - began).toBeGreaterThan(390);
  });

  it("is given up in the end", async () => {
    const server = await start("openai");
    const model = await open(server, { dialect: "openai", attempts: 3 });
    const before = server.requests.length;
    server.misbehave = { busy: { times: 99, status: 503 } };
    expect((await collect(model.generate(CHAT))).error?.code).toBe("SERVER_ERROR");
    expect(server.requests.length - before).toBe(3);
  });

  it("is not asked again for an answer that had begun", async () => {
    const server = await start("openai");
    const model = await open(server, { dialect: "openai" });
    const before = server.requests.length;
    server.misbehave = { cutAfterBytes: 1500 };
    await collect(model.generate(CHAT, { maxTokens: 20 }));
    expect(server.requests.length - before).toBe(1);
  });

  it("that falls silent is left after a while", async () => {
    const server = await start("openai");
    const model = await open(server, { dialect: "openai", patience: { silenceMs: 200 } });
    server.misbehave = { stallAfterEvents: 4 };
    const { records, error } = await collect(model.generate(CHAT, { maxTokens: 20 }));
    expect(records.length).toBeGreaterThan(0);
    expect(["STREAM_CUT", "SERVER_UNREACHABLE"]).toContain(error?.code);
    await vi.waitFor(() => expect(server.requests.at(-1)!.aborted).toBe(true));
  });

  it("stops writing when the caller stops reading", async () => {
    const server = await start("openai");
    const model = await open(server, { dialect: "openai" });
    server.misbehave = { slow: 5 };
    for await (const record of model.generate(CHAT, { maxTokens: 200 })) if (record) break;
    await vi.waitFor(() => expect(server.requests.at(-1)!.aborted).toBe(true));
  });
});

describe("the key", () => {
  const KEY = "sk-test-0123456789abcdef";

  it("goes to its server, and never to where it redirects", async () => {
    vi.stubEnv("SURPRISAL_API_KEY", KEY);
    const [server, other] = [await start("openai", {}, KEY), await start("openai")];
    const model = await open(server, { dialect: "openai", followRedirects: true });
    const careful = await open(server, { dialect: "openai" });
    for (const status of [307, 308]) {
      server.misbehave = { redirect: { to: other.origin, status } };
      const { error } = await collect(careful.generate(CHAT, { maxTokens: 3 }));
      expect(error).toMatchObject({ code: "REDIRECT_REFUSED" });
      const { records } = await collect(model.generate(CHAT, { maxTokens: 3 }));
      expect(records.length).toBe(3);
    }
    expect(server.requests.at(-1)!.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(other.requests.length).toBeGreaterThan(0);
    expect(JSON.stringify(other.requests.map(({ headers }) => headers))).not.toContain(KEY);
  });

  it("is in no error, also when the server repeats it", async () => {
    const wrong = "sk-test-wrong-fedcba9876543210";
    vi.stubEnv("SURPRISAL_API_KEY", wrong);
    const server = await start("openai", { repeatKey: true }, KEY);
    const error = await open(server, { prove: false })
      .then((model) => collect(model.generate(CHAT)))
      .then(({ error }) => error)
      .catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "UNAUTHORIZED" });
    const shown = `${error} ${(error as Error).stack} ${JSON.stringify(error)}`;
    expect(shown).not.toContain(wrong);
    expect(shown).not.toContain("fedcba");
  });

  it("of a provider is not sent to another server", async () => {
    vi.stubEnv("OPENAI_API_KEY", KEY);
    const server = await start("openai");
    const model = await open(server, { dialect: "openai" });
    await collect(model.generate(CHAT, { maxTokens: 2 }));
    expect(JSON.stringify(server.requests.map(({ headers }) => headers))).not.toContain(KEY);
  });
});

it("a web page in place of an answer is an error", async () => {
  const server = await start("openai");
  const model = await open(server, { dialect: "openai" });
  server.misbehave = { webPage: true };
  const { error } = await collect(model.generate(CHAT));
  expect(error?.code).toBe("WIRE_MALFORMED");
});

/** Services that are recognised by their address are named here. */
function named(dialect: DialectName): OpenAIOptions {
  return ["openai", "deepseek", "openrouter", "xai"].includes(dialect)
    ? { dialect: dialect as "openai" }
    : {};
}

function promptFor(dialect: DialectName): Prompt {
  return ["deepseek", "openrouter", "xai"].includes(dialect) ? CHAT : PROMPT;
}
