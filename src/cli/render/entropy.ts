/** Entropies as a terminal shows them: sentences, tables that fit, and next tokens side by side. */
import type { NextTokens } from "../../entropy/index.ts";
import {
  type EntropyPart,
  type EntropyView,
  nextEntropyText,
  nextTokenText,
  showEntropy,
} from "../../report/index.ts";
import { displayWidth, formatProbability, shorten, visible, wrapWords } from "../../text/index.ts";
import { bar } from "./bar.ts";
import { table } from "./run.ts";

const WITHOUT_TERMINAL = 100; // columns
/** Columns of a prompt beside others, at least. */
const NARROWEST = 34;
const GAP = 3;
const BAR = 8;
/** Widest name in front of a table. */
const WIDEST_NAME = 28;
/** Columns of a table that are never left out. */
const LEAST = 2;

interface Stream {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}

/** A measurement as text. Ends with a line break. */
export function renderEntropy(view: EntropyView, stream: Stream): string {
  const width = stream.isTTY ? stream.columns || 80 : null;
  const { title, lead, parts } = showEntropy(view);
  const wrapped = (text: string) => wrapWords(visible(text), width);
  const blocks: string[][] = [[...wrapped(title), ...wrapped(lead)]];
  if (view.kind === "next") {
    blocks.push(...sideBySide(view.prompts, width ?? WITHOUT_TERMINAL));
    const notes = parts[0]!.text;
    if (notes.length > 0) blocks.push(notes.flatMap((note) => wrapped(`note: ${note}`)));
  } else for (const part of parts) blocks.push(partLines(part, width));
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join("\n"))
    .join("\n\n")}\n`;
}

function partLines({ heading, text, table: shown }: EntropyPart, width: number | null): string[] {
  const lines = text.flatMap((each) => wrapWords(visible(each), width));
  if (shown === undefined) return lines;
  const all = shown.columns.map((column, i): readonly [string, (row: readonly string[]) => string] => [
    column,
    (row) => (i === 0 ? shorten(visible(row[0]!), WIDEST_NAME) : visible(row[i]!)),
  ]);
  // The last column may be words, which stand to the left.
  const isWords = (i: number) =>
    i === 0 || shown.rows.some((row) => /[a-z]{3}/.test(row[i]!.replace(/ to /, "")));
  let columns = all;
  const drawn = () => table(shown.rows, columns, isWords);
  while (width !== null && columns.length > LEAST && drawn().some((line) => displayWidth(line) > width))
    columns = columns.slice(0, -1);
  const missing = all.slice(columns.length).map(([column]) => column);
  return [
    `${heading}:`,
    ...lines,
    ...drawn(),
    ...(missing.length > 0
      ? wrapWords(`No room for: ${missing.join(", ")}; --json and --html have all.`, width)
      : []),
  ];
}

/** As many prompts beside each other as there is room for. */
function sideBySide(prompts: readonly NextTokens[], width: number): string[][] {
  const beside = Math.max(1, Math.min(prompts.length, 3, Math.floor((width + GAP) / (NARROWEST + GAP))));
  const each = Math.min(56, Math.floor((width - (beside - 1) * GAP) / beside));
  const rows: string[][] = [];
  for (let first = 0; first < prompts.length; first += beside) {
    const columns = prompts.slice(first, first + beside).map((next) => promptLines(next, each));
    const height = Math.max(...columns.map(({ length }) => length));
    rows.push(
      Array.from({ length: height }, (_, line) =>
        columns
          .map((column) => {
            const text = column[line] ?? "";
            return text + " ".repeat(Math.max(0, each - displayWidth(text)));
          })
          .join(" ".repeat(GAP))
          .trimEnd(),
      ),
    );
  }
  return rows;
}

function promptLines(next: NextTokens, width: number): string[] {
  const name = width - BAR - 2 - 6;
  const most = Math.max(...next.top.map(({ probability }) => probability), 0);
  const rest = 1 - next.topMass;
  return [
    shorten(next.read === "" ? "(nothing)" : visible(next.read), width),
    shorten(nextEntropyText(next), width),
    ...next.top.map((token) => {
      const shown = shorten(nextTokenText(token), name);
      const space = " ".repeat(name - displayWidth(shown));
      return `${shown}${space} ${bar(most > 0 ? token.probability / most : 0, BAR)} ${formatProbability(token.probability).padStart(6)}`;
    }),
    ...(rest > 1e-4
      ? [`all others${" ".repeat(Math.max(1, name - 10 + BAR + 2))}${formatProbability(rest).padStart(6)}`]
      : []),
  ];
}
