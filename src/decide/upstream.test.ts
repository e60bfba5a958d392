/** Decision servers, played by one on this machine: what is sent in both wire forms, and what is made of their answers. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { decideOnServer, type Question } from "./index.ts";

let server: Server | undefined;
afterEach(() => server?.close());

const questions: Question[] = [
  { type: "predicate", name: "torn", instructions: "Is it torn?" },
  {
    type: "choice",
    name: "next",
    instructions: "What now?",
    choices: ["keep", { value: "send", description: "back" }],
  },
  { type: "score", name: "bad", instructions: "How bad?", levels: ["fine", "poor", "lost"] },
];
const request = { state: "The box is torn.", questions };

const serve = (answers: unknown, { status = 200, usage = {} as object } = {}) =>
  serveText(JSON.stringify({ answers, model: "m", usage }), status);

/** An address, and what was asked there. */
async function serveText(body: string, status = 200) {
  const asked: { url: string | undefined; body: unknown }[] = [];
  server = createServer(async (incoming, response) => {
    asked.push({ url: incoming.url, body: await json(incoming) });
    response.writeHead(status, { "content-type": "application/json" });
    response.end(body);
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}/v1#luna`, asked };
}

describe("/v1/decisions", () => {
  const answers = [
    { type: "predicate", name: "torn", probability: 0.93 },
    {
      type: "choice",
      name: "next",
      choice: "send", // 0.01 below the largest, as real servers do
      confidence: 0.49,
      probabilities: [
        { value: "keep", probability: 0.5 },
        { value: "send", probability: 0.49 },
      ],
    },
    {
      type: "score",
      name: "bad",
      score: 1.25,
      confidence: 0.5,
      probabilities: [
        { label: "fine", value: 0, probability: 0.1 },
        { label: "poor", value: 1, probability: 0.55 },
        { label: "lost", value: 2, probability: 0.35 },
      ],
    },
  ];

  it("is asked all at once, and believed as it answers", async () => {
    const { address, asked } = await serve(answers);
    const { decisions, model } = await decideOnServer(address, request);
    expect(asked).toEqual([
      {
        url: "/v1/decisions",
        body: {
          model: "luna",
          input: "The box is torn.",
          questions: [
            { type: "predicate", name: "torn", instructions: "Is it torn?" },
            {
              type: "choice",
              name: "next",
              instructions: "What now?",
              choices: [{ value: "keep" }, { value: "send", description: "back" }],
            },
            {
              type: "score",
              name: "bad",
              instructions: "How bad?",
              levels: [{ label: "fine" }, { label: "poor" }, { label: "lost" }],
            },
          ],
        },
      },
    ]);
    expect(model.name).toBe("luna");
    const [torn, next, bad] = decisions;
    expect(torn).toMatchObject({ choice: true, probability: 0.93, optionMass: null, tokensRun: null });
    expect(next).toMatchObject({ choice: "send", confidence: 0.49, abstained: false });
    expect(next!.options.map(({ probability }) => probability)).toEqual([0.5, 0.49]);
    expect(bad).toMatchObject({ choice: "poor", expected: 1.25 });
  });

  it("may refuse", async () => {
    const { address } = await serve([{ type: "refusal", name: "torn" }, ...answers.slice(1)]);
    const { decisions } = await decideOnServer(address, request);
    expect(decisions[0]).toMatchObject({ abstained: true, choice: null, probability: null, entropy: null });
  });

  it("has its own confidence, tokens and disagreements shown", async () => {
    const { address } = await serve(answers, { usage: { input_tokens: 40, output_tokens: 0 } });
    const { decisions, usage, notes, model } = await decideOnServer(address, request);
    expect(usage).toEqual({ inputTokens: 40, outputTokens: 0 });
    expect(model.sha256).toBeNull();
    expect(notes).toEqual([
      'Question "next": the server chose "send" (0.49), and "keep" (0.5) is more probable.',
    ]);
    expect(decisions[2]!.confidence).toBe(0.5); // the server's, not the 0.55 of the most probable level
  });

  it("is shown as it came where it does not sum to 1, or says less", async () => {
    const { address } = await serve([
      answers[0],
      {
        type: "choice",
        choice: "keep",
        probabilities: [
          { value: "send", probability: 0.2 },
          { value: "keep", probability: 0.3 },
        ],
      },
      { type: "score", score: 0.5, probabilities: [{ value: 1, label: "poor", probability: 0.4 }] },
    ]);
    const { decisions, notes, usage } = await decideOnServer(address, request);
    const [, next, bad] = decisions;
    expect(next!.options.map(({ probability }) => probability)).toEqual([0.3, 0.2]);
    expect(next).toMatchObject({ confidence: 0.3, entropy: null }); // no distribution, so no entropy
    expect(next!.margin).toBeCloseTo(0.1, 12);
    expect(notes).toEqual(['Question "next": the server\'s probabilities sum to 0.5.']);
    expect(bad!.options.map(({ probability }) => probability)).toEqual([null, 0.4, null]);
    expect(bad).toMatchObject({ choice: null, confidence: null, expected: 0.5, entropy: null, margin: null });
    expect(usage).toEqual({ inputTokens: null, outputTokens: null });
  });

  const choice = (probabilities: unknown, more: object = {}) => [
    answers[0],
    { type: "choice", choice: "keep", probabilities, ...more },
    answers[2],
  ];
  const score = (more: object) => [answers[0], answers[1], { ...answers[2], ...more }];
  const keep = { value: "keep", probability: 0.5 };
  it.each<[string, unknown, RegExp]>([
    ["too few answers", answers.slice(0, 2), /answer is missing/],
    ["too many", [...answers, answers[0]], /4 answers to 3 questions/],
    ["none", [], /answer is missing/],
    ["a text", "none", /answers/],
    ["another order", [answers[1], answers[0], answers[2]], /is the answer to "next"/],
    [
      "another type",
      [{ type: "score", score: 1 }, ...answers.slice(1)],
      /predicate is answered as a "score"/,
    ],
    ["a choice that is no option", choice([keep], { choice: "burn" }), /"burn" is none of the options/],
    ["no choice", choice([keep], { choice: null }), /null is none/],
    [
      "an option that there is not",
      choice([keep, { value: "burn", probability: 0.1 }]),
      /no option: {"value":"burn"}/,
    ],
    ["an option twice", choice([keep, keep]), /two probabilities for "keep"/],
    ["a probability above 1", [{ type: "predicate", probability: 1.2 }, ...answers.slice(1)], /probability/],
    ["a negative one", choice([{ value: "keep", probability: -0.1 }]), /probability/],
    [
      "a text for a number",
      [{ type: "predicate", probability: "0.9" }, ...answers.slice(1)],
      /number.*string/,
    ],
    [
      "a number that is missing",
      [{ type: "predicate", probability: null }, ...answers.slice(1)],
      /no probability/,
    ],
    ["a score beyond the levels", score({ score: 3 }), /score 3 is not among the levels 0 to 2/],
    ["a level that there is not", score({ probabilities: [{ value: 7, probability: 0.1 }] }), /no option/],
    [
      "a level by another name",
      score({ probabilities: [{ value: 0, label: "lost", probability: 0.1 }] }),
      /no option/,
    ],
    ["a confidence that is none", score({ confidence: 7 }), /confidence/],
  ])("is not believed what cannot be: %s", async (_, wrong, what) => {
    const { address } = await serve(wrong);
    const error = await decideOnServer(address, request).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "WIRE_MALFORMED" });
    expect(String(error)).toMatch(what);
  });

  it.each([
    ['{"answers": [{"type": "predicate", "probability": NaN}]}', "WIRE_MALFORMED", /no probability/],
    ['{"answers": [{"type": "predicate", "probability": Infinity}]}', "WIRE_MALFORMED", /probability/],
    ['{"error": {"message": "the model is being loaded"}}', "SERVER_ERROR", /being loaded/],
    ['{"detail": "no such route"}', "SERVER_ERROR", /no such route/],
    ["{}", "WIRE_MALFORMED", /answers/],
    ["<html>", "WIRE_MALFORMED", /web page/],
    [`{"answers": [], "padding": "${"x".repeat(20_000)}"}`, "ANSWER_TOO_LONG", /larger than/],
  ])("is read as what it is, body %#", async (body, code, what) => {
    const { address } = await serveText(body);
    const asked = { ...request, questions: questions.slice(0, 1) };
    const error = await decideOnServer(address, asked, { mostAnswerBytes: 10_000 }).catch(
      (error: unknown) => error,
    );
    expect(error).toMatchObject({ code });
    expect(String(error)).toMatch(what);
  });
});

describe("/v1/systemone", () => {
  it("is asked by names", async () => {
    const { address, asked } = await serve({
      torn: { type: "noul", noul: 0.9 },
      next: { type: "choice", choice: "keep", probabilities: { keep: 0.66, send: 0.33 }, confidence: 0.6 },
      bad: { type: "score", score: 0.4, legend: {}, probabilities: { 0: 0.7, 1: 0.2, 2: 0.1 } },
    });
    const { decisions } = await decideOnServer(address, request, { form: "systemone", model: "jev" });
    expect(asked).toEqual([
      {
        url: "/v1/systemone",
        body: {
          model: "jev",
          state: "The box is torn.",
          questions: {
            torn: { type: "noul", instructions: "Is it torn?" },
            next: { type: "choice", instructions: "What now?", criteria: { keep: null, send: "back" } },
            bad: { type: "score", instructions: "How bad?", criteria: ["fine", "poor", "lost"] },
          },
        },
      },
    ]);
    expect(decisions.map(({ choice }) => choice)).toEqual([true, "keep", "fine"]);
    expect(decisions[2]!.options.map(({ probability }) => probability)).toEqual([0.7, 0.2, 0.1]);
  });

  it("numbers levels from 0, also where they are called by numbers, and takes their names too", async () => {
    const levels = ["1", "2", "3"]; // the key "1" is the second level
    const ask = async (probabilities: unknown, names: readonly string[]) => {
      const { address } = await serve({ q1: { type: "score", score: 1, probabilities } });
      const { decisions } = await decideOnServer(`systemone:${address}`, {
        state: "s",
        questions: [{ type: "score", instructions: "How many?", levels: [...names] }],
      });
      server?.close();
      return decisions[0]!.options.map(({ probability }) => probability);
    };
    expect(await ask({ 0: 0.1, 1: 0.7, 2: 0.2 }, levels)).toEqual([0.1, 0.7, 0.2]);
    expect(await ask([0.1, 0.7, 0.2], levels)).toEqual([0.1, 0.7, 0.2]);
    expect(await ask({ 2: 0.6 }, levels)).toEqual([null, null, 0.6]);
    expect(await ask({ fine: 0.25, lost: 0.75 }, ["fine", "lost"])).toEqual([0.25, 0.75]);
    await expect(ask({ fine: 0.25, gone: 0.75 }, ["fine", "lost"])).rejects.toThrow(
      /no option: {"key":"gone"}/,
    );
  });

  it("may decline, and is refused an answer to what was not asked", async () => {
    const own = {
      torn: { type: "refusal" },
      next: { type: "choice", choice: "keep" },
      bad: { type: "score", score: 0.4 },
    };
    const { address } = await serve(own);
    const { decisions } = await decideOnServer(address, request, { form: "systemone" });
    expect(decisions[0]).toMatchObject({ abstained: true, choice: null, confidence: null });
    expect(decisions[1]).toMatchObject({ choice: "keep", confidence: null, entropy: null, margin: null });
    server?.close();
    const more = await serve({ ...own, other: { type: "noul", noul: 1 } });
    await expect(decideOnServer(more.address, request, { form: "systemone" })).rejects.toThrow(
      /"other", which was not asked/,
    );
  });
});

describe("addresses", () => {
  it.each([
    ["decisions:ADDRESS/v1#m", "/v1/decisions", "m"],
    ["systemone:ADDRESS/v1#m", "/v1/systemone", "m"],
    ["ADDRESS/v1/systemone#m", "/v1/systemone", "m"],
    ["ADDRESS/api/v1/decisions/?x=1#a%2Fb", "/api/v1/decisions", "a/b"],
    ["decisions:ADDRESS#50%", "/v1/decisions", "50%"],
  ])("%s", async (reference, url, model) => {
    const { address, asked } = await serve([], { status: 400 });
    const at = reference.replace("ADDRESS", new URL(address).origin);
    await expect(decideOnServer(at, request)).rejects.toThrow(/400/);
    expect(asked[0]).toMatchObject({ url, body: { model } });
  });

  it.each([
    ["decisions:http://127.0.0.1:1/v1", /not named/],
    ["decisions:luna", /http:\/\//],
    ["decisions:http://user:secret@127.0.0.1/v1#m", /credentials/],
  ])("refuses %s", async (reference, what) => {
    const error = await decideOnServer(reference, request).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(String(error)).toMatch(what);
    expect(String(error)).not.toContain("secret");
  });

  it.each([404, 405, 501])("is told of the other form where it has not this one: %i", async (status) => {
    const { address } = await serveText('{"detail": "Not Found"}', status);
    await expect(decideOnServer(`decisions:${address}`, request)).rejects.toThrow(
      expect.objectContaining({
        code: "SERVER_ERROR",
        what: `HTTP ${status}: Not Found`,
        wayOut: expect.stringContaining("systemone:ADDRESS#MODEL"),
      }),
    );
  });

  it("does not leave this machine where the network is not to be used", async () => {
    vi.stubEnv("SURPRISAL_OFFLINE", "1");
    await expect(decideOnServer("https://example.invalid/v1#m", request)).rejects.toThrow(
      expect.objectContaining({ code: "MODEL_UNAVAILABLE" }),
    );
    vi.unstubAllEnvs();
  });
});
