/**
 * Whether a model that is asked knows when it is right, beside what its probabilities say: docs/experiments/asking.md.
 *
 * `node examples/experiments/asking.mjs ask --set arithmetic --out DIR -m MODEL` asks, and goes on where it was stopped
 * (`--set truthfulqa` needs `--tasks DIR` with truthfulqa.jsonl);
 * `node examples/experiments/asking.mjs show --out DIR [--page FILE] [--pictures DIR]` writes tables, into their places in a page, and pictures.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderSvg } from "surprisal/charts";
import { ask } from "./asking/ask.mjs";
import { figuresOf } from "./asking/figures.mjs";
import { picturesOf } from "./asking/pictures.mjs";
import { filledPage, tablesOf } from "./asking/show.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tasks: { type: "string", default: "." },
    out: { type: "string" },
    model: { type: "string", short: "m" },
    set: { type: "string", default: "arithmetic" },
    items: { type: "string", default: "200" },
    /** "number, English=150;all=60": how many items a part gets, in the order of the set. */
    parts: { type: "string", default: "" },
    seed: { type: "string", default: "18" },
    minutes: { type: "string", default: "1000" },
    threads: { type: "string" },
    page: { type: "string" },
    pictures: { type: "string" },
    resamples: { type: "string", default: "1000" },
  },
});
const [command] = positionals;
const { out, model } = values;
if (command === "ask" && out && model)
  await ask({
    model,
    tasks: values.tasks,
    out,
    set: values.set,
    items: Number(values.items),
    parts: partsOf(values.parts),
    seed: Number(values.seed),
    minutes: Number(values.minutes),
    threads: values.threads === undefined ? undefined : Number(values.threads),
  });
else if (command === "show" && out) {
  const figures = await figuresOf({ out, resamples: Number(values.resamples) });
  const tables = tablesOf(figures);
  if (values.page !== undefined)
    writeFileSync(values.page, filledPage(readFileSync(values.page, "utf8"), tables));
  else for (const [name, table] of Object.entries(tables)) console.log(`${name}\n\n${table}\n`);
  if (values.pictures !== undefined) {
    mkdirSync(values.pictures, { recursive: true });
    for (const [name, chart] of Object.entries(picturesOf(figures)))
      writeFileSync(join(values.pictures, `${name}.svg`), renderSvg(chart, { id: name }));
  }
} else {
  console.error("See the head of this file: ask --out DIR -m MODEL, or show --out DIR");
  process.exit(2);
}

function partsOf(text) {
  const each = text.split(";").filter((part) => part !== "");
  return new Map(each.map((part) => [part.split("=")[0].trim(), Number(part.split("=")[1])]));
}
