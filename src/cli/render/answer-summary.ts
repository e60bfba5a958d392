/** What stands beneath an answer: one line while it is written, one when it is done. */
import type { MeterReading } from "../../core/index.ts";
import type { FinishReason } from "../../models/index.ts";
import { shadeOf } from "../../report/index.ts";
import {
  displayWidth,
  formatBits,
  formatCount,
  formatNumber,
  formatPlural,
  formatRate,
  visible,
} from "../../text/index.ts";

/** A token of the answer and its surprisal, bits. */
export interface SurprisingAnswerToken {
  /** Safe to show. */
  label: string;
  bits: number;
}

/** An answer so far. */
export interface AnswerProgress {
  reading: MeterReading;
  /** Surprisal of the last tokens, oldest first, bits; `null` = no number. */
  recent: readonly (number | null)[];
  /** Tokens per second since the first one; `null` before there are two. */
  perSecond: number | null;
}

/** An answer that has ended. */
export interface AnswerSummary {
  /** Tokens written, as the source counts them. */
  tokens: number;
  /** Tokens that carry a number. */
  scored: number;
  /** Some token carries no number. */
  partial: boolean;
  /** Of all tokens. */
  perplexity: number | null;
  /** Of each part, where there is more than the answer. */
  parts?: readonly { name: string; perplexity: number | null }[] | undefined;
  surprising: readonly SurprisingAnswerToken[];
  /** Why it ended: a policy's or a person's words, or the source's reason. */
  ended: { reason: FinishReason; maxTokens: number } | { message: string };
}

const BARS = "▁▂▃▄▅▆▇█"; // one per shade of the answer's colours
const NO_NUMBER_BAR = "·";

/** The status line: the fullest of several that fits into `columns` - 1. */
export function answerStatus({ reading, recent, perSecond }: AnswerProgress, columns: number): string {
  const tokens = formatPlural(reading.tokens, "token");
  const perplexity = `perplexity ${formatNumber(reading.perplexity)}`;
  const window = reading.window ? [`window ${formatNumber(reading.window.perplexity)}`] : [];
  const rate = perSecond === null ? [] : [formatRate(perSecond, "tokens")];
  const bars = (most: number) => [sparkline(recent.slice(-most))];
  const choices = [
    [tokens, perplexity, ...window, ...bars(32), ...rate],
    [tokens, perplexity, ...window, ...bars(16), ...rate],
    [tokens, perplexity, ...bars(12), ...rate],
    [perplexity, ...bars(8), ...rate],
    [perplexity, ...bars(8)],
  ].map((parts) => parts.join("  "));
  return choices.find((line) => displayWidth(line) < columns) ?? perplexity;
}

function sparkline(bits: readonly (number | null)[]): string {
  return bits
    .map((value) => {
      const shade = shadeOf(value);
      return shade === null ? NO_NUMBER_BAR : BARS[shade]!;
    })
    .join("");
}

const REASONS: Record<Exclude<FinishReason, "length">, string> = {
  stop: "ended by the model",
  "content-filter": "ended by the server's content filter",
  "tool-calls": "ended with a call of a tool",
  other: "ended for a reason of the server's own",
};

/** A source may end an answer before the limit that it was given. */
function reasonOf(reason: FinishReason, tokens: number, maxTokens: number): string {
  if (reason !== "length") return REASONS[reason];
  return tokens >= maxTokens
    ? `cut at --max-tokens ${maxTokens}`
    : `cut before --max-tokens ${maxTokens}: the context is full, or the server has a limit of its own`;
}

/** " (answer 3.1, thinking 1.9)" */
function inBrackets(parts: NonNullable<AnswerSummary["parts"]>): string {
  if (parts.length === 0) return "";
  return ` (${parts.map(({ name, perplexity }) => `${name} ${formatNumber(perplexity)}`).join(", ")})`;
}

/** One line: perplexity, what it is of, where the surprise was, and why the answer ended. */
export function answerSummary(summary: AnswerSummary): string {
  const { tokens, scored, perplexity, parts = [], surprising, ended } = summary;
  const carried = summary.partial
    ? `${formatCount(scored)} of ${formatPlural(tokens, "token")} carry a number`
    : formatPlural(tokens, "token");
  const top = surprising.map(({ label, bits }) => `“${label}” ${formatBits(bits)}`).join(", ");
  return [
    `perplexity ${formatNumber(perplexity)}${inBrackets(parts)}`,
    carried,
    ...(top ? [`most surprising: ${top} bits`] : []),
    "reason" in ended ? reasonOf(ended.reason, tokens, ended.maxTokens) : visible(ended.message),
  ].join(" · ");
}
