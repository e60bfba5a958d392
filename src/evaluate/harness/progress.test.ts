/** Time left, against work whose speed is known: a clock of our own moves by what each byte of each model takes. */
import { describe, expect, it } from "vitest";
import type { DocumentEntry, RunCorpus } from "../runs/index.ts";
import { ProgressEstimate } from "./progress.ts";

const corpus = (bytes: number): RunCorpus => ({
  name: "text",
  source: "text",
  domain: null,
  rule: { name: "text", source: null },
  documents: 1,
  bytes,
  sha256: "",
});

/** A record in which so many bytes are done, by model and corpus. */
const record = (done: readonly (readonly number[])[] = []) => ({
  corpus: (model: number, at: number) => ({
    documents: done[model]?.[at]
      ? [{ sums: null, size: { bytes: done[model][at] } } as unknown as DocumentEntry]
      : [],
  }),
});

function estimate(
  parameters: (number | null)[],
  corpora: RunCorpus[],
  done?: readonly (readonly number[])[],
) {
  const clock = { ms: 1000 };
  const made = new ProgressEstimate(parameters, corpora, record(done) as never, () => clock.ms);
  return { made, clock };
}

describe("time left", () => {
  it("is by the speed of the model at work, not by the average of those before", () => {
    const { made, clock } = estimate([1, 10], [corpus(1000)]);
    made.modelBegins(0, 1);
    clock.ms += 500; // 1 ms a byte
    const first = made.of({ modelIndex: 0, corpusIndex: 0 }, { bytes: 500, tokensRun: 100 });
    expect(first.modelRemainingMs).toBeCloseTo(500);
    expect(first.remainingMs).toBeCloseTo(500 + 10_000); // ten times the weights, a thousand bytes
    made.corpusEnds();
    clock.ms += 500;
    made.modelBegins(1, 10);
    clock.ms += 2000; // 20 ms a byte
    const second = made.of({ modelIndex: 1, corpusIndex: 0 }, { bytes: 100, tokensRun: 20 });
    expect(second.modelRemainingMs).toBeCloseTo(18_000);
    expect(second.remainingMs).toBeCloseTo(18_000);
    expect(second.tokensPerSecond).toBeCloseTo(10);
  });

  it("does not count what was done before as speed, in any model", () => {
    const { made, clock } = estimate([1, 1], [corpus(1000), corpus(1000)], [[900], [1000, 400]]);
    expect(made.doneBefore).toBeCloseTo(2300 / 4000);
    made.modelBegins(0, 1);
    clock.ms += 200;
    // 950 of the first corpus: 900 were there, 50 took 4 ms each.
    const left = made.of({ modelIndex: 0, corpusIndex: 0 }, { bytes: 950, tokensRun: 10 });
    expect(left.modelRemainingMs).toBeCloseTo(4 * (50 + 1000));
    expect(left.remainingMs).toBeCloseTo(4 * (50 + 1000 + 600));
  });

  it("is not guessed for a model to come that does not say its size, nor before anything is done", () => {
    const { made, clock } = estimate([7, null], [corpus(1000)]);
    made.modelBegins(0, 7);
    clock.ms += 10;
    expect(made.of({ modelIndex: 0, corpusIndex: 0 }, { bytes: 0, tokensRun: 0 }).modelRemainingMs).toBe(
      null,
    );
    clock.ms += 90;
    const left = made.of({ modelIndex: 0, corpusIndex: 0 }, { bytes: 100, tokensRun: 5 });
    expect([left.modelRemainingMs, left.remainingMs]).toEqual([900, null]);
  });
});
