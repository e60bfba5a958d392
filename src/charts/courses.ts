/** Numbers that follow something: by order, by length of text, by context. Several courses with their intervals. */
import {
  areaY,
  axisX,
  axisY,
  dot,
  gridX,
  gridY,
  line,
  link,
  type Markish,
  type PlotOptions,
  ruleY,
} from "@observablehq/plot";
import { formatCount, formatNumber, inSentence, visible } from "../text/index.ts";
import { boundsOf, LARGEST, logTicks } from "./bins.ts";
import { type Chart, emptyChart, type KeyEntry, NARROW } from "./chart.ts";
import type { Colours } from "./theme.ts";

/** One course. */
export interface Course {
  name: string;
  /** Ascending in x; `low` and `high` are an interval of y, `null` or left out: none. `y` of `null` has no place. */
  points: readonly {
    x: number;
    y: number | null;
    low?: number | null | undefined;
    high?: number | null | undefined;
  }[];
  /**
   * "points" (the default): a line with its points, and bars of intervals; "line": a line, and a band; "faint": one of many alike,
   * which the key has once.
   */
  style?: "points" | "line" | "faint" | undefined;
}

/** What `coursesChart` draws. */
export interface CoursesInput {
  title: string;
  /** What there is to see: the caption. */
  summary: string;
  /** What stands across; "log" where it doubles. 0 on a logarithmic axis stands at its left end. */
  x: { label: string; type?: "linear" | "log" | undefined };
  y: { label: string; type?: "linear" | "log" | undefined };
  courses: readonly Course[];
  /** A level with its interval, such as a limit. */
  level?:
    | { name: string; y: number; low?: number | null | undefined; high?: number | null | undefined }
    | undefined;
}

const DASHES = ["", "7 4", "2 3"];
const SIGNS = ["line", "dashed", "dotted"] as const;
/** Of a course in the table. */
const MOST_ROWS = 24;

type Drawn = Course["points"][number] & { y: number };

/** Courses over the same axis; up to six with names, and any number of faint ones. */
export function coursesChart({ title, summary, x, y, courses, level }: CoursesInput): Chart {
  const columns = ["what", x.label, y.label, "interval"];
  const drawn = courses.map(({ points, ...course }) => ({
    ...course,
    points: points.filter((point): point is Drawn => point.y !== null && Math.abs(point.y) < LARGEST),
  }));
  const named = drawn.filter(({ style, points }) => style !== "faint" && points.length > 0);
  const faint = drawn.filter(({ style, points }) => style === "faint" && points.length > 0);
  if (named.length + faint.length === 0) return emptyChart(title, summary, columns);
  const place = (point: { x: number }) =>
    point.x >= 1000 || Number.isInteger(point.x) ? formatCount(point.x) : formatNumber(point.x, 3);
  const paint = (index: number) => (colours: Colours) => colours.series[index % colours.series.length]!;
  return {
    title,
    summary,
    numbers: named
      .map(({ name, points }) => {
        const [first, last] = [points[0]!, points.at(-1)!];
        return `${inSentence(name)}: ${formatNumber(first.y, 4)} at ${place(first)}, ${formatNumber(last.y, 4)} at ${place(last)}.`;
      })
      .concat(level ? [`${inSentence(level.name)}: ${formatNumber(level.y, 4)}.`] : [])
      .join(" "),
    table: {
      columns,
      rows: [...named, ...faint].flatMap(({ name, points }) =>
        thinned(points).map((point) => [
          visible(name),
          place(point),
          formatNumber(point.y, 4),
          interval(point),
        ]),
      ),
    },
    key: [
      ...named.map(
        ({ name }, i): KeyEntry => ({ sign: SIGNS[i % 3]!, colour: paint(i), text: visible(name) }),
      ),
      ...(faint.length > 0
        ? [{ sign: "thin" as const, colour: ({ soft }: Colours) => soft, text: visible(faint[0]!.name) }]
        : []),
      ...(level
        ? [{ sign: "dashed" as const, colour: ({ ink }: Colours) => ink, text: visible(level.name) }]
        : []),
    ],
    draw({ width, colours }) {
      const phone = width < NARROW;
      const all = [...named, ...faint].flatMap(({ points }) => points);
      const acrossLog = x.type === "log";
      const positive = all.filter((point) => point.x > 0).map((point) => point.x);
      const least = Math.min(...positive);
      // A place of 0 stands as far before the first as the next is behind it.
      const across = (point: { x: number }) => (acrossLog && point.x <= 0 ? least / 2 : point.x);
      const [low, high] = boundsOf([
        ...all.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]),
        ...(level ? [level.y, level.low ?? level.y, level.high ?? level.y] : []),
      ])!;
      const log = y.type === "log" && low > 0;
      const pad = Math.max(0.08 * (high - low), 0.02 * Math.abs(high), 1e-9);
      const domain: [number, number] = log
        ? [low / 1.1, high * 1.1]
        : [low >= 0 ? Math.max(0, low - pad) : low - pad, high + pad];
      const [from, to] = boundsOf(all.map(across))!;
      const domainX: [number, number] = from < to ? [from, to] : [from * 0.9 - 0.1, to * 1.1 + 0.1];
      const ticksAcross = acrossLog
        ? logTicks(least, domainX[1], phone ? 4 : 8)
        : Math.min(phone ? 5 : 10, Math.max(2, Math.ceil(to - from)));
      const ticks = log ? logTicks(domain[0], domain[1], 6) : 5;
      const marksOf = (course: (typeof named)[number], colour: string, dash: string): Markish[] => {
        const bounded = course.points.filter(
          (point) => (point.low ?? null) !== null && (point.high ?? null) !== null,
        );
        const lines = line(course.points, {
          x: across,
          y: "y",
          stroke: colour,
          strokeWidth: 2,
          ...(dash && { strokeDasharray: dash }),
        });
        return course.style === "line"
          ? [areaY(bounded, { x: across, y1: "low", y2: "high", fill: colour, fillOpacity: 0.2 }), lines]
          : [
              link(bounded, { x: across, y1: "low", y2: "high", stroke: colour, strokeWidth: 1.5 }),
              lines,
              dot(course.points, { x: across, y: "y", r: 3.5, fill: colour }),
            ];
      };
      return [
        {
          plot: {
            width,
            height: phone ? 280 : 320,
            marginLeft: 54,
            marginRight: 20,
            marginTop: 26,
            marginBottom: 44,
            x: { type: acrossLog ? "log" : "linear", domain: domainX, label: null },
            y: { type: log ? "log" : "linear", domain },
            marks: [
              gridX({ stroke: colours.line, strokeOpacity: 1, ticks: ticksAcross }),
              gridY({ stroke: colours.line, strokeOpacity: 1, ticks }),
              axisX({
                ticks: ticksAcross,
                text: (value: number) => shortCount(value),
                label: `${x.label}${acrossLog ? " (log scale)" : ""}`,
                labelAnchor: "right",
                labelArrow: "none",
              }),
              axisY({
                ticks,
                label: `${y.label}${log ? " (log scale)" : ""}`,
                labelArrow: "none",
                text: (value: number) =>
                  formatNumber(value, 3)
                    .replace(/(\.\d*?)0+$/, "$1")
                    .replace(/\.$/, ""),
              }),
              ...(level && (level.low ?? null) !== null && (level.high ?? null) !== null
                ? [
                    areaY([domainX[0], domainX[1]], {
                      x: (value: number) => value,
                      y1: () => level.low!,
                      y2: () => level.high!,
                      fill: colours.ink,
                      fillOpacity: 0.12,
                    }),
                  ]
                : []),
              ...faint.map(({ points }) =>
                line(points, { x: across, y: "y", stroke: colours.soft, strokeWidth: 1, strokeOpacity: 0.8 }),
              ),
              ...(level ? [ruleY([level.y], { stroke: colours.ink, strokeDasharray: "6 4" })] : []),
              ...named.flatMap((course, i) => marksOf(course, paint(i)(colours), DASHES[i % 3]!)),
            ],
          } satisfies PlotOptions,
        },
      ];
    },
  };
}

function thinned(points: readonly Drawn[]): Drawn[] {
  if (points.length <= MOST_ROWS) return [...points];
  const places = Array.from({ length: MOST_ROWS }, (_, i) =>
    Math.round((i * (points.length - 1)) / (MOST_ROWS - 1)),
  );
  return [...new Set(places)].map((i) => points[i]!);
}

const interval = ({ low, high }: Drawn): string =>
  (low ?? null) === null || (high ?? null) === null
    ? "–"
    : `${formatNumber(low, 4)} to ${formatNumber(high, 4)}`;

/** 1k, 20k, 1M. */
const shortCount = (value: number): string =>
  value >= 1e6
    ? `${value / 1e6}M`
    : value >= 1000
      ? `${value / 1000}k`
      : formatNumber(value, 3).replace(/\.0+$/, "");
