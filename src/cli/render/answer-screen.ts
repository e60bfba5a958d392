/** An answer that grows on the screen, coloured by surprisal, above a line that says how it goes. */

import { onInterrupt } from "../../files/index.ts";
import { type Background, shadeOf, splitSpaces } from "../../report/index.ts";
import {
  type Cell,
  cellsOf,
  clusters,
  clusterWidth,
  displayWidth,
  shorten,
  visibleCluster,
  wrapCells,
} from "../../text/index.ts";
import type { ColourDepth } from "./colour.ts";
import { type Paint, paintCells, painter } from "./paint.ts";
import type { AnswerPiece } from "./piece-stream.ts";
import type { TerminalStream } from "./progress.ts";

export interface AnswerScreenOptions {
  stream: TerminalStream;
  colour: ColourDepth;
  background: Background;
  /** Lines may be erased and written again: a terminal that is not dumb. Otherwise text is only ever added. */
  moves: boolean;
  /** The line beneath the answer for so many columns; "" = none. */
  status: (columns: number) => string;
}

const INTERVAL = 40; // milliseconds between two pictures, fast enough for the eye
const LEADING_MARK = /^\p{M}/u;

/**
 * The last line of the answer and the status line are erased and written again at each picture; everything above
 * stays as it was written. Lines are broken here, one column narrower than the terminal, so that the cursor's place
 * is known whatever the terminal does at its edge.
 */
export class AnswerScreen {
  readonly #options: AnswerScreenOptions;
  readonly #paint: Paint;
  /** Of the last line. */
  #cells: Cell[] = [];
  /** Finished lines that are not on the screen yet, painted. */
  #finished: string[] = [];
  /** Widths of the last line and of the status line on the screen, columns; `null`: not there. */
  #drawn: { line: number; status: number | null } | null = null;
  /** Of output that cannot go back: the cursor stands at the beginning of a line. */
  #atStart = true;
  /** Of output that cannot go back: the last character of the line that is written. */
  #behind: Cell | null = null;
  /** What is added stands beside the answer. */
  #aside = false;
  #last = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #calledOff: (() => void) | null = null;

  constructor(options: AnswerScreenOptions) {
    this.#options = options;
    this.#paint = painter(options);
    if (options.moves) this.#calledOff = onInterrupt(() => this.end());
  }

  write(pieces: readonly AnswerPiece[]): void {
    for (const { text, bits, aside = false } of pieces) {
      this.#aside = aside;
      this.#add(text, shadeOf(bits));
    }
    if (this.#options.moves) this.refresh();
    else this.#append();
  }

  /** A line of its own that says what follows. */
  heading(text: string): void {
    if (this.#cells.length > 0) this.#finished.push(paintCells(this.#cells, this.#paint));
    else if (!this.#options.moves && !this.#atStart) this.#finished.push("");
    this.#finished.push(this.#paint.faint(text));
    this.#cells = [];
    this.#behind = null;
    if (this.#options.moves) this.refresh();
    else this.#append();
  }

  /** Shows what is new, at most 25 times a second. */
  refresh(): void {
    if (!this.#options.moves || this.#timer) return;
    const wait = this.#last + INTERVAL - performance.now();
    if (wait <= 0) this.#draw(true);
    else
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#draw(true);
      }, wait).unref();
  }

  /** Removes the status line and leaves the cursor at the beginning of a new line. */
  end(): void {
    this.#calledOff?.();
    this.#calledOff = null;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#options.moves) this.#draw(false);
    if (this.#options.moves ? this.#cells.length > 0 : !this.#atStart) this.#options.stream.write("\n");
    this.#cells = [];
    this.#behind = null;
    this.#drawn = null;
    this.#atStart = true;
  }

  #add(whole: string, shade: number | null): void {
    const text = LEADING_MARK.test(whole) ? this.#joinMark(whole, shade) : whole;
    const [spaces, rest] = splitSpaces(text);
    // A line break is part of the text's layout; it is drawn only where it is itself a surprise.
    const marked = this.#options.colour !== "none" && shade !== null && shade > 0;
    const [same, ...further] = this.#fainter(cellsOf(rest, shade, marked));
    this.#cells.push(...this.#fainter(cellsOf(spaces, 0, false))[0]!, ...same!);
    for (const line of further) {
      this.#wrap();
      this.#finished.push(paintCells(this.#cells, this.#paint));
      this.#cells = line;
      this.#behind = null;
    }
    this.#wrap();
  }

  #fainter(lines: Cell[][]): Cell[][] {
    return this.#aside ? lines.map((line) => line.map((cell) => ({ ...cell, faint: true }))) : lines;
  }

  /** An accent that is a token of its own belongs to the letter before it. @returns what comes after it. */
  #joinMark(text: string, shade: number | null): string {
    const letter = this.#cells.at(-1) ?? this.#behind;
    if (!letter) return text;
    const [joined = ""] = clusters(letter.shown + text);
    if (joined.length === letter.shown.length) return text;
    const shown = visibleCluster(joined);
    // A character is as surprising as its more surprising part at least.
    const darker = shade === null || letter.shade === null ? null : Math.max(shade, letter.shade);
    const cell = { shown, width: clusterWidth(shown), shade: darker };
    if (this.#cells.length > 0) this.#cells[this.#cells.length - 1] = cell;
    else {
      this.#options.stream.write(shown.slice(letter.shown.length));
      this.#behind = cell;
    }
    return text.slice(joined.length - letter.shown.length);
  }

  #wrap(): void {
    if (!this.#options.moves) return;
    const lines = wrapCells(this.#cells, this.#columns);
    this.#cells = lines.pop()!;
    for (const line of lines) this.#finished.push(paintCells(line, this.#paint));
  }

  get #columns(): number {
    return this.#options.stream.columns || 80;
  }

  /** For what cannot go back: everything new, at once. */
  #append(): void {
    const shown = [...this.#finished, paintCells(this.#cells, this.#paint)].join("\n");
    this.#finished = [];
    if (shown !== "") this.#options.stream.write(shown);
    this.#behind = this.#cells.at(-1) ?? this.#behind;
    this.#cells = [];
    if (shown !== "") this.#atStart = shown.endsWith("\n");
  }

  #draw(withStatus: boolean): void {
    const columns = this.#columns;
    const status = withStatus ? shorten(this.#options.status(columns), columns - 1) : "";
    const line = widthOf(this.#cells);
    const text = [...this.#finished, paintCells(this.#cells, this.#paint)].join("\n");
    this.#finished = [];
    const beneath = status === "" ? "" : `\n${this.#paint.faint(status)}`;
    this.#options.stream.write(this.#erase(columns) + text + beneath);
    this.#drawn = { line, status: status === "" ? null : displayWidth(status) };
    this.#last = performance.now();
  }

  /** Back to where the last line begins. A terminal made narrower has broken what was one row. */
  #erase(columns: number): string {
    if (!this.#drawn) return "";
    const rows = (width: number) => Math.max(1, Math.ceil(width / columns));
    const { line, status } = this.#drawn;
    const up = rows(line) + (status === null ? 0 : rows(status)) - 1;
    return `\r${up > 0 ? `\u001b[${up}A` : ""}\u001b[J`;
  }
}

const widthOf = (cells: readonly Cell[]): number => cells.reduce((sum, { width }) => sum + width, 0);
