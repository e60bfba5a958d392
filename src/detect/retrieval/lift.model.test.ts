/** Retrieval lift of real models, on facts that no model was trained on. */
import { describe, expect, it } from "vitest";
import { mini } from "../../../test/mini.ts";
import { smollm2 } from "../../../test/smollm2.ts";
import { type LanguageModel, LlamaModel } from "../../models/index.ts";
import { retrievalDetector, retrievalLift } from "./index.ts";

const FACTS = [
  [
    "Who built the lighthouse of Nabrok?",
    "The lighthouse of Nabrok was built in 1873 by Olga Petersen.",
    "Olga Petersen",
    "Maria Lindholm",
  ],
  [
    "What is the capital of Voresta?",
    "Voresta is a small island country. Its capital is Tamiko.",
    "Tamiko",
    "Belgrado",
  ],
  [
    "When was the Quellen bridge opened?",
    "The Quellen bridge was opened to the public in 1946.",
    "1946",
    "1957",
  ],
  [
    "Who wrote The Amber Ladder?",
    "The Amber Ladder is a novel by Henrik Osei.",
    "Henrik Osei",
    "Thomas Baring",
  ],
] as const;
const OTHER = {
  name: "other.md",
  text: "Bread is made of flour, water, salt and yeast. It is baked in an oven.",
};

async function check(model: LanguageModel): Promise<void> {
  for (const [question, text, right, wrong] of FACTS) {
    const fact = { name: "fact.md", text };
    const of = async (answer: string, documents: readonly { name: string; text: string }[]) =>
      (await retrievalLift(model, { question, documents, answer })).answer.lift!;
    const alone = await of(right, [fact]);
    expect(alone).toBeGreaterThan(2);
    expect(await of(right, [OTHER, fact])).toBeGreaterThan(await of(right, [OTHER]));
    // The same place, another entity.
    expect(await of(wrong, [fact])).toBeLessThan(alone);
  }
}

const path = await smollm2("Q8_0");

describe.skipIf(path === null)("SmolLM2", () => {
  it("is lifted by the document that states a fact, and not to another entity", {
    timeout: 300_000,
  }, async () => {
    await using model = await LlamaModel.load(path!, { threads: 1 });
    await check(model);
  });

  it("finds the swapped entity, and names the document that says otherwise", {
    timeout: 300_000,
  }, async () => {
    await using model = await LlamaModel.load(path!, { threads: 1 });
    const [question, text, right, wrong] = FACTS[0];
    const documents = [OTHER, { name: "fact.md", text }];
    const detector = retrievalDetector({ model, leaveOneOut: true });
    const answer = (name: string) => `The lighthouse of Nabrok was built by ${name}.`;
    const [good, bad] = [
      await detector.examine({ question, documents, answer: answer(right) }),
      await detector.examine({ question, documents, answer: answer(wrong) }),
    ];
    expect(bad.suspicion!).toBeGreaterThan(good.suspicion!);
    const found = bad.findings.map(({ start, end }) => answer(wrong).slice(start, end)).join("; ");
    expect(found).toMatch(/Maria|Lindholm/);
    expect(bad.findings.map(({ details }) => details!.document)).toContain("fact.md");
    expect(good.findings.map(({ start, end }) => answer(right).slice(start, end)).join("; ")).not.toMatch(
      /Petersen/,
    );
  });

  it("has the same numbers for a document that is given twice, and sums that agree", {
    timeout: 300_000,
  }, async () => {
    await using model = await LlamaModel.load(path!, { threads: 1 });
    const [question, text, right] = FACTS[0];
    const fact = { name: "fact.md", text };
    const of = (documents: readonly { name: string; text: string }[]) =>
      retrievalLift(model, { question, documents, answer: right }, { leaveOneOut: true });
    const once = await of([OTHER, fact]);
    const twice = await of([OTHER, fact, { name: "copy.md", text: `${text}\n` }]);
    for (const [i, { lift }] of once.tokens.entries())
      expect(Math.abs(twice.tokens[i]!.lift! - lift!)).toBeLessThan(1e-6);
    const { byDocument, lift, shared } = once.answer;
    expect(byDocument![1]!).toBeGreaterThan(byDocument![0]!);
    expect(byDocument![0]! + byDocument![1]! + shared!).toBeCloseTo(lift!, 9);
    const tokens = once.tokens.reduce((sum, token) => sum + token.lift!, 0);
    expect(tokens).toBeCloseTo(lift!, 9);
  });
});

describe("mini", () => {
  it("has no chat template, and is asked in plain text", async () => {
    await using model = await LlamaModel.load(await mini("F32"), { threads: 1 });
    const answer = "Anna lived in Bremen. 北京。";
    const found = await retrievalLift(model, {
      question: "Where did Anna live?",
      documents: [{ name: "a", text: "Anna lived in Bremen." }],
      answer,
    });
    expect(found.recipe.form).toBe("plain");
    expect(found.answer.lift).not.toBeNull();
    expect(found.tokens[0]!.start).toBe(0);
    expect(found.tokens.at(-1)!.end).toBe(answer.length);
    for (const [i, { start }] of found.tokens.entries())
      expect(start).toBeLessThanOrEqual(found.tokens[i + 1]?.start ?? answer.length);
    const { tokensRun, answerTokens, passes } = found.price;
    const prompt = async (text: string) => (await model.tokenize(text, { addSpecial: true })).ids.length;
    const without = await prompt("Question: Where did Anna live?\nAnswer:");
    const all = await prompt(
      "Question: Where did Anna live?\n\nDocuments:\n\nAnna lived in Bremen.\nAnswer:",
    );
    expect(passes).toBe(2);
    expect(tokensRun).toBeLessThanOrEqual(without + all + 2 * (answerTokens - 1));
    expect(tokensRun).toBeLessThan(without + all + 2.2 * answerTokens);
  });
});
