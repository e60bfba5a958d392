/** Lift beside perplexity: what is improbable even with the documents, and was not made more probable by them. */
import type { LiftSpan } from "./lift.ts";

/**
 * (surprisal with documents - lift) per token, nats; `null` where a number is missing.
 *
 * With s = -ln p(span | question) and r = -ln p(span | question, documents) it is r - (s - r) = 2r - s. What is probable by itself
 * (s and r small) needs no lift; what documents explain (r much less than s) is below 0; what stays improbable is high; and what
 * documents make less probable (r > s) is the highest.
 */
export function suspicionOf({ tokens, withDocuments, lift }: LiftSpan): number | null {
  if (withDocuments === null || lift === null || tokens === 0) return null;
  const value = (-withDocuments - lift) / tokens;
  return Number.isNaN(value) ? null : value;
}

/** From nats per token to 0 ... 1: 0 below `least`, and half way at twice that much. */
export function strengthOf(suspicion: number, least: number): number {
  if (suspicion === Number.POSITIVE_INFINITY) return 1;
  const above = Math.max(0, suspicion - least);
  return above / (above + least);
}
