/**
 * Differences of two models block by block, short enough to be kept: what any two of several models, each compared with one base,
 * differ by in pairs, also where they were compared on different days.
 */
import { documentBootstrap } from "../../core/index.ts";

/** ln p under the base less ln p under the model, summed over parts of the texts. */
export interface DifferenceBlocks {
  /** What a block is: whole documents that follow each other where there are at least ten, else so many tokens in a row. */
  of: "documents" | "tokens";
  /** [blocks] Tokens of each. */
  tokens: number[];
  /** [blocks] Σ (ln p of the base - ln p of the model), nats: above 0 the model is worse. */
  nats: number[];
}

const MOST_BLOCKS = 128;
/** About the blocks of the bootstrap over tokens of a short text: neighbours stay together. */
const LEAST_TOKENS = 8;
/** With fewer documents blocks are stretches of tokens. */
const LEAST_DOCUMENTS = 10;
/** Fewer blocks say nothing of how sure a difference is. */
const LEAST_BLOCKS = 8;

/**
 * @param differences [n] ln p under the model less ln p under the base, nats.
 * @param documentEnds tokens before the end of each document that has some.
 */
export function differenceBlocks(
  differences: ArrayLike<number>,
  documentEnds: readonly number[],
): DifferenceBlocks {
  const byDocument = documentEnds.length >= LEAST_DOCUMENTS;
  const n = differences.length;
  const count = Math.max(1, Math.min(MOST_BLOCKS, Math.floor(n / LEAST_TOKENS)));
  const ends = byDocument
    ? mergedEnds(documentEnds)
    : Array.from({ length: count }, (_, i) => Math.round(((i + 1) * n) / count));
  const blocks: DifferenceBlocks = { of: byDocument ? "documents" : "tokens", tokens: [], nats: [] };
  let at = 0;
  for (const end of ends) {
    let sum = 0;
    blocks.tokens.push(end - at);
    for (; at < end; at++) sum -= differences[at]!;
    blocks.nats.push(sum === 0 ? 0 : sum);
  }
  return blocks;
}

/** As many neighbours together as leave `MOST_BLOCKS` at most. */
function mergedEnds(ends: readonly number[]): number[] {
  const count = Math.min(MOST_BLOCKS, ends.length);
  return Array.from({ length: count }, (_, i) => ends[Math.ceil(((i + 1) * ends.length) / count) - 1]!);
}

/** How the perplexity of `b` stands to that of `a` over the same tokens. */
export interface PairedRatio {
  /** perplexity of b / perplexity of a; below 1, b is better. */
  ratio: number;
  /** 95 % interval by the bootstrap over blocks, in pairs. */
  low: number;
  high: number;
}

/**
 * What two models that were compared with one base differ by, in pairs.
 * @param a `null`: the base itself.
 * @returns `null` for fewer than eight blocks, blocks that are not the same, or a probability of 0.
 */
export function pairedRatio(a: DifferenceBlocks | null, b: DifferenceBlocks): PairedRatio | null {
  if (b.tokens.length < LEAST_BLOCKS) return null;
  if (a !== null && (a.of !== b.of || a.tokens.join() !== b.tokens.join())) return null;
  const nats = b.nats.map((value, i) => value - (a?.nats[i] ?? 0));
  const bootstrap = documentBootstrap(nats, b.tokens);
  const tokens = b.tokens.reduce((sum, value) => sum + value, 0);
  if (bootstrap === null || tokens === 0) return null;
  const mean = nats.reduce((sum, value) => sum + value, 0) / tokens;
  return { ratio: Math.exp(mean), low: Math.exp(bootstrap.low), high: Math.exp(bootstrap.high) };
}
