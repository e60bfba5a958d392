/** Every token on a line of its own: for looking closely, and for grep and awk. */

import type { ScoreView } from "../../report/index.ts";
import { expectedAt, labelsOf, tokenBits } from "../../report/index.ts";
import { displayWidth, formatBits, formatCount, formatNumber, formatProbability } from "../../text/index.ts";

const WIDEST_TOKEN = 24; // columns; longer tokens push the last column to the right

/**
 * A table in columns, one line per token: number (from 1), surprisal in bits, rank, entropy of the place in
 * bits, the token, the model's first choice. No value has a space in it; what is missing is "–".
 */
export function renderTokens(view: ScoreView): string {
  const { table } = view;
  const label = labelsOf(view);
  const rows = Array.from({ length: table.length }, (_, i) => {
    const best = expectedAt(view, i, label)[0];
    return [
      String(i + 1),
      formatBits(tokenBits(table.logprobs, i)),
      table.ranks[i]! > 0 ? String(table.ranks[i]) : formatCount(null),
      formatNumber(table.entropies[i]! / Math.LN2, 3),
      label(table.ids[i]!),
      best ? `${best.label}=${formatProbability(best.probability)}` : formatCount(null),
    ];
  });
  const all = [["token", "bits", "rank", "entropy,bits", "text", "expected"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]!.length)));
  const textWidth = Math.min(WIDEST_TOKEN, Math.max(...all.map((row) => displayWidth(row[4]!))));
  const lines = all.map((row) => {
    const numbers = widths.map((width, column) => row[column]!.padStart(width));
    const text = row[4]! + " ".repeat(Math.max(0, textWidth - displayWidth(row[4]!)));
    return [...numbers, text, row[5]].join("  ");
  });
  return `${lines.join("\n")}\n`;
}
