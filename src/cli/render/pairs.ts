/** Minimal pairs for people: a line for each condition and one for all. */
import type { PairRule, PairSummary } from "../../evaluate/index.ts";
import {
  displayWidth,
  formatNumber,
  formatPercent,
  formatPlural,
  shorten,
  visible,
  wrapWords,
} from "../../text/index.ts";
import { table } from "./run.ts";

interface PairsScreen {
  model: string;
  rule: PairRule;
  /** The column of the conditions; `null`: none. */
  by: string | null;
  all: PairSummary;
  conditions: readonly ({ condition: string } & PairSummary)[];
}

const WIDEST_NAME = 28;
const UNITS: Readonly<Record<PairRule, string>> = {
  sum: "nats",
  mean: "nats per token",
  word: "nats per word",
};

export function renderPairs(
  { model, rule, by, all, conditions }: PairsScreen,
  stream: { isTTY?: boolean | undefined; columns?: number | undefined },
): string {
  const width = stream.isTTY ? stream.columns || 80 : 80;
  const rows = [...(conditions.length > 1 ? conditions : []), { condition: "all", ...all }];
  const range = (low: number | null, high: number | null, text: (value: number) => string) =>
    low === null || high === null ? "–" : `${text(low)} … ${text(high)}`;
  const percent = (share: number) => formatPercent(share, null);
  const nats = (value: number) => formatNumber(value, 3);
  const lined = (name: number) =>
    table(
      rows,
      [
        [shorten(visible(by ?? "pairs"), name), ({ condition }) => shorten(visible(condition), name)],
        ["right", ({ correct, pairs, unscored }) => `${correct}/${pairs - unscored}`],
        ["right, %", ({ accuracy }) => formatPercent(accuracy, null)],
        ["95 %", ({ accuracyLow, accuracyHigh }) => range(accuracyLow, accuracyHigh, percent)],
        ["diff", ({ difference }) => formatNumber(difference, 3)],
        ["95 %", ({ differenceLow, differenceHigh }) => range(differenceLow, differenceHigh, nats)],
      ],
      1,
    );
  const most = (lines: readonly string[]) =>
    lines.reduce((widest, line) => Math.max(widest, displayWidth(line)), 0);
  const full = lined(WIDEST_NAME);
  const lines = most(full) <= width ? full : lined(Math.max(3, width - most(lined(1)) + 1));
  const more = [
    ...(all.ties > 0 ? [`${formatPlural(all.ties, "tie")}, counted as wrong`] : []),
    ...(all.unscored > 0
      ? [`${formatPlural(all.unscored, "pair")} without a number, counted in nothing`]
      : []),
  ];
  const method = [
    `${visible(model)}, rule ${rule}; diff: ln p of the better text less that of the worse one, ${UNITS[rule]}`,
    ...more,
  ];
  return `${[...lines, "", ...wrapWords(`${method.join("; ")}.`, width)].join("\n")}\n`;
}
