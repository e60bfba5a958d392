/**
 * Whether a text is long enough to choose a model by. Two models are told apart where the interval of the ratio of their
 * perplexities, in pairs, leaves out 1. Where it does not, either they hardly differ, and any will do, or the text is too short
 * to say so.
 */
import type { Estimate } from "../../core/index.ts";
import { type DifferenceBlocks, type PairedRatio, pairedRatio } from "./blocks.ts";

/** A model that is to be chosen among others. */
export interface Choice {
  /** As it is shown. */
  name: string;
  /** `null`: the base that all others are compared with. */
  blocks: DifferenceBlocks | null;
}

/** Two neighbours in the order of their perplexities, the better one first. */
export interface UndecidedPair {
  better: string;
  worse: string;
  /** Of the worse one to the better one; `null`: the text is too short even for an interval. */
  ratio: PairedRatio | null;
}

/** What a text can tell. */
export interface Resolution {
  /** Pairs that it is too short for: differences that people choose by may be in there. */
  tooWide: readonly UndecidedPair[];
  /** Pairs that do not differ by more than `SMALL_DIFFERENCE`. */
  alike: readonly UndecidedPair[];
  /** 95 % of what the base's perplexity may be on texts of this kind, as a factor to either side; `null` = unknown. */
  textFactor: number | null;
  /** That factor is above `WIDE_TEXT`: what holds for this text need not hold for the next one of its kind. */
  isShort: boolean;
  /** How many times as much text would bring the widest of `tooWide` down to `SMALL_DIFFERENCE`; `null`: none is too wide. */
  timesAsMuch: number | null;
}

/**
 * Differences of perplexity that people choose quantisations by begin here: Q8_0 costs less, Q4_K_M some percent. Below it other
 * kernels make as much of a difference (docs/footguns.md).
 */
export const SMALL_DIFFERENCE = 0.01;
/**
 * A perplexity that is known to 10 % only is one of few pages: two halves of such a text differ by as much as good and bad formats do.
 */
export const WIDE_TEXT = 1.1;
/** Standard errors to either side of 95 %. */
const Z95 = 1.959964;

/**
 * @param base its perplexity with its standard error.
 * @param choices the base among them; those with other tokens are not.
 */
export function resolutionOf(base: Estimate, choices: readonly Choice[]): Resolution {
  const sorted = choices
    .map((choice) => ({ ...choice, mean: meanOf(choice.blocks) }))
    .toSorted((a, b) => (a.mean === b.mean ? 0 : a.mean - b.mean));
  const [tooWide, alike]: [UndecidedPair[], UndecidedPair[]] = [[], []];
  let widest = 0;
  for (const [i, second] of sorted.entries()) {
    const first = sorted[i - 1];
    if (first === undefined) continue;
    const ratio = ratioOf(first.blocks, second.blocks);
    if (ratio !== null && (ratio.low > 1 || ratio.high < 1)) continue;
    const pair = { better: first.name, worse: second.name, ratio };
    const width = ratio === null ? Number.POSITIVE_INFINITY : Math.log(ratio.high / ratio.low) / 2;
    if (ratio !== null && ratio.high <= 1 + SMALL_DIFFERENCE && ratio.low >= 1 / (1 + SMALL_DIFFERENCE))
      alike.push(pair);
    else {
      tooWide.push(pair);
      if (Number.isFinite(width)) widest = Math.max(widest, width);
    }
  }
  const { value, standardError } = base;
  const textFactor =
    standardError === null || !Number.isFinite(value) ? null : Math.exp((Z95 * standardError) / value);
  return {
    tooWide,
    alike,
    textFactor,
    isShort: textFactor === null || textFactor > WIDE_TEXT,
    timesAsMuch: widest > 0 ? (widest / Math.log1p(SMALL_DIFFERENCE)) ** 2 : null,
  };
}

function meanOf(blocks: DifferenceBlocks | null): number {
  if (blocks === null) return 0;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const mean = sum(blocks.nats) / sum(blocks.tokens);
  return Number.isNaN(mean) ? Number.POSITIVE_INFINITY : mean;
}

function ratioOf(first: DifferenceBlocks | null, second: DifferenceBlocks | null): PairedRatio | null {
  if (second !== null) return pairedRatio(first, second);
  const inverse = first === null ? null : pairedRatio(null, first);
  return inverse && { ratio: 1 / inverse.ratio, low: 1 / inverse.high, high: 1 / inverse.low };
}
