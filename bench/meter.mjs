/** What metering a stream costs per token. Needs no model. */
import { decidePolicy, PerplexityMeter, parsePolicy, seededRandom } from "../dist/core/index.js";
import { row, send } from "./_shared.mjs";

const TOKENS = 1000;
const ROUNDS = 500;
const random = seededRandom(1);

/** A text whose surprisals are exponentially distributed, with `k` alternatives for each token. */
function records(k) {
  return Array.from({ length: TOKENS }, (_, id) => ({
    text: ` word${id % 97}`,
    id,
    logprob: 2 * Math.log(1 - random()),
    ...(k > 0 && {
      alternatives: Array.from({ length: k }, (_, j) => ({
        text: `alternative ${j}`,
        id: j,
        logprob: -0.7 * (j + 1) - random() / 10,
      })),
    }),
  }));
}

/**
 * Nanoseconds per token: the least of many short rounds, since whatever else runs on the machine only ever adds.
 * @param start a fresh meter's work on one token
 */
function perToken(tokens, start) {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const work = start();
    const begin = process.hrtime.bigint();
    for (const token of tokens) work(token);
    least = Math.min(least, Number(process.hrtime.bigint() - begin) / tokens.length);
  }
  return least;
}

function push() {
  const meter = new PerplexityMeter({ vocabularySize: 50_000 });
  return (token) => meter.push(token);
}

function pushAndDecide() {
  const meter = new PerplexityMeter();
  const policy = parsePolicy("window>1e9 after 20 or repetition or spike>1e9");
  let memory = null;
  return (token) => {
    meter.push(token);
    memory = decidePolicy(policy, meter.read(), memory).memory;
  };
}

const plain = records(0);
send([
  row("meter, plain token, ns", perToken(plain, push), "<=", 300),
  row("meter, token with 20 alternatives, ns", perToken(records(20), push), "<=", 2000),
  row("meter, plain token, reading and stop policy, ns", perToken(plain, pushAndDecide), "<=", 5000),
]);
