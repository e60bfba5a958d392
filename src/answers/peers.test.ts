/** What other tools read out of the same texts, recorded by tools/record-answers, and where we read something else. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isRight, readConfidence, readLetter, readNumber } from "./index.ts";

interface Recorded {
  answers: { text: string; "strict-match": string; "flexible-extract": string; "math-verify": string[] }[];
  verified: [given: string, key: string, same: boolean][];
  letters: { text: string; "math-verify": string[] }[];
  confidences: { text: string; uqlm: number | null; TruthTorchLM: number }[];
}
const recorded: Recorded = JSON.parse(
  readFileSync(new URL("../../test/fixtures/answers/peers.json", import.meta.url), "utf8"),
);

/** As lm_eval's exact_match of GSM8K: commas, dollar signs and a full stop at the end are ignored. */
const plain = (text: string): number | null =>
  text === "[invalid]" ? null : Number(text.replaceAll(/[,$]/g, "").replace(/\.$/, "") || Number.NaN);

/** sympy's printing of numbers. */
function sympy([value]: string[]): number | null {
  const [, a, b] = /^(-?[\d.]+)(?:\*\(1\/100\)|\/(\d+))?$/.exec(value ?? "") ?? [];
  if (a === undefined) return null;
  return value!.includes("*(1/100)") ? Number(a) / 100 : Number(a) / Number(b ?? 1);
}

describe("lm_eval's GSM8K filters", () => {
  it.each(recorded.answers.filter((row) => row["strict-match"] !== "[invalid]"))(
    "strict-match: $text",
    (row) => {
      expect(readNumber(row.text).value).toBe(plain(row["strict-match"]));
    },
  );

  /** They take the last digits, of whatever they are the end. */
  const OTHERWISE: Readonly<Record<string, number>> = {
    "Final answer: \\boxed{\\frac{3}{4}}": 0.75,
    "The answer is \\boxed{1{,}234}.": 1234,
    "The answer is 1/2": 0.5,
    "Answer: 50%": 0.5,
    "Answer: 1.5e3": 1500,
    "The final answer is $\\frac{1}{2}$. I hope it is correct.": 0.5,
  };
  it.each(recorded.answers)("flexible-extract: $text", (row) => {
    const other = OTHERWISE[row.text];
    expect(readNumber(row.text).value).toBe(other ?? plain(row["flexible-extract"]));
    if (other !== undefined) expect(plain(row["flexible-extract"])).not.toBe(other);
  });
});

describe("Math-Verify", () => {
  it.each(recorded.answers)("numbers: $text", (row) => {
    // It reads 1.5 of 1.5e3.
    expect(readNumber(row.text).value).toBe(row.text === "Answer: 1.5e3" ? 1500 : sympy(row["math-verify"]));
  });

  it.each(recorded.verified)("%s for %s: %s", (given, key, same) => {
    expect(isRight(given, key, { kind: "number" }).right).toBe(same);
  });

  it.each(recorded.letters)("letters: $text", (row) => {
    // It finds none in "(C)", and B, the last letter between spaces, where option C is picked; we say that two are mentioned.
    const other: Record<string, string | null> = { "(C)": "C", "I pick option C because B is wrong.": "C" };
    expect(readLetter(row.text).value).toBe(
      row.text in other ? other[row.text] : (row["math-verify"][1] ?? null),
    );
  });
});

describe("parsers of confidences", () => {
  /** Theirs put all digits into one number: 85.5 becomes 855, "9 out of 10" 910, "80-90" 8090. */
  const RIGHT: Readonly<Record<string, number | null>> = {
    "85.5": 0.855,
    "90/100": 0.9,
    "0.9": 0.9,
    "80-90": 0.85,
    "9 out of 10": 0.9,
    "150": null,
    "I am not sure": 0.5,
  };
  it.each(recorded.confidences)("$text", ({ text, uqlm, TruthTorchLM }) => {
    const { value } = readConfidence(text, { scale: { min: 0, max: 100 } });
    if (text in RIGHT) {
      const right = RIGHT[text]!;
      if (right === null) expect(value).toBeNull();
      else expect(value).toBeCloseTo(right, 12);
    } else {
      expect(value).toBe(uqlm);
      expect(value).toBe(TruthTorchLM);
    }
  });
});
