/** `surprisal chat` and a server whose model thinks: the answer on standard output, the thinking beside it. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "./cli-run.ts";

const THOUGHT = ["<think>", "Let", " me", " see", ".", "</think>"];
const SAID = ["The", " capital", " is", " Paris", "."];

/** As vLLM streams: with a reasoning parser, or without one. */
function chunks(apart: boolean): string[] {
  const chunk = (delta: object, text?: string, finish: string | null = null) => ({
    object: "chat.completion.chunk",
    choices: [
      {
        index: 0,
        delta,
        logprobs:
          text === undefined ? null : { content: [{ token: text, logprob: -text.length / 4, bytes: null }] },
        finish_reason: finish,
      },
    ],
  });
  const isMark = (text: string) => text.endsWith("think>");
  return [
    ...THOUGHT.map((text) =>
      chunk(apart ? { reasoning: isMark(text) ? "" : text } : { content: text }, text),
    ),
    ...SAID.map((text) => chunk({ content: text }, text)),
    chunk({}, undefined, "stop"),
    { choices: [], usage: { completion_tokens: THOUGHT.length + SAID.length + 1 } },
  ].map((each) => JSON.stringify(each));
}

let server: Server;
let origin = "";
beforeAll(async () => {
  server = createServer((request, response) => {
    const apart = request.url!.startsWith("/apart");
    if (request.url!.endsWith("/models")) {
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({ object: "list", data: [{ id: "m", object: "model", owned_by: "vllm" }] }),
      );
    } else if (request.url!.endsWith("/chat/completions")) {
      response.setHeader("content-type", "text/event-stream");
      response.end([...chunks(apart), "[DONE]"].map((data) => `data: ${data}\n\n`).join(""));
    } else response.writeHead(404).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe.each(["apart", "inline"])("thinking %s", (kind) => {
  const chat = (...args: string[]) =>
    runCommand(["chat", "-m", `${origin}/${kind}/v1#m`, "--once", "Capital?", ...args]);

  it("gives a pipe the answer alone, and a person both", async () => {
    const { code, stdout, stderr } = await chat();
    expect({ code, stdout }).toEqual({ code: 0, stdout: "The capital is Paris.\n" });
    expect(stderr).toMatch(
      /\[thinking\]\nLet me see\.\n\[answer\]\nperplexity \S+ \(answer \S+, thinking \S+\) · 11 tokens/,
    );
    expect(await chat("-q")).toMatchObject({ code: 0, stdout: "The capital is Paris.\n", stderr: "" });
  });

  it("is in the events, each token with its part", async () => {
    const { stdout } = await chat("--json");
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const tokens = events.filter(({ type }) => type === "token");
    expect(tokens.map(({ part }) => part)).toEqual([
      ...THOUGHT.map(() => "reasoning"),
      ...SAID.map(() => "answer"),
    ]);
    const mean = (texts: string[]) => Math.exp(texts.join("").length / 4 / texts.length);
    expect(events.at(-1)).toMatchObject({
      type: "done",
      text: "The capital is Paris.",
      reasoning: "Let me see.",
      toolCall: null,
      partial: false,
      perplexity: expect.closeTo(mean([...THOUGHT, ...SAID]), 9),
      parts: {
        answer: { tokens: 5, scored: 5, perplexity: expect.closeTo(mean(SAID), 9) },
        reasoning: { tokens: 6, scored: 6, perplexity: expect.closeTo(mean(THOUGHT), 9) },
        "tool-call": null,
      },
    });
  });

  it("is stopped by its own part", async () => {
    const { stdout } = await chat("--json", "--stop-when", "tokens(reasoning)>=3");
    expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).toMatchObject({
      finishReason: "policy",
      text: "",
      stoppedBy: { token: 3, policy: "tokens(reasoning)>=3", because: "reasoning tokens 3 >= 3" },
    });
  });
});

describe("--stop-when", () => {
  const chat = (...args: string[]) =>
    runCommand(["chat", "-m", `${origin}/apart/v1#m`, "--once", "Capital?", ...args]);

  it("is refused where it can never hold", async () => {
    const { code, stderr } = await chat("--stop-when", "perplexity<1");
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/perplexity<1 can never hold: a perplexity is at least 1 \(--stop-when\)/),
    ]);
  });

  it("comes with a note where it says less than it seems", async () => {
    const { code, stderr } = await chat("--stop-when", "window>80 after 20");
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(/note: "after 20" changes nothing: window\(32\) has no value before token 32/),
    ]);
    const { stdout } = await chat("--stop-when", "window>80", "--max-tokens", "20", "--json");
    expect(JSON.parse(stdout.trim().split("\n").at(-1)!).warnings).toEqual([
      expect.stringMatching(
        /^window\(32\)>80 can never hold: it holds from token 32 at the earliest, and an answer has at most 20/,
      ),
    ]);
  });
});
