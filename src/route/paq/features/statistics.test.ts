import { describe, expect, it } from "vitest";
import { STATISTICS, statisticsFeatures, statisticsOf } from "./index.ts";

const of = (prompt: string) =>
  Object.fromEntries(
    Array.from(statisticsOf(prompt), (value, i) => [STATISTICS[i]!, Number(value.toFixed(5))]),
  );

describe("statistics of a prompt", () => {
  it("are what can be counted by hand", () => {
    expect(of("Ab 12?\n\tx;")).toEqual({
      ...Object.fromEntries(STATISTICS.map((name) => [name, 0])),
      "characters, log": Number(Math.log(11).toFixed(5)),
      "words, log": Number(Math.log(4).toFixed(5)),
      "lines, log": Number(Math.log(3).toFixed(5)),
      "longest word, log": Number(Math.log(3).toFixed(5)),
      "mean word": Number((5 / 3).toFixed(5)),
      digits: 0.2,
      capitals: 0.1,
      spaces: 0.3,
      punctuation: 0.1,
      "code marks": 0.1,
      Latin: 0.3,
      "entropy of characters": Number(Math.log2(10).toFixed(5)),
      questions: Number(Math.log(2).toFixed(5)),
      "indented lines": 0.5,
    });
  });

  it("know scripts, operators and repeated words", () => {
    expect(of("а б").Cyrillic).toBeCloseTo(2 / 3, 5);
    expect(of("東京")["Chinese, Japanese, Korean"]).toBe(1);
    expect(of("שלום")["Arabic and Hebrew"]).toBe(1);
    expect(of("αβ").Greek).toBe(1);
    expect(of("ไทย")["other letters"]).toBe(1);
    expect(of("1+2=3").operators).toBe(0.4);
    expect(of("🙂")["other symbols"]).toBe(1);
    expect(of("a A b")["repeated words"]).toBeCloseTo(1 / 3, 5);
  });

  it("are finite whatever the prompt is, and 0 of nothing", async () => {
    const found = await statisticsFeatures().of(["", " ", "\ud800", "\0", "x".repeat(100_000)]);
    expect(found.every(({ vector, leftOut }) => vector.every(Number.isFinite) && leftOut === 0)).toBe(true);
    expect(found[0]!.vector.every((value) => value === 0)).toBe(true);
  });

  it("stop when they are told to", async () => {
    await expect(statisticsFeatures().of(["a"], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ABORTED",
    });
  });
});
