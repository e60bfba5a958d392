/** What connections of odd servers do to an answer, and what is asked of servers that refuse numbers one way only. */
import { afterEach, describe, expect, it } from "vitest";
import { SurprisalError, type TokenRecord } from "../../src/core/index.ts";
import { GeminiModel } from "../../src/models/gemini/index.ts";
import type { Generation } from "../../src/models/index.ts";
import { OpenAIModel, probe } from "../../src/models/openai/index.ts";
import { EVENT_STREAM, events, json, type RawServer, startRawServer } from "./raw-server.ts";

let server: RawServer | undefined;
afterEach(() => server?.close());

const CHAT = [{ role: "user", content: "Tell me." }];
const chunk = (content: string, logprob: number | null, finish: string | null = null) => ({
  choices: [
    {
      index: 0,
      delta: { content },
      logprobs: logprob === null ? null : { content: [{ token: content, logprob, top_logprobs: [] }] },
      finish_reason: finish,
    },
  ],
});
const TOKENS = [chunk("Par", -0.5), chunk("is", -0.25), chunk(".", -0.125)];
const STOP = chunk("", null, "stop");
const USAGE = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 } };

async function collect(writing: Generation) {
  const records: TokenRecord[] = [];
  let error: SurprisalError | null = null;
  try {
    for await (const record of writing) records.push(record);
  } catch (caught) {
    if (!SurprisalError.isInstance(caught)) throw caught;
    error = caught;
  }
  return { text: records.map(({ text }) => text).join(""), error, end: writing.end };
}

const openai = () =>
  OpenAIModel.open(`${server!.origin}/v1#m`, { dialect: "openai", prove: false, attempts: 1 });

describe("a connection that breaks", () => {
  const breaking = (text: string) =>
    startRawServer((_, response) => {
      response.writeHead(200, EVENT_STREAM);
      response.write(text, () => setTimeout(() => response.socket?.destroy(), 20));
    });

  it.each([
    ["after reason and count, before [DONE]", events(...TOKENS, STOP, USAGE)],
    ["within [DONE]", `${events(...TOKENS, STOP, USAGE)}data: [DO`],
  ])("%s: the answer is complete", async (_, text) => {
    server = await breaking(text);
    const { error, text: said, end } = await collect((await openai()).generate(CHAT));
    expect([said, error]).toEqual(["Paris.", null]);
    expect(end).toMatchObject({ finishReason: "stop", tokens: 3, scored: 3, partial: false, warnings: [] });
  });

  it.each([
    ["before the count", events(...TOKENS, STOP), "Paris."],
    ["before the reason", events(...TOKENS), "Paris."],
    ["within an event", `${events(...TOKENS)}data: {"choices": [`, "Paris."],
    ["within a character", events(...TOKENS, chunk("\ud83d", null)), "Paris."],
    ["after numbers that are all 0", events(chunk("a", 0), chunk("b", 0)), "ab"],
  ])("%s: what came is given, then the error", async (_, text, said) => {
    server = await breaking(text);
    const read = await collect((await openai()).generate(CHAT));
    expect([read.text, read.error?.code, read.end]).toEqual([said, "STREAM_CUT", null]);
  });

  it("after a bad line in the same piece: what came before it is given", async () => {
    server = await startRawServer((_, response) =>
      response.writeHead(200, EVENT_STREAM).end(events(...TOKENS, "data: upstream failed\n\n")),
    );
    const { text, error } = await collect((await openai()).generate(CHAT));
    expect([text, error?.code]).toEqual(["Paris.", "WIRE_MALFORMED"]);
    expect(error!.what).toContain("upstream failed");
  });

  // A proxy's own line: tetsuo-ai/agenc-core pull request 2492. A page: nginx in front of a server.
  it.each(["upstream error: read ECONNRESET", "<html><body>504 Gateway Time-out</body></html>"])(
    "with words that are no event, which are quoted: %s",
    async (words) => {
      server = await startRawServer((_, response) =>
        response.writeHead(200, EVENT_STREAM).end(`${events(...TOKENS)}${words}\n`),
      );
      const { text, error } = await collect((await openai()).generate(CHAT));
      expect([text, error?.code]).toEqual(["Paris.", "STREAM_CUT"]);
      expect(error!.what).toContain(words);
    },
  );

  it("an error as Python prints it is quoted", async () => {
    server = await startRawServer((_, response) =>
      response.writeHead(200, EVENT_STREAM).end(events(...TOKENS, "data: {'error': 'out of memory'}\n\n")),
    );
    expect((await collect((await openai()).generate(CHAT))).error!.what).toContain("'out of memory'");
  });

  it("an error with HTTP 200 is quoted", async () => {
    server = await startRawServer((_, response) => json(response, 200, { detail: "Model is loading" }));
    const { error } = await collect((await openai()).generate(CHAT));
    expect(error).toMatchObject({ code: "SERVER_ERROR" });
    expect(error!.what).toContain("Model is loading");
  });
});

describe("Gemini", () => {
  const answer = {
    candidates: [
      {
        content: { parts: [{ text: "Paris." }], role: "model" },
        finishReason: "STOP",
        logprobsResult: {
          chosenCandidates: [
            { token: "Paris", tokenId: 1, logProbability: -0.5 },
            { token: ".", tokenId: 2, logProbability: -0.25 },
          ],
        },
      },
    ],
    usageMetadata: { candidatesTokenCount: 2 },
  };
  const refusal = (message: string) => ({ error: { code: 400, message, status: "INVALID_ARGUMENT" } });
  const isAsked = ({ body }: { body: Record<string, unknown> }) =>
    "responseLogprobs" in (body.generationConfig as object);
  const open = () => GeminiModel.open("m", { address: `${server!.origin}/v1beta`, key: null });

  // Uralstech/UGemini pull request 42: "They are not yet supported when streaming the request."
  it("is asked in one piece where it refuses log-probabilities in a stream, from then on", async () => {
    server = await startRawServer((request, response) => {
      if (!request.path.includes(":")) return json(response, 200, { name: "models/m" });
      if (isAsked(request) && request.path.includes(":stream"))
        return json(response, 400, refusal("Logprobs is not supported for streaming requests"));
      return json(response, 200, answer);
    });
    const model = await open();
    for (let i = 0; i < 2; i++) {
      const { text, end } = await collect(model.generate(CHAT));
      expect(text).toBe("Paris.");
      expect(end).toMatchObject({ scored: 2, partial: false, finishReason: "stop" });
      expect(end!.warnings.join()).toContain("not supported for streaming");
    }
    const asked = server.requests.filter(({ path }) => path.includes(":"));
    expect(asked.map(({ path }) => path.includes(":stream"))).toEqual([true, false, false]);
    expect(asked.every(isAsked)).toBe(true);
  });

  it("is asked without numbers where it refuses them both ways", async () => {
    server = await startRawServer((request, response) => {
      if (!request.path.includes(":")) return json(response, 200, { name: "models/m" });
      if (isAsked(request)) return json(response, 400, refusal("Unable to submit: Logprobs is off"));
      return response.writeHead(200, EVENT_STREAM).end(events(answer));
    });
    const model = await open();
    for (let i = 0; i < 2; i++) {
      const { text, end } = await collect(model.generate(CHAT));
      expect(text).toBe("Paris.");
      expect(end!.warnings.join()).toContain("The server refuses log-probabilities: ");
    }
    expect(server.requests.filter(({ path }) => path.includes(":")).map(isAsked)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("probe", () => {
  async function probed(logprob: (i: number) => number, usage: object | null) {
    const tokens = ["One", ",", " two", ",", " three", ","];
    server = await startRawServer(({ path }, response) => {
      if (path.endsWith("/completions") && !path.includes("chat"))
        return json(response, 404, { detail: "Not Found" });
      const chunks = tokens.map((token, i) => chunk(token, logprob(i)));
      return response
        .writeHead(200, EVENT_STREAM)
        .end(events(...chunks, chunk("", null, "length"), ...(usage ? [usage] : []), "data: [DONE]\n\n"));
    });
    return probe(`${server.origin}/v1#m`, { dialect: "other", attempts: 1 });
  }
  const counted = (completion_tokens: number) => ({ choices: [], usage: { completion_tokens } });

  it("does not take numbers for good that are all 0, or all one number", async () => {
    for (const number of [0, -1]) {
      const { chat, alternatives } = await probed(() => number, counted(6));
      expect(chat.found).toBe(false);
      expect(chat.seen).toMatch(number === 0 ? /exactly 0/ : /all of them are -1/);
      expect(alternatives.found).toBe(0);
      server?.close();
    }
  });

  it.each<[string, object | null, boolean, RegExp]>([
    ["as many as it gave", counted(6), true, /lost on the way is noticed/],
    ["more than it gave", counted(9), true, /counts more tokens than it gives/],
    ["fewer than it gave", counted(2), false, /less than what it gave/],
    ["nothing", null, false, /may go unnoticed/],
  ])("says what its count is good for: it counts %s", async (_, usage, found, seen) => {
    const { counts, chat } = await probed((i) => -0.5 - i / 8, usage);
    expect(chat.found).toBe(true);
    expect(counts.found).toBe(found);
    expect(counts.seen).toMatch(seen);
  });
});
