/** Hand-made examined answers, for the tests of what is shown of them. */
import { confidentErrors, type Examination, type Finding } from "../src/detect/index.ts";
import type { DetectedAnswer, DetectionView } from "../src/report/index.ts";

const FREE = { tokensRun: 0, tokensWritten: 0, ms: 0 };

const finding = (answer: string, quote: string, more: Omit<Finding, "start" | "end">): Finding => {
  const start = answer.indexOf(quote);
  return { start, end: start + quote.length, ...more };
};

/** Two spans, lift of every word, two documents, of which one was not read to its end. @param name stands in every text. */
export function towerAnswer(name: string): DetectedAnswer {
  const answer = `The tower was finished in 1899. It stands in Paris, says ${name}.`;
  const year = finding(answer, "1899", {
    ...{ signal: "patterns", kind: "number-not-in-context", strength: 0.8 },
    because: `The context says 1889, not 1899 (${name}).`,
    details: { document: name, expected: 1889, distance: null },
  });
  const unexplained = finding(answer, "1899", {
    ...{ signal: "retrieval", kind: "unsupported", strength: 0.6, because: "No document makes it likelier." },
  });
  const cited = finding(answer, `says ${name}`, {
    ...{ signal: "anomaly", kind: "spike", strength: 0.3, because: `A spike of 14.2 bits: ${name}` },
  });
  const examinations: Examination[] = [
    {
      ...{ signal: "patterns", suspicion: 1, unit: "findings", findings: [year], features: {}, price: FREE },
    },
    {
      ...{
        signal: "retrieval",
        suspicion: 0.4,
        unit: "share of tokens",
        findings: [unexplained],
        features: {},
      },
      price: { tokensRun: 1234, tokensWritten: 0, ms: 20 },
    },
    {
      ...{ signal: "consistency", suspicion: null, unit: "share of samples", findings: [], features: {} },
      ...{ reason: `There are no samples (${name}).`, price: FREE },
    },
  ];
  const words = [...answer.matchAll(/\s*\S+/g)];
  const cut = answer.indexOf(" It stands");
  return {
    ...{ id: name, question: `When was the tower of ${name} finished, and where does it stand?`, answer },
    ...{ answerFrom: "given", numbersFrom: "scored", score: 0.83, fusion: "fitted" },
    spans: [
      { start: year.start, end: year.end, score: 0.92, because: [year, unexplained] },
      { start: cited.start, end: cited.end, score: 0.31, because: [cited] },
    ],
    spanLifts: [
      { lift: -0.69, byDocument: [1.4, null] },
      { lift: null, byDocument: [] },
    ],
    examinations,
    tokens: words.map((word, i) => ({
      ...{ start: word.index, end: word.index + word[0].length, surprisal: i === 1 ? null : 1 + i },
      lift: i === 2 ? null : ([0.1, 1, 0, 2.5, -0.6, -2, 4.5, 0.2, -4][i] ?? 0.7),
    })),
    sentences: [
      { start: 0, end: cut, tokens: 6, lift: 2.1, byDocument: [1.9, -0.1] },
      { start: cut, end: answer.length, tokens: 7, lift: -0.7, byDocument: [null, 0.4] },
    ],
    documents: [
      { name: `${name}.md`, support: 3.2, read: 0.62, note: "Not read: from character 620 on." },
      { name: "short.txt", support: -0.2, read: 1 },
    ],
    ...{ samples: 0, correct: false, group: null, notes: [name] },
  };
}

/** Nothing found, nothing known. */
export const plainAnswer: DetectedAnswer = {
  ...{ id: null, question: null, answer: "Yes.", answerFrom: "given", numbersFrom: null, score: null },
  ...{
    fusion: "plain",
    spans: [],
    spanLifts: [],
    examinations: [],
    tokens: [],
    sentences: [],
    documents: [],
    samples: 3,
  },
  ...{ correct: true, group: null, notes: [] },
};

export const detectionView = (name: string): DetectionView => ({
  ...{ title: name, model: name, answers: [towerAnswer(name), plainAnswer, towerAnswer("Ada")] },
  ranking: [
    {
      ...{ name: "fused", n: 40, right: 20, missing: 0 },
      auroc: { value: 0.81, standardError: 0.05, low: 0.7, high: 0.9 },
    },
    {
      ...{ name: "consistency", n: 2, right: 1, missing: 38 },
      auroc: { value: 0.5, standardError: null, low: null, high: null },
    },
  ],
  confidentErrors: confidentErrors(
    Array.from({ length: 8 }, (_, i) => ({
      ...{ id: String(i), correct: i % 2 === 1, perplexity: 1 + (i % 3) },
      signals: { patterns: i === 0 ? 1 : 0, retrieval: i },
    })),
  ),
  ...{ details: [[name, name]], notes: [name] },
});
