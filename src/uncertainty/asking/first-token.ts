/** P(True) from the first token of an answer: of models that list their most probable tokens. What is not listed is an interval. */
import type { TokenRecord } from "../../core/index.ts";
import type { ProbabilityInterval } from "../../decide/index.ts";

/** What the first token says. */
export interface FirstToken {
  /** p(true) / (p(true) + p(false)) of what is listed; `null`: neither is. */
  share: number | null;
  /** Between which it lies, whatever was not listed; `null`: no numbers. */
  interval: ProbabilityInterval | null;
  /** p(true) + p(false) of what is listed. */
  mass: number | null;
}

/** A first token as true or false; `null`: neither. Tokens may begin with a space, a bracket or a mark of emphasis. */
export function verdictOf(token: string): boolean | null {
  const word = token.replaceAll(/^[\s("'*_`]+|[\s).:"'*_`]+$/g, "");
  if (/^true$/i.test(word) || word === "A") return true;
  if (/^false$/i.test(word) || word === "B") return false;
  return null;
}

/** Sums the surface forms among the token and its alternatives. A token that is listed twice counts once. */
export function readFirstToken(record: TokenRecord | null): FirstToken {
  const listed = new Map<string, { text: string; p: number }>();
  for (const { text, logprob, id } of record ? [record, ...(record.alternatives ?? [])] : [])
    if (logprob !== null) listed.set(`${id ?? ""} ${text}`, { text, p: Math.exp(logprob) });
  if (listed.size === 0) return { share: null, interval: null, mass: null };
  let [yes, no, total] = [0, 0, 0];
  for (const { text, p } of listed.values()) {
    const verdict = verdictOf(text);
    total += p;
    if (verdict === true) yes += p;
    if (verdict === false) no += p;
  }
  const missing = Math.max(0, 1 - total);
  const mass = yes + no;
  const all = mass + missing;
  return {
    share: mass > 0 ? yes / mass : null,
    interval: all > 0 ? { low: yes / all, high: Math.min(1, (yes + missing) / all) } : null,
    mass,
  };
}
