/** Comparing two models against scoring with each, and that memory does not grow with the text. */
import { readFileSync, writeFileSync } from "node:fs";
import { planWindows } from "../dist/core/index.js";
import { compareModels } from "../dist/evaluate/compare/index.js";
import { loadSmollm2, readText, row, runPlan, send } from "./_shared.mjs";

const MIB = 2 ** 20;
const TOKENS = 768;
const WINDOW = { method: "disjoint", context: 512, prefix: null, prefixIn: "every", extendLast: false };
const RECIPE = { recipe: "disjoint", context: 512 };

const base = await loadSmollm2("Q8_0");
const model = await loadSmollm2("Q4_0");
const text = readText(60_000);
const { ids, byteOffsets } = await base.tokenize(text);
/** The text of the first tokens. */
const first = (tokens) => {
  const bytes = new TextEncoder().encode(text).subarray(0, byteOffsets[tokens]);
  return [{ name: "text", text: new TextDecoder().decode(bytes, { stream: true }) }];
};
const score = (one) => runPlan(one, ids.subarray(0, TOKENS), planWindows(TOKENS, WINDOW));
const compare = async (tokens) => {
  const start = performance.now();
  await compareModels(base, [model], first(tokens), RECIPE);
  return performance.now() - start;
};

await compare(512); // warm-up
// Interleaved, and the ratio of the medians of three: machines are noisy.
const scored = [];
const compared = [];
for (let i = 0; i < 3; i++) {
  scored.push((await score(base)).ms + (await score(model)).ms);
  compared.push(await compare(TOKENS));
}
const median = (values) => values.toSorted((a, b) => a - b)[1];
const rows = [
  row(
    "comparing two models : scoring with each, time",
    median(compared) / median(scored),
    "<=",
    1.1,
    `${TOKENS} tokens, ${median(compared).toFixed(0)} : ${median(scored).toFixed(0)} ms`,
  ),
];
if (process.platform === "linux") {
  const short = await peak(() => compare(1_100));
  const long = await peak(() => compare(4_400));
  rows.push(row("peak memory of a comparison 4 times longer, MiB more", (long - short) / MIB, "<=", 16));
}
send(rows);
for (const one of [base, model]) await one[Symbol.asyncDispose]();

/** Largest resident memory while `work` runs, bytes. */
async function peak(work) {
  globalThis.gc?.();
  writeFileSync("/proc/self/clear_refs", "5"); // resets the peak
  await work();
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
}
