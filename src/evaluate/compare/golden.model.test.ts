/** SmolLM2 Q4_0 against Q8_0 under llama.cpp's recipe: what its own tool printed, and what mini must obey. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasOtherKernels, NOT_X86 } from "../../../test/kernels.ts";
import { mini } from "../../../test/mini.ts";
import { needing, withoutModel } from "../../../test/needing.ts";
import { smollm2 } from "../../../test/smollm2.ts";
import { addPairedToken, emptyPairedSums, pairedMeasures, planWindows } from "../../core/index.ts";
import { LlamaModel } from "../../models/index.ts";
import { type Comparison, compareModels, type TokenMeasures } from "./index.ts";
import { lockstep } from "./lockstep.ts";

const [q8, q4] = [await smollm2("Q8_0"), await smollm2("Q4_0")];
const fixtures = new URL("../../../test/fixtures/golden/", import.meta.url);

/** Two chunks of 512 tokens and a part of a third, which the recipe drops. */
const CHARACTERS = 5500;

function perToken(comparison: Comparison | undefined): TokenMeasures {
  if (comparison?.per !== "token") throw new Error(`compared per ${comparison?.per}`);
  return comparison.measures;
}

/**
 * One row of the base as llama.cpp's file of 16-bit numbers gives it back: ln p in steps of at most 16/65535 = 2.4e-4
 * nats, and nothing below the most probable less 16 (perplexity.cpp, the second `log_softmax`).
 */
function stored(logits: Float32Array, logSumExp: number): Float64Array {
  const highest = logits.reduce((a, b) => Math.max(a, b));
  const lowest = Math.max(
    logits.reduce((a, b) => Math.min(a, b)),
    highest - 16,
  );
  const scale = (highest - lowest) / 65535;
  return Float64Array.from(
    logits,
    (x) => scale * Math.round((Math.max(x, lowest) - lowest) / scale) + lowest - logSumExp,
  );
}

/** What it makes of two rows, and exact arithmetic (the third `log_softmax`): one obvious step after another. */
function pairOf(base: Float32Array, baseSum: number, model: Float32Array, modelSum: number, target: number) {
  const rounded = stored(base, baseSum);
  const [printed, exact] = [0, 1].map((isExact) => {
    let divergence = 0;
    for (let i = 0; i < base.length; i++) {
      const lnP = isExact ? base[i]! - baseSum : rounded[i]!;
      if (isExact || lnP > -16) divergence += Math.exp(lnP) * (lnP - (model[i]! - modelSum));
    }
    return divergence;
  });
  return { printed: printed!, exact: exact!, baseLogprob: rounded[target]! };
}

/**
 * The file costs llama.cpp's figures of the base their digits: a token less probable than e^-16 counts as e^-16, which
 * shows in the base's perplexity (by half a per cent here) and in the ratio. So two things are checked: with the same
 * loss in the same place our rows give what it printed, to 5e-4 (last bits depend on the CPU); and what `compareModels`
 * says is exact arithmetic on those rows.
 */
needing(NOT_X86 || withoutModel(q8 && q4)).describe("against llama-perplexity --kl-divergence", () => {
  it("gives the numbers it printed for 2 of its 10 chunks", { timeout: 400_000 }, async () => {
    const printed = readFileSync(new URL("llama-perplexity-kl-q4_0-against-q8_0.txt", fixtures), "utf8");
    const row = /^ +2 .*$/m
      .exec(printed)![0]
      .match(/-?\d+\.\d+/g)!
      .map(Number);
    const text = readFileSync(new URL("wikitext-23100-bytes.txt", fixtures), "utf8").slice(0, CHARACTERS);
    await using base = await LlamaModel.load(q8!, { kernels: "portable", threads: 1 });
    await using model = await LlamaModel.load(q4!, { kernels: "portable", threads: 1 });
    const { ids } = await base.tokenize(text);
    const plan = planWindows(ids.length, { method: "half", context: 512, overwriteFirst: null });
    const [asPrinted, exact] = [emptyPairedSums(), emptyPairedSums()];
    const streams = [base, model].map((one) => one.scoreTokens(ids, plan, { distributions: true }));
    for await (const { start, length, places } of lockstep(streams))
      for (let t = 0; t < length; t++) {
        const [p, q] = places.map(({ span, offset }) => {
          const { logits, logSumExps } = span.distributions!;
          const size = logits.length / logSumExps.length;
          const at = offset + t;
          return {
            logits: logits.subarray(at * size, (at + 1) * size),
            logSumExp: logSumExps[at]!,
            logprob: span.logprobs[at]!,
          };
        });
        const pair = pairOf(p!.logits, p!.logSumExp, q!.logits, q!.logSumExp, ids[start + t]!);
        const top = (row: Float32Array) => row.indexOf(row.reduce((a, b) => Math.max(a, b)));
        const both = { logprob: q!.logprob, sameTop: top(p!.logits) === top(q!.logits) };
        addPairedToken(asPrinted, { ...both, baseLogprob: pair.baseLogprob, divergence: pair.printed });
        addPairedToken(exact, { ...both, baseLogprob: p!.logprob, divergence: pair.exact });
      }
    const theirs = pairedMeasures(asPrinted)!;
    const figures = [theirs.perplexity, theirs.logRatio, theirs.divergence, theirs.rmsDeltaP, theirs.sameTop];
    for (const [i, { value, standardError }] of figures.entries()) {
      const [number, error] = [0, 1].map((j) => row[2 * i + j]! / (i < 3 ? 1 : 100)) as [number, number];
      const name = `${value} ± ${standardError}, printed ${number} ± ${error}`;
      // Other kernels move tokens by a part of what tokens differ by anyway, which is the error's measure.
      if (hasOtherKernels(base)) {
        expect(Math.abs(value - number), name).toBeLessThan(error);
        expect(Math.abs(standardError! / error - 1), name).toBeLessThan(0.25);
      } else {
        expect(Math.abs(value / number - 1), name).toBeLessThan(5e-4);
        expect(Math.abs(standardError! / error - 1), name).toBeLessThan(5e-4);
      }
    }

    const documents = [{ name: "wikitext", text }];
    const { comparisons } = await compareModels(base, [model], documents, { recipe: "llama.cpp" });
    const ours = perToken(comparisons[0]);
    const obvious = pairedMeasures(exact)!;
    expect(ours.scored).toBe(2 * 255);
    for (const name of [
      "basePerplexity",
      "perplexity",
      "ratio",
      "divergence",
      "rmsDeltaP",
      "sameTop",
    ] as const)
      for (const part of ["value", "standardError"] as const)
        expect(Math.abs(ours[name][part]! / obvious[name][part]! - 1), `${name}.${part}`).toBeLessThan(1e-5);
  });
});

describe("mini", () => {
  let base: LlamaModel;
  beforeAll(async () => {
    base = await LlamaModel.load(await mini("F32"));
  });
  afterAll(async () => {
    await base?.[Symbol.asyncDispose]();
  });
  const text = readFileSync(new URL("wikitext-23100-bytes.txt", fixtures), "utf8").slice(0, 6000);

  it("against itself: nothing differs; against Q4_0 more than against Q8_0", {
    timeout: 120_000,
  }, async () => {
    await using again = await LlamaModel.load(await mini("F32"));
    await using fine = await LlamaModel.load(await mini("Q8_0"));
    await using coarse = await LlamaModel.load(await mini("Q4_0"), { batchSize: 128 });
    const { comparisons } = await compareModels(base, [again, fine, coarse], [{ name: "text", text }]);
    const [same, q8, q4] = comparisons.map(perToken);
    expect(same!.divergencePercentiles.max).toBe(0);
    expect([same!.ratio, same!.sameTop.value]).toEqual([{ value: 1, standardError: 0 }, 1]);
    expect(q8!.divergence.value).toBeGreaterThan(0);
    expect(q4!.divergence.value).toBeGreaterThan(5 * q8!.divergence.value);
    expect(q4!.sameTop.value).toBeLessThan(q8!.sameTop.value);
    expect(q4!.correlation).toBeGreaterThan(0.9);
    expect(q4!.mostChanged[0]!.divergence).toBeCloseTo(q4!.divergencePercentiles.max, 5);
    for (const { document, start, end, text: token } of q4!.mostChanged)
      expect([document, new TextDecoder().decode(new TextEncoder().encode(text).slice(start, end))]).toEqual([
        "text",
        token,
      ]);
  });
});
