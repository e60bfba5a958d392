/** The figures as pictures. */
import { axisX, dot, gridX, link, ruleX } from "@observablehq/plot";
import { isMeasured, titleOf } from "./show.mjs";

/** Charts by the name of their file. */
export function picturesOf({ cells }) {
  return { "asking-auroc": aurocChart(cells.filter(isMeasured)) };
}

const COLOURS = { "no model": "ink", "one pass": "main", samples: "ink", asked: "accent" };

function aurocChart(cells) {
  const rows = cells.flatMap((cell) =>
    cell.methods
      .filter(({ auroc }) => auroc !== undefined)
      .map(({ name, kind, said, auroc }) => ({ cell: titleOf(cell), name, kind, said, ...auroc })),
  );
  const names = [...new Set(rows.map(({ name }) => name))];
  const longest = Math.max(...names.map(({ length }) => length));
  return {
    title: "Does it know when it is right?",
    summary:
      "AUROC of each method with its 95% interval: the chance that a right answer is given the surer number. 0.5 is nothing; 1 is all.",
    numbers: rows.map((row) => `${row.cell}, ${row.name}: ${row.value.toFixed(3)}.`).join(" "),
    table: {
      columns: ["model and set", "method", "answers", "AUROC", "from", "to"],
      rows: rows.map((row) => [
        row.cell,
        row.name,
        String(row.said),
        ...[row.value, row.low, row.high].map((value) => value.toFixed(3)),
      ]),
    },
    key: [
      { sign: "circle", colour: ({ main }) => main, text: "read from the answer's own probabilities" },
      { sign: "circle", colour: ({ ink }) => ink, text: "eight further answers; the kind of sum alone" },
      { sign: "diamond", colour: ({ accent }) => accent, text: "asked about the answer" },
      { sign: "dashed", colour: ({ ink }) => ink, text: "chance" },
    ],
    draw: ({ width, colours }) =>
      cells.map((cell) => {
        const own = rows.filter((row) => row.cell === titleOf(cell));
        const colour = ({ kind }) => colours[COLOURS[kind]];
        const shown = names.filter((name) => own.some((row) => row.name === name));
        return {
          heading: titleOf(cell),
          plot: {
            width,
            height: 19 * shown.length + 50,
            marginLeft: 7 * longest,
            marginRight: 20,
            marginTop: 8,
            marginBottom: 36,
            x: { domain: [0, 1], label: "AUROC" },
            y: { domain: shown, label: null },
            marks: [
              gridX({ stroke: colours.line, strokeOpacity: 1, ticks: 6 }),
              axisX({ ticks: 6, label: "AUROC", labelArrow: "none" }),
              ruleX([0.5], { stroke: colours.ink, strokeDasharray: "6 4" }),
              link(own, { x1: "low", x2: "high", y1: "name", y2: "name", stroke: colour, strokeWidth: 2 }),
              dot(own, {
                x: "value",
                y: "name",
                r: 4,
                symbol: ({ kind }) => (kind === "asked" ? "diamond" : "circle"),
                fill: colour,
              }),
            ],
          },
        };
      }),
  };
}
