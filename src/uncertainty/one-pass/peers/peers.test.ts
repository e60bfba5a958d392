/**
 * Numbers of other libraries, recorded from their own code: LM-Polygraph 0.7.0, uqlm 0.6.7, DeepConf 0.1.0, TruthTorchLM 0.1.19
 * (tools/peers/record_confidence.py has the command).
 */
import { describe, expect, it } from "vitest";
import { distributionShape, entropy, type TokenRecord } from "../../../core/index.ts";
import fixture from "../fixtures/peers.json" with { type: "json" };
import { estimateTokens, type JudgeEntailment, PEER_SCORES, tokenTrace } from "../index.ts";
import { roundToThousandth } from "./deepconf.ts";

type Listed = [text: string, logprob: number, choices: [text: string, logprob: number][]];

/** Tokens of which the whole distributions are known. */
const whole = ({ rows, chosen }: { rows: (number | null)[][]; chosen: number[] }): TokenRecord[] =>
  rows.map((row, i) => {
    const logprobs = row.map((logprob) => logprob ?? -Infinity);
    return {
      text: `t${chosen[i]}`,
      logprob: logprobs[chosen[i]!]!,
      entropy: entropy(logprobs, "logprobs"),
      shape: distributionShape(logprobs, "logprobs"),
    };
  });

const listed = (tokens: Listed[]): TokenRecord[] =>
  tokens.map(([text, logprob, choices]) => ({
    text,
    logprob,
    alternatives: choices.map(([text, logprob]) => ({ text, logprob })),
  }));

/** Their numbers, `null` as NaN. */
const scores = (records: TokenRecord[], names: string[], options = {}) =>
  Object.fromEntries(
    estimateTokens(records, { methods: names, ...options }).map(({ method, peer }) => [method, peer?.value]),
  );

function expectEqual(
  found: Record<string, number | null | undefined>,
  recorded: Record<string, number | null>,
) {
  expect(Object.keys(found).toSorted()).toEqual(Object.keys(recorded).toSorted());
  for (const [name, value] of Object.entries(recorded))
    if (value === null) expect(found[name], name).toBeNull();
    else expect(found[name], name).toBeCloseTo(value, 8);
}

describe("numbers of other libraries", () => {
  it.each(fixture.whole)("LM-Polygraph, whole distributions: $name", ({ scores: recorded, ...answer }) => {
    const named = Object.fromEntries(
      Object.entries(recorded).map(([name, value]) => [`lm-polygraph/${name}`, value]),
    );
    expectEqual(scores(whole(answer), Object.keys(named)), named);
  });

  it.each(fixture.listed)(
    "all of them, listed choices: $name",
    ({ tokens, window, topK, scores: recorded }) => {
      const names = Object.keys(recorded);
      expectEqual(scores(listed(tokens as Listed[]), names, { window, topK }), recorded);
    },
  );

  it("LM-Polygraph's CCP", () => {
    const { alternatives, verdicts, CCP } = fixture.claims;
    const said = new Map(verdicts.map(([a, b, verdict]) => [`${a}>${b}`, verdict]));
    const entailment: JudgeEntailment = (premise, hypothesis) => {
      const verdict = said.get(`${premise}>${hypothesis}`);
      return verdict === "entail" ? "entailment" : verdict === "contra" ? "contradiction" : "neutral";
    };
    const records = alternatives.map((choices) => ({
      text: String(choices[0]![0]),
      logprob: Number(choices[0]![1]),
      alternatives: choices.map(([text, logprob]) => ({ text: String(text), logprob: Number(logprob) })),
    }));
    const [theirs, ours] = estimateTokens(records, {
      methods: ["lm-polygraph/CCP", "claim-conditioned-probability"],
      entailment,
    });
    expect(theirs!.peer!.value).toBeCloseTo(CCP, 12);
    expect(ours!.uncertainty).toBeCloseTo(1 + CCP, 12);
  });

  it("every one has been recorded", () => {
    const recorded = new Set([
      ...fixture.whole.flatMap(({ scores }) => Object.keys(scores).map((name) => `lm-polygraph/${name}`)),
      ...fixture.listed.flatMap(({ scores }) => Object.keys(scores)),
      "lm-polygraph/CCP",
    ]);
    expect(PEER_SCORES.map(({ method }) => method).filter((method) => !recorded.has(method))).toEqual([]);
  });

  it.each(fixture.whole)(
    "LM-Polygraph's numbers per token leave the last one out: $name",
    ({ tokens, ...answer }) => {
      const trace = tokenTrace(whole(answer));
      expect(trace).toHaveLength(answer.chosen.length); // not so here: no source gives the end-of-text token as a record
      const all = trace.slice(0, -1);
      for (const [i, nll] of tokens.MaximumTokenProbability.entries())
        expect(all[i]!.nll).toBeCloseTo(nll, 10);
      for (const [i, each] of tokens.TokenEntropy.entries()) expect(all[i]!.entropy).toBeCloseTo(each, 10);
      expect(all).toHaveLength(tokens.TokenEntropy.length);
    },
  );
});

/** python3 -c "print([round(x, 3) for x in (...)])" */
describe("Python's round(x, 3)", () => {
  it.each([
    [0.0625, 0.062],
    [0.1875, 0.188],
    [2.3125, 2.312],
    [2.6745, 2.675],
    [2.2245, 2.224],
    [1.0005, 1],
    [-0.0625, -0.062],
    [-0.1875, -0.188],
    [12.3456, 12.346],
  ])("of %d is %d", (x, rounded) => expect(roundToThousandth(x)).toBe(rounded));
});
