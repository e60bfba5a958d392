/**
 * How often a model is right, by task, difficulty and mode, on problems it was not trained on:
 *
 *   node tools/train/lab/accuracy.mjs models/lab.gguf [--problems 100] [--seed 1] [--split test] [--json FILE]
 *
 * Greedy decoding through the built package (npm run build). Problems of a cell are distinct. Prints a Markdown table
 * with 95 % Wilson intervals; --json writes the same with every wrong answer.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { LlamaModel } from "../../../dist/index.js";
import {
  DIFFICULTIES,
  isCorrect,
  MODES,
  parseOutput,
  problems,
  prompt,
  TASKS,
} from "../../../dist/problems/index.js";

const MAX_TOKENS = { direct: 24, reasoning: 450 };

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    problems: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    split: { type: "string", default: "test" },
    json: { type: "string" },
  },
});
const [path] = positionals;
if (!path)
  throw new Error("usage: node tools/train/lab/accuracy.mjs MODEL.gguf [--problems 100] [--json FILE]");
const perCell = Number(values.problems);

/** `perCell` problems with different questions, fewer where a hundred draws for each do not find as many. */
function distinctProblems(task, difficulty) {
  const found = new Map();
  const options = {
    seed: Number(values.seed),
    tasks: [task],
    difficulties: [difficulty],
    split: values.split,
  };
  for (const problem of problems({ ...options, count: perCell * 100 })) {
    found.set(problem.question, problem);
    if (found.size === perCell) break;
  }
  return [...found.values()];
}

/** The model's greedy answer. */
async function ask(model, problem, mode) {
  let [text, tokens] = ["", 0];
  for await (const token of model.generate(prompt(problem, mode), { maxTokens: MAX_TOKENS[mode] })) {
    text += token.text;
    tokens++;
  }
  return { output: text, tokens, right: isCorrect(problem, parseOutput(text).answer) };
}

/** Wilson's 95 % interval of k of n (Wilson 1927): never outside [0, 1], sound at 0 and n. */
function wilson(k, n) {
  const z = 1.959964;
  const [share, scale] = [k / n, 1 + z ** 2 / n];
  const middle = (share + z ** 2 / (2 * n)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)]; // rounding may pass the ends
}

const percent = (value) => (100 * value).toFixed(1);
function summary(cells) {
  const [right, n] = [cells.reduce((sum, c) => sum + c.right, 0), cells.reduce((sum, c) => sum + c.n, 0)];
  const [low, high] = wilson(right, n);
  return `${percent(right / n)} (${percent(low)}-${percent(high)})`;
}

const model = await LlamaModel.load(path, { threads: 1, contextSize: 512 });
const cells = [];
for (const task of TASKS)
  for (const difficulty of DIFFICULTIES) {
    const asked = distinctProblems(task, difficulty);
    for (const mode of MODES) {
      const answers = [];
      for (const problem of asked) answers.push({ ...problem, ...(await ask(model, problem, mode)) });
      cells.push({
        task,
        difficulty,
        mode,
        n: asked.length,
        right: answers.filter((a) => a.right).length,
        tokens: answers.reduce((sum, a) => sum + a.tokens, 0) / asked.length,
        wrong: answers
          .filter((a) => !a.right)
          .map(({ question, answer, output }) => ({ question, answer, output })),
      });
      const { n, right } = cells.at(-1);
      console.error(`${task} ${difficulty} ${mode}: ${right} of ${n}`);
    }
  }
await model[Symbol.asyncDispose]();

const of = (filter) => cells.filter((c) => Object.entries(filter).every(([key, value]) => c[key] === value));
console.log("| task | difficulty | n | direct, % right | reasoning, % right | tokens, reasoning |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const [name, filter] of [
  ...TASKS.flatMap((task) =>
    DIFFICULTIES.map((difficulty) => [`${task} | ${difficulty}`, { task, difficulty }]),
  ),
  ...TASKS.map((task) => [`${task} | all`, { task }]),
  ...DIFFICULTIES.map((difficulty) => [`all | ${difficulty}`, { difficulty }]),
  ["all | all", {}],
]) {
  const [direct, reasoning] = MODES.map((mode) => of({ ...filter, mode }));
  const n = direct.reduce((sum, c) => sum + c.n, 0);
  const tokens = reasoning.reduce((sum, c) => sum + c.tokens * c.n, 0) / n;
  console.log(`| ${name} | ${n} | ${summary(direct)} | ${summary(reasoning)} | ${tokens.toFixed(0)} |`);
}
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ model: path, ...values, cells }, null, 1)}\n`);
