/** How much of the scoring time is llama.cpp's own. */
import { planWindows } from "../dist/core/index.js";
import { loadSmollm2, readText, row, runPlan, send } from "./_shared.mjs";

const model = await loadSmollm2();
const { ids } = await model.tokenize(readText(30_000));
const plan = planWindows(4096, { method: "cached", context: 2048, stride: 512, sinks: 4, prefix: null });
await runPlan(model, ids.subarray(0, 512), planWindows(512, { method: "full", context: 512, prefix: null })); // warm-up
const { decodeMs, ms } = await runPlan(model, ids.subarray(0, 4096), plan);
send([
  row(
    "time inside llama_decode / total scoring time",
    decodeMs / ms,
    ">=",
    0.95,
    `4,096 tokens, ${((4096 / ms) * 1000).toFixed(0)} tokens/s`,
  ),
]);
await model[Symbol.asyncDispose]();
