/** Where a packed file's bits go, in a terminal of any width. */
import {
  accountTable,
  type CompressionView,
  chunkTable,
  classTable,
  compressionSentences,
  lineTable,
  type RankedTable,
  yardstickTable,
} from "../../report/index.ts";
import { displayWidth, shorten, visible, wrapWords } from "../../text/index.ts";
import { painter } from "./paint.ts";
import { table } from "./run.ts";

const LINE_WITHOUT_TERMINAL = 120;
const MOST_LINES = 8;
const MOST_CHUNKS = 12;
const SHORTEST_TEXT = 16;

/** @param columns `null` = no terminal. Ends with a line break. */
export function renderExplanation(
  view: CompressionView,
  { columns, colour }: { columns: number | null; colour: boolean },
): string {
  const room = columns ?? LINE_WITHOUT_TERMINAL;
  const paint = painter({ colour: colour ? "16" : "none" });
  const { explanation } = view;
  const chunks = chunkTable(explanation);
  const left = chunks.rows.length - MOST_CHUNKS;
  const tables = [
    accountTable(explanation),
    ...(explanation.classes.length > 0 ? [classTable(explanation)] : []),
    yardstickTable(view),
    ...(explanation.chunks.length > 1 || explanation.tokens !== null
      ? [{ ...chunks, rows: chunks.rows.slice(0, MOST_CHUNKS) }]
      : []),
    ...(explanation.costliestLines.length > 0 ? [lineTable(explanation, visible, MOST_LINES)] : []),
  ];
  const blocks = tables.map((each) => {
    const [head, ...rows] = fitted(each, room);
    const more = each.title === chunks.title && left > 0 ? [`… and ${left} more; --json has all`] : [];
    return [paint.bold(each.title), paint.faint(head!), ...rows, ...more].join("\n");
  });
  const sentences = compressionSentences(view).flatMap((sentence) => wrapWords(visible(sentence), columns));
  return `${[...blocks, sentences.join("\n")].join("\n\n")}\n`;
}

/** A table's lines, without the columns that have no room; a last column "text" takes what is left. */
function fitted({ columns, rows }: RankedTable, room: number): string[] {
  const takesRest = columns.at(-1)!.heading === "text";
  for (let most = Math.max(...columns.map(({ rank }) => rank)); ; most--) {
    const places = columns.flatMap(({ rank }, i) => (rank <= most ? [i] : []));
    const isText = (place: number) => takesRest && place === columns.length - 1;
    const widths = places
      .filter((place) => !isText(place))
      .map((place) =>
        Math.max(displayWidth(columns[place]!.heading), ...rows.map((row) => displayWidth(row[place]!))),
      );
    const taken = widths.reduce((sum, width) => sum + width + 2, 0) - (takesRest ? 0 : 2);
    const text = room - 1 - taken;
    if (most > 0 && text < (takesRest ? SHORTEST_TEXT : 0)) continue;
    return table(
      rows,
      places.map((place) => [
        columns[place]!.heading,
        (row) => (isText(place) ? shorten(row[place]!, Math.max(SHORTEST_TEXT, text)) : row[place]!),
      ]),
      (column) => columns[places[column]!]!.isText === true,
    );
  }
}
