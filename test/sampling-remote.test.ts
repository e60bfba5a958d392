/** Sampling answers from servers that fail half the time, that give fewer than they are asked for, or no numbers. */
import { afterEach, describe, expect, it } from "vitest";
import { OpenAIModel } from "../src/models/openai/index.ts";
import {
  byAnswer,
  estimateSamples,
  type SampledAnswer,
  sampleAnswers,
  selfConsistency,
  semanticEntropy,
} from "../src/uncertainty/index.ts";
import { EVENT_STREAM, events, json, type RawServer, startRawServer } from "./wire/raw-server.ts";

let server: RawServer | undefined;
afterEach(() => server?.close());

/** A server that answers "42" to one prompt at a time, whatever n says; the requests for which `fails` holds it refuses. */
async function answering(fails: (request: number) => boolean, logprob: number | null) {
  let requests = 0;
  const raw = await startRawServer((request, response) => {
    if (request.path.endsWith("/models")) return json(response, 200, { object: "list", data: [{ id: "m" }] });
    if (!request.path.endsWith("/chat/completions"))
      return json(response, 404, { error: { message: "no such route" } });
    if (fails(requests++)) return json(response, 400, { error: { message: "not this time" } });
    const logprobs =
      logprob === null ? null : { content: [{ token: "42", logprob, bytes: [52, 50], top_logprobs: [] }] };
    response.writeHead(200, EVENT_STREAM);
    response.end(
      events(
        { choices: [{ index: 0, delta: { role: "assistant", content: "42" }, logprobs }] },
        { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
        "data: [DONE]\n\n",
      ),
    );
  });
  server = raw;
  const model = await OpenAIModel.open(`${raw.origin}/v1`, { backoffMs: 1, dialect: "openai", model: "m" });
  return { model, requests: () => requests };
}

const ask = [{ role: "user" as const, content: "What is 12 + 30?" }];

async function collect(answers: AsyncIterable<SampledAnswer>): Promise<SampledAnswer[]> {
  const all: SampledAnswer[] = [];
  for await (const answer of answers) all.push(answer);
  return all;
}

describe("sampleAnswers of a server", () => {
  it("that gives one answer to a request of eight is asked for the others, and none is made up", async () => {
    const { model } = await answering(() => false, -0.25);
    await using opened = model;
    const answers = sampleAnswers(opened, ask, { n: 8, maxTokens: 4 });
    const all = await collect(answers);
    expect([all.length, answers.arrived, answers.failures.length]).toEqual([8, 8, 0]);
    expect(all.every(({ text, logprob, tokens }) => text === "42" && logprob === -0.25 && tokens === 1)).toBe(
      true,
    );
  });

  it("that fails half the time counts what failed, and estimates over what arrived", async () => {
    const { model } = await answering((request) => request % 2 === 1, -0.25);
    await using opened = model;
    const answers = sampleAnswers(opened, ask, { n: 8, maxTokens: 4 });
    const all = await collect(answers);
    expect(all.length).toBeGreaterThan(0);
    expect(answers.failures.length).toBeGreaterThan(0);
    expect(answers.arrived + answers.failures.length).toBe(8);
    expect(String(answers.failures[0])).toMatch(/not this time/);
    const [found] = await estimateSamples(
      [selfConsistency({ clusters: byAnswer((text) => text) })],
      [...all, ...all],
    );
    expect(found!.uncertainty).toBe(0);
  });

  it("that fails always throws what it said", async () => {
    const { model } = await answering(() => true, null);
    await using opened = model;
    const answers = sampleAnswers(opened, ask, { n: 3, maxTokens: 4 });
    await expect(collect(answers)).rejects.toThrow(/not this time/);
    expect([answers.arrived, answers.failures.length]).toEqual([0, 3]);
  });

  it("without numbers has null, and what needs numbers says so", async () => {
    const { model } = await answering(() => false, null);
    await using opened = model;
    const all = await collect(sampleAnswers(opened, ask, { n: 3, maxTokens: 4 }));
    expect(all.map(({ logprob, entropy }) => [logprob, entropy])).toEqual(Array(3).fill([null, null]));
    const [votes, rao] = await estimateSamples([selfConsistency(), semanticEntropy({ formula: "rao" })], all);
    expect(votes!.uncertainty).toBe(0);
    expect(rao!.uncertainty).toBeNull();
    expect(rao!.reason).toMatch(/log-prob/i);
  });

  it("is told that it has no shape of the distribution", async () => {
    const { model } = await answering(() => false, null);
    await using opened = model;
    await expect(collect(sampleAnswers(opened, ask, { n: 2, maxTokens: 4, shape: true }))).rejects.toThrow(
      expect.objectContaining({ code: "UNSUPPORTED_CAPABILITY" }),
    );
  });
});
