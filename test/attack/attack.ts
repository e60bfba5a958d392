/**
 * An attack: hostile input made by the hundred, each trial with a verdict. `npm run test:attack` runs them all and prints
 * what was tried, held, refused, wrong and crashed; a trial that is wrong or crashed fails the run and can be tried again
 * alone by its seed (`npm run test:attack -- --only NAME --seed SEED`).
 */
import { appendFileSync } from "node:fs";
import { expect, it } from "vitest";

/**
 * held: it went on, and what it gave is right. refused: an error with a code that is not INTERNAL, nothing lost.
 * wrong: a number that is not right, given in silence; something written where it must not be; an error without a code.
 * crashed: the process died, hung beyond its limit, or grew beyond its bound.
 */
export type Verdict = "held" | "refused" | "wrong" | "crashed";

export interface Trial {
  readonly verdict: Verdict;
  /** What was tried and what came of it; printed where it is wrong or crashed. */
  readonly detail: string;
}

export interface AttackRun {
  /** Trials wanted. */
  readonly count: number;
  readonly seed: number;
}

export interface Attack {
  /** One word or two; what `--only` takes. */
  readonly name: string;
  /** Trials of the short run, together about five minutes for all attacks. */
  readonly short: number;
  /** Trials of the long run. */
  readonly long: number;
  /** Gives its trials as they are done. */
  trials(run: AttackRun): AsyncIterable<Trial>;
}

const HOUR = 3_600_000;
const SHOWN = 20;

/** Makes a test of an attack: it fails where a trial is wrong or crashed. */
export function attack({ name, short, long, trials }: Attack): void {
  const { ATTACK_LONG, ATTACK_ONLY, ATTACK_SEED, ATTACK_COUNT, ATTACK_RESULTS } = process.env;
  const isWanted = !ATTACK_ONLY || ATTACK_ONLY.split(",").includes(name);
  it.skipIf(!isWanted)(name, { timeout: 3 * HOUR }, async () => {
    const count = Number(ATTACK_COUNT || (ATTACK_LONG ? long : short));
    const seed = Number(ATTACK_SEED || 1);
    const tally: Record<Verdict, number> = { held: 0, refused: 0, wrong: 0, crashed: 0 };
    const bad: string[] = [];
    let tried = 0;
    for await (const { verdict, detail } of trials({ count, seed })) {
      tried++;
      tally[verdict]++;
      if (verdict === "wrong" || verdict === "crashed") bad.push(`${verdict}: ${detail}`);
    }
    if (ATTACK_RESULTS)
      appendFileSync(ATTACK_RESULTS, `${JSON.stringify({ name, seed, tried, ...tally })}\n`);
    expect(bad.slice(0, SHOWN)).toEqual([]);
    expect(tried).toBeGreaterThan(0);
  });
}
