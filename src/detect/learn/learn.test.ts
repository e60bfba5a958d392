import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { normals } from "../../../test/detect-answers.ts";
import { applyCalibrator } from "../../calibrate/index.ts";
import { seededRandom } from "../../core/index.ts";
import { designOf, standardised } from "./design.ts";
import { calibrated, fitHead, heldOutProbabilities, type LabelledTable, logitOf } from "./head.ts";
import { fitRidge, ridgeDerivatives, ridgeLoss, sigmoid } from "./ridge.ts";
import { tableOf } from "./table.ts";

interface RidgeFixture {
  cases: {
    name: string;
    penalty: number;
    x: number[][];
    y: number[];
    weights: number[];
    intercept: number;
    probabilities: number[];
  }[];
}
const { cases } = JSON.parse(
  readFileSync(new URL("../fixtures/ridge.json", import.meta.url), "utf8"),
) as RidgeFixture;

const where = (i: number) => `row ${i}`;
const rowsOf = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("logistic regression with an L2 penalty", () => {
  it.each(cases)(
    "is scikit-learn's: $name, penalty $penalty",
    ({ x, y, penalty, weights, intercept, ...peer }) => {
      const q = x[0]!.length;
      const columns = rowsOf(q).map((k) => {
        const column = x.map((row) => row[k]!);
        const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
        const scale = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length);
        return column.map((value) => (value - mean) / scale);
      });
      const flat = Float64Array.from(y.flatMap((_, i) => columns.map((column) => column[i]!)));
      const fit = fitRidge({ x: flat, columns: q }, Uint8Array.from(y), penalty);
      for (const [k, weight] of weights.entries()) expect(fit.weights[k]).toBeCloseTo(weight, 7);
      expect(fit.intercept).toBeCloseTo(intercept, 7);
      for (const [i, probability] of peer.probabilities.entries()) {
        const z = fit.weights.reduce((sum, weight, k) => sum + weight * columns[k]![i]!, fit.intercept);
        expect(sigmoid(z)).toBeCloseTo(probability, 8);
      }
    },
  );

  it("has the closed form of one mark in two halves", () => {
    // x = ±1, balanced and symmetric: the intercept is 0, and w solves σ(w) = share - penalty w.
    const x = Float64Array.from({ length: 40 }, (_, i) => (i < 20 ? 1 : -1));
    const y = Uint8Array.from({ length: 40 }, (_, i) => (i < 20 ? +(i % 4 !== 0) : +(i % 4 === 0)));
    const { weights, intercept } = fitRidge({ x, columns: 1 }, y, 0.05);
    expect(intercept).toBeCloseTo(0, 10);
    expect(sigmoid(weights[0]!) + 0.05 * weights[0]!).toBeCloseTo(0.75, 10);
  });

  it("has the derivatives that finite differences give", () => {
    const random = normals(5);
    const [m, q, lambda, h] = [30, 4, 0.7, 1e-5];
    const x = Float64Array.from({ length: m * q }, random);
    const y = Uint8Array.from({ length: m }, () => +(random() > 0.2));
    const w = Float64Array.from({ length: q + 1 }, random);
    const gradient = new Float64Array(q + 1);
    const hessian = new Float64Array((q + 1) ** 2);
    ridgeDerivatives(x, y, w, lambda, gradient, hessian);
    const moved = (...steps: [place: number, by: number][]) => {
      const there = w.slice();
      for (const [place, by] of steps) there[place]! += by;
      return ridgeLoss(x, y, there, lambda);
    };
    for (let k = 0; k <= q; k++) {
      expect(gradient[k]).toBeCloseTo((moved([k, h]) - moved([k, -h])) / (2 * h), 6);
      for (let l = 0; l <= k; l++) {
        const g = 1e-3;
        const second =
          (moved([k, g], [l, g]) -
            moved([k, g], [l, -g]) -
            moved([k, -g], [l, g]) +
            moved([k, -g], [l, -g])) /
          (4 * g * g);
        expect(hessian[k * (q + 1) + l]).toBeCloseTo(second, 4);
      }
    }
  });

  it("says the base rate where there is one class only", () => {
    const fit = fitRidge({ x: Float64Array.of(1, 2, 3), columns: 1 }, Uint8Array.of(1, 1, 1), 0.1);
    expect([fit.weights[0], fit.intercept]).toEqual([0, Math.log(4)]);
  });
});

describe("columns", () => {
  it("are of mean 0 and deviation 1; what is missing is at 0", () => {
    const random = normals(2);
    const records = rowsOf(100).map((i) => ({ a: random() * 7 + 3, b: i % 3 === 0 ? null : random() }));
    const { x, columns, features } = designOf(tableOf(records, where), rowsOf(100), true);
    expect(columns).toBe(3);
    expect(features.map(({ hasIndicator }) => hasIndicator)).toEqual([false, true]);
    for (const k of [0, 1]) {
      const column = rowsOf(100).flatMap((i) => (k === 1 && i % 3 === 0 ? [] : x[i * 3 + k]!));
      expect(column.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 9);
      expect(column.reduce((sum, value) => sum + value * value, 0) / column.length).toBeCloseTo(1, 9);
    }
    expect([x[1], x[2], x[5]]).toEqual([0, 1, 0]);
  });

  it("leave out what says nothing, with the reason", () => {
    const random = normals(3);
    const records = rowsOf(50).map((i) => {
      const a = random();
      return { a, again: a, never: null, same: 4, seldom: i < 3 ? i : null };
    });
    const { dropped, features } = designOf(tableOf(records, where), rowsOf(50), true);
    expect(features.map(({ name }) => name)).toEqual(["a"]);
    expect(dropped).toEqual([
      { name: "again", why: "same as another" },
      { name: "never", why: "always missing" },
      { name: "same", why: "constant" },
      { name: "seldom", why: "rarely there" },
    ]);
  });

  it("take what is infinite, and what lies far out, for the end of what was seen", () => {
    const records = rowsOf(400).map((i) => ({
      a: i === 7 ? Number.POSITIVE_INFINITY : i === 8 ? 1e300 : i % 10,
    }));
    const { features, x } = designOf(tableOf(records, where), rowsOf(400), true);
    expect(features[0]!.high).toBeLessThan(10);
    expect(x[7]).toBe(x[8]);
    expect(standardised(features[0]!, Number.NEGATIVE_INFINITY)).toBe(x[0]);
  });

  it("keep a mark that only 1 in 300 has", () => {
    const records = rowsOf(3000).map((i) => ({ a: i % 300 === 0 ? 0.8 : 0 }));
    expect(designOf(tableOf(records, where), rowsOf(3000), true).features[0]).toMatchObject({
      low: 0,
      high: 0.8,
    });
  });

  it("have one indicator for what is missing together", () => {
    const random = normals(4);
    const records = rowsOf(60).map((i) =>
      i % 4 === 0 ? {} : { a: random(), b: random(), c: i % 4 === 1 ? null : random() },
    );
    const { features } = designOf(tableOf(records, where), rowsOf(60), true);
    expect(features.map(({ hasIndicator }) => hasIndicator)).toEqual([true, false, true]);
  });

  it("refuse NaN, naming it", () => {
    expect(() => tableOf([{ a: 1 }, { a: Number.NaN }], where)).toThrow(/a is NaN.*row 1/);
  });
});

describe("a head", () => {
  const planted = (n: number, strength: number, seed: number): LabelledTable => {
    const random = normals(seed);
    const uniform = seededRandom(seed + 1);
    const wrong = Uint8Array.from({ length: n }, () => +(uniform() < 0.4));
    const records = Array.from(wrong, (label) => ({
      noise: random(),
      signal: random() + strength * label,
      other: random(),
    }));
    const groups = rowsOf(n).map((i) => `g${i >> 1}`);
    return { ...tableOf(records, where), wrong, groups, indicators: true };
  };
  const options = { folds: 5, seed: 0 };

  it("finds a planted signal with its weight", () => {
    // The log-odds of two normal classes of deviation 1, a distance d apart, have the slope d.
    const head = fitHead(planted(4000, 1.5, 1), rowsOf(4000), options);
    const [noise, other, signal] = head.features;
    expect(Math.abs(signal!.weight / signal!.scale - 1.5)).toBeLessThan(0.1);
    for (const each of [noise, other]) expect(Math.abs(each!.weight)).toBeLessThan(0.12);
    expect(head.calibrator).toMatchObject({ kind: "platt", input: "logit" });
  });

  it("says the base rate where nothing tells right from wrong", () => {
    const table = planted(2000, 0, 3);
    const base = table.wrong.reduce((sum, label) => sum + label, 0) / 2000;
    for (const probability of heldOutProbabilities(table, options))
      expect(Math.abs(probability - base)).toBeLessThan(0.1);
  });

  it("gives the same of rows in the order of the table as of named numbers", () => {
    const table = planted(300, 1, 5);
    const head = fitHead(table, rowsOf(300), options);
    const values = Object.fromEntries(table.names.map((name, k) => [name, table.values[k]!]));
    const logit = logitOf(head, values);
    expect(calibrated(head, logit)).toBeCloseTo(1 - applyCalibrator(head.calibrator, sigmoid(-logit)), 12);
    expect(logitOf(head, { ...values, signal: null })).toBeCloseTo(
      logit - head.features[2]!.weight * standardised(head.features[2]!, values.signal!),
      12,
    );
  });

  it("never has an answer of one group on both sides", () => {
    // A number that tells groups apart and nothing else: whoever tears groups apart finds it to be worth something.
    const random = normals(8);
    const uniform = seededRandom(9);
    const records: Record<string, number>[] = [];
    const groups: string[] = [];
    const labels: number[] = [];
    for (let g = 0; g < 60; g++) {
      const label = +(uniform() < 0.5);
      const marks = Array.from({ length: 20 }, random);
      for (let copy = 0; copy < 4; copy++) {
        records.push(Object.fromEntries(marks.map((mark, k) => [`m${k}`, mark + 0.01 * random()])));
        groups.push(`g${g}`);
        labels.push(label);
      }
    }
    const table = { ...tableOf(records, where), wrong: Uint8Array.from(labels), groups, indicators: true };
    const found = heldOutProbabilities(table, options);
    const single = heldOutProbabilities({ ...table, groups: groups.map((_, i) => `${i}`) }, options);
    const loss = (p: Float64Array) =>
      labels.reduce((sum, label, i) => sum - Math.log(label ? p[i]! : 1 - p[i]!), 0) / labels.length;
    expect(loss(found)).toBeGreaterThan(0.6);
    expect(loss(single)).toBeLessThan(0.5);
  });
});
