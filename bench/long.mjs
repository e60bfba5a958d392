/** 100,000 tokens through a kept cache: does it stay as good as strided windows? Takes minutes. */
import { planWindows } from "../dist/core/index.js";
import { loadSmollm2, readText, row, runPlan, send } from "./_shared.mjs";

const TOKENS = 100_000;
const TAIL = 20_000;
const model = await loadSmollm2();
const { ids: all } = await model.tokenize(readText());
const ids = all.subarray(0, TOKENS);
const cachedPlan = planWindows(TOKENS, {
  method: "cached",
  context: 2048,
  stride: 512,
  sinks: 4,
  prefix: null,
});
const cached = await runPlan(model, ids, cachedPlan, TOKENS - TAIL);
// Strided windows do not depend on each other: only those that score the tail have to be run.
const strided = planWindows(TOKENS, { method: "strided", context: 2048, stride: 1024, prefix: null });
const steps = strided.steps.filter(({ score }) => score.end > TOKENS - TAIL);
const tail = await runPlan(model, ids, { ...strided, steps }, TOKENS - TAIL);
const longest = longestPast(cachedPlan);
send([
  row("100,000 tokens: largest position under cached 2048", longest, "<=", 2048),
  row(
    "100,000 tokens: perplexity of the last 20,000, cached 2048/512 : strided 2048/1024, off by",
    Math.abs(cached.perplexity / tail.perplexity - 1),
    "<=",
    0.01,
    `${cached.perplexity.toFixed(3)} : ${tail.perplexity.toFixed(3)}`,
  ),
]);
await model[Symbol.asyncDispose]();

/** Positions held at most while the plan is carried out. */
function longestPast(plan) {
  let held = 0;
  let most = 0;
  for (const { forget, prefix, run } of plan.steps) {
    if (forget === "all") held = 0;
    else if (forget !== "none") held -= forget.end - forget.start;
    held += prefix.length + run.end - run.start;
    most = Math.max(most, held);
  }
  return most;
}
