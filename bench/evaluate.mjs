/** The harness on a flat corpus against llama.cpp's own decoding; several engines against one. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planWindows } from "../dist/core/index.js";
import { evaluate } from "../dist/index.js";
import { loadSmollm2, readText, row, runPlan, send } from "./_shared.mjs";

const ROUNDS = 3;
const corpusOf = (texts) => ({
  ...{ name: "flat", source: "flat", domain: null, rule: { name: "text", source: null } },
  async *documents() {
    for (const [i, text] of texts.entries()) yield { name: String(i), text };
  },
});
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

async function timed(options) {
  const folder = mkdtempSync(join(tmpdir(), "surprisal-bench-"));
  try {
    const start = performance.now();
    const run = await evaluate({ ...options, folder: join(folder, "run") });
    return { ms: performance.now() - start, tokens: run.results[0].timing.tokensRun };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const model = await loadSmollm2();
const text = readText(12_000);
const { ids } = await model.tokenize(text);
const plan = planWindows(ids.length, {
  method: "cached",
  context: 2048,
  stride: 512,
  sinks: 4,
  prefix: null,
});
await runPlan(model, ids.subarray(0, 512), planWindows(512, { method: "full", context: 512, prefix: null })); // warm-up
const shares = [];
for (let round = 0; round < ROUNDS; round++) {
  const { decodeMs } = await runPlan(model, ids, plan);
  const { ms } = await timed({ models: [model], corpora: [corpusOf([text])] });
  shares.push(decodeMs / ms);
}
await model[Symbol.asyncDispose]();

const pieces = readText(60_000).match(/[\s\S]{1,1500}/g);
const gains = [];
for (let round = 0; round < ROUNDS; round++) {
  const one = await timed({ models: ["mini"], corpora: [corpusOf(pieces)], engines: 1 });
  const two = await timed({ models: ["mini"], corpora: [corpusOf(pieces)], engines: 2 });
  gains.push(one.ms / two.ms);
}
send([
  row(
    "llama_decode alone / `evaluate` of a flat corpus",
    median(shares),
    ">=",
    0.95,
    `${ids.length} tokens, a run on disk`,
  ),
  row("mini over 40 documents: two engines against one", median(gains), ">=", 1.3),
]);
