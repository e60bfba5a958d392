import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { klDivergence } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { type Comparison, compareModels } from "./index.ts";

type Per<Kind extends Comparison["per"]> = Extract<Comparison, { per: Kind }>["measures"];

function measuresOf<Kind extends Comparison["per"]>(
  comparison: Comparison | undefined,
  per: Kind,
): Per<Kind> {
  if (comparison?.per !== per) throw new Error(`compared per ${comparison?.per}`);
  return comparison.measures as Per<Kind>;
}

const documents = (...texts: string[]) => texts.map((text, i) => ({ name: `text ${i}`, text }));

/** Rows of the two-state chain that predict each letter of the text: after <s>, after a, after b. */
const letters = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 2, maxLength: 200 });
const chance = fc.double({ min: 0.05, max: 0.95, noNaN: true });

describe("models with the same tokens, in closed form", () => {
  it("is the sum over the letters of what two Markov chains say", async () => {
    await fc.assert(
      fc.asyncProperty(letters, chance, chance, chance, chance, async (text, ab, ba, ab2, ba2) => {
        const [base, model] = [TableModel.twoState(ab, ba), TableModel.twoState(ab2, ba2)];
        const context = { recipe: "strided", context: 16 } as const; // many windows, with BOS in each
        const { comparisons } = await compareModels(base, [model], documents(text), context);
        const measures = measuresOf(comparisons[0], "token");
        let [divergence, nll, baseNll, counted] = [0, 0, 0, 0];
        const { ids } = await base.tokenize(text);
        const row = (chain: TableModel["chain"], previous: number) =>
          ids.length > 0 ? [0, 1, 2].map((next) => chain.probability(previous, next)) : [];
        for (const [i, id] of ids.entries()) {
          const previous = i === 0 ? 2 : ids[i - 1]!;
          divergence += klDivergence(row(base.chain, previous), row(model.chain, previous));
          baseNll -= Math.log(base.chain.probability(previous, id));
          nll -= Math.log(model.chain.probability(previous, id));
          counted++;
        }
        const near = (actual: number, expected: number) =>
          expect(Math.abs(actual - expected)).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected)));
        expect(measures.scored).toBe(counted);
        near(measures.divergence.value, divergence / counted);
        near(measures.perplexity.value, Math.exp(nll / counted));
        near(measures.basePerplexity.value, Math.exp(baseNll / counted));
        near(measures.logRatio.value, (nll - baseNll) / counted);
        expect(measures.divergencePercentiles.max).toBeGreaterThanOrEqual(measures.divergence.value - 1e-6);
      }),
      { numRuns: 60 },
    );
  });

  it("one base against several: each as against the base alone; the base runs once", async () => {
    const base = TableModel.twoState(0.3, 0.2);
    const others = [TableModel.twoState(0.31, 0.2), TableModel.twoState(0.9, 0.1), base];
    const texts = documents("abbabaab", "", "b", "aaaabbbb".repeat(20));
    const together = await compareModels(base, others, texts);
    for (const [i, other] of others.entries()) {
      const alone = await compareModels(base, [other], texts);
      expect(together.comparisons[i]).toEqual(alone.comparisons[0]);
    }
    expect(together.texts).toMatchObject({
      documents: 3,
      skipped: [{ name: "text 1", code: "EMPTY_INPUT" }],
    });
    const same = measuresOf(together.comparisons[2], "token");
    expect(same.divergencePercentiles.max).toBe(0);
    expect(together.timing.tokensRun).toBe(4 * (8 + 1 + 160)); // <s>, and all but the last letter, per document
  });

  it("finds the most changed tokens, with their text around them", async () => {
    const base = TableModel.bytes();
    const model = TableModel.bytes();
    const text = "Der Bär trägt 5 Äpfel. ";
    const changed = altered(model, async function* (spans) {
      for await (const span of spans) {
        const { logits, logSumExps } = span.distributions!;
        const at = 6 - span.start; // within the ä of Bär: its second byte
        const size = logits.length / logSumExps.length;
        if (at >= 0 && at < logSumExps.length) logits.subarray(at * size, (at + 1) * size).reverse();
        yield span;
      }
    });
    const { comparisons } = await compareModels(base, [changed], documents(text), { mostChanged: 2 });
    const { mostChanged, sameTop } = measuresOf(comparisons[0], "token");
    expect(mostChanged[0]).toMatchObject({ document: "text 0", start: 6, end: 7, before: "Der B\uFFFD" });
    expect(mostChanged[0]!.after).toBe("r trägt 5 Äpfel. ");
    expect(mostChanged[1]!.divergence).toBe(0);
    expect(sameTop.value).toBeLessThan(1);
  });

  it("a larger vocabulary with the same tokens in front: compared over those, made to sum to 1", async () => {
    const two = (padding: number) => {
      const symbols = ["a", "b", "<s>", ...(padding > 0 ? ["<pad>"] : [])];
      const rest = 1 - padding;
      const pad = padding > 0 ? [padding] : [];
      const row = (a: number) => [a * rest, (1 - a) * rest, 0, ...pad];
      return new TableModel({
        symbols,
        bos: 2,
        transitions: [row(0.5), row(0.25), row(0.5), ...(padding > 0 ? [row(0.5)] : [])],
      });
    };
    for (const [base, model] of [
      [two(0), two(0.1)],
      [two(0.1), two(0)],
    ] as const) {
      const { comparisons } = await compareModels(base, [model], documents("abbaab"));
      const { divergence, ratio } = measuresOf(comparisons[0], "token");
      expect(divergence.value).toBeCloseTo(0, 6);
      expect(Math.abs(Math.log(ratio.value))).toBeCloseTo(-Math.log(0.9), 6);
      expect(comparisons[0]!.notes.join()).toContain("the first 3 are the same");
    }
  });
});

describe("models with different tokenizers", () => {
  /** The same bytes in pairs: "aa", "ab", "ba", "bb", and single letters; all continuations equally probable. */
  const pairs = () => {
    const symbols = ["aa", "ab", "ba", "bb", "a", "b", "<s>"];
    const row = symbols.map((_, i) => (i < 6 ? 1 / 6 : 0));
    return new TableModel({ name: "pairs", symbols, bos: 6, transitions: symbols.map(() => row) });
  };

  it("are compared per byte", async () => {
    const base = TableModel.twoState(0.5, 0.5);
    const { comparisons } = await compareModels(base, [pairs(), base], documents("abbaabab".repeat(50)));
    const measures = measuresOf(comparisons[0], "byte");
    expect(measures.baseBitsPerByte.value).toBeCloseTo(1, 6);
    expect(measures.bitsPerByte.value).toBeCloseTo(Math.log2(6) / 2, 6);
    expect(measures.difference.value).toBeCloseTo(Math.log2(6) / 2 - 1, 6);
    expect(measures.difference.standardError).toBeLessThan(1e-6); // the same in every span
    expect([measures.bytes, measures.spans, measures.resampled]).toEqual([400, 200, "blocks of spans"]);
    expect(comparisons[0]!.notes.join()).toContain("KL divergence is not defined");
    expect(measuresOf(comparisons[1], "token").divergence.value).toBe(0);
  });

  it("what is hard for both does not count as an error of the difference", async () => {
    const base = TableModel.twoState(0.05, 0.05);
    const texts = Array.from({ length: 12 }, (_, i) => "ab".repeat(8 + i) + "a".repeat(200 - 16 * i));
    const { comparisons } = await compareModels(base, [pairs()], documents(...texts));
    const { difference, resampled, baseBitsPerByte } = measuresOf(comparisons[0], "byte");
    expect(resampled).toBe("documents");
    expect(difference.low).toBeLessThan(difference.value);
    expect(difference.high).toBeGreaterThan(difference.value);
    expect(baseBitsPerByte.standardError).toBeGreaterThan(0);
  });
});

describe("compareModels refuses", () => {
  const model = TableModel.twoState(0.5, 0.5);
  const code = (wanted: string) => expect.objectContaining({ code: wanted });

  it("nothing to compare, and nothing to compare it on", async () => {
    await expect(compareModels(model, [], documents("ab"))).rejects.toEqual(code("INVALID_ARGUMENT"));
    await expect(compareModels(model, [model], [])).rejects.toEqual(code("NOTHING_TO_SCORE"));
    await expect(compareModels(model, [model], documents("", ""))).rejects.toEqual(code("EMPTY_INPUT"));
    await expect(compareModels(model, [model], documents("ab"), { recipe: "no" })).rejects.toEqual(
      code("UNKNOWN_RECIPE"),
    );
  });

  it("a model that does not score given text; and stops when it is told to", async () => {
    const writes = altered(model, (spans) => spans, { score: false });
    await expect(compareModels(model, [writes], documents("ab"))).rejects.toEqual(
      code("UNSUPPORTED_CAPABILITY"),
    );
    const { signal } = { signal: AbortSignal.abort() };
    await expect(compareModels(model, [model], documents("ab"), { signal })).rejects.toEqual(code("ABORTED"));
  });

  it("models that score different tokens of one plan", async () => {
    const skips = altered(model, async function* (spans) {
      for await (const span of spans) yield { ...span, start: span.start + 1 };
    });
    await expect(compareModels(model, [skips], documents("abab"))).rejects.toEqual(code("ENGINE_FAILED"));
  });
});

/** A model whose spans are changed on their way. */
function altered(
  model: TableModel,
  change: (
    spans: ReturnType<TableModel["scoreTokens"]>,
  ) => AsyncIterable<import("../../models/index.ts").ScoredSpan>,
  capabilities: Partial<LanguageModel["capabilities"]> = {},
): LanguageModel {
  return new Proxy<LanguageModel>(model, {
    get(target, key) {
      if (key === "capabilities") return { ...model.capabilities, ...capabilities };
      if (key === "scoreTokens")
        return (...given: Parameters<TableModel["scoreTokens"]>) => change(model.scoreTokens(...given));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
