/** What cannot be said, and what is refused. */
import { describe, expect, it } from "vitest";
import {
  everyEstimator,
  expectSame,
  judge,
  namesOf,
  numbers,
  sampleOf,
} from "../../../test/every-estimator.ts";
import type { AnswerSample } from "../estimator.ts";
import {
  byAnswer,
  bySimilarity,
  type ComparingEstimator,
  cocoa,
  degreeMatrix,
  distinctAnswers,
  EntailmentTable,
  eccentricity,
  embeddingSimilarity,
  estimateSamples,
  jaccard,
  kernelLanguageEntropy,
  luq,
  pairwiseDisagreement,
  SampleWatch,
  selfCheckNgram,
  selfCheckPrompt,
  selfConsistency,
  semanticEntropy,
  sentenceSar,
  sequenceEntropy,
  similarityBy,
  similarityFrom,
  tokenSar,
} from "./index.ts";

describe("what cannot be said is said", () => {
  const estimate = async (estimator: ComparingEstimator, given: readonly AnswerSample[]) =>
    (await estimateSamples([estimator], given))[0]!;

  it("of no sample, and of one", async () => {
    for (const { estimator } of everyEstimator()) {
      const none = estimator.start().estimate();
      expect(none.uncertainty).toBeNull();
      expect(none.reason).toMatch(/needs at least [12] samples?; 0 were observed/);
      const one = await estimate(estimator, [sampleOf("Paris.")]);
      if (one.uncertainty === null) expect(one.reason).toBe("It needs at least 2 samples; 1 was observed.");
      else
        expect(one.method).toMatch(
          /^(self-consistency|distinct-answers|semantic-sets|sequence-entropy|sample-probability)$/,
        );
    }
  });

  it.each<[string, ComparingEstimator, AnswerSample[], RegExp]>([
    [
      "log-probabilities that did not come",
      semanticEntropy({ formula: "rao" }),
      [{ text: "a", logprob: -1, tokens: 1 }, { text: "b" }],
      /1 of 2 samples came without a log-probability/,
    ],
    [
      "numbers of tokens that did not come",
      sequenceEntropy({ perToken: true }),
      [{ text: "a", logprob: -1 }],
      /without a number of tokens/,
    ],
    [
      "an answer without a likelihood",
      cocoa({ similarity: jaccard() }),
      [{ text: "a" }, { text: "b" }],
      /The answer/,
    ],
    [
      "an answer without an entropy",
      cocoa({ similarity: jaccard(), base: "mte" }),
      [{ text: "a" }, { text: "b" }],
      /mean entropy/,
    ],
    ["an answer without words", selfCheckNgram(), [{ text: " " }, { text: "b" }], /has no words/],
    [
      "likelihoods of 0",
      semanticEntropy({ formula: "rao" }),
      [
        { text: "a", logprob: -Infinity, tokens: 1 },
        { text: "b", logprob: -Infinity, tokens: 2 },
      ],
      /probability 0/,
    ],
    [
      "answers that cannot be read",
      selfConsistency({ clusters: byAnswer(() => null) }),
      [{ text: "a" }, { text: "b" }],
      /No answer could be read/,
    ],
  ])("%s", async (_, estimator, given, reason) => {
    const { uncertainty, reason: said } = await estimate(estimator, given);
    expect(uncertainty).toBeNull();
    expect(said).toMatch(reason);
  });

  it("an answer that cannot be read agrees with no other, and is counted", async () => {
    const numberIn = (value: string) => /\d+/.exec(value)?.[0] ?? null;
    const given = ["42", "It is 42.", "no idea", "who knows"].map((value) => ({ text: value }));
    const found = await estimate(selfConsistency({ clusters: byAnswer(numberIn, "number") }), given);
    expect(found).toMatchObject({
      uncertainty: 0.5,
      confidence: 0.5,
      variant: "1 - majority share, number",
      reason: "Out of 2 of 4 samples no answer could be read.",
    });
  });

  it("all neutral pairs are no evidence, and are left out", async () => {
    const neutral = new EntailmentTable(async () => ({ entailment: 0, neutral: 1, contradiction: 0 }));
    const given = [{ text: "a" }, { text: "b" }];
    expect(await estimate(luq({ entailment: neutral }), given)).toMatchObject({ uncertainty: null });
    expect(await estimate(luq({ entailment: neutral }), [...given, { text: "a" }])).toMatchObject({
      uncertainty: 0,
      reason: "4 of 6 pairs are altogether neutral and are left out.",
    });
  });

  it.each<[string, unknown]>([
    ["text", { text: 5 }],
    ["logprob", { text: "a", logprob: Number.NaN }],
    ["logprob", { text: "a", logprob: 0.5 }],
    ["logprob", { text: "a", logprob: "-1" }],
    ["tokens", { text: "a", tokens: -1 }],
    ["tokens", { text: "a", tokens: 1.5 }],
    ["entropy", { text: "a", entropy: Number.POSITIVE_INFINITY }],
  ])("%s of a sample that is none is refused, and nobody has observed it", async (where, sample) => {
    const watch = new SampleWatch(everyEstimator().map(({ estimator }) => estimator));
    await watch.observe(sampleOf("a"));
    await expect(watch.observe(sample as AnswerSample)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      where: `${where} of sample 1`,
    });
    await watch.observe(sampleOf("b"));
    expect(watch.count).toBe(2);
    const names = everyEstimator();
    const found = watch.estimates().map(({ uncertainty }) => uncertainty);
    expectSame(found, await numbers(names, [sampleOf("a"), sampleOf("b")]), namesOf(names));
  });

  it("a sample that one estimator fails over is observed by none, and may be given again", async () => {
    let broken = true;
    const similarity = similarityBy("own", () => {
      if (broken) throw new Error("out of order");
      return 0.5;
    });
    const list = [
      selfConsistency(),
      pairwiseDisagreement({ similarity }),
      distinctAnswers({ clusters: bySimilarity(similarity, 0.5) }),
    ];
    const [alone, watch] = [list[1]!.start(), new SampleWatch(list)];
    alone.observe({ text: "a" });
    await watch.observe({ text: "a" });
    expect(() => alone.observe({ text: "b" })).toThrow("out of order");
    await expect(watch.observe({ text: "b" })).rejects.toThrow("out of order");
    broken = false;
    alone.observe({ text: "b" });
    await watch.observe({ text: "b" });
    expect(alone.estimate().uncertainty).toBe(0.5);
    expect(watch.count).toBe(2);
    expect(watch.estimates().map(({ uncertainty }) => uncertainty)).toEqual([0.5, 0.5, 1]);
  });

  it("matrices of another size, similarities and probabilities that are none", async () => {
    const code = { code: "INVALID_ARGUMENT" };
    const refuse = (make: () => unknown, what: RegExp) => {
      expect(make).toThrow(expect.objectContaining(code));
      expect(make).toThrow(what);
    };
    refuse(() => similarityFrom("m", ["a", "b"], [[1, 0]]), /2 by 2, and it has 1 rows/);
    refuse(() => similarityFrom("m", ["a", "b"], [[1, 0], [0]]), /row 1 of 1/);
    refuse(
      () =>
        similarityFrom(
          "m",
          ["a", "b"],
          [
            [1, Number.NaN],
            [0, 1],
          ],
        ),
      /NaN is no similarity/,
    );
    refuse(
      () =>
        similarityFrom(
          "m",
          ["a", "a"],
          [
            [1, 0],
            [0, 1],
          ],
        ),
      /twice/,
    );
    refuse(
      () => EntailmentTable.from(["a"], { entailment: [[2]], contradiction: [[0]] }),
      /no three probabilities/,
    );
    refuse(() => new EntailmentTable(judge, { atOnce: 0 }), /at once/);
    refuse(() => bySimilarity(jaccard(), 0), /threshold/);
    refuse(() => bySimilarity(jaccard(), Number.NaN), /threshold/);
    refuse(() => selfCheckNgram({ n: 0 }), /0-grams/);
    refuse(() => kernelLanguageEntropy({ entailment: new EntailmentTable(judge), t: 0 }), /t\)/);
    refuse(() => sentenceSar({ similarity: jaccard(), t: Number.NaN }), /t\)/);
    refuse(() => eccentricity({ similarity: jaccard(), threshold: 0 }), /threshold/);
    refuse(() => tokenSar([-1], []), /1 tokens have 0/);
    refuse(() => tokenSar([Number.NaN], [0.5]), /log-probability/);
    const two = [{ text: "a" }, { text: "b" }];
    const reject = (estimator: ComparingEstimator) =>
      expect(estimateSamples([estimator], two)).rejects.toMatchObject(code);
    await reject(degreeMatrix({ similarity: similarityBy("own", () => Number.NaN) }));
    await reject(degreeMatrix({ similarity: similarityFrom("m", ["a"], [[1]]) }));
    await reject(degreeMatrix({ similarity: embeddingSimilarity(async () => [[1, 0]]) }));
    await reject(degreeMatrix({ similarity: embeddingSimilarity(async (texts) => texts.map(() => [0, 0])) }));
    await reject(
      degreeMatrix({ similarity: embeddingSimilarity(async (texts) => texts.map(() => [Number.NaN])) }),
    );
    await reject(
      degreeMatrix({
        similarity: embeddingSimilarity(async (texts) => texts.map((_, i) => Array(i + 1).fill(1))),
      }),
    );
    await reject(
      luq({
        entailment: new EntailmentTable(async () => ({ entailment: 0.5, neutral: 0, contradiction: 0 })),
      }),
    );
    await reject(selfCheckPrompt({ ask: async () => 2 }));
    expect(tokenSar([], [])).toBeNull();
    expect(tokenSar([-1, -Infinity], [0.5, 1])).toBe(1);
  });

  it("a pair that was not asked about", () => {
    const running = luq({ entailment: new EntailmentTable(judge) }).start();
    running.observe({ text: "a" });
    running.observe({ text: "b" });
    expect(() => running.estimate()).toThrow(/SampleWatch/);
  });
});
