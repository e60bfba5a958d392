/**
 * What a PAQ router takes per prompt: MiniLM in process and the head, statistics of the text and the head, and the head alone. Needs minilm
 * (`surprisal models pull minilm`).
 */
import { paq } from "../dist/entries/route.js";
import { locate, resolveEmbedding } from "../dist/models/index.js";
import { readText, row, send } from "./_shared.mjs";

const LEVELS = ["2-bit", "4-bit", "8-bit", "16-bit"];
const REPEATS = 31;

let state = 1;
/** Park & Miller's generator: the records are the same on every run. */
const random = () => {
  state = (state * 16807) % 2147483647;
  return state / 2147483647;
};

await locate("minilm", { offline: true });
const encoder = await resolveEmbedding("minilm", { offline: true });
const words = readText(200_000).split(/\s+/).filter(Boolean);
const records = Array.from({ length: 120 }, (_, i) => ({
  id: `${i}`,
  question: words.slice(40 * i, 40 * i + 5 + (i % 20)).join(" "),
  paths: Object.fromEntries(
    LEVELS.map((level, k) => [
      level,
      { correct: null, tokens: 10, nll: 10 + (k < 3 ? (3 - k) * random() : 0) },
    ]),
  ),
}));
const routers = {
  MiniLM: await paq.fit(records, paq.encoder(encoder)),
  statistics: await paq.fit(records, paq.statistics()),
};

/** A prompt of so many tokens of MiniLM, from another part of the text each time. */
async function promptOf(tokens, part) {
  const from = 7000 + 300 * part;
  let [low, high] = [1, tokens];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const { length } = await encoder.tokenize(words.slice(from, from + middle).join(" "));
    if (length <= tokens) low = middle;
    else high = middle - 1;
  }
  return words.slice(from, from + low).join(" ");
}

const rows = [];
const medians = {};
for (const [name, router] of Object.entries(routers))
  for (const tokens of [32, 256]) {
    const times = [];
    let processor = 0; // µs, of all threads: what a busy machine does not change
    for (let i = 0; i <= REPEATS; i++) {
      const prompt = await promptOf(tokens, i);
      const before = process.cpuUsage();
      const start = performance.now();
      await router.decide(prompt);
      if (i === 0) continue; // the first makes the contexts
      times.push(performance.now() - start);
      const { user, system } = process.cpuUsage(before);
      processor += user + system;
    }
    times.sort((a, b) => a - b);
    const median = times[(REPEATS - 1) / 2];
    medians[`${name} ${tokens}`] = median;
    const most = name === "MiniLM" ? Number((15 + 0.4 * (tokens - 32)).toFixed(1)) : 1;
    const range = `of ${REPEATS}: ${times[0].toFixed(2)} to ${times.at(-1).toFixed(2)}; processor time ${(processor / 1000 / REPEATS).toFixed(2)}`;
    rows.push(row(`PAQ: deciding by ${name}, prompt of ${tokens} tokens, ms`, median, "<=", most, range));
  }
rows.push(
  row(
    "PAQ: each further token with MiniLM, ms",
    (medians["MiniLM 256"] - medians["MiniLM 32"]) / 224,
    "<=",
    0.4,
  ),
);

const N = 20_000;
for (const [name, router] of Object.entries(routers)) {
  const { dimensions } = router.artefact.features;
  const vectors = Array.from({ length: 100 }, () => ({
    vector: Float32Array.from({ length: dimensions }, () => random() - 0.5),
    ms: 0,
    leftOut: 0,
  }));
  for (let i = 0; i < N / 10; i++) router.decideFrom(vectors[i % 100]);
  const before = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < N; i++) router.decideFrom(vectors[i % 100]);
  const microseconds = (1000 * (performance.now() - start)) / N;
  const { user, system } = process.cpuUsage(before);
  rows.push(
    row(
      `PAQ: the decision alone, ${dimensions} numbers (${name}), µs`,
      microseconds,
      "<=",
      50,
      `processor time ${((user + system) / N).toFixed(1)}`,
    ),
  );
}
await encoder[Symbol.asyncDispose]();
send(rows);
