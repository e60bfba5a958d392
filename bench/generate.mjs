/** Many answers at once against one at a time, a shared prompt, a newcomer among answers, scoring beside an open context. */
import { planWindows } from "../dist/core/index.js";
import { LlamaModel, locate } from "../dist/models/index.js";
import { loadSmollm2, readText, row, runPlan, send } from "./_shared.mjs";

const AT_ONCE = 16;
const REPEATS = 3;
const rows = [];

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const timed = async (run) => {
  const begun = performance.now();
  const result = await run();
  return { ms: performance.now() - begun, result };
};

async function written(generation) {
  let tokens = 0;
  for await (const _ of generation) tokens++;
  return tokens;
}

/** Tokens per second at once / one at a time, the median of interleaved pairs. */
async function ratio(model, prompts, maxTokens) {
  const options = (seed) => ({ maxTokens, temperature: 1, seed, stop: ["\u0001"] });
  const write = (i) => written(model.generate(prompts[i % prompts.length], options(i)));
  await write(99); // warm-up
  const ratios = [];
  const rates = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const alone = await timed(async () => {
      let tokens = 0;
      for (let i = 0; i < 4; i++) tokens += await write(4 * repeat + i);
      return tokens;
    });
    const together = await timed(async () => {
      const all = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => write(i)));
      return all.reduce((sum, tokens) => sum + tokens);
    });
    const rate = ({ ms, result }) => (1000 * result) / ms;
    ratios.push(rate(together) / rate(alone));
    rates.push(rate(together));
  }
  return { ratio: median(ratios), rate: median(rates) };
}

const BEGINNINGS = ["Once upon a time", "The history of the city", "In the summer of", "She opened the door"];

const small = await LlamaModel.load((await locate("mini")).path, { device: "cpu", prefixCacheBytes: 0 });
const ofSmall = await ratio(small, BEGINNINGS, 64);
const detail = ({ rate }) => `${rate.toFixed(0)} tokens/s`;
rows.push(
  row("mini: 16 generations at once / one at a time, tokens/s", ofSmall.ratio, ">=", 4, detail(ofSmall)),
);
await small[Symbol.asyncDispose]();

const model = await loadSmollm2("Q8_0", { prefixCacheBytes: 0 });
const ofLarge = await ratio(model, BEGINNINGS, 16);
rows.push(
  row(
    "SmolLM2 Q8_0: 16 generations at once / one at a time, tokens/s",
    ofLarge.ratio,
    ">=",
    2.5,
    detail(ofLarge),
  ),
);

const { ids } = await model.tokenize(readText(20_000));
const prompt = ids.subarray(0, 1000);
const answers = model.sample(prompt, { n: AT_ONCE, maxTokens: 4, temperature: 1 });
await Promise.all(answers.map(written));
const run = answers.map(({ end }) => end.prompt.tokens - end.prompt.shared).reduce((a, b) => a + b);
rows.push(row("16 samples of a prompt of 1,000 tokens: prompt tokens run", run, "<=", 1000));

for (const length of [16, 128, 512]) {
  const first = async (from) => {
    const generation = model.generate(ids.subarray(from, from + length), { maxTokens: 1 });
    const { ms } = await timed(() => generation.next());
    await generation.return(); // or the prompt stays in memory for the next one
    return ms;
  };
  const [alone, among] = [[], []];
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    alone.push(await first(1000 + 600 * repeat));
    const stop = new AbortController();
    let tokens = 0;
    const running = Array.from({ length: 8 }, async (_, seed) => {
      const options = { maxTokens: 400, temperature: 1, seed, signal: stop.signal, stop: ["\u0001"] };
      for await (const _record of model.generate(BEGINNINGS[seed % 4], options)) tokens++;
    });
    const ended = Promise.allSettled(running);
    while (tokens < 24) await new Promise((resolve) => setTimeout(resolve, 5));
    among.push(await first(1000 + 600 * repeat));
    stop.abort();
    await ended;
  }
  const [a, b] = [median(alone), median(among)];
  rows.push(
    row(
      `a newcomer's first token while 8 answers run / alone, prompt of ${length}`,
      b / a,
      "<=",
      2,
      `${b.toFixed(0)} ms / ${a.toFixed(0)} ms`,
    ),
  );
}

const SCORED = 512;
const plan = planWindows(SCORED, { method: "cached", context: 256, stride: 64, sinks: 4, prefix: null });
const fresh = await loadSmollm2();
const ratios = [];
for (let repeat = 0; repeat < 3 * REPEATS; repeat++) {
  const before = await runPlan(fresh, ids.subarray(0, SCORED), plan);
  const beside = await runPlan(model, ids.subarray(0, SCORED), plan);
  ratios.push(beside.ms / before.ms);
}
rows.push(row("scoring of a model that has written / of one that has not, time", median(ratios), "<=", 1.05));
await fresh[Symbol.asyncDispose]();
await model[Symbol.asyncDispose]();
send(rows);
if (!process.send) console.table(rows);
