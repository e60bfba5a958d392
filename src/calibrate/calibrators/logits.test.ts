/** A model's own temperature, from whole rows and from the top k. */
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { TableModel } from "../../models/test/index.ts";
import {
  fitModelTemperature,
  fitTemperature,
  fitTopKTemperature,
  LogitTemperature,
  temperedProbabilities,
  temperedTopK,
} from "../index.ts";

/** Rows of V logits whose targets are drawn at the temperature that is true. */
function rows(n: number, vocabulary: number, truth: number) {
  const random = seededRandom(2);
  return Array.from({ length: n }, () => {
    const logits = Float32Array.from({ length: vocabulary }, () => 6 * random());
    const p = temperedProbabilities(logits, truth);
    let draw = random();
    let target = 0;
    while (target < vocabulary - 1 && draw >= p[target]!) draw -= p[target++]!;
    return { logits, target };
  });
}

describe("LogitTemperature", () => {
  it.each([0.5, 1, 1.7, 3])("finds what a fit to all rows at once finds, where the truth is %f", (truth) => {
    const data = rows(400, 50, truth);
    const sums = new LogitTemperature();
    for (const { logits, target } of data) sums.add(logits, target);
    const { temperature } = fitTemperature({
      logprobs: data.map(({ logits }) => logits),
      labels: data.map(({ target }) => target),
    });
    expect(Math.abs(sums.fit().temperature / temperature - 1)).toBeLessThan(2e-4);
    expect(Math.abs(temperature / truth - 1)).toBeLessThan(0.2);
    expect(sums.rows).toBe(400);
  });

  it("says where the best lies beyond its range, and refuses what it cannot count", () => {
    const sums = new LogitTemperature();
    expect(() => sums.fit()).toThrow(/no rows/);
    sums.add([0, -1], 0);
    expect(sums.fit()).toEqual({ kind: "temperature", temperature: 0.25, atBound: true });
    for (let i = 0; i < 3; i++) sums.add([0, -1], 1);
    expect(sums.fit()).toEqual({ kind: "temperature", temperature: 8, atBound: true });
    expect(() => sums.add([0, -Infinity], 1)).toThrow(/probability 0/);
    expect(() => sums.add([0, 1], 2)).toThrow(/none of 2/);
  });
});

describe("fitModelTemperature", () => {
  const symbols = ["<s>", "a", "b", "c"];
  const table = () => new TableModel({ symbols, bos: 0, transitions: symbols.map(() => [0, 0.8, 0.1, 0.1]) });

  it("by hand: a model that gives 0.8 to what is right half of the time", async () => {
    // T scales the odds 8 : 1 : 1 to 2 : 1 : 1 at best: ln 8 / T = ln 2, T = 3.
    const text = "aabc".repeat(50);
    const { calibrator, tokens, impossible } = await fitModelTemperature(table(), [text, "", text]);
    expect([tokens, impossible]).toEqual([400, 0]);
    expect(calibrator.temperature).toBeCloseTo(3, 3);
    await expect(fitModelTemperature(table(), [""])).rejects.toThrow(/no rows/);
  });
});

describe("top k", () => {
  it("keeps the rest of the mass apart: by hand, 0.5 and 0.3 of V = 6", () => {
    const top = { logprobs: [Math.log(0.5), Math.log(0.3)], vocabulary: 6 };
    expect(temperedTopK(top, 1).tail).toBeCloseTo(0.2, 12);
    const flat = temperedTopK(top, 1e9); // as flat as can be: 1/6 each
    expect(flat.probabilities[0]).toBeCloseTo(1 / 6, 6);
    expect(flat.tail).toBeCloseTo(4 / 6, 6);
    const { probabilities, tail } = temperedTopK(top, 2);
    const z = Math.sqrt(0.5) + Math.sqrt(0.3) + 4 * Math.sqrt(0.05);
    expect(probabilities[0]).toBeCloseTo(Math.sqrt(0.5) / z, 12);
    expect(tail).toBeCloseTo((4 * Math.sqrt(0.05)) / z, 12);
  });

  it("finds the temperature of whole rows, where k is all of them or the rest is even", () => {
    const data = rows(300, 8, 1.6).map(({ logits, target }) => ({
      logprobs: Array.from(temperedProbabilities(logits, 1), Math.log),
      target,
    }));
    const whole = fitTemperature({
      logprobs: data.map(({ logprobs }) => logprobs),
      labels: data.map(({ target }) => target),
    });
    const all = data.map(({ logprobs, target }) => ({ logprobs, vocabulary: 8, place: target }));
    expect(fitTopKTemperature(all).temperature).toBeCloseTo(whole.temperature, 6);
    const even = data.map(({ target }, i) => ({
      logprobs: [Math.log(0.6), Math.log(0.2)],
      vocabulary: 6,
      place: (target + i) % 6 < 2 ? (target + i) % 2 : null,
    }));
    const same = fitTemperature({
      logprobs: even.map(() => [Math.log(0.6), Math.log(0.2), ...new Array(4).fill(Math.log(0.05))]),
      labels: even.map(({ place }) => place ?? 2),
    });
    expect(fitTopKTemperature(even).temperature).toBeCloseTo(same.temperature, 6);
  });

  it("refuses a vocabulary smaller than k, places outside, and tokens of no mass", () => {
    const top = { logprobs: [Math.log(0.5), Math.log(0.5)], vocabulary: 2 };
    expect(() => temperedTopK({ ...top, vocabulary: 1 }, 1)).toThrow(/no size of a vocabulary/);
    expect(() => temperedTopK(top, 0)).toThrow(/no temperature/);
    expect(() => fitTopKTemperature([{ ...top, place: 2 }])).toThrow(/2 is none of the 2/);
    expect(() => fitTopKTemperature([{ ...top, place: null }])).toThrow(/probability 0/);
    expect(() => fitTopKTemperature([])).toThrow(/no tokens/);
    expect(() => temperedTopK({ logprobs: [0.5], vocabulary: 2 }, 1)).toThrow(/no log-probability/);
  });
});
