/**
 * Writes the three data sets of docs/experiments/spirit.md (c): node tools/train/lab/pruned.mjs FOLDER [problems] [--threads N]
 *
 * The same problems with every step (full/), without those that `pruneSample` takes out with its defaults and the lab model (spirit/), and without
 * random ones, as many tokens of each task as SPIRIT took (random/). train.txt and valid.txt in each, as data.mjs writes them; valid is the full
 * chains'. Needs the built package (npm run build). An interrupted run goes on: what was pruned is kept in FOLDER/pruned.jsonl.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { seededRandom } from "../../../dist/core/index.js";
import { LlamaModel } from "../../../dist/index.js";
import { completion, problems, prompt } from "../../../dist/problems/index.js";
import { pruneSample, reasoningChain } from "../../../dist/refine/index.js";

const DIFFICULTIES = [1, 1, 2, 2, 3, 3, 4, 5];
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: "string", default: "1" } },
});
const [folder, count = "15000"] = positionals;
if (!folder) throw new Error("usage: node tools/train/lab/pruned.mjs FOLDER [problems]");
mkdirSync(folder, { recursive: true });
const journal = join(folder, "pruned.jsonl");

const drawn = (split, seed, size) => [...problems({ split, seed, count: size, difficulties: DIFFICULTIES })];
const train = drawn("train", 3, Number(count));
const path = fileURLToPath(new URL("../../../models/lab.gguf", import.meta.url));
const model = await LlamaModel.load(path, { threads: Number(values.threads), contextSize: 512 });

/** [train] of each problem the steps that SPIRIT left, by number, and the tokens of its steps before and after. */
const pruned = await pruneAll();
const stepTokens = async ({ steps }) =>
  Promise.all(steps.map(async ({ text }) => (await model.tokenize(`${text}\n`)).ids.length));
const random = await randomly(seededRandom(7));
await model[Symbol.asyncDispose]();

for (const [name, kept] of [
  ["full", train.map(({ steps }) => steps)],
  ["spirit", train.map(({ steps }, i) => pruned[i].kept.map((step) => steps[step]))],
  ["random", random],
]) {
  mkdirSync(join(folder, name), { recursive: true });
  write(join(folder, name, "train.txt"), train, kept);
  write(join(folder, name, "valid.txt"), drawn("valid", 2, 1000));
}

function write(file, all, kept) {
  const texts = all.map((p, i) => prompt(p, "reasoning") + completion(p, "reasoning", kept?.[i]));
  writeFileSync(file, `${texts.join("\n<|endoftext|>\n")}\n`);
}

async function pruneAll() {
  const lines = existsSync(journal) ? readFileSync(journal, "utf8").split("\n").filter(Boolean) : [];
  const found = [];
  for (const line of lines) {
    const { problem, ...rest } = JSON.parse(line);
    found[problem] = rest;
  }
  let next = 0;
  const work = async () => {
    while (next < train.length) {
      const problem = next++;
      if (found[problem]) continue;
      const { steps, answer, question } = train[problem];
      const chain = reasoningChain({
        prompt: prompt({ question }, "reasoning"),
        reasoning: steps.map(({ text }) => text),
        frame: "Answer:",
        answer: ` ${answer}`,
      });
      const result = await pruneSample(model, chain);
      const kept = result.steps.filter(({ now }) => now !== null).map(({ step }) => step);
      found[problem] = { kept, tokens: result.tokens };
      appendFileSync(journal, `${JSON.stringify({ problem, ...found[problem] })}\n`);
      if ((problem + 1) % 1000 === 0) console.error(`${problem + 1} of ${train.length} pruned`);
    }
  };
  await Promise.all([work(), work(), work(), work()]); // their candidates share decode calls
  const cut = (needed) =>
    train.flatMap(({ steps }, i) =>
      steps.filter((s, k) => s.essential === needed && !found[i].kept.includes(k)),
    );
  const [before, after] = ["before", "after"].map((when) =>
    found.reduce((sum, f) => sum + f.tokens[when], 0),
  );
  const share = ((100 * after) / before).toFixed(1);
  console.log(
    `spirit: ${share} % of the tokens left; ${cut(false).length} redundant steps and ${cut(true).length} needed ones went`,
  );
  return found;
}

/** Steps in any order go until a task's share of tokens is left; the last one goes with the chance that makes it equal on the average. */
async function randomly(draw) {
  const sums = {};
  for (const [i, { task }] of train.entries()) {
    sums[task] ??= { before: 0, after: 0 };
    sums[task].before += pruned[i].tokens.before;
    sums[task].after += pruned[i].tokens.after;
  }
  const result = [];
  for (const problem of train) {
    const lengths = await stepTokens(problem);
    const all = lengths.reduce((a, b) => a + b, 0);
    const target = (all * sums[problem.task].after) / sums[problem.task].before;
    const order = lengths.map((_, k) => k);
    for (let k = order.length - 1; k > 0; k--) {
      const j = Math.floor(draw() * (k + 1));
      [order[k], order[j]] = [order[j], order[k]];
    }
    const gone = new Set();
    let left = all;
    for (const k of order) {
      if (left <= target || gone.size === order.length - 1) break;
      if (left - lengths[k] < target && draw() >= (left - target) / lengths[k]) break;
      gone.add(k);
      left -= lengths[k];
    }
    result.push(problem.steps.filter((_, k) => !gone.has(k)));
  }
  return result;
}
