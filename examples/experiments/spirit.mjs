/**
 * Do steps that are found unimportant go without harm? docs/experiments/spirit.md.
 *
 * `node examples/experiments/spirit.mjs fill --out DIR` plants steps into chains of the lab model and scores every chain without each
 * step; `... refine --task equations|bases --out DIR -m MODEL` makes demonstrations shorter, step by step; `... ask` with the same options
 * answers questions behind them, and behind demonstrations cut at random; all go on where they were stopped. `... show --out DIR
 * [--page FILE] [--pictures DIR]` writes tables, into their places in a page, and pictures.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderSvg } from "surprisal/charts";
import { ask, refineTask } from "./spirit/ask.mjs";
import { figuresOf } from "./spirit/figures.mjs";
import { fill } from "./spirit/filler.mjs";
import { filledPage, picturesOf, tablesOf } from "./spirit/show.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: "string" },
    model: { type: "string", short: "m" },
    task: { type: "string", default: "equations" },
    form: { type: "string", default: "plain" },
    difficulty: { type: "string", default: "3" },
    demonstrations: { type: "string", default: "4" },
    calibration: { type: "string", default: "8" },
    items: { type: "string", default: "100" },
    steps: { type: "string" },
    ways: { type: "string", default: "spirit,random" },
    draws: { type: "string", default: "3" },
    "at-once": { type: "string", default: "32" },
    seed: { type: "string", default: "21" },
    threads: { type: "string" },
    page: { type: "string" },
    pictures: { type: "string" },
    resamples: { type: "string", default: "1000" },
  },
});
const [command] = positionals;
const { out, model, page, pictures } = values;
const number = (name) => (values[name] === undefined ? undefined : Number(values[name]));
const common = { out, model, seed: number("seed"), threads: number("threads") };
const few = {
  ...common,
  ...{ name: values.task, form: values.form, difficulty: number("difficulty") },
  ...{ demonstrations: number("demonstrations"), calibration: number("calibration") },
};
if (command === "fill" && out) await fill({ ...common, count: number("items") });
else if (command === "refine" && out && model) await refineTask({ ...few, ways: values.ways.split(",") });
else if (command === "ask" && out && model)
  await ask({
    ...few,
    ...{ items: number("items"), draws: number("draws"), atOnce: number("at-once") },
    ...{ ways: values.ways.split(","), steps: values.steps?.split(",").map(Number) },
  });
else if (command === "show" && out) {
  const figures = figuresOf({ out, resamples: number("resamples") });
  const tables = tablesOf(figures);
  if (page !== undefined) writeFileSync(page, filledPage(readFileSync(page, "utf8"), tables));
  else for (const [name, table] of Object.entries(tables)) console.log(`${name}\n\n${table}\n`);
  if (pictures !== undefined) {
    mkdirSync(pictures, { recursive: true });
    for (const [name, chart] of Object.entries(picturesOf(figures)))
      writeFileSync(join(pictures, `${name}.svg`), renderSvg(chart, { id: name }));
  }
} else {
  console.error("See the head of this file: fill, refine, ask, or show, with --out DIR");
  process.exit(2);
}
