/** Words with their numbers, for people: bits, a line for each word. */
import type { ScoredWord } from "../../evaluate/index.ts";
import type { ScoredItem } from "../../report/index.ts";
import {
  displayWidth,
  formatBits,
  formatNumber,
  formatPlural,
  shorten,
  visible,
  wrapWords,
} from "../../text/index.ts";
import { bar } from "./bar.ts";
import { table } from "./run.ts";

interface WordScreen {
  /** The column that the texts are from; `null`: no table. */
  column: string | null;
  notes: readonly string[];
  stream: { isTTY?: boolean | undefined; columns?: number | undefined };
}

const WIDEST_WORD = 30;
/** Bars are left out where fewer columns than these are left for them. */
const FEWEST = 8;
const MOST = 30;

const inBits = (nats: number | null): number | null => (nats === null ? null : nats / Math.LN2);

/** A table for each text: tokens of the word, surprisal by both rules and entropy before it, bits. */
export function renderWords(items: readonly ScoredItem[], { notes, stream }: WordScreen): string {
  const width = stream.isTTY ? stream.columns || 80 : 80;
  const lines: string[] = [];
  for (const { textIndex, score } of items) {
    if (items.length > 1) lines.push(shorten(`${textIndex + 1}. ${visible(textOf(score.words))}`, width), "");
    lines.push(...wordLines(score.words, width), "");
    const total = (key: "surprisalSum" | "surprisalCorrected") =>
      score.words.reduce((sum, word) => sum + (word[key] ?? 0), 0);
    const tokens = score.words.reduce((sum, word) => sum + word.tokens, 0);
    const known = score.words.some(({ surprisalCorrected }) => surprisalCorrected !== null);
    const unknown = score.words.filter(({ surprisalSum }) => surprisalSum === null).length;
    const sums = `${formatBits(inBits(total("surprisalSum")))} bits${known ? `, corrected ${formatBits(inBits(total("surprisalCorrected")))}` : ""}`;
    const of = `${formatPlural(score.words.length, "word")}, ${formatPlural(tokens, "token")}: ${sums}`;
    lines.push(unknown > 0 ? `${of}; ${unknown} without a number` : of, "");
  }
  const [{ score }] = items as [ScoredItem];
  const method = `${visible(score.model.name)}, recipe ${visible(score.recipe.name ?? "own")} (${score.recipe.id}), boundaries ${score.boundary}; surprisal and entropy in bits, --csv has nats too.`;
  for (const text of [method, ...notes.map(visible)]) lines.push(...wrapWords(text, width));
  return `${lines.join("\n")}\n`;
}

const textOf = (words: readonly ScoredWord[]): string => words.map(({ word }) => word).join(" ");

function wordLines(words: readonly ScoredWord[], width: number): string[] {
  const plain = table(
    words,
    [
      ["word", ({ word }) => shorten(visible(word), WIDEST_WORD)],
      ["tokens", ({ tokens }) => `${tokens}`],
      ["sum", ({ surprisalSum }) => formatBits(inBits(surprisalSum))],
      ["corrected", ({ surprisalCorrected }) => formatBits(inBits(surprisalCorrected))],
      ["entropy", ({ entropy }) => formatNumber(inBits(entropy), 3)],
    ],
    1,
  );
  const widest = plain.reduce((most, line) => Math.max(most, displayWidth(line)), 0);
  const cells = Math.min(MOST, width - widest - 2);
  if (cells < FEWEST) return plain;
  const value = ({ surprisalCorrected, surprisalSum }: ScoredWord) => surprisalCorrected ?? surprisalSum ?? 0;
  const most = words.reduce(
    (top, word) => (Number.isFinite(value(word)) ? Math.max(top, value(word)) : top),
    0,
  );
  return plain.map((line, i) => {
    if (i === 0) return line;
    const drawn = bar(most > 0 ? value(words[i - 1]!) / most : 0, cells).trimEnd();
    return `${line}${" ".repeat(widest - displayWidth(line))}  ${drawn}`.trimEnd();
  });
}
