/** A score as a terminal shows it. */

import type { ScoreView } from "../../report/index.ts";
import {
  type Background,
  mostSurprising,
  type Piece,
  piecesOf,
  provenance,
  SHADES,
  type SurprisingToken,
  shadeLabel,
  shadeOf,
  splitSpaces,
  summary,
} from "../../report/index.ts";
import {
  type Cell,
  cellsOf,
  displayWidth,
  formatBits,
  formatCount,
  formatPerplexity,
  formatPlural,
  formatProbability,
  shorten,
  wrapCells,
  wrapWords,
} from "../../text/index.ts";
import type { ColourDepth } from "./colour.ts";
import { type Paint, paintCells, painter } from "./paint.ts";

export interface TerminalOptions {
  /** Width of the terminal; `null` = not a terminal: lines are not broken and nothing is drawn beneath them. */
  columns: number | null;
  colour: ColourDepth;
  /** What the terminal's own background is. Default "dark". */
  background?: Background | undefined;
  /** How many of the most surprising tokens to list. */
  top: number;
  /** Tokens of the text shown; a longer text is cut, with a note. Default 4000, about 30 screens. */
  textTokens?: number | undefined;
}

const HEADING = 16; // columns of a heading and the gap after it
const LINE_WITHOUT_TERMINAL = 80; // columns that lists are made for when there is no terminal
const MARKS = " ▂▃▄▅▆▇█"; // one per shade; the first shade has none
const NO_NUMBER_MARK = "·";

/**
 * A score as text: the perplexity, the text with its surprise as colour (without colours, on a terminal, as bars
 * beneath), the most surprising tokens (counted from 1), and what it was made with. Ends with a line break. The
 * only control characters in it are line breaks and the SGR sequences of `options.colour`.
 */
export function renderScore(view: ScoreView, options: TerminalOptions): string {
  const paint = painter(options);
  const pieces = piecesOf(view);
  const blocks = [
    headline(view, options, paint),
    [...textBlock(view, pieces, options, paint), ...legend(view, options, paint)],
    surprisingBlock(mostSurprising(view, pieces, options.top), options, paint),
    provenance(view).flatMap(({ name, value }) => field(name, value, options, paint)),
  ];
  const shown = blocks.filter((block) => block.length > 0).map((block) => block.join("\n"));
  return `${shown.join("\n\n")}\n`;
}

/** `heading   value`, the value wrapped beside its heading. */
function field(name: string, value: string, { columns }: TerminalOptions, paint: Paint): string[] {
  const width = columns === null ? null : Math.max(20, columns - HEADING);
  return wrapWords(value, width).map((line, i) => paint.faint((i === 0 ? name : "").padEnd(HEADING)) + line);
}

function headline(view: ScoreView, options: TerminalOptions, paint: Paint): string[] {
  return [
    paint.bold("perplexity".padEnd(HEADING) + formatPerplexity(view.perplexity, view.standardError)),
    ...summary(view).flatMap(({ name, value }) => field(name, value, options, paint)),
  ];
}

function textBlock(
  view: ScoreView,
  pieces: readonly Piece[],
  { columns, colour, textTokens = 4000 }: TerminalOptions,
  paint: Paint,
): string[] {
  const shown = pieces.filter(({ first }) => first < textTokens);
  const output: string[] = [];
  for (const line of linesOf(shown, columns !== null || colour !== "none")) {
    for (const cells of wrapCells(line, columns)) {
      output.push(paintCells(cells, paint));
      const bars = columns === null || colour !== "none" ? "" : marks(cells);
      if (bars) output.push(bars);
    }
  }
  const missing = view.tokens - (shown.at(-1)?.end ?? 0);
  if (missing > 0)
    output.push(`… and ${formatPlural(missing, "token")} more; the HTML page shows all of them.`);
  return output;
}

/** Lines of the text, by its own line breaks; the last one only when it holds something. */
function linesOf(pieces: readonly Piece[], marked: boolean): Cell[][] {
  const lines: Cell[][] = [[]];
  for (const { text, bits } of pieces) {
    const [spaces, rest] = splitSpaces(text);
    const [same, ...further] = cellsOf(rest, shadeOf(bits), marked);
    for (const cell of [...cellsOf(spaces, 0, marked)[0]!, ...same!]) lines.at(-1)!.push(cell);
    for (const line of further) lines.push(line);
  }
  if (lines.at(-1)!.length === 0) lines.pop();
  return lines;
}

/** Bars beneath a line, for a terminal without colours. */
function marks(cells: readonly Cell[]): string {
  return cells
    .map(({ shade, width }) => (shade === null ? NO_NUMBER_MARK : MARKS[shade]!).repeat(width))
    .join("")
    .trimEnd();
}

/** The scale, wrapped between its entries. */
function legend(view: ScoreView, { columns, colour }: TerminalOptions, paint: Paint): string[] {
  if (colour === "none" && columns === null) return [];
  const entry = (shade: number | null) => {
    const mark = colour !== "none" ? "" : `${shade === null ? NO_NUMBER_MARK : MARKS[shade]!} `;
    return { text: ` ${mark}${shade === null ? "none" : shadeLabel(shade)} `, shade };
  };
  const entries = [
    { text: "surprisal, bits ", shade: 0 },
    ...Array.from({ length: SHADES }, (_, shade) => entry(shade)),
    ...(view.scored < view.tokens ? [entry(null)] : []),
  ];
  const lines = [""];
  let width = 0;
  for (const { text, shade } of entries) {
    if (columns !== null && width > 0 && width + text.length >= columns) {
      lines.push("");
      width = 0;
    }
    lines[lines.length - 1] += paint.shade(text, shade);
    width += text.length;
  }
  return ["", ...lines];
}

function surprisingBlock(
  tokens: readonly SurprisingToken[],
  options: TerminalOptions,
  paint: Paint,
): string[] {
  if (tokens.length === 0) return [];
  const columns = options.columns ?? LINE_WITHOUT_TERMINAL;
  const rows = tokens.map((token) => [
    formatBits(token.bits),
    formatCount(token.index + 1),
    formatCount(token.rank || null),
  ]);
  const headings = ["bits", "token", "rank"];
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]!.length)));
  const align = (row: readonly string[]) => row.map((value, i) => value.padStart(widths[i]!)).join("  ");
  const indent = widths.reduce((sum, width) => sum + width + 2, 0);
  const room = Math.max(10, columns - indent - 1);
  return [
    `${paint.bold("Most surprising tokens")}`,
    paint.faint(`${align(headings)}  in the text, and what the model expected instead`.slice(0, columns - 1)),
    ...tokens.flatMap((token, i) => [
      `${align(rows[i]!)}  ${inContext(token, room, options, paint)}`,
      ...expected(token, room).map((line) => " ".repeat(indent) + paint.faint(line)),
    ]),
  ];
}

/** The token in its context, on one line of at most `room` columns. */
function inContext(token: SurprisingToken, room: number, { colour }: TerminalOptions, paint: Paint): string {
  const [open, close] = colour === "none" ? ["[", "]"] : ["", ""];
  const text = shorten(token.text, Math.floor(room / 2)) || token.label;
  const rest = room - displayWidth(text) - open.length - close.length;
  const before = shorten(token.before, Math.floor((rest * 2) / 3), "end");
  const after = shorten(token.after, rest - displayWidth(before));
  return `${before}${open}${paint.shade(text, shadeOf(token.bits))}${close}${after}`.trimEnd();
}

/** What the model expected instead: as many alternatives as fit on one line. */
function expected({ label, whole, expected }: SurprisingToken, room: number): string[] {
  let line = whole ? "" : `of this: ${label}`;
  for (const [i, { label, probability }] of expected.entries()) {
    const next = `${line}${i > 0 ? " · " : line ? "; expected " : "expected "}${label} ${formatProbability(probability)}`;
    if (i > 0 && displayWidth(next) > room) break;
    line = next;
  }
  return line ? [shorten(line, room)] : [];
}
