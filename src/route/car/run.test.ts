import { describe, expect, it } from "vitest";
import { type ScriptedToken, ToldModel } from "../../../test/told-model.ts";
import { TableModel } from "../../models/test/index.ts";
import type { CarArtefact } from "./artefact.ts";
import { CarRouter } from "./index.ts";
import { recordCar } from "./record.ts";
import { CAR_INSTRUCTIONS } from "./run.ts";

const artefact = (change: Partial<CarArtefact> = {}): CarArtefact => ({
  schema: "surprisal.router/1",
  kind: "car",
  rule: {
    kind: "monotone",
    posterior: { kind: "logistic", slope: 4, intercept: 2 },
    goal: { kind: "posterior", atLeast: 0.5 },
    point: {
      threshold: 0.5,
      n: 100,
      kept: 0.5,
      accuracy: 1,
      tokens: 5,
      alwaysLong: { accuracy: 1, tokens: 9 },
      reached: true,
      risk: null,
    },
  },
  signal: "nll",
  counting: null,
  instructions: null,
  fittedOn: { n: 100, right: 50, wrong: 50, missing: 0, groups: 100, kinds: null, sha256: "" },
  identity: { model: null, tokenizer: null, wordingSha256: null, recipe: null, kernels: null },
  reference: [],
  madeBy: "test",
  ...change,
});

const LONG: ScriptedToken[] = ["17 plus", " 25", " is ", "42"].map((text) => ({ text, logprob: -0.1 }));
const shortOf = (logprob: number | null): ScriptedToken[] => [
  { text: "4", logprob },
  { text: "2", logprob },
];
const modelOf = (logprob: number | null) =>
  new ToldModel((prompt) => (prompt.includes(CAR_INSTRUCTIONS.short) ? shortOf(logprob) : LONG));
const QUESTION = "What is 17 + 25?";

describe("car.run", () => {
  it("never writes a kept answer again, and costs no token more than a plain one (CARStrategy regenerates it)", async () => {
    const model = modelOf(-0.2);
    const answer = await new CarRouter(artefact()).run(model, QUESTION);
    expect(model.asked).toHaveLength(1);
    expect(answer).toMatchObject({
      path: "short",
      text: "42",
      tokens: 2,
      long: null,
      decision: { because: "sure" },
    });
  });

  it("goes the long way where the short answer is not sure, and pays for both", async () => {
    const model = modelOf(-0.9);
    const router = new CarRouter(artefact());
    const answer = await router.run(model, QUESTION);
    expect(answer).toMatchObject({
      path: "long",
      text: "17 plus 25 is 42",
      tokens: 6,
      decision: { because: "uncertain" },
    });
    expect(answer.signals.nll).toBeCloseTo(0.9);
    expect(router.counts).toEqual({ short: 0, long: 1, missing: 0 });
  });

  it("asks with the question first and the instruction last, so that both ways have it in common", async () => {
    const model = modelOf(-0.9);
    await new CarRouter(artefact()).run(model, QUESTION);
    expect(model.asked.map(({ prompt }) => prompt)).toEqual([
      `${QUESTION}\n${CAR_INSTRUCTIONS.short}\n`,
      `${QUESTION}\n${CAR_INSTRUCTIONS.long}\n`,
    ]);
  });

  it("takes no missing number for confidence", async () => {
    const router = new CarRouter(artefact());
    const answer = await router.run(modelOf(null), QUESTION);
    expect(answer).toMatchObject({ path: "long", decision: { because: "missing" } });
    const half = new ToldModel((prompt) =>
      prompt.includes(CAR_INSTRUCTIONS.short)
        ? [
            { text: "4", logprob: 0 },
            { text: "2", logprob: null },
          ]
        : LONG,
    );
    expect((await router.run(half, QUESTION)).decision.because).toBe("missing");
    expect(router.counts).toEqual({ short: 0, long: 2, missing: 2 });
  });

  it("goes by any other signal that is given", async () => {
    const router = new CarRouter(artefact({ signal: "1 - option mass" }));
    const signalsOf = () => ({ "1 - option mass": 0.1 });
    expect((await router.run(modelOf(-9), QUESTION, { signalsOf })).path).toBe("short");
    expect((await router.run(modelOf(-0.1), QUESTION)).decision.because).toBe("missing");
  });

  it("uses the instructions that it was fitted with, and says what is another", async () => {
    const instructions = { short: "Only the number.", long: "In one line." };
    const model = new ToldModel(() => shortOf(-0.1));
    const router = new CarRouter(
      artefact({
        instructions,
        identity: { ...artefact().identity, model: { name: "other", sha256: null } },
      }),
    );
    const { warnings } = await router.run(model, QUESTION);
    expect(model.asked[0]!.prompt).toBe(`${QUESTION}\nOnly the number.\n`);
    expect(warnings).toEqual([expect.stringContaining("other")]);
    await expect(router.run(model, QUESTION, { strict: true })).rejects.toMatchObject({
      code: "CALIBRATION_MISMATCH",
    });
  });

  it("refuses no question", async () => {
    await expect(new CarRouter(artefact()).run(modelOf(0), " ")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });
});

describe("what counts as the answer's tokens", () => {
  /** After "q": "a" with 0.5, then "a" with 0.8 or the end with 0.2; greedy writes until maxTokens. */
  const chain = () =>
    new TableModel({
      symbols: ["q", "a", "b", "\n", "</s>"],
      eos: 4,
      transitions: [
        [0, 0.5, 0.3, 0.2, 0],
        [0, 0, 0.7, 0, 0.3],
        [0, 0, 0, 0.1, 0.9],
        [0, 0.9, 0.1, 0, 0],
        [1, 0, 0, 0, 0],
      ],
    });
  const prompt = () => "q";

  it("is all but the end of text, or the end of text too", async () => {
    const record = (counting: CarArtefact["counting"]) =>
      recordCar(chain(), "q", { id: "1", prompt, isRight: () => true, counting: counting ?? undefined });
    const without = await record({ endToken: "left out", formatting: "all" });
    const within = await record({ endToken: "counted", formatting: "all" });
    expect(without.paths.short).toMatchObject({ text: "ab", tokens: 2 });
    expect(without.paths.short!.signals!.nll).toBeCloseTo(-(Math.log(0.5) + Math.log(0.7)) / 2, 6);
    expect(within.paths.short!.signals!.nll).toBeCloseTo(
      -(Math.log(0.5) + Math.log(0.7) + Math.log(0.9)) / 3,
      6,
    );
  });

  it("has no end of text where the answer was cut off", async () => {
    const found = await recordCar(chain(), "q", {
      id: "1",
      prompt,
      isRight: () => null,
      counting: { endToken: "counted", formatting: "all" },
      short: { maxTokens: 1 },
    });
    expect(found.paths.short!.signals!.nll).toBeCloseTo(-Math.log(0.5), 6);
  });

  it("refuses what a server cannot say before it asks", async () => {
    const server = new ToldModel(() => shortOf(-1), { score: false });
    const counting = { endToken: "counted", formatting: "all" } as const;
    await expect(new CarRouter(artefact({ counting })).run(server, QUESTION)).rejects.toMatchObject({
      code: "UNSUPPORTED_CAPABILITY",
    });
    expect(server.asked).toEqual([]);
  });
});
