import { describe, expect, it } from "vitest";
import { ToldModel } from "../../../test/told-model.ts";
import { SurprisalError, seededRandom } from "../../core/index.ts";
import { cascadeRoute, evaluateRouter } from "../evaluate/index.ts";
import type { RouteRecord } from "../records.ts";
import { type CascadeArtefact, type CascadeModel, CascadeRouter, cascade, decideCascade } from "./index.ts";

const flat = (probability: number) => ({
  kind: "logistic" as const,
  slope: 0,
  intercept: Math.log(probability / (1 - probability)),
});
const half = flat(0.5);

/** small: right with 1/(1 + e^(4u - 2)); middle mends half, large nine tenths of what it gets wrong; neither spoils much. */
const ARTEFACT: CascadeArtefact = {
  schema: "surprisal.router/1",
  kind: "cascade",
  steps: [
    {
      name: "small",
      price: { written: 1 },
      tokens: 10,
      promptTokens: null,
      accuracy: 0.5,
      right: { kind: "logistic", slope: 4, intercept: 2 },
      later: [
        { name: "middle", whenWrong: half, whenRight: flat(0.95) },
        { name: "large", whenWrong: flat(0.9), whenRight: flat(0.99) },
      ],
    },
    {
      name: "middle",
      price: { written: 2 },
      tokens: 10,
      promptTokens: null,
      accuracy: 0.7,
      right: { kind: "logistic", slope: 4, intercept: 3 },
      later: [{ name: "large", whenWrong: flat(0.8), whenRight: flat(0.98) }],
    },
    {
      name: "large",
      price: { written: 10, read: 0.1 },
      tokens: 10,
      promptTokens: 20,
      accuracy: 0.95,
      right: { kind: "logistic", slope: 4, intercept: 4 },
      later: [],
    },
  ],
  signal: "nll",
  counting: null,
  goal: { kind: "accuracy", atLeast: "last-model" },
  point: {
    worth: 200,
    n: 1,
    accuracy: 1,
    price: 1,
    shares: {},
    lastModel: { accuracy: 1, price: 1 },
    reached: true,
  },
  fittedOn: { n: 1, right: 1, wrong: 0, missing: 0, groups: 1, kinds: null, sha256: "" },
  identity: { model: null, tokenizer: null, wordingSha256: null, recipe: null, kernels: null },
  reference: [],
  madeBy: "test",
};

describe("the decision", () => {
  it("weighs every later model by the chances that it does better and worse", () => {
    const u = 0.8;
    const p = 1 / (1 + Math.exp(4 * u - 2));
    const decision = decideCascade(ARTEFACT, { model: "small", signals: { nll: u } });
    expect(decision.probability).toBeCloseTo(p, 12);
    const [middle, large] = decision.later;
    expect(middle!.better).toBeCloseTo((1 - p) * 0.5, 12);
    expect(middle!.worse).toBeCloseTo(p * 0.05, 12);
    expect(middle!.price).toBe(20);
    expect(large!.better).toBeCloseTo((1 - p) * 0.9, 12);
    expect(large!.price).toBe(102); // 10 tokens of 10, 20 of the prompt of 0.1
    const worth = (each: typeof middle) => 200 * (each!.better! - each!.worse!) - each!.price;
    expect(decision.next).toBe(worth(middle) > worth(large) ? "middle" : "large");
    expect(decision).toMatchObject({ because: "worth it", next: "middle" });
  });

  it("keeps what is sure, and asks whoever is worth most", () => {
    expect(decideCascade(ARTEFACT, { model: "small", signals: 0 })).toMatchObject({
      next: null,
      because: "sure",
    });
    const dear = { ...ARTEFACT, point: { ...ARTEFACT.point, worth: 2000 } };
    expect(decideCascade(dear, { model: "small", signals: 2 })).toMatchObject({
      next: "large",
      because: "worth it",
    });
    expect(decideCascade(ARTEFACT, { model: "large", signals: 9 })).toMatchObject({
      next: null,
      because: "last",
    });
  });

  it("never takes a missing number for confidence", () => {
    for (const signals of [null, Number.NaN, {}, { nll: null }])
      expect(decideCascade(ARTEFACT, { model: "small", signals })).toMatchObject({
        next: "middle",
        because: "missing",
        probability: null,
      });
  });

  it("keeps to what is left, and says so", () => {
    const rich = { ...ARTEFACT, point: { ...ARTEFACT.point, worth: 2000 } };
    expect(decideCascade(rich, { model: "small", signals: 2, left: 50 })).toMatchObject({ next: "middle" });
    const poor = decideCascade(rich, { model: "small", signals: 2, left: 5 });
    expect(poor).toMatchObject({ next: null, because: "budget" });
    expect(poor.reason).toMatch(/costs about 102, and 5 is left/);
    expect(decideCascade(rich, { model: "small", signals: null, left: 5 })).toMatchObject({
      next: null,
      because: "budget",
    });
  });
});

/** u uniform; small right with 1 - u, large with 0.95, whatever u is; prices 1 and 10 per token. */
function population(n: number, seed: number): RouteRecord[] {
  const random = seededRandom(seed);
  return Array.from({ length: n }, (_, i) => {
    const nll = random();
    return {
      id: `${i}`,
      paths: {
        small: { correct: random() < 1 - nll, tokens: 10, signals: { nll } },
        large: { correct: random() < 0.95, tokens: 10, signals: { nll: 0 } },
      },
    };
  });
}
const steps = [
  { name: "small", price: { written: 1 } },
  { name: "large", price: { written: 10 } },
];

describe("cascade.fit", () => {
  it("finds the chances of a population in closed form, and does better than chance on another", () => {
    const { artefact } = cascade.fit(population(4000, 1), {
      steps,
      goal: { kind: "accuracy", atLeast: 0.9 },
    });
    for (const u of [0.2, 0.5, 0.8]) {
      const { probability, later } = decideCascade(artefact, { model: "small", signals: u });
      expect(Math.abs(probability! - (1 - u))).toBeLessThan(0.08);
      expect(Math.abs(later[0]!.better! - u * 0.95)).toBeLessThan(0.08);
      expect(Math.abs(later[0]!.worse! - (1 - u) * 0.05)).toBeLessThan(0.03);
    }
    expect(artefact.point).toMatchObject({ reached: true, lastModel: { price: 100 } });
    expect(artefact.point.price).toBeLessThan(100);
    const found = evaluateRouter(population(2000, 2), cascadeRoute(artefact), {
      paths: ["small", "large"],
      resamples: 100,
    });
    const router = found.methods.find(({ name }) => name === "router")!;
    expect(router.accuracy.value).toBeGreaterThan(0.87);
    expect(found.randomPValue!).toBeLessThan(1e-6);
  });

  it("keeps to a price", () => {
    const { artefact } = cascade.fit(population(2000, 3), { steps, goal: { kind: "price", atMost: 40 } });
    expect(artefact.point.price).toBeLessThanOrEqual(40);
    expect(artefact.point.price).toBeGreaterThan(25);
  });

  it("passes over a middle model that is no better than the first", () => {
    const random = seededRandom(4);
    const records = population(2000, 5).map((each): RouteRecord => {
      const { small } = each.paths;
      return {
        ...each,
        paths: { ...each.paths, middle: { ...small!, correct: small!.correct && random() < 0.98 } },
      };
    });
    const three = [steps[0]!, { name: "middle", price: { written: 3 } }, steps[1]!];
    const { artefact } = cascade.fit(records, { steps: three, goal: { kind: "accuracy", atLeast: 0.85 } });
    expect(decideCascade(artefact, { model: "small", signals: 0.95 })).toMatchObject({ next: "large" });
    expect(artefact.point.shares.middle).toBeLessThan(0.05);
  });

  it("refuses what is too small, and what cannot be", () => {
    const none = population(60, 6).map((each) => ({
      ...each,
      paths: { ...each.paths, small: { ...each.paths.small!, correct: false } },
    }));
    expect(() => cascade.fit(none, { steps })).toThrow(
      /0 of 60 answers of small are right: 30 more are needed/,
    );
    expect(() => cascade.fit(population(200, 6), { steps: steps.slice(0, 1) })).toThrow(
      /at least two models/,
    );
    expect(() =>
      cascade.fit(population(200, 6), { steps: [steps[0]!, { name: "large", price: { written: -1 } }] }),
    ).toThrow(/no price/);
    expect(() => cascade.fit(population(200, 6), { steps, goal: { kind: "accuracy", atLeast: -1 } })).toThrow(
      /no accuracy/,
    );
  });
});

/** Answers at once. */
const answering = (
  name: string,
  nll: number | null,
  tokens = 10,
): CascadeModel & { asked: (number | undefined)[] } => ({
  name,
  asked: [],
  async ask(_question, { maxTokens }) {
    this.asked.push(maxTokens);
    return {
      text: `of ${name}`,
      tokens: Math.min(tokens, maxTokens ?? tokens),
      promptTokens: null,
      signals: { nll },
    };
  },
});
const failing = (
  name: string,
  error: unknown = new SurprisalError({ code: "SERVER_UNREACHABLE", what: "Nobody answers" }),
): CascadeModel => ({
  name,
  ask: () => Promise.reject(error),
});

describe("cascade.run", () => {
  const router = (worth = 2000) => new CascadeRouter({ ...ARTEFACT, point: { ...ARTEFACT.point, worth } });

  it("asks one after the other, with decision, reason and price of each", async () => {
    const models = [answering("small", 2), answering("middle", 2), answering("large", 0)];
    const answer = await router().run(models, "?");
    expect(answer).toMatchObject({ model: "large", text: "of large", tokens: 20, price: 110 });
    expect(answer.attempts.map(({ model, decision }) => [model, decision!.because])).toEqual([
      ["small", "worth it"],
      ["large", "last"],
    ]);
    const sure = await router(200).run([answering("small", 0), models[1]!, models[2]!], "?");
    expect(sure).toMatchObject({ model: "small", price: 10, attempts: [{ decision: { because: "sure" } }] });
  });

  it("falls back when a server fails, with its reason", async () => {
    const later = await router().run([answering("small", 2), answering("middle", 0), failing("large")], "?");
    expect(later.model).toBe("middle");
    expect(later.attempts.map(({ model, failed }) => [model, failed])).toEqual([
      ["small", null],
      ["large", { code: "SERVER_UNREACHABLE", reason: "Nobody answers" }],
      ["middle", null],
    ]);
    const first = await router().run([failing("small"), answering("middle", 0), answering("large", 0)], "?");
    expect(first).toMatchObject({
      model: "middle",
      attempts: [{ failed: { code: "SERVER_UNREACHABLE" } }, {}],
    });
    const kept = await router().run([answering("small", 2), failing("middle"), failing("large")], "?");
    expect(kept).toMatchObject({
      model: "small",
      text: "of small",
      reason: expect.stringMatching(/failed: Nobody answers/),
    });
  });

  it("says why when nobody answers; an abort and a mistake are no failures of a model", async () => {
    const none = [failing("small"), failing("middle"), failing("large", new Error("odd"))];
    await expect(router().run(none, "?")).rejects.toMatchObject({
      code: "MODEL_FAILED",
      what: expect.stringMatching(/small: Nobody answers.*large: odd/),
    });
    const mistake = new SurprisalError({ code: "INVALID_ARGUMENT", what: "no" });
    await expect(
      router().run([failing("small", mistake), answering("middle", 0), answering("large", 0)], "?"),
    ).rejects.toBe(mistake);
    const controller = new AbortController();
    controller.abort();
    await expect(
      router().run([failing("small"), answering("middle", 0), answering("large", 0)], "?", {
        signal: controller.signal,
      }),
    ).rejects.toMatchObject({ code: "SERVER_UNREACHABLE" });
    await expect(router().run([answering("small", 0)], "?")).rejects.toThrow(/middle, large too/);
  });

  it("bounds what is written by the budget", async () => {
    const models = [answering("small", 2), answering("middle", 2), answering("large", 0, 100)];
    const answer = await router().run(models, "?", { budget: 115 });
    expect(models[0]!.asked).toEqual([115]);
    expect(models[2]!.asked).toEqual([10]); // 115 - 10, less 2 for the prompt, at 10 each
    expect(answer.price).toBeLessThanOrEqual(115);
    const small = await router().run(models, "?", { budget: 12 });
    expect(small).toMatchObject({ model: "small", attempts: [{ decision: { because: "budget" } }] });
    await expect(router().run(models, "?", { budget: 0.5 })).rejects.toThrow(
      /does not pay for a token of small/,
    );
  });

  it("takes models in process and on servers alike, and counts what has no number", async () => {
    const model = (name: string, logprob: number | null) =>
      cascade.model(name, new ToldModel(() => [{ text: "42", logprob }]));
    const unsure = router();
    const answer = await unsure.run(
      [model("small", null), model("middle", -0.01), model("large", -0.1)],
      "?",
    );
    expect(answer).toMatchObject({ model: "middle", text: "42" });
    expect(unsure.counts).toEqual({ answers: { middle: 1 }, missing: 1 });
  });

  it("compares every model with the one of its name that it was fitted to", async () => {
    const identity = (name: string) => ({
      model: { name, sha256: null },
      tokenizer: null,
      wordingSha256: null,
      recipe: null,
      kernels: null,
    });
    const steps = ARTEFACT.steps.map((step) => ({ ...step, identity: identity(step.name) }));
    const strict = new CascadeRouter({ ...ARTEFACT, steps });
    const named = (name: string, own: string) => ({ ...answering(name, 0), identity: identity(own) });
    const right = [named("small", "small"), named("middle", "middle"), named("large", "large")];
    expect((await strict.run(right, "?", { strict: true })).warnings).toEqual([]);
    const swapped = [named("small", "small"), named("middle", "large"), answering("large", 0)];
    const { warnings } = await strict.run(swapped, "?");
    expect(warnings).toEqual([
      expect.stringMatching(/^middle: .*the model middle, and is used beside large/),
    ]);
    await expect(strict.run(swapped, "?", { strict: true })).rejects.toMatchObject({
      code: "CALIBRATION_MISMATCH",
    });
    expect(cascade.model("small", new ToldModel(() => [])).identity?.model).toMatchObject({ sha256: null });
  });

  it("refuses a goal with a member that is not known", () => {
    const goal = { kind: "price" as const, atMost: 1, atLeast: 0.5 };
    const steps = [
      { name: "a", price: { written: 1 } },
      { name: "b", price: { written: 2 } },
    ];
    expect(() => cascade.fit([], { steps, goal })).toThrow(/has no "atLeast"/);
  });

  it("is recorded as it is asked", async () => {
    const record = await cascade.record([answering("small", 2), answering("large", 0)], "?", {
      id: "1",
      isRight: (answer) => answer === "of large",
    });
    expect(record.paths).toMatchObject({
      small: { correct: false, tokens: 10, signals: { nll: 2 } },
      large: { correct: true },
    });
  });
});
