/**
 * How well a model decides on public sets, by which rule, and what calibration makes of it: docs/experiments/decide.md.
 *
 * `node examples/experiments/decide.mjs ask --tasks DIR --out DIR -m MODEL` asks, and goes on where it was stopped;
 * `node examples/experiments/decide.mjs show --out DIR [--page FILE] [--pictures DIR]` writes tables, into their places in a page, and pictures.
 * `node examples/experiments/decide.mjs words --tasks DIR` says what counting words makes of HaluEval.
 * DIR of --tasks has the sets' own files: docs/experiments/decide.md says where they are from.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderSvg } from "surprisal/charts";
import { ALL_SETS, ask } from "./decide/ask.mjs";
import { figuresOf } from "./decide/figures.mjs";
import { picturesOf } from "./decide/pictures.mjs";
import { filledPage, tablesOf } from "./decide/show.mjs";
import { haluevalByWords } from "./decide/tasks.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tasks: { type: "string" },
    out: { type: "string" },
    model: { type: "string", short: "m" },
    sets: { type: "string", default: ALL_SETS.join() },
    items: { type: "string", default: "1000" },
    seed: { type: "string", default: "17" },
    minutes: { type: "string", default: "1000" },
    threads: { type: "string" },
    page: { type: "string" },
    pictures: { type: "string" },
    resamples: { type: "string", default: "1000" },
  },
});
const [command] = positionals;
const { out, tasks, model } = values;
if (command === "ask" && out && tasks && model)
  await ask({
    model,
    tasks,
    out,
    sets: values.sets.split(","),
    items: values.items.split(",").map(Number),
    seed: Number(values.seed),
    minutes: Number(values.minutes),
    threads: values.threads === undefined ? undefined : Number(values.threads),
  });
else if (command === "show" && out) {
  const figures = figuresOf({ out, resamples: Number(values.resamples) });
  const tables = tablesOf(figures);
  if (values.page !== undefined)
    writeFileSync(values.page, filledPage(readFileSync(values.page, "utf8"), tables));
  else for (const [name, table] of Object.entries(tables)) console.log(`${name}\n\n${table}\n`);
  if (values.pictures !== undefined) {
    mkdirSync(values.pictures, { recursive: true });
    for (const [name, chart] of Object.entries(picturesOf(figures)))
      writeFileSync(join(values.pictures, `${name}.svg`), renderSvg(chart, { id: name }));
  }
} else if (command === "words" && tasks) console.log(haluevalByWords(tasks));
else {
  console.error(
    "See the head of this file: ask --tasks DIR --out DIR -m MODEL, show --out DIR, or words --tasks DIR",
  );
  process.exit(2);
}
