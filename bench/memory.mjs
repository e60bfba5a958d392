/** Peak memory beyond the loaded model, and that it does not grow with the text. Linux only. */
import { readFileSync, writeFileSync } from "node:fs";
import { planWindows } from "../dist/core/index.js";
import { loadSmollm2, readText, row, runPlan, send } from "./_shared.mjs";

const MIB = 2 ** 20;
const BATCH = 512;
const CONTEXT = 2048;

if (process.platform === "linux") send(await measure());
else send([]);

async function measure() {
  const model = await loadSmollm2("Q8_0", { batchSize: BATCH });
  const { ids } = await model.tokenize(readText(250_000));
  const cached = (tokens) =>
    planWindows(tokens, { method: "cached", context: CONTEXT, stride: 512, sinks: 4, prefix: null });
  // One token touches every page of the mapped weights, so that they count as loaded; a small context, soon freed.
  await runPlan(model, ids.subarray(0, 2), planWindows(2, { method: "full", context: 2, prefix: null }));
  const before = memory("VmRSS");
  const short = await peak(() => runPlan(model, ids.subarray(0, 4_000), cached(4_000)));
  const long = await peak(() => runPlan(model, ids.subarray(0, 40_000), cached(40_000)));
  await model[Symbol.asyncDispose]();

  const keyValueCache = CONTEXT * 30 * 2 * 3 * 64 * 2; // cells x layers x (keys, values) x heads x width x f16
  const logits = 2 * BATCH * 49_152 * 4;
  const allowed = (keyValueCache + logits) / MIB + 64;
  return [
    row(
      "peak memory beyond the loaded model, MiB",
      (short - before) / MIB,
      "<=",
      Math.round(allowed),
      "cache + 2 x batch x vocabulary x 4 + 64 MiB",
    ),
    row("the same for a text 10 times longer, MiB more", (long - short) / MIB, "<=", 16),
  ];
}

/** Largest resident memory while `work` runs, bytes. */
async function peak(work) {
  globalThis.gc?.();
  writeFileSync("/proc/self/clear_refs", "5"); // resets the peak
  await work();
  return memory("VmHWM");
}

function memory(field) {
  return 1024 * Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))[1]);
}
