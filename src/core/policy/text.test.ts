/** Policies as texts and as data: both ways, and what is none. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { high, policies, tokensOf } from "../../../test/policy-cases.ts";
import { decidePolicy, describePolicy, type Policy, parsePolicy, policy, watchPolicy } from "./index.ts";

describe("the text form", () => {
  it("comes back as the policy it was written from", () => {
    fc.assert(
      fc.property(policies, (written) => {
        expect(parsePolicy(describePolicy(written))).toEqual(written);
      }),
      { numRuns: 2000 },
    );
  });

  it.each<[string, Policy]>([
    ["window>80 after 20", policy.after(20, high)],
    ["Window > 80 AFTER 20 tokens", policy.after(20, high)],
    ["perplexity>100 or repetition", policy.any(policy.perplexityAbove(100), policy.repetition())],
    ["spike>8", policy.spikeAbove(8)],
    ["confidence<5.5", policy.confidenceBelow(5.5)],
    ["entropy<.5 for 3", policy.lasting(3, policy.entropyBelow(0.5))],
    ["tokens>=1e3 or bits>=2.5e2", policy.budget({ tokens: 1000, bits: 250 })],
    [
      "average>9 and window>80 or spike>4",
      policy.any(policy.all(policy.averageAbove(9), high), policy.spikeAbove(4)),
    ],
    [
      "average>9 and (window>80 or spike>4)",
      policy.all(policy.averageAbove(9), policy.any(high, policy.spikeAbove(4))),
    ],
    [
      "window>80 until window<40 for 5",
      policy.hysteresis(high, policy.lasting(5, policy.compare("window", "<", 40))),
    ],
    ["not window>80 after 20", policy.not(policy.after(20, high))],
    ["repetition(40) after 2 for 3", policy.lasting(3, policy.after(2, policy.repetition(40)))],
  ])("reads %s", (text, expected) => {
    expect(parsePolicy(text)).toEqual(expected);
  });

  it.each([
    ["", 1, "the end"],
    ["   ", 4, "the end"],
    ["ppl>3", 1, '"ppl"'],
    ["perplexity", 11, "the end"],
    ["perplexity=3", 11, '"="'],
    ["window>", 8, "the end"],
    ["window>x", 8, '"x"'],
    ["window>-5", 8, '"-"'],
    ["window>80 80", 11, '"80"'],
    ["window>80 after", 16, "the end"],
    ["window>80 after soon", 17, '"soon"'],
    ["window>80 or or spike>3", 14, '"or"'],
    ["(window>80", 11, "the end"],
    ["window>80)", 10, '")"'],
    ["repetition(", 12, "the end"],
    ["repetition(3", 13, "the end"],
    ["window>80 until window<40 until spike>3", 27, '"until"'],
    ["window>80 😀", 11, '"😀"'],
  ])("names the place of the fault in %j", (text, place, found) => {
    expect(() => parsePolicy(text)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        where: `character ${place} of the policy`,
        what: expect.stringMatching(
          new RegExp(`^Expected .*, found ${found.replace(/[()]/g, "\\$&")}$`, "u"),
        ),
      }),
    );
  });

  it.each([
    ["window>80 after 0", 17],
    ["window>80 for 1.5", 15],
    ["spike>1e999", 7],
    ["(repetition(1))", 13],
  ])("names the place of the number that is not allowed in %s", (text, place) => {
    expect(() => parsePolicy(text)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where: `character ${place} of the policy` }),
    );
  });

  it("ends on any input with a policy or an INVALID_ARGUMENT", () => {
    const words = fc.constantFrom(
      ..."window > >= 80 after for until and or not ( ) repetition spike .5 1e3 é".split(" "),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(words).map((list) => list.join(" ")),
          fc.string(),
        ),
        (text) => {
          try {
            parsePolicy(text);
          } catch (error) {
            expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
          }
        },
      ),
    );
    expect(() => parsePolicy("(".repeat(100_000))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

describe("what is no policy", () => {
  const itself: Record<string, unknown> = { kind: "not" };
  itself.policy = itself;
  const [reading] = tokensOf(90);

  it.each<[unknown, string]>([
    [{}, "policy"],
    [null, "policy"],
    [5, "policy"],
    [[], "policy"],
    [{ kind: "toString" }, "policy"],
    [{ kind: "compare" }, "measure of policy"],
    [{ kind: "compare", measure: "window", relation: "=", bound: 5 }, "relation of policy"],
    [{ kind: "compare", measure: "window", relation: ">", bound: "5" }, "bound of policy"],
    [{ kind: "repetition" }, "tokens of policy"],
    [{ kind: "any", policies: [] }, "any of policy"],
    [{ kind: "all", policies: "x" }, "policy.policies"],
    [{ kind: "all", policies: [high, {}] }, "policy.policies[1]"],
    [{ kind: "not" }, "policy.policy"],
    [{ kind: "after", policy: high }, "tokens of policy"],
    [{ kind: "lasting", tokens: 0.5, policy: high }, "tokens of policy"],
    [{ kind: "hysteresis", enter: high }, "policy.leave"],
    [itself, "policy.policy"],
  ])("is refused: %o, at %s", (wrong, where) => {
    for (const use of [describePolicy, watchPolicy, (policy: Policy) => decidePolicy(policy, reading!)])
      expect(() => use(wrong as Policy)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT", where: expect.stringContaining(where) }),
      );
  });

  it("is refused as a text", () => {
    for (const wrong of [undefined, null, 5, {}, ""])
      expect(() => parsePolicy(wrong as string)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
  });
});
