/** Methods against their formulas, written out over whole lists; and what holds whatever the answer is. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { distributionShape, entropy, entropyInterval, type TokenRecord } from "../../core/index.ts";
import type { Estimate } from "../estimator.ts";
import {
  estimateTokens,
  ONE_PASS_METHODS,
  type OnePassOptions,
  startEstimators,
  tokenEstimator,
  tokenTrace,
} from "./index.ts";

const V = 12;
const K = 5;

const softmax = (logits: number[]): number[] => {
  const highest = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - highest));
  const sum = weights.reduce((total, each) => total + each, 0);
  return weights.map((each) => each / sum);
};

/** A token with all that can be known of it. */
function full(p: number[], written: number, k = K): TokenRecord {
  const order = p.map((_, id) => id).toSorted((a, b) => p[b]! - p[a]!);
  return {
    text: `t${written}`,
    id: written,
    logprob: Math.log(p[written]!),
    entropy: entropy(p),
    shape: distributionShape(p),
    alternatives: order.slice(0, k).map((id) => ({ text: `t${id}`, id, logprob: Math.log(p[id]!) })),
  };
}

const logits = fc.array(fc.double({ min: -6, max: 6, noNaN: true }), { minLength: V, maxLength: V });
const answer = fc.array(fc.tuple(logits, fc.nat(V - 1)), { minLength: 1, maxLength: 40 });
type Answer = [logits: number[], written: number][];

const distributions = (tokens: Answer): number[][] => tokens.map(([logits]) => softmax(logits));
const records = (tokens: Answer, k = K): TokenRecord[] =>
  tokens.map(([logits, written]) => full(softmax(logits), written, k));

const mean = (values: number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
const sum = (values: number[]): number => values.reduce((total, each) => total + each, 0);
const windowsOf = (values: number[], window: number): number[][] =>
  values.length < window ? [values] : values.slice(window - 1).map((_, i) => values.slice(i, i + window));

/** Every method but CCP, from the formula in its docstring. */
function slowly(tokens: Answer, window: number): Record<string, number> {
  const all = distributions(tokens);
  const nll = tokens.map(([, written], i) => -Math.log(all[i]![written]!));
  const top = all.map((p) => p.toSorted((a, b) => b - a).slice(0, K));
  const H = all.map((p) => -sum(p.map((each) => each * Math.log(each))));
  const Hk = top.map((p) => {
    const q = p.map((each) => each / sum(p));
    return -sum(q.map((each) => each * Math.log(each))) / Math.log(K);
  });
  const C = top.map((p) => -mean(p.map(Math.log)));
  const means = windowsOf(C, window).map(mean);
  const lowest = means.toSorted((a, b) => a - b).slice(0, Math.max(1, Math.floor(means.length / 10)));
  return {
    "sequence-logprob": sum(nll),
    "mean-nll": mean(nll),
    perplexity: Math.exp(mean(nll)),
    "min-probability": 1 - Math.min(...nll.map((each) => Math.exp(-each))),
    "max-token-nll": Math.max(...nll),
    "mean-token-entropy": mean(H),
    "max-token-entropy": Math.max(...H),
    "renyi-entropy": mean(all.map((p) => Math.log(sum(p.map(Math.sqrt)) ** 2))),
    "fisher-rao": mean(
      all.map((p) => 1 - (2 / Math.PI) * Math.acos(Math.min(1, sum(p.map((each) => Math.sqrt(each / V)))))),
    ),
    "self-certainty": -mean(all.map((p) => sum(p.map((each) => (1 / V) * Math.log(1 / V / each))))),
    margin: 1 - mean(top.map(([first, second]) => first! - second!)),
    "mean-top-k-entropy": mean(Hk),
    "max-top-k-entropy": Math.max(...Hk),
    "deepconf-mean": -mean(C),
    "deepconf-lowest-group": -Math.min(...means),
    "deepconf-tail": -mean(C.slice(-window)),
    "deepconf-bottom-10": -mean(lowest),
  };
}

const byName = (estimates: Estimate[]): Record<string, number | null> =>
  Object.fromEntries(estimates.map(({ method, uncertainty }) => [method, uncertainty]));

const CLOSE = 1e-9;
/** arccos(1 - ε) is √(2ε): near the uniform distribution half of the digits are left. */
const closeTo = (name: string): number => (name === "fisher-rao" ? 1e-7 : CLOSE);

describe("methods of one pass", () => {
  it("are their formulas", () => {
    fc.assert(
      fc.property(answer, fc.integer({ min: 1, max: 12 }), (tokens, window) => {
        const found = byName(estimateTokens(records(tokens), { window }));
        const { "claim-conditioned-probability": ccp, ...rest } = found;
        const expected = slowly(tokens, window);
        expect(ccp).toBeNull();
        expect(Object.keys(rest)).toEqual(Object.keys(expected));
        for (const [name, value] of Object.entries(expected))
          expect(Math.abs(rest[name]! - value), `${name}: ${rest[name]} for ${value}`).toBeLessThan(
            closeTo(name) * (1 + Math.abs(value)),
          );
      }),
    );
  });

  it("stream as they are computed at once, to 1e-12, whatever was asked in between", () => {
    fc.assert(
      fc.property(answer, fc.array(fc.nat(40)), fc.integer({ min: 1, max: 12 }), (tokens, asked, window) => {
        const options: OnePassOptions = { window, entailment: () => "contradiction" };
        const running = startEstimators(undefined, options);
        const single = ONE_PASS_METHODS.map(({ method }) => tokenEstimator(method, options).start());
        const list = records(tokens);
        for (const [i, record] of list.entries()) {
          running.observe(record);
          for (const each of single) each.observe(record);
          if (!asked.includes(i)) continue;
          const now = byName(running.estimates());
          for (const [name, value] of Object.entries(byName(estimateTokens(list.slice(0, i + 1), options))))
            expect(Math.abs(now[name]! - value!), name).toBeLessThanOrEqual(1e-12 * Math.abs(value!));
        }
        const atOnce = estimateTokens(list, options);
        expect(running.estimates()).toEqual(atOnce);
        expect(single.map((each) => each.estimate())).toEqual(atOnce);
      }),
    );
  });

  it("say a uniform distribution is less certain than a peaked one, all of them", () => {
    const uniform = new Array<number>(V).fill(1 / V);
    const peaked = uniform.map((_, i) => (i === 0 ? 1 - 0.01 * (V - 1) : 0.01));
    const of = (p: number[]) =>
      byName(estimateTokens([full(p, 0), full(p, 0), full(p, 0)], { entailment: () => "contradiction" }));
    const [uncertain, certain] = [of(uniform), of(peaked)];
    for (const { method } of ONE_PASS_METHODS)
      expect(uncertain[method], method).toBeGreaterThan(certain[method]!);
  });

  it("sharpening the distributions never raises an uncertainty that is a property of the distribution", () => {
    // Not DeepConf's with k < V: it may sharpen the choices against each other. With all of them it is -KL(uniform ‖ p) - ln V.
    const shapes = [
      "mean-token-entropy",
      "max-token-entropy",
      "renyi-entropy",
      "fisher-rao",
      "self-certainty",
      "margin",
      "mean-top-k-entropy",
      "max-top-k-entropy",
      "deepconf-mean",
      "deepconf-lowest-group",
      "deepconf-tail",
      "deepconf-bottom-10",
    ];
    fc.assert(
      fc.property(answer, fc.double({ min: 1, max: 4, noNaN: true }), (tokens, sharper) => {
        const sharp: Answer = tokens.map(([logits, written]) => [
          logits.map((each) => each * sharper),
          written,
        ]);
        const of = (list: Answer) => byName(estimateTokens(records(list, V), { methods: shapes, window: 4 }));
        const [before, after] = [of(tokens), of(sharp)];
        for (const name of shapes)
          expect(after[name]!, name).toBeLessThanOrEqual(before[name]! + closeTo(name));
      }),
    );
  });

  it("do not change with the order of the tokens, but for windows", () => {
    fc.assert(
      fc.property(answer, (tokens) => {
        const names = ONE_PASS_METHODS.map(({ method }) => method).filter(
          (name) => !/deepconf-[^m]/.test(name),
        );
        const options = { methods: names, entailment: () => "contradiction" as const };
        const forwards = byName(estimateTokens(records(tokens), options));
        const backwards = byName(estimateTokens(records(tokens).toReversed(), options));
        for (const name of names)
          expect(Math.abs(forwards[name]! - backwards[name]!), name).toBeLessThan(
            CLOSE * (1 + Math.abs(forwards[name]!)),
          );
      }),
    );
  });

  it("an answer twice over is as uncertain in the mean, twice in the sum", () => {
    fc.assert(
      fc.property(answer, (tokens) => {
        const once = byName(estimateTokens(records(tokens)));
        const twice = byName(estimateTokens(records([...tokens, ...tokens])));
        for (const name of [
          "mean-nll",
          "perplexity",
          "mean-token-entropy",
          "renyi-entropy",
          "self-certainty",
          "margin",
          "max-token-nll",
        ])
          expect(twice[name]!).toBeCloseTo(once[name]!, 9);
        expect(twice["sequence-logprob"]!).toBeCloseTo(2 * once["sequence-logprob"]!, 8);
      }),
    );
  });
});

describe("from alternatives alone", () => {
  const bare = ({ text, id, logprob, alternatives }: TokenRecord): TokenRecord => ({
    text,
    id,
    logprob,
    alternatives,
  });

  it("intervals hold the exact number, and narrow with k", () => {
    const names = ["mean-token-entropy", "max-token-entropy", "renyi-entropy", "fisher-rao"];
    fc.assert(
      fc.property(answer, (tokens) => {
        const exact = byName(estimateTokens(records(tokens), { methods: names }));
        let before = new Map<string, number>();
        for (const k of [1, 2, 5, V - 1]) {
          const widths = new Map<string, number>();
          for (const { method, uncertainty, interval, reason } of estimateTokens(
            records(tokens, k).map(bare),
            { methods: names, vocabularySize: V },
          )) {
            const { low, high } = interval ?? { low: uncertainty!, high: uncertainty! };
            expect(low, method).toBeLessThanOrEqual(exact[method]! + closeTo(method));
            expect(high!, method).toBeGreaterThanOrEqual(exact[method]! - closeTo(method));
            if (interval) expect(reason).toMatch(/only the most probable choices are known: it lies between/);
            widths.set(method, high! - low);
            expect(high! - low).toBeLessThanOrEqual((before.get(method) ?? Infinity) + closeTo(method));
          }
          before = widths;
        }
      }),
    );
  });

  it("the interval of an entropy is core's", () => {
    fc.assert(
      fc.property(answer, (tokens) => {
        const list = records(tokens).map(bare);
        const bounds = list.map(({ alternatives }) =>
          entropyInterval(
            alternatives!.map(({ logprob }) => logprob),
            V,
          ),
        );
        const [found] = estimateTokens(list, { methods: ["mean-token-entropy"], vocabularySize: V });
        const { low, high } = found!.interval ?? { low: found!.uncertainty!, high: found!.uncertainty! };
        expect(low).toBeCloseTo(mean(bounds.map(({ low }) => low)), 10);
        expect(high).toBeCloseTo(mean(bounds.map(({ high }) => high!)), 10);
        const trace = tokenTrace(list, { vocabularySize: V });
        expect(trace.map(({ nll }) => nll)).toEqual(list.map(({ logprob }) => 0 - logprob!));
      }),
    );
  });

  it("without a vocabulary size there is no upper bound, and a Fisher-Rao distance is none", () => {
    const list = [bare(full(softmax([3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 0))];
    const [H, R, F, S] = estimateTokens(list, {
      methods: ["mean-token-entropy", "renyi-entropy", "fisher-rao", "self-certainty"],
    });
    expect(H).toMatchObject({ uncertainty: null, interval: { low: expect.any(Number), high: null } });
    expect(H!.reason).toMatch(/at least .*vocabularySize gives an upper bound/);
    expect(R!.interval!.high).toBeNull();
    expect(F).toMatchObject({
      uncertainty: null,
      reason: expect.stringMatching(/depends on vocabularySize/),
    });
    expect(S).toMatchObject({ uncertainty: null, reason: expect.stringMatching(/no lower bound/) });
  });
});
