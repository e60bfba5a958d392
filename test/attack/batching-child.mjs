/**
 * The built library's sequences side by side, in a process of their own whose memory is nobody else's: batching-child.mjs
 * ROUNDS SEED. Writes a line of JSON for each round: what was wrong in it, and now and then the memory that is held.
 */
import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { seededRandom } from "../../dist/core/index.js";
import { resolve } from "../../dist/index.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");
const [rounds, seed] = process.argv.slice(2).map(Number);
const random = seededRandom(seed);
const pick = (count) => Math.floor(random() * count);
/** Side by side. */
const LIVES = 12; // of which each has two sequences and three answers at most: fewer than 64
/** What a life is drawn by: what each gives is known from one at a time. */
const SEEDS = 60;
const LOOK_EVERY = 4;
const QUIET_MS = 900;
/** Nats, and of a number: floats of a sum in another order. */
const TOLERANCE = 1e-5;
const RELATIVE = 1e-6;
/** So few cells that what is kept gives way, and answers wait. */
const OPTIONS = { threads: 1, exact: true, contextSize: 2048 };

const warnings = [];
process.on("warning", ({ name, message }) => warnings.push(`${name}: ${message}`));

/** What a life gives: numbers, and codes of errors that do not depend on others. */
async function life(model, seed, signal) {
  const own = seededRandom(seed);
  const draw = (count) => Math.floor(own() * count);
  const ids = (count) => Array.from({ length: count }, () => 10 + draw(60));
  const beginning = Array.from(
    { length: 40 + 20 * (seed % 3) },
    (_, i) => 10 + ((i * (3 + (seed % 2))) % 70),
  );
  const said = [];
  const note = async (records) => {
    for await (const { id, logprob } of records) said.push(id, logprob);
  };
  const opened = [await model.open()];
  try {
    for (let step = 0; step < 8; step++) {
      const sequence = opened[draw(opened.length)];
      const what = draw(7);
      if (what === 0 && opened.length < 2) opened.push(await sequence.fork());
      else if (what === 1) await sequence.truncate(draw(sequence.length + 1));
      else if (what === 2) {
        const stop = new AbortController();
        const before = sequence.length;
        const extended = sequence.extend(ids(20), { signal: stop.signal }).then(
          () => "done",
          ({ code }) => code,
        );
        stop.abort();
        said.push(await extended, sequence.length - before);
      } else if (what === 3)
        await note(model.generate([...beginning, ...ids(3)], { maxTokens: 8, temperature: 1, seed, signal }));
      else if (what === 4) {
        const answers = model.sample(beginning, { n: 3, maxTokens: 5, temperature: 1, seed, signal });
        await answers[draw(3)].return();
        const read = await Promise.all(answers.map(all));
        for (const records of read) await note(records);
      } else said.push(...(await sequence.extend(ids(1 + draw(20)), { signal })).logprobs);
      if (sequence.length > 0) said.push(Math.max(...sequence.next()));
    }
  } finally {
    for (const each of opened) await each[Symbol.asyncDispose]();
  }
  return said;
}

async function all(generation) {
  const records = [];
  for await (const record of generation) records.push(record);
  return records;
}

function differs(got, expected) {
  if (got.length !== expected.length) return `${got.length} of ${expected.length}`;
  for (const [i, value] of expected.entries()) {
    const other = got[i];
    if (Number.isNaN(value) && Number.isNaN(other)) continue;
    if (
      typeof value === "string"
        ? value === other
        : Math.abs(value - other) < TOLERANCE + RELATIVE * Math.abs(value)
    )
      continue;
    return `number ${i} is ${other} and not ${value}`;
  }
  return null;
}

const expected = [];
{
  const alone = await resolve("mini", { ...OPTIONS, batching: "off" });
  for (let i = 0; i < SEEDS; i++) expected.push(await life(alone, i));
  await alone[Symbol.asyncDispose]();
}
const model = await resolve("mini", OPTIONS);

async function round() {
  const wrong = [];
  const stop = new AbortController();
  const lives = Array.from({ length: LIVES }, async () => {
    const which = pick(SEEDS);
    const isAborted = random() < 0.3;
    await sleep(pick(30));
    try {
      const difference = differs(
        await life(model, which, isAborted ? stop.signal : undefined),
        expected[which],
      );
      if (difference) wrong.push(`life ${which}: ${difference}`);
    } catch (error) {
      if (!(isAborted && error.code === "ABORTED")) wrong.push(`life ${which}: ${error.code ?? error.stack}`);
    }
  });
  const late = setTimeout(() => stop.abort(), pick(400));
  await Promise.all(lives);
  clearTimeout(late);
  if (getEventListeners(stop.signal, "abort").length > 0) wrong.push("listeners are left");
  return [...wrong, ...warnings.splice(0)];
}

async function settledMemory() {
  collectGarbage();
  await sleep(QUIET_MS);
  collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heapUsed, external };
}

const begun = performance.now();
for (let i = 0; i < rounds; i++) {
  const wrong = await round();
  const memory = i % LOOK_EVERY === 0 ? await settledMemory() : null;
  const line = { round: i, s: (performance.now() - begun) / 1000, wrong, memory };
  await new Promise((done) => process.stdout.write(`${JSON.stringify(line)}\n`, done));
}
await model[Symbol.asyncDispose]();
