/** Ways of choosing as points with their intervals, each with its name, the router's a diamond. Internal to this room. */
import {
  axisX,
  axisY,
  dot,
  gridX,
  gridY,
  link,
  type Markish,
  type PlotOptions,
  text,
} from "@observablehq/plot";
import { NARROW } from "./chart.ts";
import { joinedNames, labelsApart, movedIn } from "./labels.ts";
import type { Colours } from "./theme.ts";

/** One of them. */
interface WayPoint {
  /** As it is shown. */
  name: string;
  x: number;
  value: number;
  low: number;
  high: number;
}

interface WaysInput {
  width: number;
  colours: Colours;
  /** One of the name "router" stands out. */
  points: readonly WayPoint[];
  /** Room for the labels of the vertical axis, pixels. */
  left: number;
  /** From 0. */
  widest: number;
  domain: readonly [number, number];
  labels: { x: string; y: string };
  tickFormat: (value: number) => string;
  /** Drawn below the points. */
  below: readonly Markish[];
}

const isOther = ({ name }: WayPoint): boolean => name !== "router";

/** The plot of `points`, whose names do not lie on each other. */
export function waysPlot({
  width,
  colours,
  points,
  left,
  widest,
  domain,
  labels,
  tickFormat,
  below,
}: WaysInput): PlotOptions {
  const [height, right, top, bottom] = [width < NARROW ? 280 : 340, width < NARROW ? 60 : 90, 30, 40];
  const [least, most] = domain;
  const places = joinedNames(
    points.map((point) => ({
      name: point.name,
      x: left + (point.x / widest) * (width - left - right),
      y: top + ((most - point.value) / (most - least)) * (height - top - bottom),
      point,
    })),
  ).map((place) => ({ ...place, dx: movedIn(place, left) }));
  const shown = places.map((place) => ({ ...place, x: place.x + place.dx }));
  const named = {
    x: "x",
    y: "value",
    text: "name",
    fill: colours.ink,
    stroke: colours.page,
    strokeWidth: 4,
  } as const;
  return {
    width,
    height,
    marginLeft: left,
    marginRight: right,
    marginTop: top,
    marginBottom: bottom,
    x: { domain: [0, widest] },
    y: { domain: [least, most] },
    marks: [
      gridX({ stroke: colours.line, strokeOpacity: 1, ticks: 5 }),
      gridY({ stroke: colours.line, strokeOpacity: 1, ticks: 5 }),
      axisX({ ticks: 5, labelArrow: "none", label: labels.x }),
      axisY({ ticks: 5, tickFormat, labelArrow: "none", label: labels.y }),
      ...below,
      link(points, { x: "x", y1: "low", y2: "high", stroke: colours.ink, strokeWidth: 1 }),
      dot(points.filter(isOther), { x: "x", y: "value", r: 5, fill: colours.main }),
      dot(
        points.filter((point) => !isOther(point)),
        { x: "x", y: "value", r: 7, symbol: "diamond", fill: colours.accent },
      ),
      ...labelsApart(shown, [], height - bottom - 6).map((dy, i) => {
        const { point, name, dx } = places[i]!;
        return text([{ ...point, name }], { ...named, dx, dy });
      }),
    ],
  };
}
