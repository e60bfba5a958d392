/** Figures as tables in Markdown, and as pictures. */
import { rankingChart } from "surprisal/charts";
import { WAYS } from "./demonstrations.mjs";
import { MEASURES } from "./figures.mjs";
import { FILLERS } from "./filler.mjs";
import { stepsChart } from "./picture.mjs";

const table = (head, rows) =>
  rows.length === 0
    ? "Not measured."
    : [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const three = (value) => (Number.isFinite(value) ? value.toFixed(3) : "–");
const percent = (share) => `${Math.round(100 * share)}`;
const points = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(100 * value).toFixed(1)}`;
const signed = (value) => three(value).replace("-", "−");
const between = ({ low, high }, write) => `${write(low)} to ${write(high)}`;

/** Tables by name, in the order they are read. */
export function tablesOf({ filler, tasks }) {
  return {
    ...(filler === null
      ? {}
      : {
          filler: fillerTable(filler),
          "filler removal": removalTable(filler),
          "filler by task": cellTable(filler.byTask, "task"),
          "filler by difficulty": cellTable(filler.byDifficulty, "difficulty"),
        }),
    ...Object.fromEntries(
      tasks.flatMap((task) => [
        [`${task.name} rounds`, roundsTable(task)],
        [`${task.name} accuracy`, accuracyTable(task)],
        [`${task.name} differences`, differenceTable(task)],
        [`${task.name} correlation`, correlationTable(task)],
      ]),
    ),
  };
}

/** Puts tables between the marks of a page, <!-- figures: NAME --> and <!-- /figures -->; what was not measured is left as it is. */
export function filledPage(page, tables) {
  const missing = Object.keys(tables).filter((name) => !page.includes(`<!-- figures: ${name} -->`));
  if (missing.length > 0) throw new Error(`The page has no place for: ${missing.join(", ")}`);
  return page.replace(
    /(<!-- figures: (.+?) -->\n)[\s\S]*?(<!-- \/figures -->)/g,
    (whole, open, name, close) =>
      Object.hasOwn(tables, name) ? `${open}\n${tables[name]}\n\n${close}` : whole,
  );
}

function fillerTable({ kinds }) {
  const all = Object.entries(kinds);
  return table(
    ["AUROC (95 %); all of them last", ...all.map(([kind]) => FILLERS[kind])],
    [
      ["steps not needed, of all", ...all.map(([, { steps, needed }]) => `${steps - needed} of ${steps}`)],
      ...MEASURES.map(({ name }) => [
        name,
        ...all.map(([, { measures }]) => {
          const { auroc, last } = measures[name];
          return `${three(auroc.value)} (${between(auroc, three)}); ${percent(last)} %`;
        }),
      ]),
    ],
  );
}

function removalTable({ kinds }) {
  return table(
    ["removal less the baseline, AUROC", ...Object.keys(kinds).map((kind) => kind)],
    Object.keys(Object.values(kinds)[0].removal).map((name) => [
      name,
      ...Object.values(kinds).map(
        ({ removal }) => `${signed(removal[name].value)} (${between(removal[name], signed)})`,
      ),
    ]),
  );
}

/** Mean measures by task or difficulty. */
function cellTable(cells, heading) {
  const means = MEASURES.filter(({ isMean }) => isMean);
  return table(
    [heading, "not needed", ...means.map(({ name }) => name)],
    Object.entries(cells).flatMap(([cell, kinds]) =>
      Object.entries(kinds).map(([kind, { measures }]) => [
        cell,
        kind,
        ...means.map(({ name }) => three(measures[name].auroc.value)),
      ]),
    ),
  );
}

function roundsTable({ rounds }) {
  return rounds
    .map((row) => {
      const lines = row.rounds.map(({ round, step, kind, steps, tokens, perplexity, candidates }) => [
        round,
        `${step + 1}, ${kind}`,
        steps,
        tokens ?? "–",
        three(perplexity),
        candidates.filter((each) => each.kind !== "kept").length,
      ]);
      return `${WAYS[row.way].title}: perplexity ${three(row.perplexity.before)} with all steps (${row.tokens.before} tokens); ${row.stopped}.\n\n${table(
        ["round", "step that went", "steps left", "tokens left", "perplexity", "candidates"],
        lines,
      )}`;
    })
    .join("\n\n");
}

const wayOf = ({ way, draw }) =>
  ({
    full: "all steps",
    spirit: "SPIRIT-FS",
    removal: "SPIRIT-FS, any step may go",
    shortest: "shortest first",
  })[way] ?? `random, draw ${draw + 1}`;
const inOrder = (all) =>
  all.toSorted((a, b) => b.steps - a.steps || a.way.localeCompare(b.way) || a.draw - b.draw);

function accuracyTable({ points: all }) {
  return table(
    [
      "steps",
      "way",
      "right, %",
      "tokens written",
      "tokens of the steps shown",
      "perplexity",
      "of the answers",
      "less all steps, points",
      "p",
    ],
    inOrder(all).map((point) => [
      point.steps,
      wayOf(point),
      `${percent(point.accuracy)} (${between(point.interval, percent)})`,
      point.tokens.toFixed(1),
      point.stepTokens,
      three(point.perplexity.chain),
      three(point.perplexity.answer),
      point.way === "full" ? "" : `${points(point.lessFull.value)} (${between(point.lessFull, points)})`,
      point.way === "full" ? "" : point.lessFull.p < 0.001 ? "< 0.001" : three(point.lessFull.p),
    ]),
  );
}

function differenceTable({ against }) {
  return table(
    ["steps", "way", "random, mean of the draws, %", "each draw, %", "way less random, points"],
    against.map(({ steps, way, random, each, value, ...interval }) => [
      steps,
      wayOf({ way }),
      percent(random.accuracy),
      each.map(percent).join(", "),
      `${points(value)} (${between(interval, points)})`,
    ]),
  );
}

const MEASURED = {
  chain: "perplexity of steps and answer",
  chainNll: "−ln p of steps and answer, per question",
  answer: "perplexity of the answer",
};

function correlationTable({ correlations }) {
  return table(
    ["sets", "n", "accuracy against", "Pearson's r", "Spearman's ρ"],
    correlations.map(({ name, sets, measure, r, rho }) => [
      name,
      sets,
      MEASURED[measure],
      `${signed(r.value)} (${between(r, signed)})`,
      `${signed(rho.value)} (${between(rho, signed)})`,
    ]),
  );
}

/** Pictures by name. */
export function picturesOf({ filler, tasks }) {
  const rows = (kinds) =>
    Object.entries(kinds).flatMap(([kind, { steps, measures }]) =>
      MEASURES.filter(({ isMean }) => isMean).map(({ name }) => {
        const { value, low, high } = measures[name].auroc;
        return { name: `${kind}: ${name}`, auroc: value, low, high, n: steps };
      }),
    );
  return {
    ...(filler === null
      ? {}
      : {
          "spirit-filler": {
            ...rankingChart(rows(filler.kinds)),
            title: "Which measures tell steps that are needed from those that are not",
            summary:
              "The chance that a needed step is found more important than one that is not, by kind of step and measure; 0.5 is what chance gives.",
          },
        }),
    ...Object.fromEntries(
      tasks.filter((task) => task.points.length > 1).map((task) => [`spirit-${task.name}`, stepsChart(task)]),
    ),
  };
}
