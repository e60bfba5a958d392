/** Our numbers under the peers' recipes against the numbers the peers gave (test/fixtures/golden). */
import { readFileSync } from "node:fs";
import { scoreText } from "../dist/index.js";
import { loadSmollm2, row, send } from "./_shared.mjs";

const golden = (name) => readFileSync(new URL(`../test/fixtures/golden/${name}`, import.meta.url), "utf8");
const text = golden("wikitext-23100-bytes.txt");
const llama = JSON.parse(golden("llama-perplexity.json"));
const peers = JSON.parse(golden("transformers-and-lm-eval.json"));
const off = (ours, theirs) => Math.abs(ours / theirs - 1);
const rows = [];

for (const [type, index] of [
  ["Q8_0", 0],
  ["Q4_1", 1],
]) {
  const model = await loadSmollm2(type);
  const { perplexity } = await scoreText(model, text, { recipe: "llama.cpp" });
  const theirs = llama.runs[index].running_perplexity[9];
  rows.push(
    row(
      `llama.cpp, ${type}, 10 chunks, relative difference`,
      off(perplexity, theirs),
      "<=",
      1e-4,
      `${perplexity.toFixed(4)} : ${theirs}`,
    ),
  );
  await model[Symbol.asyncDispose]();
}
const model = await loadSmollm2("F32", { cacheType: "f32" });
const rolling = await scoreText(model, text, { recipe: "lm-eval", context: 1024 });
rows.push(
  row(
    "lm-eval, F32, relative difference",
    off(-rolling.nll * rolling.scored, peers.rolling_1024.loglikelihood),
    "<=",
    1e-4,
  ),
);
const strided = await scoreText(model, text, { recipe: "hf-strided" });
rows.push(
  row(
    "hf-strided, F32, relative difference",
    off(strided.perplexity, peers.strided_1024_512.ppl),
    "<=",
    1e-4,
    `${strided.perplexity.toFixed(4)} : ${peers.strided_1024_512.ppl.toFixed(4)}`,
  ),
);
await model[Symbol.asyncDispose]();
send(rows);
