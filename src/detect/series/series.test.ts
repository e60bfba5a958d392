import { describe, expect, it } from "vitest";
import { normals, token } from "../../../test/detect-answers.ts";
import { auroc, tallyOf } from "../../calibrate/index.ts";
import { seededRandom, type TokenRecord } from "../../core/index.ts";
import { parseDetector } from "../detector-file.ts";
import { readSeries, seriesDetector } from "./detector.ts";
import { fitSeries, heldOutSeries, type LabelledSeries } from "./fit.ts";
import { addToSeries, emptySeries, summarise } from "./summary.ts";

const QUICK = { resamples: 20, simulations: 20 };

const summaryOf = (tokens: readonly TokenRecord[], withLength?: boolean) => {
  const columns = emptySeries();
  for (const each of tokens) addToSeries(columns, each);
  return summarise(columns, withLength);
};

const alternatives = (...logprobs: number[]) => logprobs.map((logprob) => ({ text: "x", logprob }));

describe("the summary of a series", () => {
  it("is what a slow reading of its definitions gives", () => {
    const x = [0.5, 2, 0.1, 3, 1.5, 0.2, 0.9, 4];
    const found = summaryOf(x.map((each) => token(-each)));
    const sorted = x.toSorted((a, b) => a - b);
    const mean = x.reduce((sum, each) => sum + each, 0) / 8;
    const cov = x.reduce((sum, each, i) => sum + (i - 3.5) * (each - mean), 0);
    expect(found).toMatchObject({
      "surprisal-mean": expect.closeTo(mean, 12),
      "surprisal-deviation": expect.closeTo(
        Math.sqrt(x.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 7),
        12,
      ),
      "surprisal-low": expect.closeTo(sorted[0]! + 0.7 * (sorted[1]! - sorted[0]!), 12),
      "surprisal-most": 4,
      "surprisal-first": 0.5,
      "surprisal-last": 4,
      "surprisal-slope": expect.closeTo((cov / 42) * 7, 12),
      run: 2 / 8, // 3, 1.5 and 0.9, 4
      "entropy-mean": null,
      "margin-most": null,
      "place-1-mean": null,
      "first-choices": null,
    });
    expect(Object.keys(found)).not.toContain("ln-tokens");
    expect(summaryOf([token(-1), token(-1)], true)["ln-tokens"]).toBe(Math.log(2));
  });

  it("reads entropy, margin, gap and the most probable tokens where they are", () => {
    const found = summaryOf([
      token(-0.5, { entropy: 1.5, rank: 1, alternatives: alternatives(-0.5, -1.5) }),
      token(-2, { entropy: { low: 0.5, high: 3 }, rank: 3, alternatives: alternatives(-1, -1.5, -4) }),
    ]);
    expect(found).toMatchObject({
      "entropy-mean": 1,
      "margin-first": 1,
      "margin-last": 0.5,
      "gap-last": 1,
      "first-choices": 0.5,
      "place-1-mean": 0.75,
      "place-2-mean": 1.5,
      "place-5-mean": null,
      "tail-first": 1,
      "tail-last": expect.closeTo(6.5 / 3, 12),
    });
  });

  it("masks what is missing: it is neither 0 nor a number of any kind", () => {
    const some = summaryOf([token(-1), token(null), token(-3), token(Number.NaN), token(-5)]);
    expect(some).toMatchObject({
      "surprisal-mean": 3,
      "surprisal-first": 1,
      "surprisal-last": 5,
    });
    expect(some["surprisal-slope"]).toBeCloseTo(4, 12);
    expect(Object.values(summaryOf([])).every((value) => value === null)).toBe(true);
    expect(Object.values(summaryOf([token(null)])).every((value) => value === null)).toBe(true);
  });

  it.each<[string, TokenRecord[]]>([
    ["probability 0", [token(-Infinity), token(-1), token(-1), token(-1)]],
    ["one token", [token(-1)]],
    ["all the same", Array.from({ length: 9 }, () => token(-1))],
    ["entropies that are none", [token(-1, { entropy: Number.NaN }), token(-1, { entropy: Infinity })]],
    ["alternatives that are none", [token(-1, { alternatives: alternatives(Number.NaN, -Infinity, -1) })]],
    ["a record of several tokens", [token(-9, { tokenCount: 3 }), token(-1)]],
  ])("has no number that is infinite or NaN: %s", (_, tokens) => {
    for (const value of Object.values(summaryOf(tokens)))
      if (value !== null) expect(Number.isFinite(value)).toBe(true);
  });

  it("is of the answer alone, not of what was thought before", () => {
    expect(summaryOf([token(-9, { part: "reasoning" }), token(-1)])["surprisal-mean"]).toBe(1);
  });
});

/** In wrong answers surprisal rises to the end; mean, spread and length are the same. */
function planted(n: number, rise: number, seed: number, withEntropy = false): LabelledSeries[] {
  const random = normals(seed);
  const uniform = seededRandom(seed + 1);
  return Array.from({ length: n }, (_, i) => {
    const correct = uniform() < 0.5;
    const length = 6 + Math.floor(uniform() * 20);
    const tokens = Array.from({ length }, (_, t) => {
      const place = t / (length - 1) - 0.5;
      const surprisal = Math.max(0, 2 + random() * 0.7 + (correct ? -rise : rise) * place);
      return token(-surprisal, withEntropy ? { entropy: Math.max(0, 1 + random() + +!correct) } : {});
    });
    return { id: `a${i}`, group: `q${i >> 1}`, correct, tokens };
  });
}

describe("a detector that learned from series", () => {
  const answers = planted(400, 0.8, 1);
  const artefact = fitSeries(answers, QUICK);

  it("finds what no mean of log-probabilities tells", () => {
    expect(artefact.measures.measures.auroc!.value!).toBeGreaterThan(0.85);
    const means = tallyOf(
      {
        scores: answers.map(
          ({ tokens }) => tokens.reduce((sum, { logprob }) => sum + logprob!, 0) / tokens.length,
        ),
        correct: answers.map(({ correct }) => correct),
      },
      "any",
    );
    expect(Math.abs(auroc(means)! - 0.5)).toBeLessThan(0.1);
  });

  it("says about the base rate where there is nothing to find", () => {
    for (const probability of heldOutSeries(planted(600, 0, 5), QUICK).values())
      expect(Math.abs(probability - 0.5)).toBeLessThan(0.2);
  });

  it("is the same in any order of the answers, from its file too", () => {
    expect(fitSeries(answers.toReversed(), QUICK)).toEqual(artefact);
    expect(parseDetector(JSON.stringify(artefact), "it")).toEqual(artefact);
  });

  it("examines an answer", async () => {
    const { tokens } = answers[0]!;
    const found = await seriesDetector(artefact).examine({ answer: "…", tokens });
    expect(found).toMatchObject({ signal: "series", unit: "probability of being wrong", findings: [] });
    const { "log-odds": logOdds } = found.features;
    expect(found.suspicion).toBeCloseTo(1 / (1 + Math.exp(-logOdds!)), 12);
    expect(found.price).toMatchObject({ tokensRun: 0, tokensWritten: 0 });
  });

  it("says the same of a series as it comes, at any time", async () => {
    const { tokens } = answers[1]!;
    const reader = readSeries(artefact);
    expect(reader.read()).toEqual({ probability: null, reason: "there are no tokens", tokens: 0 });
    for (const [i, each] of tokens.entries()) {
      reader.add(each);
      const whole = await seriesDetector(artefact).examine({ answer: "", tokens: tokens.slice(0, i + 1) });
      expect(reader.read()).toMatchObject({ probability: whole.suspicion, tokens: i + 1 });
      expect(reader.read()).toEqual(reader.read());
    }
  });

  it("judges nothing without tokens or log-probabilities, and says why", async () => {
    const detector = seriesDetector(artefact);
    expect(await detector.examine({ answer: "a" })).toMatchObject({
      suspicion: null,
      reason: "the answer's tokens are not known",
      features: { "log-odds": null },
    });
    expect(await detector.examine({ answer: "a", tokens: [token(null)] })).toMatchObject({
      suspicion: null,
      reason: "no token has a log-probability",
    });
  });

  it("says what the fit knew and the answer has not", async () => {
    const fitted = fitSeries(planted(120, 0.8, 3, true), QUICK);
    const found = await seriesDetector(fitted).examine({ answer: "…", tokens: answers[0]!.tokens });
    expect(found.reason).toBe("masked, since not known of this answer: entropy");
    expect(found.suspicion).toBeGreaterThan(0);
  });

  it("warns of another model or tokenizer, and refuses it where that is asked for", async () => {
    const model = { name: "mini", sha256: "a".repeat(64) };
    const fitted = fitSeries(answers, { ...QUICK, identity: { model, tokenizer: "t1" } });
    const other = { model: { name: "smollm2", sha256: "b".repeat(64) }, tokenizer: "t2" };
    const warnings: string[] = [];
    const detector = seriesDetector(fitted, { identity: other, onWarning: (each) => warnings.push(each) });
    expect(warnings.map((each) => /the (\w+) /.exec(each)?.[1])).toEqual(["model", "tokenizer"]);
    const { reason } = await detector.examine({ answer: "…", tokens: answers[0]!.tokens });
    expect(reason).toMatch(/smollm2/);
    expect(() => seriesDetector(fitted, { identity: other, strict: true })).toThrow(
      /CALIBRATION|fitted to the model mini/,
    );
    expect(() => readSeries(fitted, { identity: { model }, strict: true })).not.toThrow();
  });

  it("stops when it is told to", async () => {
    const found = seriesDetector(artefact).examine({ answer: "a" }, { signal: AbortSignal.abort() });
    await expect(found).rejects.toMatchObject({ code: "ABORTED" });
  });

  it.each<[string, LabelledSeries[], RegExp]>([
    ["one class", answers.map((each) => ({ ...each, correct: false })), /0 answers are right: 30 more/],
    [
      "no log-probabilities",
      answers.map((each) => ({ ...each, tokens: [token(null)] })),
      /0 answers are right.*0 answers are wrong/,
    ],
    ["few", answers.slice(0, 30), /more are needed to have 30/],
    ["ids twice", [...answers, answers[3]!], /"a3" is there twice/],
  ])("is not fitted to %s", (_, given, message) => {
    expect(() => fitSeries(given, QUICK)).toThrow(message);
  });
});
