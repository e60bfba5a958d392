/** What other libraries do wrong, each by its name. */
import { describe, expect, it } from "vitest";
import type { AnswerSample } from "../estimator.ts";
import {
  bleu,
  bleuOf,
  byEntailment,
  byPeer,
  type ComparingEstimator,
  degreeMatrix,
  distinctAnswers,
  EntailmentTable,
  entailmentSimilarity,
  estimateSamples,
  jaccard,
  luq,
  pairwiseDisagreement,
  readSupport,
  rouge,
  selfCheckEntailment,
  selfCheckSentences,
  semanticDensity,
  semanticEntropy,
  sentenceSar,
  similarityBy,
} from "./index.ts";

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
