/**
 * Which cheap method finds wrong answers, on sets whose labels leak and on sets where they do not: docs/experiments/hallucination.md.
 *
 * `node examples/experiments/hallucination.mjs score --tasks DIR --out DIR -m MODEL` scores HaluEval's answers with the document and
 * without, and goes on where it was stopped; `... lines FILE --path short|long|traces` makes lines for
 * `surprisal bench-uncertainty` of what `surprisal route ... record` wrote; `... questions --tasks DIR` prints TruthfulQA's as such
 * lines; `... show --out DIR [--bench NAME=FILE.json ...] [--page FILE] [--pictures DIR]` writes tables, into their places in a page, and
 * pictures.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderSvg } from "surprisal/charts";
import { itemsOf } from "./asking/sets.mjs";
import { filledPage } from "./asking/show.mjs";
import { figuresOf } from "./hallucination/figures.mjs";
import { linesOfPath, linesOfTraces } from "./hallucination/lines.mjs";
import { score } from "./hallucination/score.mjs";
import { picturesOf, tablesOf } from "./hallucination/show.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tasks: { type: "string", default: "." },
    out: { type: "string" },
    model: { type: "string", short: "m" },
    items: { type: "string", default: "500" },
    minutes: { type: "string", default: "1000" },
    threads: { type: "string" },
    path: { type: "string", default: "short" },
    bench: { type: "string", multiple: true, default: [] },
    page: { type: "string" },
    pictures: { type: "string" },
    resamples: { type: "string", default: "1000" },
  },
});
const [command, file] = positionals;
const { model, tasks, out } = values;
const print = (lines) => process.stdout.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
if (command === "score" && out && model)
  await score({
    ...{ model, tasks, out, items: Number(values.items), minutes: Number(values.minutes) },
    threads: values.threads === undefined ? undefined : Number(values.threads),
  });
else if (command === "lines" && file)
  print(values.path === "traces" ? linesOfTraces(file) : linesOfPath(file, values.path));
else if (command === "questions")
  print(
    itemsOf("truthfulqa", { tasks, most: Number(values.items), seed: 18 }).map(
      ({ id, group, prompt, key }) => ({
        ...{ id, group, messages: prompt, expected: key },
      }),
    ),
  );
else if (command === "show" && out) {
  const figures = await figuresOf({ out, resamples: Number(values.resamples) });
  const benches = values.bench.map((each) => {
    const [name, path] = [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)];
    return { name, document: JSON.parse(readFileSync(path, "utf8")) };
  });
  const tables = tablesOf(figures, benches);
  if (values.page !== undefined)
    writeFileSync(values.page, filledPage(readFileSync(values.page, "utf8"), tables));
  else for (const [name, table] of Object.entries(tables)) console.log(`${name}\n\n${table}\n`);
  if (values.pictures !== undefined) {
    mkdirSync(values.pictures, { recursive: true });
    for (const [name, chart] of Object.entries(picturesOf(figures)))
      writeFileSync(join(values.pictures, `${name}.svg`), renderSvg(chart, { id: name }));
  }
} else {
  console.error(
    "See the head of this file: score --out DIR -m MODEL, lines FILE, questions, or show --out DIR",
  );
  process.exit(2);
}
