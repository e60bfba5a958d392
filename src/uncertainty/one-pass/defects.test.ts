/** Defects that other libraries had, or have, in numbers of one pass: each by its name, with the right value. */
import { describe, expect, it } from "vitest";
import { distributionShape, entropy, type TokenRecord } from "../../core/index.ts";
import { estimateTokens, tokenTrace } from "./index.ts";

const V = 1000;
const uniform = new Array<number>(V).fill(1 / V);
const peaked = uniform.map((_, i) => (i === 0 ? 0.9 : 0.1 / (V - 1)));
const whole = (p: number[]): TokenRecord => ({
  text: "a",
  logprob: Math.log(p[0]!),
  entropy: entropy(p),
  shape: distributionShape(p),
});
const listed = (logprobs: number[], texts = logprobs.map((_, i) => `t${i}`)): TokenRecord => ({
  text: texts[0]!,
  logprob: logprobs[0]!,
  alternatives: logprobs.map((logprob, i) => ({ text: texts[i]!, logprob })),
});
const of = (method: string, records: TokenRecord[], options = {}) =>
  estimateTokens(records, { methods: [method], ...options })[0]!;

describe("LM-Polygraph", () => {
  it.each(["FisherRao", "RenyiNeg"])(
    "%s grows with certainty although it is called an uncertainty (#459, #462, #465)",
    (name) => {
      const [flat, sharp] = [uniform, peaked].map((p) => of(`lm-polygraph/${name}`, [whole(p)]));
      expect(flat!.peer!.value).toBeLessThan(sharp!.peer!.value!); // theirs: the uniform distribution is the least
      expect(flat!.peer!.higher).toBe("more uncertain"); // so it says
      expect(flat!.uncertainty).toBeGreaterThan(sharp!.uncertainty!);
      const own = name === "FisherRao" ? "fisher-rao" : "renyi-entropy";
      expect(of(own, [whole(uniform)]).uncertainty).toBeGreaterThan(of(own, [whole(peaked)]).uncertainty!);
    },
  );

  it("RenyiNeg is -2 ln V at the uniform distribution, where a divergence from it is 0 (#459); a Rényi entropy is ln V", () => {
    expect(of("lm-polygraph/RenyiNeg", [whole(uniform)]).peer!.value).toBeCloseTo(-2 * Math.log(V), 10);
    expect(of("renyi-entropy", [whole(uniform)]).uncertainty).toBeCloseTo(Math.log(V), 10);
    expect(of("fisher-rao", [whole(uniform)]).uncertainty).toBeCloseTo(1, 6);
  });

  it("places listed tokens by a hash of their text, so that they collide: here a token is itself, whatever its text", () => {
    // One text for two tokens, as where several are U+FFFD: two choices, not one that hides the other.
    const record = listed([-0.7, -1.2], ["\uFFFD", "\uFFFD"]);
    expect(of("mean-top-k-entropy", [record]).uncertainty).toBeGreaterThan(0.9);
    expect(of("margin", [record]).confidence).toBeCloseTo(Math.exp(-0.7) - Math.exp(-1.2), 12);
  });

  it("takes the entropy of five listed tokens for that of all: here an interval, which holds the true one", () => {
    const weights = uniform.map((_, i) => 0.9 ** i);
    const p = weights.map((weight) => weight / weights.reduce((sum, each) => sum + each));
    const record = listed(p.slice(0, 5).map(Math.log));
    const theirs = of("lm-polygraph/MeanTokenEntropy", [record]).peer!.value!;
    const ours = of("mean-token-entropy", [record], { vocabularySize: V });
    const exact = entropy(p);
    expect(theirs).toBeLessThan(0.4 * exact);
    expect(ours.uncertainty).toBeNull();
    expect(ours.interval!.low).toBeGreaterThan(theirs);
    expect(ours.interval!.low).toBeLessThan(exact);
    expect(ours.interval!.high).toBeGreaterThan(exact);
  });

  it("takes ln 5 for ln V in the self-certainty of listed tokens: here there is none", () => {
    const record = listed(peaked.slice(0, 5).map(Math.log));
    expect(of("lm-polygraph/SelfCertainty", [record]).peer!.value).not.toBeNull();
    expect(of("self-certainty", [record])).toMatchObject({ uncertainty: null, reason: expect.any(String) });
  });

  it("drops the last token of every answer, also from APIs that give no end of text: here it counts", () => {
    const records = [listed([-0.1, -3]), listed([-5, -0.2])]; // the last one is the unsure one
    expect(tokenTrace(records).map(({ nll }) => nll)).toEqual([0.1, 5]);
    expect(of("max-token-nll", records).uncertainty).toBe(5);
  });

  it("had the mean over the vocabulary for an entropy (#195): it is the sum", () => {
    expect(of("mean-token-entropy", [whole(uniform)]).uncertainty).toBeCloseTo(Math.log(V), 10);
  });

  it("calls the mean negative log-likelihood Perplexity", () => {
    const records = [listed([-1, -2]), listed([-2, -3])];
    expect(of("lm-polygraph/Perplexity", records).peer!.value).toBe(1.5);
    expect(of("perplexity", records).uncertainty).toBeCloseTo(Math.exp(1.5), 12);
  });
});

describe("uqlm", () => {
  it("passes over tokens with fewer choices than asked for, and is sure of an answer by the rest of it", () => {
    const sure = listed([-0.01, -6, -7]);
    const unsure = listed([-0.7, -0.75]); // the server gave two of three
    const theirs = of("uqlm/mean_token_negentropy", [sure, unsure], { topK: 3 });
    expect(theirs.peer!.value).toBeGreaterThan(0.9);
    const ours = of("mean-top-k-entropy", [sure, unsure], { topK: 3 });
    expect(ours.uncertainty).toBeGreaterThan(0.5);
    expect(ours.reason).toMatch(/2 to 3 choices/);
  });

  it("has NaN where all lists are short: null, and the reason", () => {
    const theirs = of("uqlm/min_token_negentropy", [listed([-0.1, -3])]);
    expect(theirs).toMatchObject({
      uncertainty: null,
      peer: { value: null },
      reason: "uqlm 0.6.7 has NaN here.",
    });
  });

  it("calls a geometric mean the probability of the sequence", () => {
    const records = [listed([-1, -2]), listed([-3, -0.1])];
    expect(of("uqlm/sequence_probability", records).peer!.value).toBeCloseTo(Math.exp(-2), 12);
    expect(of("sequence-logprob", records).confidence).toBeCloseTo(Math.exp(-4), 12);
  });
});

describe("DeepConf", () => {
  it("averages whatever the server gave, k choices or k and the written one: here exactly the first k", () => {
    const appended = listed([-0.5, -1.5]);
    appended.alternatives!.push({ text: "z", logprob: -9 }); // the written token, far from the top
    expect(of("deepconf/mean", [appended]).peer!.value).toBe(3.667);
    expect(of("deepconf-mean", [appended], { topK: 2 }).uncertainty).toBe(-1);
  });

  it("rounds to three digits, so that nearly sure tokens are all 0: here they differ", () => {
    const [a, b] = [[listed([-1e-5])], [listed([-4e-4])]];
    expect(of("deepconf/mean", a).peer!.value).toBe(of("deepconf/mean", b).peer!.value);
    expect(of("deepconf-mean", a).uncertainty).not.toBe(of("deepconf-mean", b).uncertainty);
  });

  it("has a window that short answers never fill, silently: the reason says so", () => {
    expect(of("deepconf-lowest-group", [listed([-1, -2])], { window: 2048 }).reason).toMatch(
      /shorter than the window of 2048 tokens: its 1 token is the one window/,
    );
  });
});

describe("pages that show log-probabilities", () => {
  it("LogProbsVisualizer turns a missing number into 0, which is certainty: here it is missing", () => {
    const records: TokenRecord[] = [{ text: "a", logprob: null }, listed([-2, -0.2])];
    expect(of("mean-nll", records).uncertainty).toBe(2);
    expect(tokenTrace(records)[0]!.nll).toBeNull();
  });
});
