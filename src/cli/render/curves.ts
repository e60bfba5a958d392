/** Curves of training in a terminal: perplexity on a logarithmic axis, and what is said of it. */
import { type TrainView, trainFacts, type WatchedRun } from "../../report/index.ts";
import { displayWidth, formatCount, formatNumber, shorten, visible, wrapWords } from "../../text/index.ts";
import type { Series } from "../../train/index.ts";
import { type Paint, painter } from "./paint.ts";

/** Where they are shown. */
export interface CurvesScreen {
  /** `null` = no terminal: lines are not broken, and pictures are 80 wide. */
  columns: number | null;
  colour: boolean;
  /** No signs beyond ASCII. */
  ascii: boolean;
}

const WIDTH_WITHOUT_TERMINAL = 80;
const HEADING = 14;
const ROWS = 12;
const MOST_RUNS = 12;

/** Dots of a Braille cell by row and column: 2 columns of 4 (Unicode chapter 21.1). */
const BRAILLE = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** Ends with a line break. */
export function renderCurves(view: TrainView, screen: CurvesScreen): string {
  const paint = painter({ colour: screen.colour ? "16" : "none" });
  const width = Math.max(40, (screen.columns ?? WIDTH_WITHOUT_TERMINAL) - 1);
  const blocks = view.runs.slice(0, MOST_RUNS).map((each) => block(each, width, screen, paint).join("\n"));
  const more = view.runs.length - MOST_RUNS;
  if (more > 0) blocks.push(`… and ${formatCount(more)} more runs; --json and --html have all of them.`);
  return `${blocks.join("\n\n")}\n`;
}

function block(watched: WatchedRun, width: number, { columns, ascii }: CurvesScreen, paint: Paint): string[] {
  const { run } = watched;
  const lines = [paint.bold(shorten(visible(run.name), width))];
  lines.push(...picture(watched, width, ascii, paint), "");
  for (const [name, value] of trainFacts(watched)) lines.push(...field(name, value, columns, paint));
  for (const note of run.notes) lines.push(...field("note", visible(note), columns, paint));
  return ascii ? lines.map(plain) : lines;
}

function field(name: string, value: string, columns: number | null, paint: Paint): string[] {
  const room = columns === null ? null : Math.max(20, columns - 1 - HEADING);
  return wrapWords(value, room).map((line, i) => paint.faint((i === 0 ? name : "").padEnd(HEADING)) + line);
}

/** The picture: training in dots, validation in signs, its best marked, phases beneath. */
function picture({ run, analysis }: WatchedRun, width: number, ascii: boolean, paint: Paint): string[] {
  const finite = [run.train, run.valid].flatMap((series) => series?.losses.filter(Number.isFinite) ?? []);
  if (finite.length === 0) return ["There is no finite loss to draw."];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const loss of finite) [low, high] = [Math.min(low, loss), Math.max(high, loss)];
  if (high - low < 1e-6) [low, high] = [low - 0.05, high + 0.05];
  const label = (nats: number) => formatNumber(Math.exp(nats), 3);
  const rows = Array.from({ length: ROWS }, (_, row) => high - ((high - low) * (row + 0.5)) / ROWS);
  const gutter = Math.max(...rows.map((nats) => displayWidth(label(nats)))) + 2;
  const cells = Math.max(20, width - gutter);
  const ends = [run.train, run.valid].flatMap((series) =>
    series ? [series.steps[0] ?? 0, series.steps.at(-1) ?? 0] : [],
  );
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const place = (step: number) => (last > first ? (step - first) / (last - first) : 0.5);
  const height = (nats: number) => (high - nats) / (high - low);
  const dots = new Uint8Array(cells * ROWS);
  const signs = new Array<string | null>(cells * ROWS).fill(null);
  if (run.train !== null)
    for (const [step, nats] of thin(run.train, cells * 2)) {
      const x = Math.min(cells * 2 - 1, Math.floor(place(step) * cells * 2));
      const y = Math.min(ROWS * 4 - 1, Math.floor(height(nats) * ROWS * 4));
      dots[(y >> 2) * cells + (x >> 1)]! |= BRAILLE[y & 3]![x & 1]!;
    }
  const put = (step: number, nats: number, sign: string) => {
    const x = Math.min(cells - 1, Math.floor(place(step) * cells));
    signs[Math.min(ROWS - 1, Math.floor(height(nats) * ROWS)) * cells + x] = sign;
  };
  if (run.valid !== null)
    for (const [step, nats] of thin(run.valid, cells)) put(step, nats, ascii ? "o" : "•");
  const { best } = analysis;
  if (best !== null) put(best.step, best.loss, ascii ? "*" : "◆");
  const lines = rows.map((nats, row) => {
    let line = "";
    for (let cell = 0; cell < cells; cell++) {
      const sign = signs[row * cells + cell];
      const dot = dots[row * cells + cell]!;
      line += sign ? paint.bold(sign) : dot === 0 ? " " : ascii ? "." : String.fromCodePoint(0x2800 + dot);
    }
    const shown = row % 2 === 0 || row === ROWS - 1 ? label(nats) : "";
    return `${paint.faint(`${shown.padStart(gutter - 2)} ${ascii ? "|" : "┤"}`)}${line.trimEnd()}`;
  });
  return [...lines, ...axis({ run, analysis }, { gutter, cells, first, last, place, ascii }, paint)];
}

interface AxisPlace {
  gutter: number;
  cells: number;
  first: number;
  last: number;
  place(step: number): number;
  ascii: boolean;
}

function axis(
  { run, analysis }: WatchedRun,
  { gutter, cells, first, last, place, ascii }: AxisPlace,
  paint: Paint,
): string[] {
  const bar = new Array<string>(cells).fill(ascii ? "-" : "─");
  const names = new Array<string>(cells).fill(" ");
  for (const [i, { kind, from, to }] of analysis.phases.entries()) {
    const [start, end] = [Math.floor(place(from) * cells), Math.floor(place(to) * cells)].map((x) =>
      Math.min(cells - 1, x),
    ) as [number, number];
    if (i > 0) bar[start] = ascii ? "+" : "┬";
    const room = end - start - 1;
    const text = kind.length <= room ? kind : kind.split(" ")[0]!.length <= room ? kind.split(" ")[0]! : "";
    for (const [k, sign] of [...text].entries()) names[start + (i > 0 ? 1 : 0) + k] = sign;
  }
  const pad = " ".repeat(gutter);
  const [left, right] = [formatCount(Math.round(first)), `${run.axis} ${formatCount(Math.round(last))}`];
  const key = [
    run.train === null ? "" : `${ascii ? "." : "⠒"} train`,
    run.valid === null ? "" : `${ascii ? "o" : "•"} valid`,
    analysis.best === null ? "" : `${ascii ? "*" : "◆"} best`,
  ]
    .filter((each) => each !== "")
    .join("  ");
  const named = names.join("").trimEnd();
  return [
    `${" ".repeat(gutter - 1)}${paint.faint((ascii ? "+" : "└") + bar.join(""))}`,
    ...(named === "" ? [] : [pad + named]),
    pad + paint.faint(left + right.padStart(Math.max(right.length + 1, cells - left.length))),
    pad + paint.faint(`perplexity per ${run.per}, log scale   ${key}`),
  ];
}

/** At most about `most` points: the median of what lies together. */
function thin({ steps, losses }: Series, most: number): [step: number, nats: number][] {
  const size = Math.max(1, Math.ceil(steps.length / most));
  const out: [number, number][] = [];
  for (let from = 0; from < steps.length; from += size) {
    const kept = losses
      .slice(from, from + size)
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    if (kept.length > 0)
      out.push([steps[Math.min(steps.length - 1, from + (size >> 1))]!, kept[kept.length >> 1]!]);
  }
  return out;
}

/** Signs that ASCII has not, in it. */
const plain = (line: string): string =>
  line
    .replaceAll("−", "-")
    .replaceAll("–", "-")
    .replaceAll("…", "...")
    .replaceAll("±", "+-")
    .replaceAll("\u202f", " ")
    .replaceAll("\u00a0", " ");
