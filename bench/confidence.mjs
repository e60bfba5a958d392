/** Estimators of one pass: what each costs per token, and ten of them beside the pass of the model whose tokens they read. */
import { seededRandom } from "../dist/core/index.js";
import { estimateTokens, ONE_PASS_METHODS, recordsOf, startEstimators } from "../dist/entries/uncertainty.js";
import { scoreText } from "../dist/index.js";
import { loadSmollm2, readText, row, send } from "./_shared.mjs";

const TOKENS = 1000;
const ROUNDS = 100;
const random = seededRandom(1);

/** Surprisals that are exponentially distributed, an exact entropy, a shape, and `k` alternatives. */
const records = (k) =>
  Array.from({ length: TOKENS }, (_, id) => ({
    text: ` word${id % 97}`,
    id,
    logprob: 2 * Math.log(1 - random()),
    entropy: 2 * random(),
    shape: { vocabularySize: 50_000, possible: 50_000, meanLogprob: -19, rootSum: 16, flatRootSum: 138 },
    ...(k > 0 && {
      alternatives: Array.from({ length: k }, (_, j) => ({
        text: `alternative ${j}`,
        id: j,
        logprob: -0.7 * (j + 1) - random() / 10,
      })),
    }),
  }));

/** Nanoseconds per token: the least of many rounds, since whatever else runs on the machine only ever adds. */
function perToken(tokens, methods) {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const running = startEstimators(methods);
    const begin = process.hrtime.bigint();
    for (const token of tokens) running.observe(token);
    least = Math.min(least, Number(process.hrtime.bigint() - begin) / tokens.length);
  }
  return least;
}

/** The dearest of some methods, each by itself. */
function dearest(tokens, methods) {
  const costs = methods.map((method) => [perToken(tokens, [method]), method]);
  return costs.reduce((most, each) => (each[0] > most[0] ? each : most));
}

const names = ONE_PASS_METHODS.map(({ method }) => method);
const needsList = ({ needs }) => needs.includes("alternatives");
const [plain, plainName] = dearest(
  records(0),
  ONE_PASS_METHODS.filter((method) => !needsList(method)).map(({ method }) => method),
);
const [listed, listedName] = dearest(records(20), names);
const all = perToken(records(20), names);

const TEN = [
  "sequence-logprob",
  "mean-nll",
  "min-probability",
  "max-token-nll",
  "mean-token-entropy",
  "max-token-entropy",
  "margin",
  "mean-top-k-entropy",
  "deepconf-mean",
  "deepconf-lowest-group",
];
const model = await loadSmollm2();
const text = readText(3000);
const time = async (work) => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};
const pass = (options) => scoreText(model, text, options);
const score = await pass({ alternatives: 20 }); // warm-up
let estimating = Number.POSITIVE_INFINITY;
let passing = Number.POSITIVE_INFINITY;
let shaping = Number.POSITIVE_INFINITY;
for (let round = 0; round < 3; round++) {
  passing = Math.min(passing, await time(() => pass({ alternatives: 20 })));
  shaping = Math.min(shaping, await time(() => pass({ alternatives: 20, shape: true })));
  estimating = Math.min(estimating, await time(() => estimateTokens(recordsOf(score), { methods: TEN })));
}
await model[Symbol.asyncDispose]();
const tokens = `${score.table.length} tokens of SmolLM2`;
send([
  row("confidence, dearest estimator, plain token, ns", plain, "<=", 300, plainName),
  row("confidence, dearest estimator, 20 alternatives, ns", listed, "<=", 1000, listedName),
  row(`confidence, all ${names.length} together, 20 alternatives, ns`, all, "<=", 5000),
  row("confidence, ten estimators with the pass / the pass", 1 + estimating / passing, "<=", 1.05, tokens),
  row("confidence, the pass with shapes / without", shaping / passing, "<=", 1.15, tokens),
]);
