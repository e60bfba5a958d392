/** Training and validation perplexity over the steps, several runs over one another, phases marked. */
import { axisX, axisY, dot, gridX, gridY, line, type PlotOptions, ruleX, text } from "@observablehq/plot";
import { formatCount, formatNumber, inSentence, visible } from "../text/index.ts";
import { boundsOf, logTicks } from "./bins.ts";
import { type Chart, emptyChart, FONT_SIZE, MOST_POINTS, NARROW } from "./chart.ts";
import { pixelWidth, shortenToPixels } from "./pixels.ts";

/** One run; losses are nats, and what is not finite is a gap. */
export interface TrainingCurve {
  name: string;
  train: { steps: ArrayLike<number>; losses: ArrayLike<number> } | null;
  valid: { steps: ArrayLike<number>; losses: ArrayLike<number> } | null;
  /** Marked with a diamond. */
  best: { step: number; loss: number } | null;
  /** Drawn where there is one run; the first begins the run. */
  phases: readonly { kind: string; from: number }[];
}

interface Point {
  step: number;
  perplexity: number;
}

/** Perplexity of runs while they are trained, on a logarithmic axis: training thin, validation thick, the best marked. */
export function trainingCurves(runs: readonly TrainingCurve[], axis = "step"): Chart {
  const title = "Perplexity while training";
  const columns = ["run", `best ${axis}`, "best validation", "last validation", "last training"];
  const drawn = runs.map((run, index) => ({
    ...run,
    index,
    points: { train: thinned(run.train), valid: thinned(run.valid) },
  }));
  const all = drawn
    .flatMap(({ points }) => [...points.train, ...points.valid])
    .filter(({ perplexity }) => Number.isFinite(perplexity));
  if (all.length === 0) return emptyChart(title, "There is no finite loss.", columns);
  const shown = (nats: number | undefined) => (nats === undefined ? "–" : formatNumber(Math.exp(nats), 4));
  const lastOf = (points: readonly Point[]) => {
    const last = points.findLast(({ perplexity }) => Number.isFinite(perplexity));
    return last && Math.log(last.perplexity);
  };
  return {
    title,
    summary: `Validation thick, training thin and dashed (log scale). ${drawn
      .map(({ name, best }) =>
        best === null
          ? `${inSentence(name)} has no validation.`
          : `${inSentence(name)}: best at ${axis} ${formatCount(best.step)}, perplexity ${shown(best.loss)}.`,
      )
      .slice(0, 4)
      .join(" ")}`,
    numbers: "",
    table: {
      columns,
      rows: drawn.map(({ name, best, points }) => [
        visible(name),
        best === null ? "–" : formatCount(best.step),
        shown(best?.loss),
        shown(lastOf(points.valid)),
        shown(lastOf(points.train)),
      ]),
    },
    key: [
      { sign: "line", colour: ({ series: [first] }) => first!, text: "validation" },
      { sign: "dashed", colour: ({ series: [first] }) => first!, text: "training" },
      { sign: "diamond", colour: ({ accent }) => accent, text: "best validation" },
    ],
    draw({ width, colours }) {
      const phone = width < NARROW;
      const [low, high] = boundsOf(all.map(({ perplexity }) => perplexity))!;
      const [bottom, top] = [low / 1.06, high * 1.06];
      const [least, most] = boundsOf(all.map(({ step }) => step))!;
      const paint = (index: number) =>
        drawn.length <= colours.series.length ? colours.series[index % 6]! : colours.main;
      const several = drawn.length > 1;
      const labels = several
        ? drawn.map(({ name }) => shortenToPixels(visible(name), phone ? 80 : 150, FONT_SIZE))
        : [];
      const marginRight = 16 + Math.max(0, ...labels.map((label) => pixelWidth(label, FONT_SIZE) + 8));
      const phases = several ? [] : drawn[0]!.phases;
      const spots = drawn.flatMap(({ best }) =>
        best === null ? [] : [{ step: best.step, perplexity: Math.exp(best.loss) }],
      );
      const ends = drawn.flatMap(({ points, index }, i) => {
        const end = (points.valid.length > 0 ? points.valid : points.train).findLast(({ perplexity }) =>
          Number.isFinite(perplexity),
        );
        return end === undefined ? [] : [{ ...end, label: labels[i]!, colour: paint(index) }];
      });
      const height = phone ? 300 : 360;
      // Names stand apart where lines end close together.
      const inner = height - 34 - 44;
      const heightOf = (value: number) =>
        ((Math.log(top) - Math.log(value)) / (Math.log(top) - Math.log(bottom))) * inner;
      const placed = ends.map((end) => ({ ...end, y: heightOf(end.perplexity) })).sort((a, b) => a.y - b.y);
      for (let i = 1; i < placed.length; i++) placed[i]!.y = Math.max(placed[i]!.y, placed[i - 1]!.y + 15);
      const ticks = logTicks(bottom, top, 7);
      return [
        {
          plot: {
            width,
            height,
            marginLeft: 52,
            marginRight,
            marginTop: 34,
            marginBottom: 44,
            x: { domain: [least, Math.max(most, least + 1)], label: null },
            y: { type: "log", domain: [bottom, top] },
            marks: [
              gridX({ stroke: colours.line, strokeOpacity: 1, ticks: phone ? 4 : 8 }),
              gridY({ stroke: colours.line, strokeOpacity: 1, ticks }),
              axisX({
                ticks: phone ? 4 : 8,
                label: axis,
                labelAnchor: "right",
                tickFormat: (value: number) => (value >= 10_000 ? `${value / 1000}k` : String(value)),
              }),
              axisY({
                ticks,
                label: "perplexity (log scale)",
                text: (value: number) => formatNumber(value, 3).replace(/\.0+$/, ""),
              }),
              ruleX(phases.slice(1), { x: "from", stroke: colours.soft, strokeDasharray: "2 3" }),
              ...phases
                .filter(
                  (phase, i) =>
                    pixelWidth(phase.kind, 11) <
                    ((width - 68) * ((phases[i + 1]?.from ?? most) - phase.from)) /
                      Math.max(1e-9, most - least) -
                      6,
                )
                .map((phase) =>
                  text([phase], {
                    x: "from",
                    frameAnchor: "top",
                    text: "kind",
                    textAnchor: "start",
                    dx: 4,
                    dy: 2,
                    fill: colours.soft,
                    fontSize: 11,
                    stroke: colours.page,
                    strokeWidth: 4,
                  }),
                ),
              ...drawn.flatMap(({ points, index }) => [
                line(points.train, {
                  x: "step",
                  y: "perplexity",
                  stroke: paint(index),
                  strokeWidth: 1,
                  strokeOpacity: 0.8,
                  strokeDasharray: "3 2",
                }),
                line(points.valid, { x: "step", y: "perplexity", stroke: paint(index), strokeWidth: 2.25 }),
                ...(points.valid.length < 60
                  ? [
                      dot(
                        points.valid.filter(({ perplexity }) => Number.isFinite(perplexity)),
                        { x: "step", y: "perplexity", r: 1.8, fill: paint(index) },
                      ),
                    ]
                  : []),
              ]),
              dot(spots, {
                x: "step",
                y: "perplexity",
                symbol: "diamond",
                r: 6,
                fill: colours.accent,
                stroke: colours.page,
              }),
              ...placed
                .filter(({ label }) => label !== undefined)
                .map((end) =>
                  text([end], {
                    x: () => most,
                    y: "perplexity",
                    text: "label",
                    textAnchor: "start",
                    dx: 8,
                    dy: end.y - heightOf(end.perplexity),
                    fill: end.colour,
                    fontSize: FONT_SIZE,
                  }),
                ),
            ],
          } satisfies PlotOptions,
        },
      ];
    },
  };
}

/** Medians of neighbours where there are more than can be seen; NaN where nothing is finite. */
function thinned(series: TrainingCurve["train"]): Point[] {
  if (series === null) return [];
  const { steps, losses } = series;
  const size = Math.max(1, Math.ceil(steps.length / MOST_POINTS));
  const points: Point[] = [];
  for (let from = 0; from < steps.length; from += size) {
    const kept: number[] = [];
    for (let i = from; i < Math.min(steps.length, from + size); i++)
      if (Number.isFinite(losses[i]!)) kept.push(losses[i]!);
    kept.sort((a, b) => a - b);
    const middle = kept[kept.length >> 1];
    points.push({
      step: steps[Math.min(steps.length - 1, from + (size >> 1))]!,
      perplexity: middle === undefined ? Number.NaN : Math.exp(Math.min(600, middle)),
    });
  }
  return points;
}
