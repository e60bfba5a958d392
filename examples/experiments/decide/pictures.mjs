/** The figures as pictures. */
import { axisX, axisY, dot, gridX, gridY, line, link, ruleX, text } from "@observablehq/plot";
import { noiseFloorChart } from "surprisal/charts";
import { RULES } from "./figures.mjs";
import { nameOf } from "./show.mjs";
import { SETS } from "./tasks.mjs";

/** Charts by the name of their file. @param {ReturnType<typeof import("./figures.mjs").figuresOf>} models */
export function picturesOf(models) {
  return {
    "decide-accuracy": byRule(models, {
      title: "Accuracy by rule",
      summary:
        "Right answers of each model and set, by the rule that scores the options; the dashed line is what chance gives.",
      label: "right answers, %",
      estimateOf: (rule) => scaled(rule.accuracy, 100),
      chanceOf: ({ chance }) => 100 * chance,
    }),
    "decide-auroc": byRule(models, {
      title: "Does it know: AUROC by rule",
      summary:
        "Of predicates, how well the probability of yes tells yes from no; of choices, how well the confidence tells right from wrong. 0.5 is nothing.",
      label: "AUROC",
      estimateOf: (rule) => (rule.yes === null ? rule.auroc : rule.yes.auroc),
      chanceOf: () => 0.5,
    }),
    ...Object.fromEntries(
      models.map((model) => [`decide-reliability-${fileName(model.name)}`, reliabilityOf(model)]),
    ),
    "decide-noise-floor": noiseFloorChart(
      models.flatMap(({ name, sets }) =>
        sets.flatMap(({ set, standard, rules }) =>
          ["before", "after"].map((when) => {
            const { observed, mean, low, high } = rules[standard][when].noiseFloor;
            return { name: `${nameOf(name)}, ${SETS[set].title}, ${when}`, observed, mean, low, high };
          }),
        ),
      ),
    ),
  };
}

const fileName = (model) => model.toLowerCase().split(/[^a-z0-9]/)[0];
const scaled = ({ value, low, high }, by) => ({ value: by * value, low: by * low, high: by * high });

/** A panel a model: sets downwards, in each a dot a rule with its interval. */
function byRule(models, { title, summary, label, estimateOf, chanceOf }) {
  const rows = models
    .flatMap(({ name, sets }) =>
      sets.flatMap((set) =>
        RULES.map((rule) => ({
          model: nameOf(name),
          set: SETS[set.set].title,
          rule,
          chance: chanceOf(set),
          ...estimateOf(set.rules[rule]),
        })),
      ),
    )
    .filter(({ value }) => value !== null);
  const values = rows.flatMap(({ low, high, chance }) => [low, high, chance]);
  const domain = [Math.min(...values), Math.max(...values)];
  const sets = Object.values(SETS).map((set) => set.title);
  return {
    title,
    summary,
    numbers: rows
      .map((row) => `${row.model}, ${row.set}, ${row.rule}: ${row.value.toPrecision(3)}.`)
      .join(" "),
    table: {
      columns: ["model", "set", "rule", label, "from", "to"],
      rows: rows.map((row) => [
        row.model,
        row.set,
        row.rule,
        ...[row.value, row.low, row.high].map((x) => x.toPrecision(3)),
      ]),
    },
    key: [
      { sign: "circle", colour: ({ main }) => main, text: "options' own text: sum, mean, pmi" },
      { sign: "diamond", colour: ({ accent }) => accent, text: "labels: one token, one order and two" },
      { sign: "dashed", colour: ({ ink }) => ink, text: "chance" },
    ],
    draw: ({ width, colours }) =>
      models.map(({ name }) => {
        const own = rows.filter(({ model }) => model === nameOf(name));
        const isLabel = ({ rule }) => rule.startsWith("label");
        const colour = (row) => (isLabel(row) ? colours.accent : colours.main);
        return {
          heading: nameOf(name),
          plot: {
            width,
            height: 370,
            marginLeft: 110,
            marginRight: 110,
            marginTop: 8,
            marginBottom: 36,
            x: { domain, label },
            y: { domain: RULES, label: null, axis: null },
            fy: { domain: sets, label: null, axis: "left" },
            facet: { marginLeft: 110 },
            marks: [
              gridX({ stroke: colours.line, strokeOpacity: 1, ticks: 6 }),
              axisX({ ticks: 6, label, labelArrow: "none" }),
              ruleX(own, { x: "chance", fy: "set", stroke: colours.ink, strokeDasharray: "6 4" }),
              link(own, {
                x1: "low",
                x2: "high",
                y1: "rule",
                y2: "rule",
                fy: "set",
                stroke: colour,
                strokeWidth: 2,
              }),
              dot(own, {
                x: "value",
                y: "rule",
                fy: "set",
                r: 4,
                symbol: (row) => (isLabel(row) ? "diamond" : "circle"),
                fill: colour,
              }),
              text(own, {
                x: () => domain[1],
                y: "rule",
                fy: "set",
                text: "rule",
                dx: 10,
                textAnchor: "start",
                fill: colours.ink,
              }),
            ],
          },
        };
      }),
  };
}

/** Small multiples: a set a column, before and after below each other. */
function reliabilityOf({ name, sets }) {
  const bins = sets.flatMap(({ set, standard, rules }) =>
    ["before", "after"].flatMap((when) =>
      rules[standard][when].reliability.bins
        .filter(({ count }) => count > 0)
        .map((bin) => ({ ...bin, set: SETS[set].title, when })),
    ),
  );
  const when = ["before", "after"];
  const columns = sets.map(({ set }) => SETS[set].title);
  const diagonals = columns.flatMap((set) =>
    when.flatMap((each) => [0, 1].map((d) => ({ set, when: each, d }))),
  );
  return {
    title: `Reliability of ${nameOf(name)}`,
    summary:
      "Of answers that claim 70 %, are 70 % right? Before, and after a temperature fitted to other questions; dots below the diagonal claim too much.",
    numbers: bins
      .map(
        (bin) =>
          `${bin.set}, ${bin.when}: of ${bin.count} that claim ${percentOf(bin.confidence)}, ${percentOf(bin.accuracy)} are right.`,
      )
      .join(" "),
    table: {
      columns: ["set", "when", "answers", "mean confidence", "were right"],
      rows: bins.map((bin) => [
        bin.set,
        bin.when,
        String(bin.count),
        percentOf(bin.confidence),
        percentOf(bin.accuracy),
      ]),
    },
    key: [
      {
        sign: "circle",
        colour: ({ main }) => main,
        text: "how often right, with 95% interval; larger: more answers",
      },
      { sign: "dashed", colour: ({ ink }) => ink, text: "as sure as it should be" },
    ],
    draw: ({ width, colours }) => [
      {
        plot: {
          width,
          height: width / 2 + 60,
          marginLeft: 46,
          marginRight: 50,
          marginTop: 30,
          marginBottom: 40,
          x: { domain: [0, 1], label: "confidence", ticks: 2 },
          y: { domain: [0, 1], label: "right", ticks: 5 },
          fx: { domain: columns, label: null },
          fy: { domain: when, label: null },
          r: { type: "sqrt", domain: [0, Math.max(...bins.map(({ count }) => count))], range: [1.5, 7] },
          marks: [
            gridY({ stroke: colours.line, strokeOpacity: 1, ticks: 5 }),
            axisX({ ticks: [0.2, 0.5, 0.8], tickFormat: percentOf, labelArrow: "none", label: "confidence" }),
            axisY({ ticks: 5, tickFormat: percentOf, labelArrow: "none", label: "right" }),
            line(diagonals, {
              x: "d",
              y: "d",
              z: (row) => `${row.set} ${row.when}`,
              fx: "set",
              fy: "when",
              stroke: colours.ink,
              strokeDasharray: "6 4",
            }),
            link(bins, {
              x: "confidence",
              y1: "accuracyLow",
              y2: "accuracyHigh",
              fx: "set",
              fy: "when",
              stroke: colours.main,
              strokeWidth: 1.5,
              strokeOpacity: 0.6,
            }),
            dot(bins, {
              x: "confidence",
              y: "accuracy",
              r: "count",
              fx: "set",
              fy: "when",
              fill: colours.main,
            }),
          ],
        },
      },
    ],
  };
}

const percentOf = (share) => `${Math.round(100 * share)}%`;
