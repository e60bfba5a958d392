/** What estimators over samples must do whatever they are fed. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  everyEstimator,
  expectSame,
  judge,
  namesOf,
  numbers,
  sampleOf,
  samples,
} from "../../../test/every-estimator.ts";
import type { AnswerSample } from "../estimator.ts";
import {
  answerDisagreement,
  bleu,
  byAnswer,
  byEntailment,
  type ComparingEstimator,
  cocoa,
  degreeMatrix,
  distinctAnswers,
  EntailmentTable,
  eccentricity,
  embeddingSimilarity,
  entailmentSimilarity,
  estimateSamples,
  jaccard,
  kernelLanguageEntropy,
  laplacianEigenvalues,
  luq,
  pairwiseDisagreement,
  rouge,
  SampleWatch,
  selfCheckEntailment,
  selfCheckNgram,
  selfConsistency,
  semanticDensity,
  semanticEntropy,
  sequenceEntropy,
  similarityBy,
} from "./index.ts";

describe("every estimator of samples", () => {
  const everyone = everyEstimator();

  it("has a name of its own, and says what it needs", () => {
    const names = namesOf(everyone);
    expect(new Set(names).size).toBe(names.length);
    for (const { estimator } of everyone) expect(estimator.needs).toContain("samples");
  });

  it("tells what it will ask before it asks", async () => {
    const ten = Array.from({ length: 10 }, (_, i) => sampleOf(`answer ${i}`));
    const asked = async (make: (table: EntailmentTable) => ComparingEstimator) => {
      const table = new EntailmentTable(judge);
      const estimator = make(table);
      await estimateSamples([estimator], ten);
      return [estimator.asks(10), table.asked];
    };
    const similarity = entailmentSimilarity;
    expect(await asked((table) => luq({ entailment: table }))).toEqual([90, 90]);
    expect(await asked((table) => kernelLanguageEntropy({ entailment: table }))).toEqual([90, 90]);
    expect(await asked((table) => degreeMatrix({ similarity: similarity(table) }))).toEqual([90, 90]);
    expect(await asked((table) => cocoa({ similarity: similarity(table) }))).toEqual([18, 18]);
    expect(await asked((table) => answerDisagreement({ similarity: similarity(table) }))).toEqual([18, 18]);
    expect(await asked((table) => semanticDensity({ entailment: table }))).toEqual([9, 9]);
    expect(await asked((table) => semanticEntropy({ clusters: byEntailment(table) }))).toEqual([90, 90]);
    expect(await asked((table) => selfCheckEntailment({ entailment: table }))).toEqual([null, 9]);
    expect(degreeMatrix({ similarity: jaccard() }).asks(10)).toBe(0);
    expect(degreeMatrix({ similarity: embeddingSimilarity(async () => []) }).asks(10)).toBe(10);
  });

  it("does not depend on the order of the samples", async () => {
    await fc.assert(
      fc.asyncProperty(samples, fc.infiniteStream(fc.nat()), async (given, random) => {
        const shuffle = <T>(list: readonly T[]) =>
          list
            .map((value) => ({ value, key: random.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ value }) => value);
        const sets = everyone.filter(({ hasAnswer }) => !hasAnswer);
        expectSame(await numbers(sets, shuffle(given)), await numbers(sets, given), namesOf(sets));
        const beside = everyone.filter(({ hasAnswer }) => hasAnswer);
        const [answer, ...others] = given;
        const moved = [answer!, ...shuffle(others)];
        expectSame(await numbers(beside, moved), await numbers(beside, given), namesOf(beside));
      }),
      { numRuns: 40 },
    );
  });

  it("says the same whether it is asked after every sample or once", async () => {
    await fc.assert(
      fc.asyncProperty(samples, async (given) => {
        const watch = new SampleWatch(everyone.map(({ estimator }) => estimator));
        for (const sample of given) {
          await watch.observe(sample);
          watch.estimates();
        }
        const found = watch.estimates().map(({ uncertainty }) => uncertainty);
        expectSame(found, await numbers(everyone, given), namesOf(everyone));
      }),
      { numRuns: 20 },
    );
  });

  it("sees no disagreement among samples that are all the same, however many, in any language", async () => {
    const own = everyone.filter(
      ({ estimator: { method, variant } }) =>
        // Heat that does not spread far enough leaves kernel language entropy above 0; the others have no 0, or a judge's.
        !/^(kernel-language-entropy|sequence-entropy|sample-probability|sentence-sar|selfcheck-ngram|selfcheck-entailment|selfcheck-prompt)$/.test(
          method,
        ) && !/monte-carlo|per-cluster|direct/.test(variant),
    );
    for (const same of ["Paris", "法国的首都是巴黎。", "It is Paris. Nowhere else!", "👍", "", "  ", "?!"])
      for (const n of [2, 5]) {
        const found = await estimateSamples(
          own.map(({ estimator }) => estimator),
          Array(n).fill(sampleOf(same)),
        );
        for (const { method, variant, uncertainty } of found) {
          const least = /number|Laplacian/.test(variant) ? 1 : 0;
          expect(Math.abs(uncertainty! - least), `${method}: ${variant}`).toBeLessThan(1e-7);
        }
      }
  });

  it("is never raised by one more sample that is the answer itself", async () => {
    const beside = everyone.filter(
      ({ estimator: { method, variant }, hasAnswer }) =>
        // A judge that says how far a text supports itself is not bound; nor is the greatest of the words.
        hasAnswer &&
        method !== "selfcheck-prompt" &&
        method !== "selfcheck-entailment" &&
        !variant.includes("max"),
    );
    await fc.assert(
      fc.asyncProperty(samples, async (given) => {
        const before = await numbers(beside, given);
        const after = await numbers(beside, [...given, given[0]!]);
        for (const [i, name] of namesOf(beside).entries())
          if (before[i] !== null) expect(after[i], name).toBeLessThanOrEqual(before[i]! + 1e-12);
      }),
      { numRuns: 60 },
    );
  });

  it("is never raised by one more sample of the answer that most give, or that is nearest to all", async () => {
    const counted = [selfConsistency(), distinctAnswers(), semanticEntropy()];
    const compared = [jaccard(), rouge("rouge-l")].map((similarity) => ({
      similarity,
      list: [pairwiseDisagreement({ similarity }), degreeMatrix({ similarity })],
    }));
    await fc.assert(
      fc.asyncProperty(samples, async (given) => {
        const votes = given.map(({ text: a }) => given.filter(({ text: b }) => a === b).length);
        const unnormalised = counted.map(() => byAnswer((value) => value));
        const own = [
          selfConsistency({ clusters: unnormalised[0] }),
          distinctAnswers({ clusters: unnormalised[1] }),
          semanticEntropy({ clusters: unnormalised[2] }),
        ];
        await neverRaised(own, given, given[votes.indexOf(Math.max(...votes))]!);
        for (const { similarity, list } of compared) {
          const compare = similarity.open();
          const near = given.map(({ text: a }) =>
            given.reduce((sum, { text: b }) => sum + (a === b ? 1 : compare(a, b)), 0),
          );
          await neverRaised(list, given, given[near.indexOf(Math.max(...near))]!);
        }
      }),
      { numRuns: 60 },
    );
    async function neverRaised(list: ComparingEstimator[], given: AnswerSample[], again: AnswerSample) {
      const before = await estimateSamples(list, given);
      const after = await estimateSamples(list, [...given, again]);
      for (const [i, { uncertainty, variant }] of after.entries())
        expect(uncertainty, variant).toBeLessThanOrEqual(before[i]!.uncertainty! + 1e-12);
    }
  });

  it("may be raised by one more of an answer that is not the majority's, or that the model thinks improbable", async () => {
    const [paris, lyon] = [
      { text: "Paris", logprob: -9, tokens: 2 },
      { text: "Lyon", logprob: -1, tokens: 2 },
    ];
    const raised = async (estimator: ComparingEstimator, given: AnswerSample[], again: AnswerSample) => {
      const [before] = await estimateSamples([estimator], given);
      const [after] = await estimateSamples([estimator], [...given, again]);
      return after!.uncertainty! - before!.uncertainty!;
    };
    // The same text as a sample, but not as most of them.
    expect(await raised(semanticEntropy(), [paris, paris, lyon], lyon)).toBeGreaterThan(0);
    // A mean over samples: (9 + 9 + 1) / 3, then (9 + 9 + 9 + 1) / 4.
    const monteCarlo = semanticEntropy({ formula: "monte-carlo" });
    expect(await raised(monteCarlo, [paris, paris, lyon], paris)).toBeCloseTo(28 / 4 - 19 / 3, 12);
    expect(await raised(sequenceEntropy(), [paris, paris, lyon], paris)).toBeCloseTo(28 / 4 - 19 / 3, 12);
  });

  it("does not count a text's likelihood twice because it was sampled twice", async () => {
    await fc.assert(
      fc.asyncProperty(samples, async (given) => {
        const list = (["rao", "per-cluster", "direct"] as const).map((formula) => ({
          estimator: semanticEntropy({ formula, clusters: byAnswer((value) => value) }),
        }));
        const twice = given.flatMap((sample) => [sample, sample]);
        expectSame(await numbers(list, twice), await numbers(list, given), namesOf(list));
      }),
      { numRuns: 40 },
    );
  });

  it("is higher for answers that are all different than for answers that agree", async () => {
    const given = (texts: string[]) => texts.map(sampleOf);
    const agree = given(["It is Paris.", "It is Paris.", "It is Paris.", "Paris it is."]);
    const differ = given(["It is Paris.", "Lyon, perhaps?", "I do not know.", "42"]);
    const lexical = [
      selfConsistency(),
      distinctAnswers(),
      semanticEntropy(),
      ...[jaccard(), rouge("rouge-1"), rouge("rouge-2"), rouge("rouge-l"), bleu()].flatMap((similarity) => [
        pairwiseDisagreement({ similarity }),
        degreeMatrix({ similarity }),
        laplacianEigenvalues({ similarity }),
        eccentricity({ similarity }),
        answerDisagreement({ similarity }),
        cocoa({ similarity }),
      ]),
      selfCheckNgram(),
      selfCheckNgram({ n: 2 }),
      selfCheckNgram({ statistic: "max" }),
    ];
    const [low, high] = [await estimateSamples(lexical, agree), await estimateSamples(lexical, differ)];
    for (const [i, { variant, uncertainty }] of high.entries())
      expect(uncertainty, variant).toBeGreaterThan(low[i]!.uncertainty!);
  });

  it("asks about each pair once, O(n) for an arriving sample, and not about texts that are there", async () => {
    const table = new EntailmentTable(judge);
    const watch = new SampleWatch([
      luq({ entailment: table }),
      kernelLanguageEntropy({ entailment: table }),
      degreeMatrix({ similarity: entailmentSimilarity(table) }),
      semanticEntropy({ clusters: byEntailment(table) }),
    ]);
    const asked: number[] = [];
    for (const value of ["a", "b", "c", "a", "d"]) {
      await watch.observe({ text: value });
      asked.push(table.asked);
    }
    expect(asked).toEqual([0, 2, 6, 6, 12]);
    let compared = 0;
    const counting = similarityBy("counted", () => {
      compared += 0.5; // it is asked both ways
      return 0.5;
    });
    await estimateSamples(
      [degreeMatrix({ similarity: counting })],
      ["a", "b", "c", "a", "d"].map((t) => ({ text: t })),
    );
    expect(compared).toBe(6);
  });
});
