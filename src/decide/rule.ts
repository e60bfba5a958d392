/** The rules by which options are scored. */
import { invalidArgument } from "../core/index.ts";
import { LETTERS, type Listing } from "./prompt.ts";
import type { PreparedQuestion } from "./question.ts";

/** How an option's tokens become its score; a score's exponential is in proportion to the option's probability. */
export type DecideRule =
  /** ln p of the option, all its tokens and the end of the answer. */
  | "sum"
  /** The same divided by the number of tokens. */
  | "mean"
  /**
   * The same less what it is without the state: how much more probable the state makes it. Source: Holtzman, West, Shwartz,
   * Choi & Zettlemoyer 2021, "Surface Form Competition" (PMI_DC).
   */
  | "pmi"
  /** Options are listed under letters, and the letter is scored, as decision servers do. */
  | "label";

/** The names of the rules. */
export const DECIDE_RULES: readonly DecideRule[] = ["sum", "mean", "pmi", "label"];

/** Rules with their defaults. */
export interface RuleOptions {
  /** Default "sum". */
  rule?: DecideRule | undefined;
  /** Options are listed in the prompt. Default: only under the rule "label", which always lists them. */
  listed?: boolean | undefined;
  /**
   * Of listed options, so many cyclic shifts of their order are asked and averaged; of a question with fewer options, as many
   * as it has. Default 1.
   */
  orders?: number | undefined;
}

/** What is asked, and how. */
export interface ResolvedRule {
  rule: DecideRule;
  listing: Listing;
  orders: number;
}

/** @throws SurprisalError INVALID_ARGUMENT */
export function resolveRule({ rule = "sum", listed, orders = 1 }: RuleOptions): ResolvedRule {
  if (!DECIDE_RULES.includes(rule))
    throw invalidArgument(`There is no rule "${String(rule)}"`, "rule", `Give ${DECIDE_RULES.join(", ")}.`);
  if (rule === "label" && listed === false)
    throw invalidArgument(
      "Labels need their options listed",
      "listed",
      "Leave listed out, or take another rule.",
    );
  if (!(Number.isSafeInteger(orders) && orders >= 1))
    throw invalidArgument(`${orders} is no number of orders`, "orders", "Give a whole number of at least 1.");
  const listing = rule === "label" ? "letters" : listed ? "lines" : "none";
  if (listing === "none" && orders > 1)
    throw invalidArgument(
      "Options that are not listed have no order",
      "orders",
      "Leave orders out, or list the options: rule label, or listed.",
    );
  return { rule, listing, orders };
}

/** The orders a question's options are listed in: shifts of one another; one empty list where they are not listed. */
export function ordersOf(
  { name, listing: order }: PreparedQuestion,
  { listing, orders }: ResolvedRule,
): number[][] {
  if (listing === "none") return [[]];
  if (listing === "letters" && order.length > LETTERS.length)
    throw invalidArgument(
      `The question has ${order.length} options, and there are ${LETTERS.length} letters`,
      `question ${JSON.stringify(name)}`,
      "Take another rule: sum, mean and pmi score the options' own text.",
    );
  return Array.from({ length: Math.min(orders, order.length) }, (_, shift) => [
    ...order.slice(shift),
    ...order.slice(0, shift),
  ]);
}
