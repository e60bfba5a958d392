/** A chain in a terminal: each step with its importance as a bar, what became of it, and why; the curve of the rounds as a table. */
import type { MeasureScope, RefineRound } from "../../refine/index.ts";
import { barAt, ratioText, type ShownStep, scaleOf, signedNats } from "../../report/index.ts";
import {
  cellsOf,
  displayWidth,
  formatCount,
  formatNumber,
  shorten,
  visible,
  wrapCells,
  wrapWords,
} from "../../text/index.ts";
import { bar } from "./bar.ts";
import type { Paint } from "./paint.ts";
import { table } from "./run.ts";

/** How wide lines may be; `null` = no terminal: lines are not broken. */
export interface RefineSpace {
  columns: number | null;
  paint: Paint;
}

/** Lines of one step's text; --json and the page have all of it. */
const MOST_LINES = 4;
/** Of one line where lines are not broken, columns. */
const LONGEST_LINE = 400;
const NARROW = 72;

/** What a step has in front: a sign, so that nothing is said by colour alone. */
const SIGNS: Readonly<Record<ShownStep["fate"], string>> = {
  kept: " ",
  removed: "−",
  substituted: "~",
  rewritten: "~",
};

/** The steps, with a line that explains their signs. */
export function chainLines(steps: readonly ShownStep[], { columns, paint }: RefineSpace): string[] {
  const room = columns !== null && columns < NARROW ? 5 : 10;
  const scale = scaleOf(steps.map(({ importance }) => importance));
  const most = Math.max(scale.high, -scale.low);
  const numbers = steps.map(({ importance }) => signedNats(importance));
  const sizes = steps.map(({ tokens }) => (tokens === null ? "" : formatCount(tokens)));
  const widest = (cells: readonly string[], heading: string) =>
    Math.max(displayWidth(heading), ...cells.map(displayWidth));
  const hasTokens = sizes.some((size) => size !== "");
  const [numberWidth, sizeWidth] = [widest(numbers, "nats"), hasTokens ? widest(sizes, "tokens") : 0];
  const placeWidth = String(steps.length).length;
  const front = (place: string, sign: string, picture: string, number: string, size: string) =>
    [
      place.padStart(placeWidth),
      sign,
      picture.padEnd(room),
      number.padStart(numberWidth),
      ...(hasTokens ? [size.padStart(sizeWidth)] : []),
    ].join(" ");
  const head = front("", " ", "", "nats", "tokens");
  const indent = displayWidth(head) + 2;
  const width = columns === null ? null : Math.max(16, columns - indent);
  const reasons = new Set(steps.filter(({ fate }) => fate === "removed").map(({ why }) => why));
  /** Said once, where it is the reason of all. */
  const [shared = ""] = reasons.size === 1 ? reasons : [];
  const lines = steps.flatMap((step, i) => {
    const { text, now, fate } = step;
    const own = front(
      String(step.number),
      SIGNS[fate],
      pictureOf(step.importance, most, room),
      numbers[i]!,
      sizes[i]!,
    );
    const [first = "", ...others] = textLines(text, width).map((line) =>
      fate === "kept" && now === text ? line : paint.faint(line),
    );
    const changed = now !== null && now !== text ? textLines(now, width) : [];
    const blank = " ".repeat(indent);
    return [
      `${own}  ${first}`.trimEnd(),
      ...others.map((line) => `${blank}${line}`),
      ...changed.map((line, k) => `${k === 0 ? `${" ".repeat(indent - 2)}> ` : blank}${line}`),
      ...wrapWords(reasonOf(step, shared), width).map((line) =>
        line === "" ? "" : `${blank}${paint.faint(line)}`,
      ),
    ].filter((line) => line !== "");
  });
  const signs = [
    ...(steps.some(({ fate }) => fate === "removed")
      ? [shared === "" ? "− removed" : `− removed: ${visible(shared)}`]
      : []),
    ...(steps.some(({ fate }) => fate !== "kept" && fate !== "removed") ? ["~ merged into others"] : []),
    ...(steps.some(({ now, text }) => now !== null && now !== text) ? ["> what stands there now"] : []),
  ];
  return [
    paint.faint(`${head}  step`),
    ...lines,
    ...(signs.length === 0 ? [] : wrapWords(signs.join("; "), columns).map(paint.faint)),
  ];
}

function reasonOf({ fateText, why, fate }: ShownStep, shared: string): string {
  if (fateText === "kept" && why === "") return "";
  const own = fate === "removed" && why === shared ? "" : why;
  return visible([fateText, own].filter((part) => part !== "").join(": "));
}

/** Solid where the chain needs the step, hatched where it is better without. */
function pictureOf(value: number | null, most: number, room: number): string {
  const at = barAt(value, { low: 0, high: most });
  if (value === null || at === null) return "";
  return value < 0
    ? "▒".repeat(Math.round((Math.min(most, -value) / most) * room))
    : bar(at[1], room).trimEnd();
}

/** A text in lines of at most `width`, the first few; its own line breaks are kept in a terminal. */
function textLines(text: string, width: number | null): string[] {
  if (width === null) return [shorten(visible(text), LONGEST_LINE)];
  // Four columns for each character at most: what lies behind is not shown.
  const shown = text.slice(0, (MOST_LINES + 1) * width * 2);
  const lines = cellsOf(shown, 0, false)
    .flatMap((line) => wrapCells(line, width))
    .map((cells) =>
      cells
        .map(({ shown: cell }) => cell)
        .join("")
        .trimEnd(),
    );
  if (lines.length <= MOST_LINES && shown.length === text.length) return lines;
  const kept = lines.slice(0, MOST_LINES);
  return [...kept.slice(0, -1), `${shorten(kept.at(-1) ?? "", width - 2)}…`];
}

/** A point of the curve. */
interface CurveRow {
  round: string;
  done: string;
  steps: string;
  tokens: string;
  perplexity: number;
  ratio: number | null;
}

/** Perplexity against steps and tokens, a line for each round. */
export function curveLines(
  full: { steps: number; tokens: number | null; perplexity: number },
  rounds: readonly RefineRound[],
  measure: MeasureScope,
  space: RefineSpace,
): string[] {
  const rows: CurveRow[] = [
    {
      round: "full",
      done: "",
      steps: formatCount(full.steps),
      tokens: formatCount(full.tokens),
      perplexity: full.perplexity,
      ratio: 1,
    },
    ...rounds.map(({ round, step, kind, steps, tokens, perplexity, ratio }) => ({
      round: formatCount(round),
      done: `step ${step + 1} ${kind}`,
      steps: formatCount(steps),
      tokens: formatCount(tokens),
      perplexity,
      ratio,
    })),
  ];
  const finite = rows.map(({ perplexity }) => perplexity).filter(Number.isFinite);
  const most = Math.max(Number.MIN_VALUE, ...finite);
  return fitted(
    rows,
    [
      ["round", ({ round }) => round],
      ["steps", ({ steps }) => steps],
      ["tokens", ({ tokens }) => tokens],
      ["perplexity", ({ perplexity }) => formatNumber(perplexity)],
      [measure === "rest" ? "times, behind" : "times full", ({ ratio }) => ratioText(ratio)],
      ["", ({ perplexity }) => bar(perplexity / most, 12)],
      ["done", ({ done }) => done],
    ],
    (column) => column === 0 || column > 4,
    space,
  );
}

type Columns<Row> = readonly (readonly [heading: string, cell: (row: Row) => string])[];

/** A table that leaves out its last columns where the terminal has no room for them; its names are shortened last of all. */
export function fitted<Row>(
  rows: readonly Row[],
  columns: Columns<Row>,
  isName: (column: number) => boolean,
  space: RefineSpace,
): string[] {
  const lines = table(rows, columns, isName);
  const { columns: width, paint } = space;
  if (width !== null && columns.length > 3 && lines.some((line) => displayWidth(line) > width))
    return fitted(rows, columns.slice(0, -1), isName, space);
  const cut = width === null ? lines : lines.map((line) => shorten(line, width));
  return cut.map((line, i) => (i === 0 ? paint.faint(line) : line));
}
