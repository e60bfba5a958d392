/** How a method of one pass is written: a tally that takes every token, shared by all who need it, and a formula over tallies. */
import type { Estimate, Need } from "../estimator.ts";
import type { CheckedOptions } from "./options.ts";
import type { TokenFacts } from "./token-facts.ts";

/** Something that is kept while tokens go by. */
export interface Tally {
  add(facts: TokenFacts): void;
}

/** The tallies of one answer, one of each kind. */
export class Tallies {
  readonly options: CheckedOptions;
  readonly #kept: Tally[] = [];

  constructor(options: CheckedOptions) {
    this.options = options;
  }

  /** The tally of a kind, made when it is asked for first. */
  of<Kind extends Tally>(kind: new (options: CheckedOptions) => Kind): Kind {
    for (const tally of this.#kept) if (tally instanceof kind) return tally;
    const made = new kind(this.options);
    this.#kept.push(made);
    return made;
  }

  add(facts: TokenFacts): void {
    const kept = this.#kept;
    for (let i = 0; i < kept.length; i++) kept[i]!.add(facts);
  }
}

/** What a formula says; `reason` is added where it is silent and something was left out. */
export type Reading = Pick<Estimate, "uncertainty" | "confidence" | "interval" | "reason" | "peer">;

/** A method of one pass, as a list shows it. */
export interface OnePassMethod {
  /** Its name: "margin"; of another library's number "uqlm/probability_margin". */
  readonly method: string;
  readonly needs: readonly Need[];
  /** Unit and range of its `uncertainty`, such as "nats, 0 ... ln V". */
  readonly unit: string;
  /** The formula in a line. */
  readonly formula: string;
  /** Where it comes from. */
  readonly source: string;
  /** The library whose number it gives; left out for the methods themselves. */
  readonly library?: string | undefined;
  /** Which of the formulas that go by the name. It names what options change, such as the length of a window. */
  variant(options: CheckedOptions): string;
  /** Begins with a new answer: takes the tallies it needs, and returns the formula over them. */
  begin(tallies: Tallies): () => Reading;
}

/** No number, and why. */
export const unknown = (reason: string): Reading => ({ uncertainty: null, reason });

/** "1 token" */
export const tokens = (n: number): string => `${n} token${n === 1 ? "" : "s"}`;

/** Why there is no number at all, or `null`. @param what that tokens lack, such as "log-probability". */
export function nothing(known: number, missing: number, what: string): Reading | null {
  if (known > 0) return null;
  if (missing === 0) return unknown("There are no tokens.");
  return unknown(`No token of ${missing} has ${what}.`);
}

/** What was left out of a mean, or nothing. */
export function leftOut(known: number, missing: number, what: string): string | undefined {
  if (missing === 0) return undefined;
  return `${missing} of ${tokens(known + missing)} have no ${what} and are left out.`;
}
