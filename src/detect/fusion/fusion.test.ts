import { describe, expect, it } from "vitest";
import { examination, finding, normals } from "../../../test/detect-answers.ts";
import { seededRandom } from "../../core/index.ts";
import { parseDetector } from "../detector-file.ts";
import type { Examination, Finding } from "../finding.ts";
import { evaluateFusion } from "./evaluate.ts";
import { fitFusion, type LabelledExaminations } from "./fit.ts";
import { fuse } from "./fuse.ts";

/** Answers with two signals that both know something, and a finding that wrong ones have more often. */
function answers(n: number, strength: number, seed = 1): LabelledExaminations[] {
  const random = normals(seed);
  const uniform = seededRandom(seed + 1);
  return Array.from({ length: n }, (_, i) => {
    const correct = uniform() < 0.6;
    const shift = correct ? 0 : strength;
    const has = uniform() < (correct ? 0.1 : 0.1 + 0.4 * strength);
    const spike = finding(0, 3, { strength: uniform() });
    return {
      id: `answer ${i}`,
      group: `question ${i >> 1}`,
      correct,
      examinations: [
        examination("anomaly", random() + shift, {
          features: { mean: random(), slope: i % 5 === 0 ? null : random() },
          findings: has ? [spike] : [],
        }),
        examination("retrieval", random() + shift, { features: { lift: random() } }),
      ],
    };
  });
}

const QUICK = { resamples: 20, simulations: 20 };

const shuffled = <T>(list: readonly T[], seed: number): T[] => {
  const random = seededRandom(seed);
  return list
    .map((item) => ({ item, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
};

describe("a fused model", () => {
  const planted = answers(600, 1);
  const artefact = fitFusion(planted, QUICK);

  it("is better than either signal, on answers that it has not seen", () => {
    const { against, bestSingle, n, groups } = evaluateFusion(planted, QUICK);
    expect([n, groups]).toEqual([600, 300]);
    expect(against.map(({ name }) => name).toSorted()).toEqual(["anomaly", "retrieval"]);
    expect(against[0]!.name).toBe(bestSingle);
    // Two independent signals, each of d' = 1: AUROC Φ(1/√2) = 0.760 each, Φ(1) = 0.841 of their sum.
    for (const { single, fused, difference } of against) {
      expect(Math.abs(single.auroc.value! - 0.76)).toBeLessThan(0.05);
      expect(fused.auroc.value!).toBeGreaterThan(0.82);
      expect(difference.auroc.low!).toBeGreaterThan(0);
      expect(difference.auroc.value!).toBeCloseTo(fused.auroc.value! - single.auroc.value!, 12);
    }
  });

  it("means what it says, on answers that it has not seen", () => {
    const { measures, noiseFloor } = artefact.measures;
    expect(measures.logLoss!.value!).toBeLessThan(measures.baseRateLogLoss!.value!);
    expect(measures.eceEqualWidth!.value!).toBeLessThan(2 * noiseFloor.high);
  });

  it("says about the base rate where nothing tells right from wrong", () => {
    const { heldOut, calibration } = evaluateFusion(answers(1000, 0, 7), QUICK);
    for (const probability of heldOut.values()) expect(Math.abs(probability - 0.4)).toBeLessThan(0.15);
    expect(calibration.measures.logLoss!.value!).toBeLessThan(
      calibration.measures.baseRateLogLoss!.value! + 0.01,
    );
  });

  it("does not depend on the order of answers or of detectors, digit for digit", () => {
    const other = shuffled(planted, 3).map((each) => ({
      ...each,
      examinations: each.examinations.toReversed(),
    }));
    expect(fitFusion(other, QUICK)).toEqual(artefact);
    const { examinations } = planted[5]!;
    expect(fuse({ answer: "abcdef", examinations: examinations.toReversed() }, artefact)).toMatchObject({
      probability: fuse({ answer: "abcdef", examinations }, artefact).probability,
    });
  });

  it("is the same from its file", () => {
    const read = parseDetector(JSON.stringify(artefact), "it");
    expect(read).toEqual(artefact);
    expect(artefact).toMatchObject({
      kind: "fusion",
      signals: ["anomaly", "retrieval"],
      fittedOn: { n: 600, groups: 300, missing: 0 },
      folds: 5,
    });
    expect(artefact.head.features.map(({ name }) => name)).toEqual([
      "anomaly.mean",
      "anomaly.slope",
      "anomaly.suspicion",
      "anomaly/spike",
      "retrieval.lift",
      "retrieval.suspicion",
    ]);
  });

  it("says what each signal adds: all of it and the intercept are the log-odds", () => {
    const { signals } = fuse({ answer: "abcdef", examinations: planted[8]!.examinations }, artefact);
    const sum = signals.reduce((total, { logOdds }) => total + logOdds!, artefact.head.intercept);
    const { slope, intercept } = artefact.head.calibrator as { slope: number; intercept: number };
    const { probability } = fuse({ answer: "abcdef", examinations: planted[8]!.examinations }, artefact);
    expect(probability).toBeCloseTo(1 - 1 / (1 + Math.exp(-(slope * -sum + intercept))), 12);
  });

  it("scores a place by what its own findings add", () => {
    const strong = finding(0, 2, { strength: 1 });
    const weak = finding(3, 5, { strength: 0.2 });
    const unknown = finding(6, 8, { kind: "never-seen", strength: 1 });
    const of = (...findings: Finding[]) =>
      fuse({ answer: "0123456789", examinations: [examination("anomaly", 0.5, { findings })] }, artefact);
    const all = of(strong, weak, unknown);
    expect(all.spans.map(({ score }) => score)).toEqual([
      all.probability,
      of(weak).probability,
      of(unknown).probability,
    ]);
    expect(of(strong).probability!).toBeGreaterThan(of(weak).probability!);
  });

  it("takes what is missing as the fit has it, and says so", () => {
    const only = fuse({ answer: "abc", examinations: [examination("anomaly", 0.2)] }, artefact);
    expect(only.probability).toBeGreaterThan(0);
    expect(only.reason).toMatch(/fitted with retrieval/);
    const none = fuse({ answer: "abc", examinations: [examination("anomaly", null)] }, artefact);
    expect(none).toMatchObject({ probability: null, calibrated: false, spans: [] });
    expect(none.reason).toMatch(/anomaly: it could not judge/);
  });

  it("is compared with baselines by id, those named as a signal refused", () => {
    const words = new Map(planted.map(({ id, correct }) => [id, correct ? 2 : 9]));
    const { against, bestSingle } = evaluateFusion(planted, { ...QUICK, baselines: { words } });
    expect(against[0]).toMatchObject({ name: "words", single: { auroc: { value: 1 } } });
    expect(bestSingle).not.toBe("words");
    expect(() => evaluateFusion(planted, { baselines: { anomaly: words } })).toThrow(/called anomaly/);
  });

  it("may be kept to some signals", () => {
    expect(fitFusion(planted, { ...QUICK, signals: ["retrieval"] }).signals).toEqual(["retrieval"]);
  });
});

describe("hostile labelled answers", () => {
  const some = answers(120, 1);
  const changed = (change: (each: LabelledExaminations, i: number) => LabelledExaminations) =>
    some.map(change);
  const withFeature = (value: number | null): LabelledExaminations[] =>
    changed((each, i) => ({
      ...each,
      examinations: [examination("anomaly", i % 7, { features: { odd: i === 4 ? value : 1 } })],
    }));

  it.each([
    [
      "one class only",
      changed((each) => ({ ...each, correct: true })),
      /0 answers are wrong: 30 more are needed/,
    ],
    ["few", some.slice(0, 40), /answers are wrong: \d+ more are needed to have 30/],
    ["none", [], /0 answers are right: 30 more.*0 groups are there: 4 more/],
    ["one group", changed((each) => ({ ...each, group: "g" })), /1 groups are there: 3 more are needed/],
    ["ids twice", [...some, some[0]!], /"answer 0" is there twice/],
    ["NaN", withFeature(Number.NaN), /anomaly.odd is NaN.*"answer 4"/],
    [
      "two examinations of one signal",
      changed((each) => ({ ...each, examinations: [...each.examinations, examination("anomaly", 1)] })),
      /two examinations of the signal anomaly/,
    ],
    [
      "a strength of 2",
      changed((each) => ({
        ...each,
        examinations: [examination("anomaly", 1, { findings: [finding(0, 1, { strength: 2 })] })],
      })),
      /strength of a finding \(anomaly\/spike\) is 2/,
    ],
  ])("are refused with the reason: %s", (_, given, message) => {
    expect(() => fitFusion(given, QUICK)).toThrow(message);
  });

  it("may be infinite, constant or unlabelled", () => {
    const artefact = fitFusion(
      withFeature(Number.POSITIVE_INFINITY).concat({ id: "x", correct: null, examinations: [] }),
      QUICK,
    );
    expect(artefact.head.features.every(({ weight }) => Number.isFinite(weight))).toBe(true);
    expect(artefact.fittedOn.missing).toBe(1);
    expect(fitFusion(withFeature(1), QUICK).head.dropped).toContainEqual({
      name: "anomaly.odd",
      why: "constant",
    });
  });

  it("may say nothing at all: the base rate is what is left", () => {
    const artefact = fitFusion(
      changed((each) => ({ ...each, examinations: [examination("anomaly", null)] })),
      QUICK,
    );
    expect(artefact.head.features).toEqual([]);
    const wrong = some.filter(({ correct }) => !correct).length;
    const { probability } = fuse({ answer: "a", examinations: [examination("anomaly", 3)] }, artefact);
    expect(probability).toBeCloseTo((wrong + 1) / (some.length + 2), 12);
  });

  it("may be 100,000, in little memory", () => {
    const few = answers(2000, 1, 11);
    const base: Examination[][] = few.map((_, i) => [
      examination("anomaly", (i % 97) + +!few[i]!.correct * 9),
    ]);
    const labels = few.map(({ correct }) => correct);
    const many: LabelledExaminations[] = Array.from({ length: 100_000 }, (_, i) => ({
      id: `a${i}`,
      group: `g${i % 2000}`,
      correct: labels[i % 2000]!,
      examinations: base[i % 2000]!,
    }));
    const before = process.memoryUsage();
    const artefact = fitFusion(many, { folds: 2, resamples: 2, simulations: 20 });
    const after = process.memoryUsage();
    expect(artefact.fittedOn.n).toBe(100_000);
    expect(after.rss - before.rss).toBeLessThan(700 * 2 ** 20);
  }, 120_000);
});
