/** What estimators over samples must do whatever they are fed, and what other libraries do wrong. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AnswerSample } from "../estimator.ts";
import {
  answerDisagreement,
  bleu,
  bleuOf,
  byAnswer,
  byEntailment,
  byPeer,
  bySimilarity,
  type ComparingEstimator,
  cocoa,
  degreeMatrix,
  distinctAnswers,
  type EntailmentProbabilities,
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
  readSupport,
  rouge,
  SampleWatch,
  sampleProbability,
  selfCheckEntailment,
  selfCheckNgram,
  selfCheckPrompt,
  selfCheckSentences,
  selfConsistency,
  semanticDensity,
  semanticEntropy,
  sentenceSar,
  sequenceEntropy,
  similarityBy,
  similarityFrom,
  tokenSar,
} from "./index.ts";

/** A judge without a model: probabilities that depend on the two texts only, and on their order. */
const judge = async (premise: string, hypothesis: string): Promise<EntailmentProbabilities> => {
  const hash = (text: string, seed: number) => {
    let state = seed;
    for (const unit of text) state = (state * 31 + unit.codePointAt(0)!) % 1_000_003;
    return 1 + (state % 97);
  };
  const text = `${premise}>${hypothesis}`;
  const [e, n, c] = [hash(text, 1), hash(text, 7), hash(text, 13)];
  const sum = e + n + c;
  return { entailment: e / sum, neutral: n / sum, contradiction: c / sum };
};

/** Every estimator, and whether the first sample has a place of its own. */
function all(): { estimator: ComparingEstimator; hasAnswer: boolean }[] {
  const table = new EntailmentTable(judge);
  const nli = entailmentSimilarity(table);
  const nonContradiction = entailmentSimilarity(table, { of: "non-contradiction" });
  const embed = embeddingSimilarity(async (texts) =>
    texts.map((text) => [text.length + 1, (text.codePointAt(0) ?? 0) % 17, 3]),
  );
  const similarities = [jaccard(), rouge("rouge-1"), rouge("rouge-2"), rouge("rouge-l"), bleu(), nli, embed];
  const clusters = [
    byAnswer(),
    byEntailment(table),
    byEntailment(table, "non-contradiction"),
    byEntailment(table, "no-contradiction-at-all"),
    byEntailment(table, "entailment-above-contradiction"),
    bySimilarity(jaccard(), 0.5),
    bySimilarity(embed, 0.9),
  ];
  const sets = [
    ...clusters.flatMap((rule) => [
      selfConsistency({ clusters: rule }),
      distinctAnswers({ clusters: rule }),
      ...(["discrete", "rao", "monte-carlo", "per-cluster", "direct"] as const).map((formula) =>
        semanticEntropy({ clusters: rule, formula }),
      ),
    ]),
    ...[...similarities, nonContradiction].flatMap((similarity) => [
      pairwiseDisagreement({ similarity }),
      degreeMatrix({ similarity }),
      laplacianEigenvalues({ similarity }),
      eccentricity({ similarity }),
      sentenceSar({ similarity }),
    ]),
    kernelLanguageEntropy({ entailment: table }),
    luq({ entailment: table }),
    sequenceEntropy(),
    sequenceEntropy({ perToken: true }),
    sampleProbability(),
  ];
  const besideAnswer = [
    ...similarities.flatMap((similarity) => [
      answerDisagreement({ similarity }),
      cocoa({ similarity, base: "msp" }),
      cocoa({ similarity, base: "ppl" }),
      cocoa({ similarity, base: "mte" }),
    ]),
    semanticDensity({ entailment: table }),
    ...[1, 2, 3].flatMap((n) => [selfCheckNgram({ n }), selfCheckNgram({ n, statistic: "max" })]),
    selfCheckEntailment({ entailment: table }),
    selfCheckPrompt({ ask: async (prompt) => (prompt.length % 3 ? "Yes" : "No") }),
  ];
  return [
    ...sets.map((estimator) => ({ estimator, hasAnswer: false })),
    ...besideAnswer.map((estimator) => ({ estimator, hasAnswer: true })),
  ];
}

const word = fc.constantFrom(
  "Paris",
  "is",
  "Lyon",
  "not",
  "the",
  "capital",
  "42",
  "巴黎",
  "首都",
  "👍",
  "didn't",
  ".",
);
const text = fc.array(word, { maxLength: 8 }).map((parts) => parts.join(" "));
/** One text has one likelihood, as a model gives it. */
const sampleOf = (value: string): AnswerSample => {
  const tokens = 1 + (value.length % 5);
  return {
    text: value,
    logprob: -0.1 - (value.length % 11) * 0.7,
    tokens,
    entropy: 0.3 + (value.length % 3),
  };
};
const samples = fc.array(text.map(sampleOf), { minLength: 2, maxLength: 7 });

const numbers = async (list: readonly { estimator: ComparingEstimator }[], given: readonly AnswerSample[]) =>
  (
    await estimateSamples(
      list.map(({ estimator }) => estimator),
      given,
    )
  ).map(({ uncertainty }) => uncertainty);

function expectSame(
  found: readonly (number | null)[],
  expected: readonly (number | null)[],
  names: string[],
) {
  for (const [i, value] of expected.entries()) {
    if (value === null || !Number.isFinite(value)) expect(found[i], names[i]).toBe(value);
    else
      expect(Math.abs(found[i]! - value), names[i]).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(value)));
  }
}
const namesOf = (list: readonly { estimator: ComparingEstimator }[]) =>
  list.map(({ estimator: { method, variant } }) => `${method}: ${variant}`);

describe("every estimator of samples", () => {
  const everyone = all();

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

describe("what goes wrong elsewhere", () => {
  const estimate = async (estimator: ComparingEstimator, given: readonly AnswerSample[]) =>
    (await estimateSamples([estimator], given))[0]!;
  const textsOf = (...texts: string[]): AnswerSample[] => texts.map((value) => ({ text: value }));
  /** Logarithms of sums -1.2, -2.0, -3.5, lengths 3, 4, 5, clusters {0, 1}, {2}: the reference's example. */
  const example: AnswerSample[] = [
    { text: "a", logprob: -1.2, tokens: 3 },
    { text: "A", logprob: -2, tokens: 4 },
    { text: "b", logprob: -3.5, tokens: 5 },
  ];

  it("five semantic entropies on the same input are five numbers, each under its name", async () => {
    const of = async (options: Parameters<typeof semanticEntropy>[0]) =>
      (await estimate(semanticEntropy(options), example)).uncertainty!;
    expect(await of({ as: "jlko" })).toBeCloseTo(0.593, 4);
    expect(await of({ formula: "rao" })).toBeCloseTo(0.593, 4);
    expect(await of({ formula: "discrete" })).toBeCloseTo(0.6365, 4);
    expect(await of({ as: "lm-polygraph" })).toBeCloseTo(1.7193, 4);
    expect(await of({ as: "lm-polygraph-direct" })).toBeCloseTo(0.8294, 4);
    expect(await of({ formula: "direct" })).toBeCloseTo(0.4675, 4);
    expect(await of({ as: "lorenzkuhn" })).toBeCloseTo(5.2278, 4);
    expect(await of({ as: "uq-nlg" })).toBeCloseTo(0.1202, 4);
    expect(await of({ as: "uqlm" })).toBeCloseTo(0.593, 4);
    const { peer, variant } = await estimate(semanticEntropy({ as: "uqlm" }), example);
    expect(peer!.value).toBeCloseTo(1 - 0.593 / Math.log(3), 3);
    expect(variant).toBe("as in uqlm, same normalised text");
  });

  it("lm-polygraph's direct semantic entropy sums once per sample: ours once per cluster", async () => {
    const p = [Math.exp(-1.2) + Math.exp(-2), Math.exp(-3.5)];
    const once = -p.reduce((sum, q) => sum + q * Math.log(q), 0);
    const { uncertainty } = await estimate(semanticEntropy({ formula: "direct" }), example);
    expect(uncertainty).toBeCloseTo(once, 12);
  });

  it("lm-polygraph's class probabilities go above 1 when a text repeats (#223): ours never", async () => {
    const sure: AnswerSample[] = Array.from({ length: 5 }, () => ({ text: "a", logprob: -0.1, tokens: 2 }));
    const peer = await estimate(semanticEntropy({ as: "lm-polygraph" }), sure);
    expect(peer.uncertainty).toBeLessThan(0);
    const own = await estimate(semanticEntropy({ formula: "monte-carlo" }), sure);
    expect(own.uncertainty).toBeCloseTo(0.1, 12);
  });

  it("uqlm clusters on entailment in either direction, and counts an answer in every cluster that fits", async () => {
    const texts = ["a dog", "an animal", "a cat"];
    // Dogs and cats are animals; an animal need be neither.
    const entails = [
      [1, 0.9, 0],
      [0.1, 1, 0.1],
      [0, 0.9, 1],
    ];
    const contradiction = texts.map(() => [0, 0, 0]);
    const table = EntailmentTable.from(texts, { entailment: entails, contradiction });
    const of = async (estimator: ComparingEstimator, order: number[]) =>
      (await estimate(estimator, textsOf(...order.map((i) => texts[i]!)))).uncertainty;
    expect(await of(distinctAnswers({ clusters: byPeer("uqlm", table) }), [1, 0, 2])).toBe(1);
    expect(await of(distinctAnswers({ clusters: byEntailment(table, "strict") }), [1, 0, 2])).toBe(3);
    const doubled = byPeer("uqlm", table).open();
    for (const i of [0, 2, 1]) doubled.add(texts[i]!);
    expect(doubled.clusters()).toEqual([
      [0, 2],
      [1, 2],
    ]);
  });

  it("greedy clusters depend on the order of the samples: ours are chains, and do not", async () => {
    // b is like a and like c, a is not like c.
    const table = EntailmentTable.from(["a", "b", "c"], {
      entailment: [
        [1, 0.9, 0.1],
        [0.9, 1, 0.9],
        [0.1, 0.9, 1],
      ],
      contradiction: [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
    });
    const count = async (peer: boolean, ...order: string[]) => {
      const clusters = peer ? byPeer("lm-polygraph", table) : byEntailment(table);
      return (await estimate(distinctAnswers({ clusters }), textsOf(...order))).uncertainty;
    };
    expect([await count(true, "a", "b", "c"), await count(true, "b", "a", "c")]).toEqual([2, 1]);
    expect([await count(false, "a", "b", "c"), await count(false, "b", "a", "c")]).toEqual([1, 1]);
  });

  it("rouge-score and lm-polygraph see nothing in Chinese: two answers that are the same have nothing in common", async () => {
    const same = textsOf("法国的首都是巴黎", "法国的首都是巴黎");
    const as = "lm-polygraph";
    const peer = await estimate(pairwiseDisagreement({ similarity: rouge("rouge-l", { as }), as }), same);
    expect(peer.uncertainty).toBe(-0);
    const own = await estimate(pairwiseDisagreement({ similarity: rouge("rouge-l") }), same);
    expect(own).toMatchObject({ uncertainty: 0, confidence: 1 });
    const near = textsOf("法国的首都是巴黎", "首都是巴黎");
    const jaccards = [jaccard({ as }), jaccard()].map((similarity) =>
      similarity.open()(near[0]!.text, near[1]!.text),
    );
    expect(jaccards[0]).toBe(0);
    expect(jaccards[1]).toBeGreaterThan(0.4);
  });

  it("lm-polygraph takes two empty answers for different", async () => {
    const empty = textsOf("", "");
    const as = "lm-polygraph";
    expect((await estimate(degreeMatrix({ similarity: jaccard({ as }) }), empty)).uncertainty).toBe(0.5);
    expect((await estimate(degreeMatrix({ similarity: jaccard() }), empty)).uncertainty).toBe(0);
  });

  it("NLTK's BLEU of two samples depends on which came first: ours is the mean of both", () => {
    const [a, b] = ["the cat sat on the mat today".split(" "), "the cat sat".split(" ")];
    expect(bleuOf(a, b)).not.toBeCloseTo(bleuOf(b, a), 3);
    const compare = bleu().open();
    expect(compare(a.join(" "), b.join(" "))).toBe(compare(b.join(" "), a.join(" ")));
  });

  it("lm-polygraph's sentence SAR is infinite for long texts, whose probability no number holds: ours is not", async () => {
    const long: AnswerSample[] = [
      { text: "a", logprob: -900 },
      { text: "b", logprob: -950 },
    ];
    const { uncertainty } = await estimate(
      sentenceSar({ similarity: similarityBy("half", () => 0.5) }),
      long,
    );
    // ln(e^-900 + 500·e^-950) and ln(e^-950 + 500·e^-900)
    expect(uncertainty).toBeCloseTo((900 + (900 - Math.log(500))) / 2, 9);
    const rao = await estimate(semanticEntropy({ formula: "rao", perToken: false }), long);
    expect(rao.uncertainty).toBeCloseTo(Math.exp(-50) * 51, 12);
  });

  it("the degree matrix grows with the number of samples that are all different: pairwise disagreement does not", async () => {
    const nothing = similarityBy("nothing", () => 0);
    const of = async (estimator: ComparingEstimator, n: number) =>
      (await estimate(estimator, textsOf(...Array.from({ length: n }, (_, i) => String(i))))).uncertainty;
    expect(await of(degreeMatrix({ similarity: nothing }), 2)).toBeCloseTo(0.5, 12);
    expect(await of(degreeMatrix({ similarity: nothing }), 10)).toBeCloseTo(0.9, 12);
    expect(await of(pairwiseDisagreement({ similarity: nothing }), 2)).toBe(1);
    expect(await of(pairwiseDisagreement({ similarity: nothing }), 10)).toBe(1);
  });

  it("selfcheckgpt reads 'Not stated' and 'None' as no: ours as neither", () => {
    for (const said of ["Not stated in the context.", "None of it", "Nobody knows", "N/A", ""])
      expect(readSupport(said)).toBe(0.5);
    expect(readSupport("Not stated", "selfcheckgpt")).toBe(1);
    expect(["Yes.", "yes", "**Yes**", "No,", "NO"].map((said) => readSupport(said))).toEqual([0, 0, 0, 1, 1]);
    expect(readSupport("Yesterday")).toBe(0.5);
  });

  it("selfcheckgpt gives the sentence as premise: ours asks whether it follows from the sample", async () => {
    const asked: string[] = [];
    const table = () =>
      new EntailmentTable(async (premise, hypothesis) => {
        asked.push(`${premise} -> ${hypothesis}`);
        return { entailment: 0.6, neutral: 0.2, contradiction: 0.2 };
      });
    const own = await estimate(selfCheckEntailment({ entailment: table() }), textsOf("A. B.", "S"));
    expect(own.uncertainty).toBeCloseTo(0.25, 12);
    expect(asked.splice(0)).toEqual(["S -> A.", "S -> B."]);
    await estimate(selfCheckEntailment({ entailment: table(), as: "selfcheckgpt" }), textsOf("A. B.", "S"));
    expect(asked).toEqual(["A. -> S", "B. -> S"]);
  });

  it("selfcheckgpt has no word for what no sample says: in ours the answer is always counted", () => {
    const [part] = selfCheckSentences("Zyzzyva!", ["nothing of it"]);
    expect(part!.mean).toBeCloseTo((Math.log(5) + Math.log(5)) / 2, 12);
  });

  it("a judge's word on a text beside itself does not make it differ from itself", async () => {
    const doubtful = new EntailmentTable(async () => ({ entailment: 0.2, neutral: 0.3, contradiction: 0.5 }));
    const same = textsOf("a", "a", "a").map((sample) => ({ ...sample, logprob: -1, tokens: 1 }));
    for (const estimator of [
      luq({ entailment: doubtful }),
      semanticDensity({ entailment: doubtful }),
      degreeMatrix({ similarity: entailmentSimilarity(doubtful) }),
    ])
      expect((await estimate(estimator, same)).uncertainty).toBeCloseTo(0, 7);
    const peer = degreeMatrix({ similarity: entailmentSimilarity(doubtful, { as: "lm-polygraph" }) });
    expect((await estimate(peer, same)).uncertainty).toBeCloseTo(0.8, 12);
  });
});

describe("what cannot be said is said", () => {
  const estimate = async (estimator: ComparingEstimator, given: readonly AnswerSample[]) =>
    (await estimateSamples([estimator], given))[0]!;

  it("of no sample, and of one", async () => {
    for (const { estimator } of all()) {
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
    const watch = new SampleWatch(all().map(({ estimator }) => estimator));
    await watch.observe(sampleOf("a"));
    await expect(watch.observe(sample as AnswerSample)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      where: `${where} of sample 1`,
    });
    await watch.observe(sampleOf("b"));
    expect(watch.count).toBe(2);
    const names = all();
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

describe("EntailmentTable", () => {
  it("asks with the question, and once where many ask at the same time", async () => {
    const asked: string[] = [];
    let open = 0;
    let most = 0;
    const table = new EntailmentTable(
      async (premise, hypothesis) => {
        asked.push(`${premise} | ${hypothesis}`);
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 1));
        open--;
        return { entailment: 1, neutral: 0, contradiction: 0 };
      },
      { question: "Where?", atOnce: 2 },
    );
    const pairs = [
      ["a", "b"],
      ["b", "a"],
      ["a", "c"],
    ] as const;
    await Promise.all([table.prepare(pairs), table.prepare(pairs), table.prepare(pairs)]);
    expect(asked).toEqual(["Where? a | Where? b", "Where? b | Where? a", "Where? a | Where? c"]);
    expect(table.asked).toBe(3);
    expect(most).toBe(2);
  });

  it("keeps what was said when something fails, and asks again for the rest", async () => {
    let broken = true;
    const table = new EntailmentTable(async (premise) => {
      if (premise === "b" && broken) throw new Error("out of order");
      return { entailment: 1, neutral: 0, contradiction: 0 };
    });
    const watch = new SampleWatch([luq({ entailment: table }), selfConsistency()]);
    await watch.observe({ text: "a" });
    await expect(watch.observe({ text: "b" })).rejects.toThrow("out of order");
    expect(watch.count).toBe(1);
    broken = false;
    await watch.observe({ text: "b" });
    expect(watch.estimates().map(({ uncertainty }) => uncertainty)).toEqual([0, 0.5]);
    expect(table.asked).toBe(3);
  });

  it("stops asking when it is aborted", async () => {
    const controller = new AbortController();
    let asked = 0;
    const table = new EntailmentTable(async () => {
      asked++;
      controller.abort();
      return { entailment: 1, neutral: 0, contradiction: 0 };
    });
    const watch = new SampleWatch([luq({ entailment: table })]);
    await watch.observe({ text: "a" });
    const { signal } = controller;
    await expect(watch.observe({ text: "b" }, { signal })).rejects.toMatchObject({ code: "ABORTED" });
    expect(asked).toBe(1);
    await expect(watch.observe({ text: "b" }, { signal })).rejects.toMatchObject({ code: "ABORTED" });
  });
});
