/** Every variant beside the library that has it: fixtures/peers.json, recorded by tools/peers/record_calibration.py (its versions inside). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  applyCalibrator,
  auroc,
  averageCalibrationError,
  averagePrecision,
  type BinningOptions,
  brierScore,
  classWisePairs,
  clopperPearson,
  corpDecomposition,
  cumulativeTests,
  debiasedCalibrationError,
  expectedCalibrationError,
  fitBeta,
  fitHistogram,
  fitIsotonic,
  fitPairTemperature,
  fitPlatt,
  fitPredictionSets,
  fitTemperature,
  logLoss,
  optionScores,
  predictionSet,
  riskCoverage,
  riskCoverageCurve,
  riskPValue,
  smoothCalibrationError,
  spiegelhalterTest,
  tallyOf,
  temperedProbabilities,
  topLabelPairs,
  twoSampleTest,
} from "../index.ts";

interface Fixture {
  pairs: {
    name: string;
    scores: number[];
    correct: number[];
    grid: number[];
    results: Record<string, number & number[]>;
  }[];
  options: { name: string; logprobs: number[][]; labels: number[]; results: Record<string, number> }[];
  conformal: {
    probabilities: number[][];
    labels: number[];
    new: number[][];
    sets: Record<string, number[][]>;
  };
  bounds: {
    rows: Record<"errors" | "n" | "r" | "low" | "high" | "binomial" | "hoeffdingBentkus", number>[];
    first: number[];
    second: number[];
    ks: number;
    p: number;
  };
}
const peers: Fixture = JSON.parse(readFileSync(new URL("../fixtures/peers.json", import.meta.url), "utf8"));

interface RiskCoverageFixture {
  pairs: {
    name: string;
    aurc: number;
    augrc: number;
    coverages: number[];
    risks: number[];
    /** By the share that is rejected at most: area of the scores, area of the best order. */
    areas: Record<"1.0" | "0.5", [number, number]>;
  }[];
}
/** Recorded by tools/peers/record_risk_coverage.py. */
const riskPeers: RiskCoverageFixture = JSON.parse(
  readFileSync(new URL("../fixtures/risk-coverage.json", import.meta.url), "utf8"),
);

const BINS = [5, 10, 15];
const TORCH = { closed: "left", outerEdge: "own-bin" } as const satisfies BinningOptions;
const NETCAL = { closed: "left", outerEdge: "inside" } as const satisfies BinningOptions;
const MAPIE = { closed: "right", outerEdge: "own-bin" } as const satisfies BinningOptions;

describe.each(peers.pairs)("on the pairs $name", ({ name, scores, correct, grid, results }) => {
  const pairs = { scores, correct };
  const tally = tallyOf(pairs);

  it.each(BINS)(
    "torchmetrics, netcal and MAPIE agree on %i bins of equal width, each with its edges",
    (bins) => {
      for (const norm of ["l1", "l2", "max"] as const)
        expect(expectedCalibrationError(tally, { ...TORCH, bins, norm })).toBeCloseTo(
          results[`torchmetrics ${bins} ${norm}`]!,
          12,
        );
      expect(expectedCalibrationError(tally, { ...NETCAL, bins })).toBeCloseTo(
        results[`netcal ece ${bins}`]!,
        12,
      );
      expect(expectedCalibrationError(tally, { ...NETCAL, bins, norm: "max" })).toBeCloseTo(
        results[`netcal mce ${bins}`]!,
        12,
      );
      expect(averageCalibrationError(tally, { ...NETCAL, bins })).toBeCloseTo(
        results[`netcal ace ${bins}`]!,
        12,
      );
      expect(expectedCalibrationError(tally, { ...MAPIE, bins })).toBeCloseTo(
        results[`mapie uniform ${bins}`]!,
        12,
      );
    },
  );

  it.runIf(name === "untied")("MAPIE agrees on bins of equal mass, where no ties are torn", () => {
    for (const bins of BINS)
      expect(expectedCalibrationError(tally, { binning: "equal-mass", bins })).toBeCloseTo(
        results[`mapie array split ${bins}`]!,
        12,
      );
  });

  it("uncertainty-calibration agrees on the debiased errors, the l1 one to the noise of its draws", () => {
    const options = { bins: 10, closed: "right" } as const;
    const square = results["verified square 10"]!;
    expect(debiasedCalibrationError(tally, options)).toBeCloseTo(Math.sqrt(Math.max(0, square)), 12);
    const drawn = results["verified l1 10"]; // it refuses bins of one pair
    if (drawn !== undefined)
      expect(Math.abs(debiasedCalibrationError(tally, { ...options, norm: "l1" }) - drawn)).toBeLessThan(
        5e-4,
      );
  });

  it("the smooth error is that of its definition", () => {
    const { error } = smoothCalibrationError(tally, { width: 0.1 });
    expect(Math.abs(error - results["smECE 0.1 by definition"]!)).toBeLessThan(2e-5); // scores are rounded to 1/2000
    const own = smoothCalibrationError(tally);
    expect(own.error).toBeCloseTo(own.width, 4);
  });

  // relplot counts scores of exactly 0 and 1 at half their weight: its reflection leaves out the end points.
  it.runIf(name !== "edges")("relplot agrees on the smooth error, to the steps of its search", () => {
    const { error, width } = smoothCalibrationError(tally);
    expect(Math.abs(error - results["relplot smECE"]!)).toBeLessThan(0.001);
    expect(Math.abs(width - results["relplot width"]!)).toBeLessThan(0.002);
  });

  it("scikit-learn agrees on proper scores and ranking", () => {
    expect(brierScore(tally)).toBeCloseTo(results["sklearn brier"]!, 12);
    expect(logLoss(tally, 2 ** -52)).toBeCloseTo(results["sklearn log loss"]!, 10);
    expect(auroc(tally)).toBeCloseTo(results["sklearn auroc"]!, 12);
    expect(averagePrecision(tally, "right")).toBeCloseTo(results["sklearn ap right"]!, 12);
    expect(averagePrecision(tally, "wrong")).toBeCloseTo(results["sklearn ap wrong"]!, 12);
  });

  it("MAPIE agrees on Spiegelhalter's z, and without ties on the cumulative tests", () => {
    const { z, pValue } = spiegelhalterTest(tally)!;
    expect(z).toBeCloseTo(results["mapie spiegelhalter"]!, 10);
    expect(pValue / 2).toBeCloseTo(results["mapie spiegelhalter p"]!, 10); // theirs is one-sided, and z > 0 here
    if (name !== "untied") return;
    const { kolmogorovSmirnov, kuiper } = cumulativeTests(tally)!;
    expect(kolmogorovSmirnov.statistic).toBeCloseTo(results["mapie ks"]!, 4);
    expect(kolmogorovSmirnov.pValue).toBeCloseTo(results["mapie ks p"]!, 6);
    expect(kuiper.statistic).toBeCloseTo(results["mapie kuiper"]!, 4);
    expect(kuiper.pValue).toBeCloseTo(results["mapie kuiper p"]!, 6);
  });

  it.each(["brier", "log"] as const)("model-diagnostics agrees on CORP of the %s score", (score) => {
    const expected = results[`corp ${score}`];
    if (expected === undefined) return; // infinite there
    const found = corpDecomposition(tally, score);
    [found.score, found.miscalibration, found.discrimination, found.uncertainty].forEach((part, i) => {
      expect(part).toBeCloseTo(expected[i]!, 10);
    });
  });

  it("scikit-learn agrees on isotonic and on Platt's own form, netcal on the others", () => {
    const curve = (calibrator: Parameters<typeof applyCalibrator>[0]) =>
      grid.map((score) => applyCalibrator(calibrator, score));
    const expectCurve = (found: number[], expected: number[], digits: number) => {
      for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i]!, digits);
    };
    expectCurve(curve(fitIsotonic(pairs)), results["sklearn isotonic"]!, 10);
    expectCurve(curve(fitPlatt(pairs, { input: "score" })), results["sklearn sigmoid"]!, 5);
    if (name === "edges") return; // scores of 0 and 1: each has its own way to keep logits finite
    expectCurve(curve(fitPlatt(pairs, { targets: "plain" })), results["netcal logistic"]!, 3);
    expectCurve(curve(fitPairTemperature(pairs)), results["netcal temperature"]!, 3);
    expectCurve(curve(fitBeta(pairs)), results["netcal beta"]!, 3);
    expectCurve(curve(fitHistogram(pairs, { bins: 5 })), results["netcal histogram 5"]!, 10);
  });
});

describe.each(riskPeers.pairs)("risk and coverage on the pairs $name", (peer) => {
  const { name, aurc, augrc, coverages, risks, areas } = peer;
  const { scores, correct } = peers.pairs.find((pairs) => pairs.name === name)!;
  const tally = tallyOf({ scores, correct });
  const curve = riskCoverageCurve(tally, 1e6);

  it("fd-shifts has the same points of the curve, and a last one of coverage 0", () => {
    const points = curve.map(({ coverage, risk }) => [coverage, risk]).reverse();
    expect(coverages).toHaveLength(points.length + 1);
    for (const [i, [coverage, risk]] of points.entries()) {
      expect(coverage).toBeCloseTo(coverages[i]!, 12);
      expect(risk).toBeCloseTo(risks[i]!, 12);
    }
  });

  // Theirs is 1000 times the area under straight lines between the points, flat down to coverage 0; ours, as Geifman's, is the mean
  // of the risks at k = 1 ... n answered, with the mean over the orders of equal scores.
  it("fd-shifts' AURC is 1000 times the area under lines between these points; ours is near it", () => {
    let [area, last] = [0, { coverage: 0, risk: curve[0]!.risk }];
    for (const point of curve) {
      area += ((point.coverage - last.coverage) * (point.risk + last.risk)) / 2;
      last = point;
    }
    expect(1000 * area).toBeCloseTo(aurc, 8);
    expect(Math.abs(riskCoverage(tally).aurc - area)).toBeLessThan(name === "untied" ? 0.002 : 0.03);
    let [general, before] = [0, { coverage: 0, wrong: 0 }]; // AUGRC is the area under coverage x risk
    for (const { coverage, wrong } of curve) {
      general += ((coverage - before.coverage) * (wrong + before.wrong)) / 2 / tally.n;
      before = { coverage, wrong };
    }
    expect(1000 * general).toBeCloseTo(augrc, 8);
  });

  // Its order of equal scores is whatever the sort makes of it, and its random baseline a mean over 1,000 shuffles; ours is exact.
  it("LM-Polygraph has the same area without ties, and the same best one, with any and with half rejected", () => {
    for (const most of ["1.0", "0.5"] as const) {
      const { auarc, oracle, random, aurc: ours, prr } = riskCoverage(tally, { mostRejected: Number(most) });
      if (name === "untied") expect(auarc).toBeCloseTo(areas[most][0], 12);
      expect(1 - oracle).toBeCloseTo(areas[most][1], 12);
      expect(prr).toBeCloseTo((random - ours) / (random - oracle), 12);
    }
  });
});

describe.each(peers.options)("on $name", ({ logprobs, labels, results }) => {
  const probabilities = logprobs.map((row) => temperedProbabilities(row, 1));

  it("torchmetrics agrees on the top label, MAPIE class by class", () => {
    const tally = tallyOf(topLabelPairs({ probabilities, labels }));
    for (const norm of ["l1", "l2", "max"] as const)
      expect(expectedCalibrationError(tally, { ...TORCH, bins: 10, norm })).toBeCloseTo(
        results[`torchmetrics 10 ${norm}`]!,
        6, // it computes in 32 bits here
      );
    const classes = classWisePairs({ probabilities, labels }).map((pairs) =>
      expectedCalibrationError(tallyOf(pairs), { ...MAPIE, bins: 10 }),
    );
    expect(classes.reduce((sum, error) => sum + error, 0) / classes.length).toBeCloseTo(
      results["mapie classwise 10"]!,
      10,
    );
  });

  it("scikit-learn agrees on the log loss of all options, and Brier's own score is its definition", () => {
    const scores = optionScores({ probabilities, labels });
    expect(scores.logLoss).toBeCloseTo(results["sklearn log loss"]!, 10);
    expect(scores.brier).toBeCloseTo(results.brier!, 10);
    expect(scores).toMatchObject({ n: 200, missing: 0, uniformLogLoss: expect.closeTo(Math.log(4), 12) });
  });

  it("a search by scipy finds the same temperature", () => {
    expect(fitTemperature({ logprobs, labels }).temperature).toBeCloseTo(results["scipy temperature"]!, 5);
  });
});

describe("guarantees", () => {
  const { probabilities, labels, new: fresh, sets } = peers.conformal;

  it.each(Object.keys(sets))("MAPIE makes the same prediction sets: %s", (key) => {
    const [method, level] = key.split(" ") as ["lac" | "aps", string];
    const fitted = fitPredictionSets({ probabilities, labels }, { alpha: 1 - Number(level), method });
    const found = fresh.map((row) => predictionSet(fitted, row).sort((a, b) => a - b));
    expect(found).toEqual(sets[key]);
  });

  it("scipy and MAPIE agree on bounds", () => {
    for (const { errors, n, r, low, high, binomial, hoeffdingBentkus } of peers.bounds.rows) {
      const interval = clopperPearson(errors, n);
      expect(interval.low).toBeCloseTo(low, 10);
      expect(interval.high).toBeCloseTo(high, 10);
      expect(riskPValue(errors, n, r, "binomial")).toBeCloseTo(binomial, 10);
      expect(riskPValue(errors, n, r, "hoeffding-bentkus")).toBeCloseTo(hoeffdingBentkus, 10);
    }
    const test = twoSampleTest(peers.bounds.first, peers.bounds.second);
    expect(test.statistic).toBeCloseTo(peers.bounds.ks, 12);
    expect(test.pValue).toBeCloseTo(peers.bounds.p, 10);
  });
});
