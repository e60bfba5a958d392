/**
 * The built library under mixed load, in a process of its own whose memory is nobody else's: load-child.mjs ROUNDS SEED.
 * Writes a line of JSON for each round: what was wrong in it, and now and then the memory that is held.
 */
import { getEventListeners } from "node:events";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { planWindows, seededRandom } from "../../dist/core/index.js";
import { resolve } from "../../dist/index.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");
const [rounds, seed] = process.argv.slice(2).map(Number);
const random = seededRandom(seed);
const pick = (count) => Math.floor(random() * count);
/** Calls of a round, side by side. */
const CALLS = 48;
/** Of so many rounds one is followed by quiet, and then memory is looked at: what is freed goes back to the system a moment later. */
const LOOK_EVERY = 4;
const QUIET_MS = 900;
/** Of so many rounds one has a crowd with one signal. */
const CROWD_EVERY = 50;
const CROWD = 300;
/** Of so many rounds one opens a model of its own and disposes it under its calls. */
const DISPOSE_EVERY = 10;

const WORDS =
  "The old house on the hill had been empty for years when the children found its garden door open.".split(
    " ",
  );
const text = (i) =>
  WORDS.slice(i % 7)
    .concat(WORDS.slice(0, (3 * i) % 11), WORDS.slice(0, i % 5))
    .join(" ");

const warnings = [];
process.on("warning", ({ name, message }) => warnings.push(`${name}: ${message}`));

const model = await resolve("mini", { threads: 1, exact: true });

/** Kinds of call, each of a few variants: what it gives is the same whenever it is made. */
const KINDS = {
  async score(i, signal) {
    const requests = Array.from({ length: 1 + (i % 3) }, (_, r) => ({
      context: text(i),
      continuation: ` ${text(i + r)}`,
    }));
    const answers = [];
    for await (const { logprob, greedy } of model.score(requests, { signal })) answers.push(logprob, greedy);
    return answers;
  },
  async windows(i, signal) {
    const { ids } = await model.tokenize(text(i).repeat(3));
    const window = { method: "cached", context: 32, stride: 8, sinks: 2, prefix: null };
    const numbers = [];
    for await (const { logprobs } of model.scoreTokens(ids, planWindows(ids.length, window), { signal }))
      numbers.push(...logprobs);
    return numbers;
  },
  async loss(i, signal) {
    return model.loss(text(i), { signal });
  },
  async embed(i, signal) {
    return (await model.embed([text(i), text(i + 1)], { signal })).map((vector) => [...vector]);
  },
  async generate(i, signal) {
    let written = "";
    for await (const record of model.generate(text(i), { maxTokens: 5, temperature: 0, signal }))
      written += record.text;
    return written;
  },
  async left(i, signal) {
    for await (const record of model.generate(text(i), { maxTokens: 50, temperature: 0, signal }))
      return record.text;
  },
  async sequence(i, signal) {
    const { ids } = await model.tokenize(text(i));
    const opened = [await model.open()];
    try {
      const [sequence] = opened;
      await sequence.extend(ids.subarray(0, 8), { signal });
      const fork = await sequence.fork();
      opened.push(fork);
      await fork.extend(ids.subarray(8, 12), { signal });
      await fork.truncate(5);
      return [sequence.length, fork.length, likeliest(fork.next()), likeliest(sequence.next())];
    } finally {
      for (const each of opened) await each[Symbol.asyncDispose]();
    }
  },
  async refused(i, signal) {
    const requests = [{ context: text(i), continuation: "" }];
    for await (const _ of model.score(requests, { signal })) return "scored";
  },
};
const VARIANTS = 12;

function likeliest(distribution) {
  return distribution.indexOf(Math.max(...distribution));
}

/** What a call came to, as text. */
async function outcome(call) {
  try {
    return JSON.stringify(await call);
  } catch (error) {
    return error.code ?? `without a code: ${error.stack}`;
  }
}

const names = Object.keys(KINDS);
const expected = new Map();
for (const name of names)
  for (let i = 0; i < VARIANTS; i++) expected.set(`${name} ${i}`, await outcome(KINDS[name](i)));

for (const [name, text] of expected) if (text.startsWith("without")) throw new Error(`${name}: ${text}`);

/** @returns what was wrong. */
async function mixed() {
  const wrong = [];
  const stop = new AbortController();
  const { signal } = stop;
  const calls = Array.from({ length: CALLS }, async () => {
    const [name, i] = [names[pick(names.length)], pick(VARIANTS)];
    const isAborted = random() < 0.3;
    const got = await outcome(KINDS[name](i, isAborted ? signal : undefined));
    const right = expected.get(`${name} ${i}`);
    // Beyond what a model holds, a call is refused: at 48 calls it never is.
    if (got !== right && !(isAborted && got === "ABORTED")) wrong.push(`${name} ${i}: ${got} for ${right}`);
  });
  for (let i = pick(4); i > 0; i--) await nextTurn();
  const late = setTimeout(() => stop.abort(), pick(150));
  await Promise.all(calls);
  clearTimeout(late);
  if (getEventListeners(signal, "abort").length > 0) wrong.push("listeners are left");
  return wrong;
}

/** More calls at once than koffi has places for (256), with one signal. */
async function crowd() {
  const { signal } = new AbortController();
  const got = await Promise.all(
    Array.from({ length: CROWD }, (_, i) => outcome(KINDS.score(i % VARIANTS, signal))),
  );
  const wrong = got.flatMap((each, i) =>
    each === expected.get(`score ${i % VARIANTS}`) ? [] : [`of a crowd: ${each}`],
  );
  if (getEventListeners(signal, "abort").length > 0) wrong.push("listeners are left");
  return wrong.slice(0, 3);
}

/** A model that is disposed while its calls are under way: each is done or says so. */
async function disposed() {
  const other = await resolve("mini", { threads: 1, exact: true });
  const score = async (i) => {
    for await (const { logprob } of other.score([{ context: text(i), continuation: " and so on" }]))
      return logprob;
  };
  const calls = Array.from({ length: 20 }, (_, i) => outcome(score(i)));
  calls.push(outcome(other.embed(["a text"])), outcome(other.loss(text(3))));
  for (let i = pick(6); i > 0; i--) await nextTurn();
  await other[Symbol.asyncDispose]();
  const got = await Promise.all(calls);
  return got
    .filter((each) => each !== "MODEL_DISPOSED" && !/^[-{[]/.test(each))
    .map((each) => `disposed: ${each}`);
}

async function settledMemory() {
  collectGarbage();
  await sleep(QUIET_MS); // finalizers free what hangs on what was collected
  collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heapUsed, external };
}

const begun = performance.now();
for (let round = 0; round < rounds; round++) {
  const wrong = await mixed();
  if (round % CROWD_EVERY === 5) wrong.push(...(await crowd()));
  if (round % DISPOSE_EVERY === 3) wrong.push(...(await disposed()));
  wrong.push(...warnings.splice(0));
  const memory = round % LOOK_EVERY === 0 ? await settledMemory() : null;
  const line = { round, s: (performance.now() - begun) / 1000, wrong, memory };
  await new Promise((done) => process.stdout.write(`${JSON.stringify(line)}\n`, done));
}
await model[Symbol.asyncDispose]();
