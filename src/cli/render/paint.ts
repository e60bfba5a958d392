/** Colours as a terminal takes them: SGR sequences. */
import type { Background } from "../../report/index.ts";
import type { Cell } from "../../text/index.ts";
import { type ColourDepth, shadeSgr } from "./colour.ts";

/** How things are painted: SGR sequences, or nothing at all. */
export interface Paint {
  shade: (text: string, shade: number | null) => string;
  bold: (text: string) => string;
  faint: (text: string) => string;
  underline: (text: string) => string;
}

/** What the terminal has. The background is taken for dark unless it is known. */
interface PaintOptions {
  colour: ColourDepth;
  background?: Background | undefined;
}

export function painter({ colour, background = "dark" }: PaintOptions): Paint {
  const sgr = (text: string, code: string) =>
    code === "" || text === "" ? text : `\u001b[${code}m${text}\u001b[0m`;
  const style = (code: string) => (text: string) => (colour === "none" ? text : sgr(text, code));
  return {
    shade: (text, shade) => sgr(text, shadeSgr(shade, colour, background)),
    bold: style("1"),
    faint: style("2"),
    underline: style("4"),
  };
}

/** One SGR sequence per run of cells of one shade, two where they are faint. */
export function paintCells(cells: readonly Cell[], paint: Paint): string {
  let line = "";
  for (let start = 0; start < cells.length; ) {
    const { shade, faint = false } = cells[start]!;
    let end = start + 1;
    while (end < cells.length && cells[end]!.shade === shade && (cells[end]!.faint ?? false) === faint) end++;
    const run = cells.slice(start, end).map(({ shown }) => shown);
    const painted = paint.shade(run.join(""), shade);
    line += faint ? paint.faint(painted) : painted;
    start = end;
  }
  return line;
}
