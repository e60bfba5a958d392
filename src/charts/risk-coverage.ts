/** What answering only the surest is worth, and which calibration errors noise alone makes. */
import { areaY, axisX, axisY, dot, gridY, line, link, type PlotOptions, ruleY } from "@observablehq/plot";
import { formatNumber, formatProbability, visible } from "../text/index.ts";
import { type Chart, emptyChart, FONT_SIZE, NARROW } from "./chart.ts";
import { pixelWidth, shortenTogether } from "./pixels.ts";

/** What `riskCoverageChart` draws; `riskCoverageCurve` of surprisal/calibrate gives it. */
export interface RiskCoverageInput {
  /** Surest answers first. */
  points: readonly { coverage: number; risk: number; threshold: number }[];
  /** Area under the curve. */
  aurc: number;
}

/** Share wrong among the answered, by the share that is answered, surest first. */
export function riskCoverageChart({ points, aurc }: RiskCoverageInput): Chart {
  const title = "Risk and coverage";
  const columns = ["answered", "wrong among them", "score at least"];
  const all = points.at(-1);
  if (all === undefined) return emptyChart(title, "There are no answers.", columns);
  const most = Math.max(...points.map(({ risk }) => risk), 1e-3);
  const shown = [0.1, 0.25, 0.5, 0.75, 0.9, 1].flatMap(
    (share) => points.find(({ coverage }) => coverage >= share) ?? [],
  );
  const half = points.find(({ coverage }) => coverage >= 0.5) ?? all;
  return {
    title,
    summary: `How many errors are left if only the surest are answered? All answered: ${formatProbability(all.risk)} wrong; the surest half: ${formatProbability(half.risk)}. A line that falls to the left says that the scores know what they do not know.`,
    numbers: `Area under the curve (AURC) ${formatNumber(aurc, 3)}.`,
    table: {
      columns,
      rows: [...new Set(shown)].map(({ coverage, risk, threshold }) => [
        formatProbability(coverage),
        formatProbability(risk),
        formatNumber(threshold, 3),
      ]),
    },
    key: [
      { sign: "line", colour: ({ main }) => main, text: "wrong among the answered" },
      { sign: "dashed", colour: ({ ink }) => ink, text: "scores that say nothing" },
    ],
    draw({ width, colours }) {
      return [
        {
          plot: {
            width,
            height: width < NARROW ? 240 : 280,
            marginLeft: 50,
            marginRight: 16,
            marginTop: 26,
            marginBottom: 40,
            x: { domain: [0, 1] },
            y: { domain: [0, most] },
            marks: [
              gridY({ stroke: colours.line, strokeOpacity: 1, ticks: 5 }),
              axisY({ ticks: 5, tickFormat: formatProbability, labelArrow: "none", label: "wrong" }),
              axisX({ ticks: 5, tickFormat: formatProbability, labelArrow: "none", label: "answered" }),
              ruleY([all.risk], { stroke: colours.ink, strokeDasharray: "6 4", strokeWidth: 1.5 }),
              areaY(points, { x: "coverage", y: "risk", fill: colours.main, fillOpacity: 0.12 }),
              line(points, { x: "coverage", y: "risk", stroke: colours.main, strokeWidth: 2 }),
            ],
          } satisfies PlotOptions,
        },
      ];
    },
  };
}

/** A calibration error and what noise makes of a perfectly calibrated model. */
export interface NoiseFloorRow {
  name: string;
  observed: number;
  mean: number;
  low: number;
  high: number;
}

/** Calibration errors beside what a perfectly calibrated model would show: a dot within its band is no evidence of error. */
export function noiseFloorChart(given: readonly NoiseFloorRow[], level: number = 0.95): Chart {
  const title = "Calibration error and noise floor";
  const band = `${Math.round(100 * level)}% of calibrated models`;
  const columns = ["answers", "error (ECE)", "noise floor", band];
  const rows = given.map((row) => ({ ...row, name: visible(row.name) }));
  const [first] = rows;
  if (first === undefined) return emptyChart(title, "There are no errors to show.", columns);
  const inside = ({ observed, high }: NoiseFloorRow) => observed <= high;
  const most = Math.max(...rows.flatMap(({ observed, high }) => [observed, high])) * 1.1 || 1;
  const points = (value: number) => formatNumber(100 * value, 3);
  return {
    title,
    summary: rows
      .map(
        (row) =>
          `${row.name}: ${points(row.observed)} percentage points, ${inside(row) ? "no more than" : "more than"} what noise alone makes of a calibrated model (up to ${points(row.high)}).`,
      )
      .join(" "),
    numbers: "",
    table: {
      columns,
      rows: rows.map((row) => [
        row.name,
        formatNumber(row.observed, 3),
        formatNumber(row.mean, 3),
        `${formatNumber(row.low, 3)} to ${formatNumber(row.high, 3)}`,
      ]),
    },
    key: [
      { sign: "circle", colour: ({ main }) => main, text: "error that was found" },
      { sign: "bar", colour: ({ soft }) => soft, opacity: 0.5, text: `noise floor: ${band}` },
    ],
    draw({ width, colours }) {
      const room = width < NARROW ? 116 : 320;
      const shown = shortenTogether(
        rows.map(({ name }) => name),
        room,
        FONT_SIZE,
      );
      const widest = Math.max(...shown.map((name) => pixelWidth(name, FONT_SIZE)));
      return [
        {
          plot: {
            width,
            height: 60 + 34 * Math.max(2, rows.length),
            marginLeft: Math.max(130, Math.ceil(widest) + 14),
            marginRight: 16,
            marginTop: 12,
            marginBottom: 40,
            x: { domain: [0, most] },
            y: { type: "point", domain: rows.map((_, row) => row), padding: 0.5, label: null },
            marks: [
              axisX({
                ticks: width < NARROW ? 4 : 8,
                tickFormat: (value: number) => String(Number(value.toPrecision(3))),
                labelArrow: "none",
                label: "expected calibration error",
              }),
              axisY({ tickSize: 0, label: null, tickFormat: (row: number) => shown[row]! }),
              link(rows, {
                x1: "low",
                x2: "high",
                y: (_, row) => row,
                stroke: colours.soft,
                strokeOpacity: 0.5,
                strokeWidth: 12,
              }),
              dot(rows, { x: "observed", y: (_, row) => row, r: 5, fill: colours.main }),
            ],
          } satisfies PlotOptions,
        },
      ];
    },
  };
}
