/**
 * Does a router choose bits better than one level, chance or the prompt's length? docs/experiments/paq.md.
 *
 * `node examples/experiments/paq.mjs prompts --set mini|tasks --data DIR -m MODEL -o FILE` cuts prompts, in tokens of MODEL; `... label --prompts FILE
 * --ladder FOLDER -o FILE` scores them under every level of a ladder of `surprisal route paq ladder`, and goes on where it was stopped;
 * `... judge --records FILE --name NAME --out DIR` fits and judges routers; `... show --out DIR [--page FILE] [--pictures DIR]` writes tables,
 * into their places in a page, and pictures.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderSvg } from "surprisal/charts";
import { LlamaModel, locate } from "surprisal/models";
import { judge } from "./paq/judge.mjs";
import { label } from "./paq/label.mjs";
import { promptsOf } from "./paq/prompts.mjs";
import { filledPage, picturesOf, tablesOf } from "./paq/show.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    set: { type: "string", default: "mini" },
    data: { type: "string" },
    model: { type: "string", short: "m" },
    out: { type: "string", short: "o" },
    prompts: { type: "string" },
    items: { type: "string" },
    "per-domain": { type: "string", default: "32" },
    ladder: { type: "string" },
    unpack: { type: "string", default: "" },
    records: { type: "string" },
    name: { type: "string" },
    seed: { type: "string", default: "22" },
    threads: { type: "string", default: "1" },
    page: { type: "string" },
    pictures: { type: "string" },
  },
});
const [command] = positionals;
const { set, data, model, out, prompts, ladder, records, name, page, pictures } = values;
const [seed, threads] = [Number(values.seed), Number(values.threads)];
if (command === "prompts" && data && model && out) {
  const { path } = await locate(model);
  const tokenizer = await LlamaModel.load(path, { threads });
  const rows = await promptsOf(set, data, {
    perDomain: Number(values["per-domain"]),
    seed,
    model: tokenizer,
  });
  await tokenizer[Symbol.asyncDispose]();
  writeFileSync(out, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  console.error(`${rows.length} prompts in ${new Set(rows.map(({ group }) => group)).size} groups`);
} else if (command === "label" && prompts && ladder && out) {
  const rows = readFileSync(prompts, "utf8").split("\n").filter(Boolean);
  const given = rows.slice(0, Number(values.items ?? rows.length)).map((line) => {
    const { id, prompt: question, reference, domain: kind, group } = JSON.parse(line);
    return { id, question, reference, kind, group };
  });
  await label(given, { ladder, out, threads, unpack: values.unpack.split(",").filter(Boolean) });
} else if (command === "judge" && records && name && out) {
  mkdirSync(out, { recursive: true });
  const found = await judge(records, { seed, threads });
  writeFileSync(
    join(out, `${name}.json`),
    JSON.stringify({ name, ...found }, (_, value) => (value === Infinity ? "Infinity" : value)),
  );
} else if (command === "show" && out) {
  const tables = tablesOf(out);
  if (page !== undefined) writeFileSync(page, filledPage(readFileSync(page, "utf8"), tables));
  else for (const [title, table] of Object.entries(tables)) console.log(`${title}\n\n${table}\n`);
  if (pictures !== undefined) {
    mkdirSync(pictures, { recursive: true });
    for (const [title, chart] of Object.entries(picturesOf(out)))
      writeFileSync(join(pictures, `${title}.svg`), renderSvg(chart, { id: title }));
  }
} else {
  console.error("See the head of this file: prompts, label, judge, or show");
  process.exit(2);
}
