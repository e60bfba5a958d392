/** Policies that cannot be meant. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holdsAt, policies, readings, records, SMALL } from "../../../test/policy-cases.ts";
import { describePolicy, parsePolicy, policyProblems, watchPolicy } from "./index.ts";

describe("policyProblems", () => {
  const problems = (text: string, circumstances = {}) =>
    policyProblems(parsePolicy(text), circumstances).map(({ kind, what }) => `${kind}: ${what}`);

  it.each([
    "window(16)>80 after 20",
    "window(32, partial)>80 after 8",
    "window>80 after 40",
    "perplexity>100 or repetition",
    "perplexity>1 after 4",
    "window>80 until window<40",
    "confidence<8",
    "entropy>3 for 5",
    "spike>6",
    "tokens>=500 or bits>=1000",
    "tokens<5 and perplexity>9",
    "not perplexity>5",
    "window>80 and not window>90",
    "window>80 and not window(16)>80",
    "perplexity(answer)>9 and not perplexity(reasoning)>9",
    "window>10 and window<20",
    "tokens(reasoning)>=1 and perplexity(answer)>3",
  ])("finds none in %s", (text) => {
    expect(problems(text)).toEqual([]);
    expect(() => watchPolicy(text)).not.toThrow();
  });

  it.each([
    ["perplexity<1", "perplexity<1 can never hold: a perplexity is at least 1"],
    ["window(8)<=0.5", "window(8)<=0.5 can never hold: a perplexity is at least 1"],
    ["average<1 or repetition", "average<1 can never hold: a perplexity is at least 1"],
    ["confidence<0", "confidence<0 can never hold: group confidence is at least 0"],
    ["entropy<0", "entropy<0 can never hold: window entropy is at least 0"],
    ["bits<0", "bits<0 can never hold: bits is at least 0"],
    ["tokens<1", "tokens<1 can never hold: there is at least 1 token"],
    [
      "window>80 and window<40",
      "window>80 and window<40 can never hold: no value is on the right side of both bounds",
    ],
    [
      "window>80 and not window>80",
      "window>80 and not window>80 can never hold: one of its conditions denies another",
    ],
    [
      "not repetition(24) and bits>3 and repetition",
      "not repetition(24) and bits>3 and repetition(24) can never hold: one of its conditions denies another",
    ],
    [
      "window>80 and not window>=40",
      "window>80 and not window>=40 can never hold: no value is on the right side of both bounds",
    ],
    ["tokens<5 after 20", "tokens<5 after 20 can never hold: it holds until token 4 only"],
    ["tokens<5 for 9", "tokens<5 for 9 can never hold: it holds for no more than 4 tokens"],
    [
      "tokens<9 and window>80",
      "tokens<9 and window>80 can never hold: its conditions do not hold at the same tokens",
    ],
  ])("says that %s never holds, and nobody waits for it", (text, what) => {
    expect(problems(text)).toEqual([`never: ${what}`]);
    expect(() => watchPolicy(text)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", what }));
  });

  it.each([
    ["perplexity>=1", "always: perplexity>=1 always holds: a perplexity is at least 1"],
    [
      "window>80 or not window>80",
      "always: window>80 or not window>80 always holds: one of its conditions denies another",
    ],
    ["tokens>0", "always: tokens>0 always holds: there is at least 1 token"],
    ["bits>=0", "always: bits>=0 always holds: bits is at least 0"],
    ["window>80 after 20", 'idle: "after 20" changes nothing: window(32) has no value before token 32'],
    [
      "confidence(50)<9 after 10",
      'idle: "after 10" changes nothing: confidence(50) has no value before token 50',
    ],
    ["spike>6 after 9", 'idle: "after 9" changes nothing: spike has no value before token 17'],
  ])("says of %s what it does, and lets it", (text, what) => {
    expect(problems(text)).toEqual([what]);
    expect(() => watchPolicy(text)).not.toThrow();
  });

  it.each(["not perplexity>=1", "not tokens>=1"])("says of %s that it denies what always holds", (text) => {
    expect(problems(text).at(-1)).toBe(`never: ${text} can never hold: what it denies always holds`);
    expect(() => watchPolicy(text)).toThrow("never hold");
  });

  it("proposes what was meant", () => {
    const [problem] = policyProblems(parsePolicy("window>80 after 20"));
    expect(problem?.wayOut).toBe(
      'Write window(20)>80 after 20 for a shorter window, window(32, partial)>80 after 20 to begin before it is full, or leave "after 20" out.',
    );
  });

  it.each([
    ["window>80", { maxTokens: 20 }, /holds from token 32 at the earliest, and an answer has at most 20/],
    ["repetition", { maxTokens: 20 }, /from token 25/],
    ["perplexity>9 after 600", { maxTokens: 512 }, /from token 600/],
    ["confidence<5", { alternatives: 0 }, /the source gives none/],
    ["entropy>1", { alternatives: 0, distribution: false }, /the source gives none/],
    ["entropy<1", { alternatives: 5, distribution: false, vocabularySize: null }, /no upper bound is known/],
    ["entropy>8", { vocabularySize: 256 }, /between 0 and ln 256 = 5.55 nats/],
    ["confidence<1", { alternatives: 20 }, /over 20 alternatives it is at least ln 20 = 3 nats/],
    ["window>9 after 2", { meter: { windowLength: 4 } }, /window\(4\) has no value before token 4/],
  ])("knows of %s with %j", (text, circumstances, what) => {
    expect(problems(text)).not.toEqual([expect.stringMatching(what)]);
    expect(problems(text, circumstances).join()).toMatch(what);
  });

  it("is right: what never holds does not, over any stream", () => {
    fc.assert(
      fc.property(policies, fc.array(records, { maxLength: 25 }), (watched, stream) => {
        const whole = describePolicy(watched);
        const hopeless = policyProblems(watched, { meter: SMALL }).some(
          ({ kind, policy: text }) => kind === "never" && text === whole,
        );
        if (hopeless) expect(holdsAt(watched, readings(stream))).not.toContain(true);
      }),
      { numRuns: 1000 },
    );
  });
});
