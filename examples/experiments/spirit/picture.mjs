/** Accuracy against the steps of the demonstrations, as a picture of the package's kind. */
import { axisX, axisY, dot, gridX, gridY, line, link, ruleY } from "@observablehq/plot";

const percent = (share) => `${Math.round(100 * share)}%`;

/** SPIRIT as a line with intervals, every random draw as a circle, all steps as a level. */
export function stepsChart({ title, steps: most, points, n }) {
  const spirit = points
    .filter(({ way }) => way === "full" || way === "spirit")
    .toSorted((a, b) => b.steps - a.steps);
  const random = points.filter(({ way }) => way === "random");
  const other = points.filter(({ way }) => way === "removal");
  const full = points.find(({ way }) => way === "full");
  const row = ({ way, draw, steps, accuracy, interval }) => [
    way === "random" ? `random, draw ${draw + 1}` : way,
    `${steps}`,
    percent(accuracy),
    `${percent(interval.low)} to ${percent(interval.high)}`,
  ];
  return {
    title: `${title}: accuracy against the steps of the demonstrations`,
    summary: `${n} questions at every point, the same ones. With all ${most} steps ${percent(full.accuracy)} are right; further right, fewer steps.`,
    numbers: "",
    table: { columns: ["way", "steps", "accuracy", "interval"], rows: points.map(row) },
    key: [
      { sign: "diamond", colour: ({ accent }) => accent, text: "SPIRIT-FS, with its interval of 95%" },
      ...(other.length > 0
        ? [{ sign: "square", colour: ({ main }) => main, text: "SPIRIT-FS, any step may go" }]
        : []),
      { sign: "ring", colour: ({ main }) => main, text: "random removal, every draw" },
      { sign: "dashed", colour: ({ soft }) => soft, text: "all steps" },
    ],
    draw: ({ width, colours }) => [
      {
        plot: {
          width,
          height: width < 480 ? 280 : 340,
          ...{ marginLeft: 50, marginRight: 20, marginTop: 24, marginBottom: 40 },
          x: { domain: [most + 0.4, 0.6] },
          y: { domain: [0, 1] },
          marks: [
            gridX({ stroke: colours.line, strokeOpacity: 1, ticks: most }),
            gridY({ stroke: colours.line, strokeOpacity: 1, ticks: 5 }),
            axisX({
              ticks: most,
              tickFormat: String,
              labelArrow: "none",
              label: "steps of the demonstrations",
            }),
            axisY({ ticks: 5, tickFormat: percent, labelArrow: "none", label: "right" }),
            ruleY([full.accuracy], { stroke: colours.soft, strokeWidth: 2, strokeDasharray: "6 4" }),
            line(spirit, { x: "steps", y: "accuracy", stroke: colours.accent, strokeWidth: 2 }),
            link(spirit, {
              ...{ x: "steps", y1: ({ interval }) => interval.low, y2: ({ interval }) => interval.high },
              ...{ stroke: colours.ink, strokeWidth: 1 },
            }),
            dot(random, { x: "steps", y: "accuracy", r: 5, stroke: colours.main, strokeWidth: 2 }),
            dot(other, { x: "steps", y: "accuracy", r: 5, symbol: "square", fill: colours.main }),
            dot(spirit, { x: "steps", y: "accuracy", r: 7, symbol: "diamond", fill: colours.accent }),
          ],
        },
      },
    ],
  };
}
