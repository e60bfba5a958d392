import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../core/index.ts";
import { fitOrdinal, type OrdinalRows, ordinalLoss } from "./ordinal.ts";

interface PeerCase {
  name: string;
  penalty: number;
  under: number;
  over: number;
  x: number[][];
  y: number[];
  weights: number[];
  thresholds: number[];
  loss: number;
}

interface Peers {
  cases: PeerCase[];
  likelihood: Pick<PeerCase, "x" | "y" | "weights" | "thresholds"> & { standardErrors: number[] };
}

/** Recorded by tools/peers/record_ordinal.py: mord 0.7, statsmodels 0.15.0. */
const { cases, likelihood } = JSON.parse(
  readFileSync(fileURLToPath(new URL("../../fixtures/ordinal.json", import.meta.url)), "utf8"),
) as Peers;

const rowsOf = ({ x, y }: Pick<PeerCase, "x" | "y">): OrdinalRows => ({
  x: Float64Array.from(x.flat()),
  labels: Uint8Array.from(y),
  columns: x[0]!.length,
  thresholds: Math.max(...y),
});

describe("ordinal regression", () => {
  it.each(cases)("is what mord gives: $name, penalty $penalty, costs $under to $over", (peer) => {
    const rows = rowsOf(peer);
    const found = fitOrdinal(rows, peer.penalty, peer);
    const w = Float64Array.from([...found.weights, ...found.thresholds]);
    const gradient = new Float64Array(w.length);
    const loss = ordinalLoss(rows, w, peer.penalty * peer.y.length, peer, gradient);
    expect(loss).toBeLessThanOrEqual(peer.loss * (1 + 1e-9));
    expect(loss).toBeCloseTo(peer.loss, 6);
    for (const [j, weight] of peer.weights.entries()) expect(found.weights[j]).toBeCloseTo(weight, 4);
    for (const [t, threshold] of peer.thresholds.entries())
      expect(found.thresholds[t]).toBeCloseTo(threshold, 4);
    expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-6);
  });

  it("has the gradient that finite differences give", () => {
    const rows = rowsOf(cases[0]!);
    const random = seededRandom(3);
    const w = Float64Array.from({ length: rows.columns + rows.thresholds }, () => random() - 0.5);
    const gradient = new Float64Array(w.length);
    const costs = { under: 3, over: 0.5 };
    ordinalLoss(rows, w, 2, costs, gradient);
    const nowhere = new Float64Array(w.length);
    for (let j = 0; j < w.length; j++) {
      const at = (step: number) =>
        ordinalLoss(
          rows,
          w.map((each, k) => each + (k === j ? step : 0)),
          2,
          costs,
          nowhere,
        );
      expect(gradient[j]).toBeCloseTo((at(1e-5) - at(-1e-5)) / 2e-5, 5);
    }
  });

  it("agrees with maximum likelihood within its standard errors where the model is true", () => {
    const { weights, thresholds } = fitOrdinal(rowsOf(likelihood), 1e-9, { under: 1, over: 1 });
    for (const [j, error] of likelihood.standardErrors.entries())
      expect(Math.abs(weights[j]! - likelihood.weights[j]!)).toBeLessThan(error);
    for (const [t, threshold] of likelihood.thresholds.entries())
      expect(Math.abs(thresholds[t]! - threshold)).toBeLessThan(0.15);
  });

  it("is deterministic, and starts where it likes", () => {
    const rows = rowsOf(cases[0]!);
    const costs = { under: 4, over: 1 };
    const one = fitOrdinal(rows, 0.1, costs);
    expect(fitOrdinal(rows, 0.1, costs)).toEqual(one);
    const other = fitOrdinal(rows, 0.1, costs, { start: fitOrdinal(rows, 10, costs) });
    for (const [j, weight] of one.weights.entries()) expect(other.weights[j]).toBeCloseTo(weight, 6);
  });

  it("keeps its thresholds in order, and puts those that no label lies between on one place", () => {
    const random = seededRandom(5);
    for (let round = 0; round < 20; round++) {
      const labels = Uint8Array.from({ length: 40 }, () => [0, 2, 3][Math.floor(3 * random())]!);
      if (![0, 2, 3].every((label) => labels.includes(label))) continue;
      const x = Float64Array.from({ length: 80 }, () => random() - 0.5);
      const { thresholds } = fitOrdinal({ x, labels, columns: 2, thresholds: 3 }, 0.01, {
        under: 1 + 5 * random(),
        over: 1,
      });
      expect(thresholds[1]! - thresholds[0]!).toBeCloseTo(0, 5);
      expect(thresholds[2]!).toBeGreaterThanOrEqual(thresholds[1]! - 1e-6);
    }
  });
});
