/**
 * Line breaking by display width. Not wrap-ansi's: lines here are cells with a shade, painted after they are broken, and one
 * space may hang at the edge.
 */
import { clusters, clusterWidth, isLineBreak, visibleCluster } from "./visible.ts";

/** A user-perceived character as it is shown, and the shade it gets (`null` = no number). */
export interface Cell {
  shown: string;
  /** Columns in a terminal. */
  width: number;
  shade: number | null;
  /** Drawn fainter than the rest. Default false. */
  faint?: boolean | undefined;
}

const TAB = 4; // columns; shown as ⇥ and spaces, so that it takes the same room everywhere

/**
 * Cells of a text of one shade, in lines: one line more than it has line breaks.
 * @param marked show line breaks as ↵ and tabs as ⇥, so that their shade can be seen.
 */
export function cellsOf(text: string, shade: number | null, marked: boolean): Cell[][] {
  const lines: Cell[][] = [[]];
  const put = (shown: string) => lines.at(-1)!.push({ shown, width: clusterWidth(shown), shade });
  for (const cluster of clusters(text)) {
    if (isLineBreak(cluster)) {
      if (marked) put("↵");
      lines.push([]);
    } else if (cluster === "\t") {
      put(marked ? "⇥" : " ");
      for (let column = 1; column < TAB; column++) put(" ");
    } else put(visibleCluster(cluster));
  }
  return lines;
}

/**
 * Breaks a line into lines of at most `columns`: after a space if there is one, else anywhere. One space may
 * hang in the last column, which is otherwise left free. `columns` null: no breaking.
 */
export function wrapCells(line: readonly Cell[], columns: number | null): Cell[][] {
  if (columns === null) return [[...line]];
  const room = Math.max(2, columns - 1); // the widest character takes 2
  const lines: Cell[][] = [];
  let current: Cell[] = [];
  let width = 0;
  for (const cell of line) {
    if (width + cell.width > room + (cell.shown === " " && width <= room ? 1 : 0) && current.length > 0) {
      const space = cell.shown === " " ? -1 : current.findLastIndex(({ shown }) => shown === " ");
      lines.push(space < 0 ? current : current.slice(0, space + 1));
      current = space < 0 ? [] : current.slice(space + 1);
      width = current.reduce((sum, kept) => sum + kept.width, 0);
      if (width + cell.width > room && current.length > 0) {
        lines.push(current);
        current = [];
        width = 0;
      }
    }
    current.push(cell);
    width += cell.width;
  }
  return [...lines, current];
}

/** Words joined into lines of at most `columns` where they fit; a longer word is broken. */
export function wrapWords(text: string, columns: number | null): string[] {
  const [line] = cellsOf(text, null, true);
  return wrapCells(line!, columns).map((cells) =>
    cells
      .map(({ shown }) => shown)
      .join("")
      .trimEnd(),
  );
}
