/** HellaSwag, 0-shot and 5-shot: tokens run against the token tree and against each choice alone. */
import { fileURLToPath } from "node:url";
import { readTask, runTask } from "../dist/evaluate/tasks/index.js";
import { loadSmollm2, row, send } from "./_shared.mjs";

/** The 50 questions of the tests; HELLASWAG=FILE for more (the figure is for 200). */
const path =
  process.env.HELLASWAG ??
  fileURLToPath(new URL("../test/fixtures/tasks/hellaswag-50.jsonl", import.meta.url));
const examplesPath = fileURLToPath(
  new URL("../test/fixtures/tasks/hellaswag-examples.jsonl", import.meta.url),
);
const LIMIT = 200;
const SHOTS = 5;

const model = await loadSmollm2();
const task = await readTask(path);
const examples = await readTask(examplesPath);

/** A tree of token ids: how many nodes the inputs have, and how many tokens they are without sharing. */
async function tree(head) {
  const root = new Map();
  let nodes = 0;
  let alone = 0;
  let items = 0;
  for await (const { context, delimiter, choices } of task.items()) {
    for (const choice of choices) {
      const { ids } = await model.tokenize(head + context + delimiter + choice, { addSpecial: true });
      let node = root;
      for (const id of ids.subarray(0, -1)) {
        if (!node.has(id)) {
          node.set(id, new Map());
          nodes++;
        }
        node = node.get(id);
      }
      alone += ids.length - 1;
    }
    if (++items === LIMIT) break;
  }
  return { nodes, alone, items };
}

async function run(options) {
  const start = performance.now();
  let tokensRun = 0;
  for await (const result of runTask(model, task, { limit: LIMIT, ...options }))
    tokensRun += result.tokensRun;
  return { tokensRun, ms: performance.now() - start };
}

let head = "";
const shown = [];
for await (const { context, choices, label } of examples.items()) {
  head += `${context} ${choices[label]}\n\n`;
  if (shown.push(head) === SHOTS) break;
}
const { ids } = await model.tokenize(head);
const rows = [];
for (const [name, options, before, bound] of [
  ["HellaSwag", {}, "", 1.8],
  [
    `HellaSwag, ${SHOTS}-shot prompts of ${ids.length} tokens`,
    { fewShot: { count: SHOTS, examples, sampler: "first" } },
    head,
    10,
  ],
]) {
  const { nodes, alone, items } = await tree(before);
  const { tokensRun, ms } = await run(options);
  const speed = `${items} items, ${(tokensRun / ms).toFixed(2)} tokens/ms`;
  rows.push(
    row(
      `${name}: tokens run / nodes of the token tree`,
      tokensRun / nodes,
      "<=",
      1,
      `${tokensRun} : ${nodes}`,
    ),
    row(
      `${name}: fewer tokens than each choice alone`,
      alone / tokensRun,
      ">=",
      bound,
      `${alone} : ${tokensRun}; ${speed}`,
    ),
  );
}
send(rows);
await model[Symbol.asyncDispose]();
