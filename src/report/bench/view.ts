/** What is shown of methods that were measured against each other. */
import type { Benched, MethodFamily } from "../../uncertainty/index.ts";

/** Where a number comes from: a family of methods, a baseline that knows nothing of truth, a detector, or the lines themselves. */
export type BenchFamily = MethodFamily | "baseline" | "detector" | "own";

/** Mean of one answer, beside the answer itself where that is written anyway; `null`: not known. */
export interface BenchPrice {
  tokensRead: number | null;
  tokensWritten: number | null;
  /** Seconds. */
  seconds: number | null;
}

/** One set of answers, and what methods are worth on it. */
export interface BenchSection {
  /** Such as "all answers". */
  name: string;
  benched: Benched;
}

/** All that a table, a page or a picture shows. */
export interface BenchView {
  title: string;
  /** `null`: none was used. */
  model: string | null;
  sections: readonly BenchSection[];
  families: Readonly<Record<string, BenchFamily>>;
  prices: Readonly<Record<string, BenchPrice>>;
  details: readonly (readonly [name: string, value: string])[];
  notes: readonly string[];
}
