/** 12 questions of 5 options over a state of 2,000 tokens: the tree of all of them against option by option. */
import { decide } from "../dist/decide/index.js";
import { loadSmollm2, readText, row, send } from "./_shared.mjs";

const OPTIONS = ["a city", "a band", "a war", "a ship of the navy", "something else"];
const TIMED = 3; // options that are run by themselves: all 60 would take minutes, and cost the same each

const model = await loadSmollm2();
const { ids } = await model.tokenize(readText(20_000));
const state = new TextDecoder().decode(await model.detokenize(ids.slice(0, 2000))).trim();
const questions = Array.from({ length: 12 }, (_, i) => ({
  type: "choice",
  instructions: `What is paragraph ${i + 1} about?`,
  choices: OPTIONS,
}));

/** What a model is given for one option, without the end of turn, which is predicted and not run. */
async function pathOf(instructions, option) {
  const chat = model.applyChatTemplate([{ role: "user", content: `${state}\n\n${instructions}` }]);
  const context = await model.tokenize(chat, { parseSpecial: true });
  const answer = await model.tokenize(option);
  return [...context.ids, ...answer.ids];
}
const paths = [];
for (const { instructions } of questions)
  for (const option of OPTIONS) paths.push(await pathOf(instructions, option));
/** Nodes of their tree, counted by what they have in common when sorted. */
const sorted = paths
  .map((path) => path.map((id) => String(id).padStart(6, "0")))
  .sort((a, b) => (a.join() < b.join() ? -1 : 1));
const nodes = sorted.reduce((sum, path, i) => {
  const before = sorted[i - 1] ?? [];
  const split = path.findIndex((id, k) => id !== before[k]);
  return sum + (split < 0 ? 0 : path.length - split);
}, 0);
const alone = paths.reduce((sum, path) => sum + path.length, 0);

async function timed(work) {
  const start = performance.now();
  const result = await work();
  return { result, ms: performance.now() - start };
}
await decide(model, { state: "warm-up", questions: questions.slice(0, 1) });
const together = await timed(() => decide(model, { state, questions }));
const { tokensRun } = together.result.usage;
const separately = await timed(async () => {
  for (const path of paths.slice(0, TIMED))
    for await (const _ of model.score([{ context: path.slice(0, -1), continuation: path.slice(-1) }]));
});
send([
  row(
    "12 questions of 5 options over 2,000 tokens, tokens run beyond the tree's own",
    tokensRun - nodes,
    "<=",
    0,
    `${tokensRun}, ${nodes}`,
  ),
  row(
    "the same, times fewer tokens than option by option",
    alone / tokensRun,
    ">=",
    30,
    `${alone} : ${tokensRun}`,
  ),
  row(
    "the same, times as fast as option by option",
    ((separately.ms / TIMED) * paths.length) / together.ms,
    ">=",
    20,
    `${(together.ms / 1000).toFixed(1)} s`,
  ),
]);
await model[Symbol.asyncDispose]();
