/** Decision servers, played by one on this machine: what is sent in both wire forms, and what is made of their answers. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
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

/** An address, and what was asked there. */
async function serve(answers: unknown, status = 200) {
  const asked: { url: string | undefined; body: unknown }[] = [];
  server = createServer(async (incoming, response) => {
    asked.push({ url: incoming.url, body: await json(incoming) });
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ answers, model: "m", usage: {} }));
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

  it.each([
    [answers.slice(0, 2), /answer is missing/],
    [[answers[0], { type: "choice", choice: "burn" }, answers[2]], /"burn" is none of the options/],
    [[{ type: "predicate", probability: 1.2 }, ...answers.slice(1)], /probability/],
    ["none", /answers/],
  ])("is not believed what cannot be: %j", async (wrong, what) => {
    const { address } = await serve(wrong);
    await expect(decideOnServer(address, request)).rejects.toThrow(what);
    await expect(decideOnServer(address, request)).rejects.toThrow(
      expect.objectContaining({ code: "WIRE_MALFORMED" }),
    );
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
});

it("needs the name of the model, and says what the server says", async () => {
  const { address } = await serve([], 400);
  await expect(decideOnServer(address.split("#")[0]!, request)).rejects.toThrow(/not named/);
  await expect(decideOnServer(address, request)).rejects.toThrow(/400/);
});
