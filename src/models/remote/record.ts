/** From a token as a server writes it to a record: what its list of alternatives says for certain, and nothing more. */
import type { Alternative, TokenRecord } from "../../core/index.ts";
import { type Piece, pieceOf, type WireAlternative, type WireToken } from "./wire-token.ts";

/** What a list of alternatives is worth. */
export interface Judged {
  record: TokenRecord;
  /** What a person should know about it; `null` = nothing. */
  warning: string | null;
}

/** Another computation of the same number may lie this far from it, nats; rounding to bfloat16 adds its own. */
const CLOSE = 0.05;
const BFLOAT16_ROUNDING = 2 ** -7;

/** Probabilities may sum to this much more than 1. */
const ROUNDING = 2e-3;

const NOT_ITS_OWN =
  "Alternatives are left out that cannot be their token's: their probabilities do not fit with its own.";
const CONTRADICTED = "A token with the probability 1 has no number where its alternatives give it another.";

/**
 * @param logprob the token's number, as far as it is believed.
 * @param k alternatives that were asked for; servers give more (the chosen token beyond the top k, or their default).
 *   Infinity: nobody knows, so a chosen token that stands last may have been added to the top.
 */
export function judge(token: WireToken, piece: Piece, logprob: number | null, k: number): Judged {
  const { id } = token;
  const record: TokenRecord = { text: piece.text, bytes: piece.bytes, logprob };
  if (isId(id)) record.id = id;
  const list = token.alternatives?.map(alternativeOf).sort(byProbability);
  const fault = list ? faultOf(token, piece, logprob, list) : null;
  if (fault === CONTRADICTED) record.logprob = null;
  const kept = (fault !== NOT_ITS_OWN && list) || null;
  if (kept && k > 0 && !token.incomplete) record.alternatives = topOf(kept, logprob, k);
  // Its own place in the list, where it is named there: the two numbers may be rounded differently.
  const own = kept?.find((other) => other.logprob !== null && isSame(token, piece, other));
  const number = own ? own.logprob : record.logprob;
  const rank =
    token.rank ?? (kept && (token.incomplete ? certainRank(number, kept) : rankAmong(number, kept))) ?? null;
  if (rank !== null) record.rank = rank;
  return { record, warning: fault };
}

/**
 * Whether a list shows that 0 is a number and no filler: it has a runner-up with a number of its own, so improbable that
 * all together are no more than 1. Such a list is of a model's distribution. Example: vllm-project/vllm pull request 26060,
 * "," at 0 with "." at -18.625.
 */
export function provesCertainty({ logprob, alternatives }: WireToken): boolean {
  if (logprob !== 0 || !alternatives) return false;
  const others = numbersOf(alternatives).filter((other) => other !== 0);
  return others.length > 0 && others.every((other) => Math.exp(other) < ROUNDING);
}

function numbersOf(list: readonly Pick<Alternative, "logprob">[]): number[] {
  return list.flatMap(({ logprob }) => logprob ?? []);
}

function alternativeOf(alternative: WireAlternative): Alternative {
  const { text, bytes } = pieceOf(alternative);
  const { id, logprob } = alternative;
  return { text, bytes, ...(isId(id) && { id }), logprob };
}

/** An id the server has; -1 and the like are marks for "none". */
function isId(id: number | null | undefined): id is number {
  return typeof id === "number" && Number.isInteger(id) && id >= 0;
}

function byProbability(a: Alternative, b: Alternative): number {
  return (b.logprob ?? Number.NEGATIVE_INFINITY) - (a.logprob ?? Number.NEGATIVE_INFINITY) || 0;
}

/**
 * What is provably wrong with a list, best first. A token that is likelier than the last of the k most probable ones is
 * one of them; a token has one number; and the probabilities of different tokens are no more than 1 together.
 */
function faultOf(
  token: WireToken,
  piece: Piece,
  logprob: number | null,
  list: readonly Alternative[],
): string | null {
  const numbers = numbersOf(list);
  if (leastMass(numbers) > 1 + ROUNDING) return NOT_ITS_OWN;
  if (logprob === null) return null;
  const named = numbersOf(list.filter((other) => isSame(token, piece, other)));
  const own = named.length > 0 ? named : numbers; // it may be there and spelled otherwise
  if (own.some((number) => isClose(number, logprob))) return null;
  if (named.length > 0) return logprob === 0 ? CONTRADICTED : NOT_ITS_OWN;
  return !token.incomplete && logprob > numbers.at(-1)! ? NOT_ITS_OWN : null;
}

/** Of one name: by ids where both have them, else by a text that is not lossy. */
function isSame(token: WireToken, piece: Piece, other: Alternative): boolean {
  if (isId(token.id) && other.id !== undefined) return token.id === other.id;
  if (piece.lossy || piece.text === "" || other.text.includes("\uFFFD")) return false;
  return piece.text === other.text;
}

function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= CLOSE + BFLOAT16_ROUNDING * Math.min(Math.abs(a), Math.abs(b));
}

/** The sum of the probabilities before they were rounded is at least this. */
function leastMass(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + Math.exp(number * (1 + BFLOAT16_ROUNDING)), 0);
}

/** The first k; where nobody knows k, without a last one that may be there only because it was chosen. */
function topOf(list: readonly Alternative[], logprob: number | null, k: number): Alternative[] {
  if (Number.isFinite(k)) return list.slice(0, k);
  const [before, last] = list.slice(-2).map((other) => other.logprob);
  return list.slice(0, last !== undefined && last === logprob && before !== last ? -1 : undefined);
}

/**
 * Rank of a number among the most probable ones, `null` when they do not decide it. Numbers only: texts may be the same
 * for several tokens. The last of the list decides nothing: it may be the chosen token itself, added beyond the top k.
 */
function rankAmong(logprob: number | null, ordered: readonly Alternative[]): number | null {
  const [first, last] = [ordered[0]?.logprob ?? null, ordered.at(-1)?.logprob ?? null];
  if (logprob === null || first === null) return null;
  if (logprob >= first) return 1;
  return last === null || logprob <= last ? null : 1 + likelier(logprob, ordered);
}

/** The rank that a list with gaps leaves open no more: what it does not name is together less probable than the token. */
function certainRank(logprob: number | null, list: readonly Alternative[]): number | null {
  if (logprob === null) return null;
  const own = Math.exp(logprob);
  const others = numbersOf(list).filter((number) => number !== logprob);
  const rest = others.reduce((left, number) => left - Math.exp(number), 1 - own);
  return rest < own - ROUNDING ? 1 + likelier(logprob, list) : null;
}

function likelier(logprob: number, list: readonly Alternative[]): number {
  return numbersOf(list).filter((number) => number > logprob).length;
}
