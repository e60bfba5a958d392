/** A square with the diagonal of what should be, and below it how the answers are spread. Internal to this room. */
import { gridY, line, type Markish, rectY, ruleY } from "@observablehq/plot";
import { formatProbability } from "../text/index.ts";
import type { DrawingSpace, Panel } from "./chart.ts";

/** What lies in it. */
export interface DiagonalParts {
  /** Drawn over the diagonal, both axes 0 ... 1. */
  marks: readonly Markish[];
  /** Of the axis across, under the lower plot. */
  label: string;
  /** Bounds of each bin, and its share of all, 0 ... 1. */
  shares: readonly { from: number; to: number; share: number }[];
}

export function aroundDiagonal(
  { width, colours }: DrawingSpace,
  { marks, label, shares }: DiagonalParts,
): Panel[] {
  const size = Math.min(width, 440);
  const across = { domain: [0, 1], ticks: 5, tickFormat: formatProbability };
  const frame = { width: size, marginLeft: 46, marginRight: 20 };
  return [
    {
      plot: {
        ...frame,
        height: size - 24,
        marginTop: 26,
        marginBottom: 24,
        x: { ...across, label: null },
        y: { ...across, label: "how often it was right" },
        marks: [
          gridY({ stroke: colours.line, strokeOpacity: 1, ticks: 5 }),
          line([0, 1], {
            x: (d: number) => d,
            y: (d: number) => d,
            stroke: colours.ink,
            strokeDasharray: "6 4",
            strokeWidth: 1.5,
          }),
          ...marks,
        ],
      },
    },
    {
      plot: {
        ...frame,
        height: 110,
        marginTop: 8,
        marginBottom: 40,
        x: { ...across, label },
        y: { ticks: 2, tickFormat: formatProbability, label: null },
        marks: [
          gridY({ stroke: colours.line, strokeOpacity: 1, ticks: 2 }),
          rectY(shares, {
            x1: "from",
            x2: "to",
            y: "share",
            fill: colours.soft,
            fillOpacity: 0.6,
            inset: 1,
          }),
          ruleY([0], { stroke: colours.soft }),
        ],
      },
    },
  ];
}
