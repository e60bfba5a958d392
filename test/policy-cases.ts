/** Policies and readings at random, and what a policy decides on them. */
import fc from "fast-check";
import {
  type MeterOptions,
  type MeterReading,
  PerplexityMeter,
  TOKEN_PARTS,
  type TokenPart,
  type TokenRecord,
} from "../src/core/index.ts";
import { decidePolicy, type Policy, type PolicyMemory, policy } from "../src/core/policy/index.ts";

export const MEASURES = [
  "perplexity",
  "window",
  "average",
  "confidence",
  "entropy",
  "spike",
  "tokens",
  "bits",
] as const;

export const parts: fc.Arbitrary<TokenPart | undefined> = fc.option(fc.constantFrom(...TOKEN_PARTS), {
  nil: undefined,
});

/** Comparisons over lengths and parts of their own. */
const scoped = fc
  .record({
    measure: fc.constantFrom("window", "entropy", "confidence", "average" as const),
    relation: fc.constantFrom(">", ">=", "<", "<=" as const),
    bound: fc.nat(50),
    length: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    partial: fc.constantFrom(undefined, true as const),
    part: parts,
  })
  .map(({ measure, relation, bound, length, partial, part }) =>
    policy.compare(measure, relation as ">", bound, {
      length,
      partial: measure === "average" ? undefined : partial,
      part,
    }),
  );

const comparisons = fc
  .tuple(
    fc.constantFrom(...MEASURES),
    fc.constantFrom(">", ">=", "<", "<=" as const),
    fc.oneof(fc.nat(200), fc.double({ min: 0, max: 1e30, noNaN: true })),
    parts,
  )
  .map(([measure, relation, bound, part]) => policy.compare(measure, relation as ">", bound, { part }));

export const policies: fc.Arbitrary<Policy> = fc.letrec<{ policy: Policy }>((tie) => ({
  policy: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    comparisons,
    scoped,
    fc
      .tuple(fc.integer({ min: 2, max: 40 }), parts)
      .map(([tokens, part]) => policy.repetition(tokens, { part })),
    fc.array(tie("policy"), { minLength: 1, maxLength: 3 }).map((parts) => policy.any(...parts)),
    fc.array(tie("policy"), { minLength: 1, maxLength: 3 }).map((parts) => policy.all(...parts)),
    tie("policy").map(policy.not),
    fc.tuple(fc.integer({ min: 1, max: 30 }), tie("policy")).map(([n, part]) => policy.after(n, part)),
    fc.tuple(fc.integer({ min: 1, max: 30 }), tie("policy")).map(([n, part]) => policy.lasting(n, part)),
    fc.tuple(tie("policy"), tie("policy")).map(([enter, leave]) => policy.hysteresis(enter, leave)),
  ),
})).policy;

export const records: fc.Arbitrary<TokenRecord> = fc.record(
  {
    text: fc.constantFrom("a", "b", ""),
    logprob: fc.oneof(
      fc.nat(800).map((hundredths) => 0 - hundredths / 100),
      fc.constantFrom(null, Number.NEGATIVE_INFINITY, -0.01),
    ),
    entropy: fc.constantFrom(0.1, 2, { low: 0.5, high: 1.5 }, { low: 0.5, high: null }),
    alternatives: fc.constantFrom(
      [],
      [0.7, 0.2].map((p, id) => ({ text: "", id, logprob: Math.log(p) })),
    ),
    part: fc.constantFrom<TokenPart>("answer", "reasoning"),
  },
  { requiredKeys: ["text", "logprob"] },
);

export const SMALL: MeterOptions = { windowLength: 3, groupLength: 2, spikeHistory: 5, spikeWarmUp: 2 };

/** A reading after each token. */
export function readings(stream: readonly TokenRecord[], options: MeterOptions = SMALL): MeterReading[] {
  const meter = new PerplexityMeter(options);
  return stream.map((record) => {
    meter.push(record);
    return meter.read();
  });
}

/** Whether the policy holds, and why, after each token. */
export function decisions(
  watched: Policy,
  list: readonly MeterReading[],
): { holds: boolean | null; because: string }[] {
  let memory: PolicyMemory = null;
  return list.map((reading) => {
    const { holds, because, memory: next } = decidePolicy(watched, reading, memory);
    memory = next;
    return { holds, because };
  });
}

export const holdsAt = (watched: Policy, list: readonly MeterReading[]): (boolean | null)[] =>
  decisions(watched, list).map(({ holds }) => holds);

/** Tokens with these perplexities, one window of one token each, so that "window" is the last token's. */
export const tokensOf = (...perplexities: (number | null)[]): MeterReading[] =>
  readings(
    perplexities.map((ppl) => ({ text: "x", logprob: ppl === null ? null : -Math.log(ppl) })),
    { windowLength: 1 },
  );

export const high: Policy = policy.windowAbove(80);
