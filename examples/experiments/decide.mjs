/**
 * How well a model decides on public sets, by which rule, and what calibration makes of it: docs/experiments/decide.md.
 *
 * `node examples/experiments/decide.mjs ask --tasks DIR --out DIR -m MODEL` asks, and goes on where it was stopped;
 * `node examples/experiments/decide.mjs show --out DIR [--pictures DIR]` writes tables as Markdown, and pictures.
 * DIR of --tasks has the sets' own files: docs/experiments/decide.md says where they are from.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderSvg } from "surprisal/charts";
import { ALL_SETS, ask } from "./decide/ask.mjs";
import { figuresOf } from "./decide/figures.mjs";
import { picturesOf } from "./decide/pictures.mjs";
import { tablesOf } from "./decide/show.mjs";

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
  console.log(tablesOf(figures));
  if (values.pictures !== undefined) {
    mkdirSync(values.pictures, { recursive: true });
    for (const [name, chart] of Object.entries(picturesOf(figures)))
      writeFileSync(join(values.pictures, `${name}.svg`), renderSvg(chart, { id: name }));
  }
} else {
  console.error("See the head of this file: ask --tasks DIR --out DIR -m MODEL, or show --out DIR");
  process.exit(2);
}
