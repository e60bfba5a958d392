/** What a chain's perplexity becomes as steps go, beside other ways to take as many tokens away. */
import {
  axisX,
  axisY,
  dot,
  gridX,
  gridY,
  line,
  link,
  type PlotOptions,
  ruleY,
  text,
} from "@observablehq/plot";
import { formatCount, formatNumber, inSentence, visible } from "../text/index.ts";
import { boundsOf, LARGEST, logTicks } from "./bins.ts";
import { type Chart, emptyChart, NARROW, type Panel } from "./chart.ts";
import { labelsApart } from "./labels.ts";
import type { Colours } from "./theme.ts";

/** What is left of a chain, or of a set of them. */
export interface PruningPoint {
  /** What it is, or what was done: "full", "round 2: without step 5". */
  name: string;
  /** `null` = not known. Of several chains their mean. */
  steps: number | null;
  /** In the steps; `null` = not known. */
  tokens: number | null;
  /** Infinity at probability 0. */
  perplexity: number;
}

/** What `pruningCurve` draws. */
export interface PruningCurveInput {
  /** The full chain, then what is left after each round. */
  path: readonly PruningPoint[];
  /** Other ways, such as the shortest steps first. */
  baselines?: readonly PruningPoint[] | undefined;
  /** Single draws of random removal. */
  draws?: readonly PruningPoint[] | undefined;
  /** Ratios to the first point of the path beyond which nothing is cut, and their names; ascending. */
  limits?: readonly { name: string; ratio: number }[] | undefined;
  /** What the perplexity is of. Default "the steps and the answer". */
  of?: string | undefined;
}

type Across = "steps" | "tokens";
const AXES: Readonly<Record<Across, string>> = { steps: "steps left", tokens: "tokens left in the steps" };
/** More rounds have no names at their points. */
const MOST_NAMED = 12;

/** Perplexity against the steps that are left, and against their tokens; lower is better, further left is cheaper. */
export function pruningCurve({
  path,
  baselines = [],
  draws = [],
  limits = [],
  of = "the steps and the answer",
}: PruningCurveInput): Chart {
  const title = "Perplexity against what is left";
  const columns = ["what is left", "steps", "tokens", "perplexity", "times the full chain's"];
  const [full] = path;
  const end = path.at(-1);
  if (full === undefined || end === undefined)
    return emptyChart(title, "There is nothing to compare.", columns);
  const ratio = (perplexity: number) => perplexity / full.perplexity;
  const row = ({ name, steps, tokens, perplexity }: PruningPoint) => [
    visible(name),
    count(steps),
    count(tokens),
    formatNumber(perplexity),
    formatNumber(ratio(perplexity)),
  ];
  const others = [...baselines, ...draws];
  const known = (across: Across) => path.every((point) => point[across] !== null);
  const spread = boundsOf(draws.map(({ perplexity }) => perplexity));
  const better = draws.filter(({ perplexity }) => perplexity <= end.perplexity).length;
  return {
    title,
    summary: [
      `What does a chain lose with its steps? Perplexity of ${of}: further down is better, further left is cheaper.`,
      path.length > 1
        ? `From ${formatNumber(full.perplexity)} with all ${count(full.steps)} steps to ${formatNumber(end.perplexity)} with ${count(end.steps)}.`
        : `Nothing was cut: ${formatNumber(full.perplexity)} with all ${count(full.steps)} steps.`,
      ...(draws.length > 0
        ? [
            `Of ${formatCount(draws.length)} random draws with at least as many tokens, ${better === 0 ? "none is" : `${formatCount(better)} ${better === 1 ? "is" : "are"}`} as low.`,
          ]
        : []),
    ].join(" "),
    numbers: others
      .filter((point) => baselines.includes(point))
      .map(({ name, perplexity }) => `${inSentence(name)}: ${formatNumber(perplexity)}.`)
      .concat(spread ? [`Random draws: ${formatNumber(spread[0])} to ${formatNumber(spread[1])}.`] : [])
      .join(" "),
    table: { columns, rows: [...path, ...baselines, ...draws].map(row) },
    key: [
      { sign: "line", colour: ({ main }) => main, text: "cut step by step" },
      ...(baselines.length > 0
        ? [{ sign: "diamond" as const, colour: ({ accent }: Colours) => accent, text: "other ways" }]
        : []),
      ...(draws.length > 0
        ? [{ sign: "ring" as const, colour: ({ soft }: Colours) => soft, text: "a random draw" }]
        : []),
      ...(limits.length > 0
        ? [
            {
              sign: "dashed" as const,
              colour: ({ ink }: Colours) => ink,
              text: limits.map(({ name }) => visible(name)).join(", "),
            },
          ]
        : []),
    ],
    draw: ({ width, colours }) =>
      (["steps", "tokens"] as const)
        .filter(known)
        .map((across) => panelOf(across, { path, baselines, draws, limits }, width, colours)),
  };
}

const count = (value: number | null): string =>
  value === null || Number.isInteger(value) ? formatCount(value) : formatNumber(value, 3);

function panelOf(
  across: Across,
  { path, baselines = [], draws = [], limits = [] }: PruningCurveInput,
  width: number,
  colours: Colours,
): Panel {
  const phone = width < NARROW;
  const heights = [...path, ...baselines, ...draws].map(({ perplexity }) =>
    perplexity < LARGEST ? perplexity : null,
  );
  const first = path[0]!.perplexity;
  const lines = limits
    .map(({ ratio }) => ({ name: `${ratio} ×`, at: ratio * first }))
    .filter(({ at }) => at < LARGEST);
  const [low, high] = boundsOf([...heights, ...lines.map(({ at }) => at)]) ?? [1, 2];
  const log = high / low > 4;
  const pad = log ? (high / low) ** 0.1 : Math.max(0.12 * (high - low), 0.01 * high);
  const [bottom, top] = log ? [low / pad, high * pad] : [Math.max(0, low - pad), high + pad];
  /** What has no place on the axis stands at its upper edge. */
  const inside = ({ perplexity }: PruningPoint) => Math.min(top, perplexity);
  const has = (points: readonly PruningPoint[]) => points.filter((point) => point[across] !== null);
  const [least, most] = boundsOf(has([...path, ...baselines, ...draws]).map((point) => point[across]))!;
  const side = Math.max(0.08 * (most - least), across === "steps" ? 0.5 : 1);
  const domain: [number, number] = [Math.max(0, least - side), most + side];
  const ticks = log ? logTicks(bottom, top, 6) : 5;
  const range = boundsOf(draws.map(({ perplexity }) => perplexity));
  const mean =
    draws.length > 0 ? draws.reduce((sum, point) => sum + (point[across] ?? 0), 0) / draws.length : 0;
  const [height, left, right, above, below] = [phone ? 260 : 300, 58, lines.length > 0 ? 58 : 28, 26, 42];
  const scale = log ? Math.log : (value: number) => value;
  const pixel = (point: PruningPoint) => ({
    x: left + ((point[across]! - domain[0]) / (domain[1] - domain[0])) * (width - left - right),
    y:
      above + ((scale(top) - scale(inside(point))) / (scale(top) - scale(bottom))) * (height - above - below),
  });
  /** Two lines may lie so close that their names would touch. */
  const isClose =
    lines.length > 1 &&
    ((scale(lines[1]!.at) - scale(lines[0]!.at)) / (scale(top) - scale(bottom))) * (height - above - below) <
      14;
  const others = has(baselines).map((point) => ({ ...point, name: visible(point.name).replace(/,.*/, "") }));
  const named = path.length <= MOST_NAMED && !phone ? path : [];
  const labelled = [
    ...others,
    ...named.map((point, i) => ({ ...point, name: i === 0 ? "full" : String(i) })),
  ];
  const offsets = labelsApart(
    labelled.map((point) => ({ name: point.name, ...pixel(point) })),
    (named.length > 0 ? [] : path).map(pixel),
  );
  const at = (point: PruningPoint) => point[across]!;
  return {
    heading: `Against ${across}`,
    plot: {
      width,
      height,
      marginLeft: left,
      marginRight: right,
      marginTop: above,
      marginBottom: below,
      x: { domain },
      y: { type: log ? "log" : "linear", domain: [bottom, top] },
      marks: [
        gridX({ stroke: colours.line, strokeOpacity: 1, ticks: 5 }),
        gridY({ stroke: colours.line, strokeOpacity: 1, ticks }),
        axisX({
          ticks: across === "steps" ? Math.min(Math.ceil(most - least) + 1, phone ? 5 : 10) : phone ? 4 : 8,
          tickFormat: (value: number) => (Number.isInteger(value) ? formatCount(value) : ""),
          labelArrow: "none",
          label: AXES[across],
        }),
        axisY({
          ticks,
          text: (value: number) =>
            formatNumber(value, 3)
              .replace(/(\.\d*?)0+$/, "$1")
              .replace(/\.$/, ""),
          labelArrow: "none",
          label: `perplexity${log ? " (log scale)" : ""}`,
        }),
        ruleY(lines, { y: "at", stroke: colours.ink, strokeDasharray: "6 4" }),
        ...lines.map((limit, i) =>
          text([limit], {
            x: domain[1],
            y: "at",
            text: "name",
            textAnchor: "start",
            dx: 6,
            dy: isClose ? (i === 0 ? 7 : -7) : 0,
            fill: colours.soft,
          }),
        ),
        ...(range && draws.length > 1
          ? [link([range], { x: mean, y1: "0", y2: "1", stroke: colours.soft, strokeWidth: 2 })]
          : []),
        dot(has(draws), { x: at, y: inside, r: 4, stroke: colours.soft, strokeWidth: 1.5 }),
        line(path, { x: at, y: inside, stroke: colours.main, strokeWidth: 2 }),
        dot(path, {
          x: at,
          y: inside,
          r: (_: PruningPoint, i: number) => (i === path.length - 1 ? 6 : 3.5),
          fill: colours.main,
          stroke: colours.page,
        }),
        dot(others, {
          x: at,
          y: inside,
          r: 6,
          symbol: "diamond",
          fill: colours.accent,
          stroke: colours.page,
        }),
        ...labelled.map((point, i) =>
          text([point], {
            x: at,
            y: inside,
            text: "name",
            dy: offsets[i]!,
            fill: colours.ink,
            stroke: colours.page,
            strokeWidth: 4,
          }),
        ),
      ],
    } satisfies PlotOptions,
  };
}
