/** What a picture is: words, numbers, and how to draw it. */
import type { Colours } from "./theme.ts";

/** The numbers of a picture, as texts ready to show; the first column names the row. */
export interface ChartTable {
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

/** One line of the key (legend): a sign and what it means. */
export interface KeyEntry {
  sign: "line" | "thin" | "dashed" | "dotted" | "band" | "bar" | "outline" | KeySymbol;
  colour: (colours: Colours) => string;
  /** Opacity of a band, 0 ... 1. Default 1. */
  opacity?: number | undefined;
  text: string;
}

/** Signs that stand for a point; also names of Plot's symbols. */
export type KeySymbol = "circle" | "diamond" | "square" | "triangle" | "plus" | "times" | "ring";

/** A scale of colour in the key. */
export interface KeyScale {
  /** Fill colours, lowest value first. */
  fills: readonly string[];
  low: string;
  high: string;
}

/** Where a picture is drawn. */
export interface DrawingSpace {
  /** Pixels; a picture that cannot be narrower may be wider. */
  width: number;
  colours: Colours;
}

/** One coordinate system of a picture; they stand below each other. */
export interface Panel {
  heading?: string | undefined;
  /** Options of `Plot.plot`. Its own types need @types/d3, which programs that use this package need not have. */
  plot: object;
}

/** A picture before it is drawn: the same for light and dark, for a wide screen and a phone. */
export interface Chart {
  title: string;
  /** What there is to see, in a sentence or two: the caption. */
  summary: string;
  /** The numbers in words, after the summary in the picture's desc. */
  numbers: string;
  table: ChartTable;
  key: readonly (KeyEntry | KeyScale)[];
  /** No panels: there is nothing to draw, as the summary says. */
  draw(space: DrawingSpace): Panel[];
}

/** Text of ticks and marks, pixels. */
export const FONT_SIZE = 12;
/** Below this width, pixels, a picture is drawn for a phone. */
export const NARROW = 480;

/** Most places a line is drawn at. */
export const MOST_POINTS = 800;

/** A picture without numbers. */
export function emptyChart(title: string, summary: string, columns: readonly string[]): Chart {
  return { title, summary, numbers: "", table: { columns, rows: [] }, key: [], draw: () => [] };
}
