/** Stated confidences. */
import { describe, expect, it } from "vitest";
import { CONFIDENCE_PHRASES, type ReadConfidenceOptions, readConfidence, readGuesses } from "./index.ts";

const HUNDRED = { min: 0, max: 100 };
const stated = (text: string, scale: ReadConfidenceOptions["scale"] = HUNDRED) => {
  const read = readConfidence(text, { scale });
  return read.value ?? read.why;
};

describe("asked from 0 to 100", () => {
  it.each<[text: string, expected: number | string]>([
    ["85", 0.85],
    ["85.5", 0.855],
    ["85.5%", 0.855],
    ["90 %", 0.9],
    ["90/100", 0.9],
    ["8.5/10", 0.85],
    ["9 out of 10", 0.9],
    ["85 out of 100.", 0.85],
    ["0.9", 0.9],
    ["1.0", 1],
    ["1", 0.01],
    ["0", 0],
    ["100", 1],
    ["100%", 1],
    ["ninety percent", 0.9],
    ["85分", 0.85],
    ["八十五分", 0.85],
    ["百分之八十五", 0.85],
    ["八成", 0.8],
    ["九成五", 0.95],
    ["八九成", 0.85],
    ["八到九成", 0.85],
    ["80-90", 0.85],
    ["80% - 90%", 0.85],
    ["80-90%", 0.85],
    ["between 70 and 80", 0.75],
    ["80～90", 0.85],
    ["at least 90%", 0.95],
    ["90%以上", 0.95],
    ["less than 10%", 0.05],
    ["Confidence: 85", 0.85],
    ["Confidence (0-100): 90%", 0.9],
    ["Answer and Confidence (0-100): 42, 85%", 0.85],
    ["The answer has 3 parts. My confidence is about 70.", 0.7],
    ["Confidence: 60\nNo, after review:\nConfidence: 40", 0.4],
    ["信心程度：85", 0.85],
    ["我对这个答案的信心程度是 85 分。", 0.85],
    ["Guess: 1492\nProbability: 0.9", 0.9],
    ["I am 95% sure", 0.95],
    ["85 % (very confident)", 0.85],
    ["very confident", 0.9],
    ["I am not very confident.", 0.3],
    ["almost certain", 0.95],
    ["I'm not sure", 0.5],
    ["Likely", 0.7],
    ["Highly Unlikely", 0.05],
    ["Confidence level: High", 0.85],
    ["非常有信心", 0.9],
    ["没有信心", 0.2],
    ["置信度：很高", 0.9],
    // The scale that the text names is the one it means.
    ["8 on a scale of 1 to 10", 7 / 9],
    ["9分（满分10分）", 0.9],
    // Refusals.
    ["As an AI language model, I cannot assess confidence on a scale of 0 to 100.", "refusal"],
    ["I'm unable to say.", "refusal"],
    ["我无法评估", "refusal"],
    ["作为一个人工智能，我没有信心程度", "refusal"],
    ["As an AI, I would put it at 85%.", 0.85],
    // Outside.
    ["150", "outside"],
    ["-5", "outside"],
    ["120%", "outside"],
    ["11 out of 10", "outside"],
    // Echoes of the prompt.
    ["Confidence: <number>", "echo"],
    ["Probability: <the probability between 0.0 and 1.0 that your guess is correct>", "echo"],
    ["on a scale of 0 to 100", "echo"],
    // Several.
    ["10 apples, 3 pears", "ambiguous"],
    ["I'm 90% sure; no, 80%", "ambiguous"],
    ["likely, but also unlikely", "ambiguous"],
    ["", "nothing"],
    ["How confident am I?", "nothing"],
    ["the answer is Paris", "nothing"],
  ])("%s", (text, expected) => {
    const read = stated(text);
    if (typeof expected === "number") expect(read).toBeCloseTo(expected, 12);
    else expect(read).toBe(expected);
  });
});

describe("other scales", () => {
  it("0 to 1: what can only be a percentage is one", () => {
    const unit = { min: 0, max: 1 };
    for (const [text, expected] of [
      ["0.85", 0.85],
      [".9", 0.9],
      ["1", 1],
      ["0", 0],
      ["85", 0.85],
      ["90%", 0.9],
      ["5", "outside"],
      ["1.5", "outside"],
    ])
      expect(stated(String(text), unit)).toBe(expected);
  });

  it("1 to 5, from the least to the most", () => {
    expect([1, 2, 3, 4, 5, 6].map((x) => stated(String(x), { min: 1, max: 5 }))).toEqual([
      0,
      0.25,
      0.5,
      0.75,
      1,
      "outside",
    ]);
  });

  it("unknown: small numbers are ambiguous", () => {
    const unknown = (text: string) => {
      const read = readConfidence(text);
      return read.value ?? read.why;
    };
    expect(["5", "1", "10", "0.7", "85", "1.0", "7/10", "0"].map(unknown)).toEqual([
      "ambiguous",
      "ambiguous",
      "ambiguous",
      0.7,
      0.85,
      1,
      0.7,
      0,
    ]);
  });
});

it("says where, by which rule, and between which ends", () => {
  expect(readConfidence("I am 80-90 % sure.", { scale: HUNDRED })).toEqual({
    value: expect.closeTo(0.85, 12),
    start: 5,
    end: 12,
    text: "80-90 %",
    rule: "range",
    range: [0.8, 0.9],
    scale: null,
  });
});

it("has one number for a phrase, in words that other phrases hold too", () => {
  const seen = new Set(CONFIDENCE_PHRASES.map(({ phrase }) => phrase.toLowerCase()));
  expect(seen.size).toBe(CONFIDENCE_PHRASES.length);
  for (const { phrase, probability } of CONFIDENCE_PHRASES) {
    expect(probability).toBeGreaterThanOrEqual(0);
    expect(probability).toBeLessThanOrEqual(1);
    if (!/\d|百分之百/.test(phrase)) expect([phrase, stated(phrase)]).toEqual([phrase, probability]);
  }
});

describe("guesses", () => {
  it("are read in Tian's form", () => {
    const text = "G1: Paris\nP1: 0.8\nG2: Lyon\nP2: 15%\nG3: <third guess>\nP3: 0.05";
    expect(
      readGuesses(text).map(({ number, guess, probability }) => [number, guess, probability.value]),
    ).toEqual([
      [1, "Paris", 0.8],
      [2, "Lyon", 0.15],
    ]);
    expect(readGuesses("Guess: 1492\nProbability: 0.9")).toMatchObject([
      { number: 1, guess: "1492", probability: { value: 0.9 } },
    ]);
    expect(readGuesses("I think it is Paris.")).toEqual([]);
    expect(readGuesses("G1: Paris")).toMatchObject([
      { guess: "Paris", probability: { value: null, why: "nothing" } },
    ]);
  });
});
