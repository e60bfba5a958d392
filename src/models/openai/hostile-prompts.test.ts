/** A server that answers as vLLM does, but for one field of its tokens' numbers or of its tokenizer. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { afterEach, expect, it } from "vitest";
import { placeTokens } from "../remote/index.ts";
import { OpenAIModel, probe } from "./index.ts";

interface Tokens {
  tokens: number[];
  token_strs: string[];
}
type Numbers = Record<string, { logprob: number; rank: number; decoded_token: string }> | null;

/** What is done to an honest answer. `null` = the endpoint is not there. */
interface Lies {
  tokens?: ((honest: Tokens) => unknown) | null;
  numbers?: (honest: Numbers[]) => void;
}

const WRITTEN = "x1y2z3w4";
const idsOf = (text: string): number[] => Array.from(text, (letter) => letter.codePointAt(0)!);
/** Letters are tokens; each has a number that depends on the one before. */
const logprobOf = (id: number, before: number) => -(0.5 + ((id * 31 + before * 7) % 13) / 3);

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

function answerTo(path: string, body: Record<string, never>, lies: Lies): unknown {
  if (path === "/v1/models") return { data: [{ id: "m", owned_by: "vllm", max_model_len: 4096 }] };
  if (path === "/tokenize") {
    if (lies.tokens === null) return null;
    const tokens = idsOf(body.prompt ?? "");
    const honest = { tokens, token_strs: tokens.map((id) => String.fromCodePoint(id)) };
    if (tokens.length > 1) lies.tokens?.(honest);
    return honest;
  }
  const prompt: number[] = Array.isArray(body.prompt) ? body.prompt : idsOf(body.prompt ?? "");
  const written = idsOf(WRITTEN.slice(0, body.max_tokens));
  const logprobs = {
    tokens: written.map((id) => `token_id:${id}`),
    token_logprobs: written.map((id, i) => logprobOf(id, i ? written[i - 1]! : prompt.at(-1)!)),
    top_logprobs: null,
    text_offset: null,
  };
  const numbers: Numbers[] = prompt.map((id, i) =>
    i === 0
      ? null
      : {
          [id]: { logprob: logprobOf(id, prompt[i - 1]!), rank: 2, decoded_token: String.fromCodePoint(id) },
        },
  );
  lies.numbers?.(numbers);
  const choice = { index: 0, finish_reason: "length", text: WRITTEN, logprobs, prompt_logprobs: numbers };
  return { choices: [choice] };
}

async function serve(lies: Lies): Promise<string> {
  const server = createServer(async (request, response) => {
    const sent = await textOf(request);
    const answer = answerTo(request.url ?? "", sent === "" ? {} : JSON.parse(sent), lies);
    response.writeHead(answer ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? { error: { message: "Not Found" } }));
  });
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1#m`;
}

async function score(lies: Lies) {
  const model = await OpenAIModel.open(await serve(lies), { backoffMs: 1 });
  const request = { context: "The", continuation: " cat" };
  for await (const scored of model.score([request], { alternatives: 2 })) return scored;
  throw new Error("nothing was scored");
}

/** In the numbers of the third token of every prompt. */
const other = (id: string, rank = 1) => ({
  numbers: (numbers: Numbers[]) => {
    numbers[2]![id] = { logprob: -0.25, rank, decoded_token: "?" };
  },
});

it("is right where the server is honest", async () => {
  const { tokens } = await score({});
  const expected = [..." cat"].map((letter, i) =>
    logprobOf(letter.codePointAt(0)!, "The cat".codePointAt(i + 2)!),
  );
  expect([...tokens.logprobs]).toEqual(expected);
});

it.each([
  ["negative", "-5", undefined],
  ["a fraction", "1.5", undefined],
  ["a word", "abc", undefined],
  ["beyond 32 bits", "99999999999999999999", undefined],
  ["beyond 31 bits", "4294967301", undefined],
  ["an object's own key", "__proto__", undefined],
  ["in exponential form", "1e3", undefined],
  ["of rank 0", "5", 0],
  ["of rank -1", "5", -1],
])("refuses an alternative whose id is %s", async (_, id, rank) => {
  const lie = other("@", rank);
  const numbers = (list: Numbers[]) => {
    lie.numbers(list);
    const { "@": entry, ...rest } = list[2]!;
    list[2] = Object.fromEntries([...Object.entries(rest), [id, entry!]]);
  };
  await expect(score({ numbers })).rejects.toMatchObject({
    code: "UNSUPPORTED_CAPABILITY",
    what: expect.stringContaining("A field of the answer is wrong"),
  });
});

it.each<[string, (honest: Tokens) => unknown, string]>([
  ["ids beyond 32 bits", ({ tokens }) => tokens.splice(1, 1, 2 ** 32 + 104), "Too big"],
  ["negative ids", ({ tokens }) => tokens.splice(1, 1, -4), "Too small"],
  [
    "tokens without end that are nothing",
    (honest) => {
      honest.tokens = [...new Array(200_000).fill(7), ...honest.tokens];
      honest.token_strs = [...new Array(200_000).fill(""), ...honest.token_strs];
    },
    "tokens for a text of",
  ],
])("refuses a tokenizer that gives %s", async (_, tokens, what) => {
  await expect(score({ tokens })).rejects.toMatchObject({
    code: "UNSUPPORTED_CAPABILITY",
    what: expect.stringContaining(what),
  });
});

it("says that it is the tokenizer that is missing, and does not send from vLLM to vLLM", async () => {
  const address = await serve({ tokens: null });
  const model = await OpenAIModel.open(address, { backoffMs: 1 });
  const error = await model
    .score([{ context: "The", continuation: " cat" }])
    .next()
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "UNSUPPORTED_CAPABILITY",
    what: "vLLM cannot score a text: prompt_logprobs needs the server's tokenizer, which cannot be asked: HTTP 404: Not Found",
    wayOut: expect.not.stringContaining("vLLM"),
  });
  expect((await probe(address)).prompt).toMatchObject({
    found: false,
    seen: expect.stringContaining("tokenizer"),
  });
});

it.each(["100%", "%ff", "a%zz"])("takes a model's name with a %% of its own as it is: %s", async (name) => {
  const address = (await serve({})).replace("#m", `#${name}`);
  const { identity } = await OpenAIModel.open(address, { dialect: "openai", prove: false });
  expect(identity.name).toBe(name);
});

it("places tokens that are nothing, however many", () => {
  const silent = { text: "", bytes: null, lossy: true, special: false };
  const many = new Array(300_000).fill(silent);
  const firm = { text: "a", bytes: null, lossy: false, special: false };
  expect(placeTokens([...many, firm], "a")?.at(-1)).toBe(1);
});
