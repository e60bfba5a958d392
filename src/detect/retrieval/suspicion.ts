/** Lift beside perplexity: what is improbable even with the documents, and was not made more probable by them. */
import type { LiftSpan } from "./lift.ts";

/** Nats per token that are no surprise at all: they keep what is probable by itself from being divided by next to nothing. */
const UNSURPRISING = 1;

/**
 * The share of its surprisal that the documents leave: r / (s + 1), with s = -ln p(span | question) and r = -ln p(span | question,
 * documents), both nats per token; lift is s - r. `null` where a number is missing.
 *
 * Near 0: the documents explain it (r much less than s), or it is probable by itself (s and r small), which needs no lift. Near 1: it is
 * improbable, and got no lift. Above 1: the documents make it less probable. No bound above; Infinity where it is impossible with the
 * documents alone.
 */
export function suspicionOf({
  tokens,
  withDocuments,
  withoutDocuments,
}: Pick<LiftSpan, "tokens" | "withDocuments" | "withoutDocuments">): number | null {
  if (withDocuments === null || withoutDocuments === null || tokens === 0) return null;
  const share = -withDocuments / tokens / (-withoutDocuments / tokens + UNSURPRISING);
  return Number.isNaN(share) ? null : share + 0; // no -0
}

/** 0 ... 1, half at 1: an order of findings. */
export const strengthOf = (suspicion: number): number =>
  suspicion === Number.POSITIVE_INFINITY ? 1 : suspicion / (suspicion + 1);
