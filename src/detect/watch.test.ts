/** What comes while an answer is written is what the whole answer has; hostile texts take time in proportion to their length. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import "../../test/properties.ts";
import {
  changePoints,
  detectAnomaly,
  detectConsistency,
  detectPatterns,
  type Examination,
  watchAnswer,
} from "./index.ts";
import { cutSentences, SentenceStream } from "./sentences.ts";

const answers = readFileSync(new URL("fixtures/planted.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line): { answer: string; documents: string[] } => JSON.parse(line));

const named = (texts: readonly string[]) => texts.map((text, i) => ({ name: `document ${i}`, text }));
const free = ({ price: _, ...rest }: Examination) => rest;

/** A text in pieces of 1 to 7 code units, with surprisals that jump now and then. */
function tokensOf(text: string, seed: number) {
  const tokens: { text: string; logprob: number | null }[] = [];
  let state = seed;
  for (let at = 0; at < text.length; ) {
    state = (state * 1103515245 + 12345) % 2147483648;
    const length = 1 + (state % 7);
    const logprob = state % 11 === 0 ? null : state % 13 === 0 ? -12 : -((state % 100) / 60);
    tokens.push({ text: text.slice(at, at + length), logprob });
    at += length;
  }
  return tokens;
}

describe("watchAnswer", () => {
  const whole = answers.map(({ answer }) => answer).join("\n\n");
  const documents = named(answers[0]!.documents);

  it.each([1, 2, 3, 4])("finds what the detectors find, cut in any way (%s)", async (seed) => {
    const tokens = tokensOf(whole, seed);
    const watch = watchAnswer({ documents });
    const early = tokens.flatMap((token) => watch.observe(token));
    const found = [...early, ...watch.finish()];
    expect(watch.finish()).toEqual([]);
    const [patterns, anomaly] = [
      await detectPatterns().examine({ answer: whole, documents }),
      await detectAnomaly().examine({ answer: whole, tokens }),
    ];
    expect(watch.examinations().map(free)).toEqual([free(patterns), free(anomaly)]);
    const key = (finding: object) => JSON.stringify(finding);
    expect(found.map(key).sort()).toEqual([...patterns.findings, ...anomaly.findings].map(key).sort());
    expect(early.length).toBeGreaterThan(30);
  });

  it("says nothing of reasoning", () => {
    const watch = watchAnswer();
    expect(watch.observe({ text: "3 + 4 = 8. ", logprob: -1, part: "reasoning" })).toEqual([]);
    expect(watch.finish()).toEqual([]);
  });

  it("has nothing to say of an empty answer", async () => {
    expect(watchAnswer().finish()).toEqual([]);
    expect(await detectAnomaly().examine({ answer: "", tokens: [] })).toMatchObject({ suspicion: null });
    expect(await detectPatterns().examine({ answer: "", documents })).toMatchObject({
      suspicion: 0,
      findings: [],
    });
    expect(await detectConsistency().examine({ answer: "" })).toMatchObject({ suspicion: null });
  });
});

describe("sentences", () => {
  const pieces = fc.array(
    fc.constantFrom(
      "a",
      "B",
      " ",
      ".",
      "\n",
      "```",
      "。",
      "”",
      ")",
      "e.g.",
      "Dr.",
      "1",
      "\r\n",
      "!",
      "  ",
      "…",
    ),
    { maxLength: 60 },
  );
  it("are the text, and the same however it is cut", () => {
    fc.assert(
      fc.property(pieces, (list) => {
        const text = list.join("");
        const sentences = cutSentences(text);
        expect(sentences.map((each) => each.text).join("")).toBe(text);
        const stream = new SentenceStream();
        const cut = [...[...text].flatMap((character) => stream.push(character)), ...stream.finish()];
        expect(cut).toEqual(sentences);
      }),
    );
  });

  it.each([
    ["Dr. Who met J. Smith in Jan. 2020. They left.", 2],
    ["See Smith et al. (2020). Then go.", 2],
    ["这是一。这是二！", 2],
    ["a line that\nwas broken. Next", 2],
  ])("%s", (text, count) => expect(cutSentences(text)).toHaveLength(count));
});

describe("hostile texts", () => {
  const pieces = [
    "a",
    "7",
    "\n",
    "哈",
    '"',
    "“",
    "(",
    "`",
    "1+",
    "1 + 1 = ",
    "(1+",
    "http://",
    "doi:",
    "AB12 ABCD ",
    "born 1900 died ",
    "生于1900年",
    "1月",
    "《",
    "Aa, ",
    "Aa (2000) ",
    "I can't ",
    "- 5%\n",
    "\ud800",
    "\u202e",
  ];
  // 60,000 squared would not come to an end before the tests' own limit.
  it.each(pieces)("%j again and again", async (piece) => {
    const answer = piece.repeat(60_000 / piece.length);
    const { findings } = await detectPatterns().examine({ answer, documents: named(answers[0]!.documents) });
    for (const { start, end } of findings) expect(start < end && end <= answer.length).toBe(true);
  });
});

describe("changePoints", () => {
  it("takes n1 n2 / n (m1 - m2)² off the sum of squares", () => {
    const values = [...Array(10).fill(1), ...Array(30).fill(3)];
    expect(changePoints(values, { deviation: 1 })).toEqual([
      { start: 0, end: 10, mean: 1, gain: null },
      { start: 10, end: 40, mean: 3, gain: ((10 * 30) / 40) * 4 },
    ]);
  });
  it("finds none in a series that does not change, and none in an empty one", () => {
    expect(changePoints(Array(50).fill(2))).toHaveLength(1);
    expect(changePoints([])).toEqual([]);
    expect(() => changePoints([1, Number.NaN])).toThrow(/no finite number/);
  });
});

describe("detectAnomaly", () => {
  const calm = Array.from({ length: 20 }, (_, i) => ({ text: ` word${i}`, logprob: -0.5 - (i % 3) / 10 }));
  const examine = (tokens: { text: string; logprob: number | null }[]) =>
    detectAnomaly().examine({ answer: tokens.map(({ text }) => text).join(""), tokens });

  it("makes one spike of a word of three pieces", async () => {
    const name = [" Trond", "he", "im"].map((text) => ({ text, logprob: -4 }));
    const { findings, suspicion } = await examine([...calm, ...name, { text: " end", logprob: -0.5 }]);
    const [spike, ...rest] = findings;
    expect(rest).toEqual([]);
    expect(spike).toMatchObject({ kind: "spike", details: { surprisal: 12, tokens: 3 } });
    // Median of 0.5, 0.6, 0.7 in turn is 0.6, its MAD 0.1: the scale is the smallest one, 0.5.
    expect(spike!.details!.zScore).toBeCloseTo((12 - 0.6) / 0.5, 10);
    expect(suspicion).toBe(12);
  });

  it("leaves a word without a number out", async () => {
    const { features, reason } = await examine([
      ...calm,
      { text: " Trond", logprob: -9 },
      { text: "heim", logprob: null },
    ]);
    expect(features).toMatchObject({ spikes: 0, words: 21 });
    expect(reason).toBe("1 of 22 tokens came without a log-probability and are left out.");
  });

  it("judges the first words at the end", async () => {
    const tokens = [{ text: "Zork", logprob: -11 }, ...calm];
    expect((await examine(tokens)).findings).toMatchObject([{ kind: "spike", start: 0, end: 4 }]);
  });

  it("finds where the mean rises", async () => {
    const rough = Array.from({ length: 20 }, (_, i) => ({ text: ` odd${i}`, logprob: -3 - (i % 3) / 10 }));
    const shift = (await examine([...calm, ...rough])).findings.find(({ kind }) => kind === "shift");
    expect(shift).toMatchObject({
      start: calm.map(({ text }) => text).join("").length + 1,
      details: { words: 20 },
    });
  });

  it("says why it cannot", async () => {
    expect(await detectAnomaly().examine({ answer: "x" })).toMatchObject({
      suspicion: null,
      reason: "The tokens of the answer are not known.",
    });
    expect(await detectAnomaly().examine({ answer: "x", tokens: calm })).toMatchObject({
      suspicion: null,
      reason: "The texts of the tokens are not the answer.",
    });
  });
});

describe("detectConsistency", () => {
  const answer = "The capital of Norway is Oslo. It has 700000 people.";
  const samples = [
    "Oslo is the capital of Norway.",
    "The capital of Norway is Oslo. It has 500000 people.",
    "Norway has the capital Oslo.",
  ].map((text) => ({ text }));

  it("counts how many samples say each sentence", async () => {
    const { suspicion, findings, features } = await detectConsistency().examine({ answer, samples });
    expect(suspicion).toBe(0.5); // 3 of 3 say the first, none the second
    expect(findings).toMatchObject([
      { kind: "not-repeated", start: 31, end: answer.length, details: { said: 0, samples: 3 } },
    ]);
    expect(features["not-repeated-share"]).toBe(0.5);
  });

  it("needs two samples", async () => {
    const { suspicion, reason } = await detectConsistency().examine({ answer, samples: samples.slice(1, 2) });
    expect(suspicion).toBeNull();
    expect(reason).toMatch(/at least 2 samples/);
  });
});
