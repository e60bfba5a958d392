import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COPIED, CopyingModel, UNSEEN } from "../../test/copying-model.ts";
import { ScriptedModel } from "../../test/scripted-model.ts";
import { TableModel } from "../models/test/index.ts";
import { chainText, type ReasoningChain, reasoningChain } from "./chain.ts";
import { stepImportance } from "./importance.ts";

const model = TableModel.bytes();
const BOS = 256;

/** Σ -ln p of the bytes behind the prompt, by the chain's own table, byte by byte. */
function nllOf(prompt: string, text: string): { nll: number; bytes: number } {
  const [given, scored] = [prompt, text].map((each) => [...new TextEncoder().encode(each)]) as [
    number[],
    number[],
  ];
  let previous = given.at(-1) ?? BOS;
  let nll = 0;
  for (const byte of scored) {
    nll -= Math.log(model.chain.probability(previous, byte));
    previous = byte;
  }
  return { nll, bytes: scored.length };
}

const behindPrompt = (chain: ReasoningChain) => chainText(chain).slice(chain.prompt.length);
const word = fc.constantFrom("a=1", "b+2", "第三步", "so x", "Check.", "7*8", "gives 56", "y");
const chains = fc
  .record({
    steps: fc.array(word, { minLength: 1, maxLength: 7 }),
    answer: fc.constantFrom("5", "十", "x=3"),
    frame: fc.constantFrom("", "Answer: "),
  })
  .map(({ steps, answer, frame }) =>
    reasoningChain({ prompt: "What is it?\n", reasoning: steps, frame, answer }),
  );

describe("stepImportance", () => {
  it("is what the table says, by hand", async () => {
    await fc.assert(
      fc.asyncProperty(chains, async (chain) => {
        const report = await stepImportance(model, chain);
        const full = nllOf("\n", behindPrompt(chain));
        expect(report.full.chainNll).toBeCloseTo(full.nll, 8);
        for (const [i, step] of report.steps.entries()) {
          // Every step ends with a line feed here, so that taking one out is taking its characters out.
          const lines = chain.steps.map(({ text }) => `${text}\n`);
          const tail = chain.frame + chain.answer;
          const without = nllOf("\n", lines.filter((_, at) => at !== i).join("") + tail);
          expect(step.chain.total).toBeCloseTo(without.nll - full.nll, 8);
          expect(step.chain.mean).toBeCloseTo(without.nll / without.bytes - full.nll / full.bytes, 8);
          expect(step.chain.ratio).toBeCloseTo(Math.exp(step.chain.mean!), 10);
          // The model remembers one byte, a line feed either way: nothing behind the step changes.
          expect(step.rest.total).toBeCloseTo(0, 8);
          expect(step.answer.total).toBeCloseTo(0, 10);
          expect(step.tokens).toBe(new TextEncoder().encode(lines[i]!).length);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("runs no shared beginning twice: as many tokens as the prefix tree has nodes", async () => {
    await fc.assert(
      fc.asyncProperty(chains, async (chain) => {
        const { tokensRun } = await stepImportance(model, chain);
        const lines = chain.steps.map(({ text }) => `${text}\n`);
        const tail = chain.frame + chain.answer;
        const kept = [lines, ...lines.map((_, i) => lines.filter((_, at) => at !== i)), []];
        // Every beginning of every text that is run (BOS stands before all, the last byte is never run), each once.
        const beginnings = new Set<string>();
        for (const each of kept) {
          const bytes = new TextEncoder().encode(chain.prompt + each.join("") + tail);
          for (let end = 0; end < bytes.length; end++) beginnings.add(bytes.subarray(0, end).join(" "));
        }
        expect(tokensRun).toBe(beginnings.size - (model.vocabulary.addsBos ? 0 : 1));
      }),
      { numRuns: 40 },
    );
  });

  it("is 0 of a step that is said twice, and ln of what is lost of one that is said once", async () => {
    const copying = new CopyingModel();
    const chain = reasoningChain({
      prompt: "Q.\n",
      reasoning: ["so the key is 4711", "a pause here", "so the key is 4711"],
      frame: "answer: key is ",
      answer: "4711",
    });
    const { steps } = await stepImportance(copying, chain);
    expect(steps[0]!.answer.total).toBeCloseTo(0, 10);
    expect(steps[2]!.answer.total).toBeCloseTo(0, 10);
    expect(steps[1]!.answer.total).toBeCloseTo(0, 10);
    const once = reasoningChain({
      ...chain,
      by: undefined,
      reasoning: ["so the key is 4711", "a pause here"],
    });
    const report = await stepImportance(copying, once);
    // Four digits that were copied are four that were never seen.
    expect(report.steps[0]!.answer.total).toBeCloseTo(4 * (COPIED - UNSEEN), 10);
    expect(report.steps[0]!.answer.mean).toBeCloseTo(COPIED - UNSEEN, 10);
    expect(report.order).toEqual([1, 0]);
    expect(report.bare.answerNll).toBeCloseTo(-4 * UNSEEN, 10);
  });

  it("looks at the answer, not at what introduces it", async () => {
    const chain = reasoningChain({ prompt: "Q", reasoning: ["a"], frame: "Answer: ", answer: "5" });
    const { full } = await stepImportance(model, chain);
    expect(full.answerNll).toBeCloseTo(nllOf(" ", "5").nll, 10);
  });

  it("takes chains with code, tables and Chinese, whole", async () => {
    const reasoning = "设x=5。\n```py\na = 1\n\nb = 2\n```\n| a | b |\n|---|---|\n| 1 | 2 |\n所以是7。";
    const chain = reasoningChain({ prompt: "问题\n", reasoning, answer: "7", by: "lines" });
    const report = await stepImportance(model, chain);
    expect(report.steps.map(({ text }) => text.split("\n").length)).toEqual([1, 5, 3, 1]);
    expect(report.steps.reduce((sum, { tokens }) => sum + tokens, 0) + 1).toBe(report.full.tokens);
  });

  it("says when an answer does not follow", async () => {
    const chain = reasoningChain({
      prompt: "Q.\n",
      reasoning: ["key is 47", "a pause"],
      frame: "so key is ",
      answer: "99",
    });
    expect((await stepImportance(new CopyingModel(), chain)).warnings).toEqual([
      expect.stringContaining("does not follow"),
    ]);
    const never = new TableModel({
      symbols: ["a", "b", "\n", "<s>"],
      bos: 3,
      transitions: [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [1, 0, 0, 0],
        [1, 0, 0, 0],
      ],
    });
    const impossible = await stepImportance(
      never,
      reasoningChain({ prompt: "a", reasoning: ["a", "aa"], answer: "b" }),
    );
    expect(impossible.warnings).toEqual([expect.stringContaining("probability 0")]);
    expect(impossible.steps[0]!.answer).toEqual({ mean: null, total: null, ratio: null });
  });

  it("says that one step is little to compare", async () => {
    const { warnings, steps } = await stepImportance(
      model,
      reasoningChain({ prompt: "Q", reasoning: "Only one.", answer: "5" }),
    );
    expect([steps.length, warnings[0]]).toEqual([1, expect.stringContaining("one step")]);
  });

  it("refuses what is no chain", async () => {
    expect(() => reasoningChain({ prompt: "Q", reasoning: "", answer: "5" })).toThrow(
      expect.objectContaining({ code: "EMPTY_INPUT" }),
    );
    expect(() => reasoningChain({ prompt: "Q", reasoning: [], answer: "5" })).toThrow(
      expect.objectContaining({ code: "EMPTY_INPUT" }),
    );
    expect(() => reasoningChain({ prompt: "Q", reasoning: ["a", " "], answer: "5" })).toThrow(
      "Step 2 is empty",
    );
    expect(() => reasoningChain({ prompt: "Q", reasoning: "a", answer: " " })).toThrow(
      expect.objectContaining({ code: "NOTHING_TO_SCORE" }),
    );
    const chain = reasoningChain({ prompt: "Q", reasoning: "a\nb", answer: "5" });
    await expect(stepImportance(model, chain, { measure: "sense" as never })).rejects.toThrow(
      '"sense" is no measure',
    );
    const mute = new ScriptedModel(() => ({ text: "" }), { score: false });
    await expect(stepImportance(mute, chain)).rejects.toMatchObject({ code: "UNSUPPORTED_CAPABILITY" });
    const signal = AbortSignal.abort();
    await expect(stepImportance(model, chain, { signal })).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("names the step that is too long for the model", async () => {
    const small = new CopyingModel({ trainedContext: 512 });
    const chain = reasoningChain({
      prompt: "Q\n",
      reasoning: ["short", "x".repeat(10_000), "end"],
      answer: "5",
    });
    const error = {
      code: "CONTEXT_EXCEEDED",
      what: expect.stringContaining("step 2 is the longest with 10000 tokens"),
      where: "chain",
    };
    await expect(stepImportance(small, chain)).rejects.toMatchObject(error);
    const large = await stepImportance(model, chain);
    expect(large.steps[1]!.tokens).toBe(10_001);
  });
});
