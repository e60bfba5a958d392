/** Detectors that need no model: milliseconds of CPU per kB of text. Needs no model. */
import { detectAnomaly, detectPatterns } from "../dist/entries/detect.js";
import { readText, row, send } from "./_shared.mjs";

const ROUNDS = 5;
const BYTES = 200_000;

/** Of the process, user and system: a busy machine does not make it more. */
const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Milliseconds per kB: the least of several rounds. */
async function perKilobyte(work, bytes) {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = cpuMs();
    await work();
    least = Math.min(least, ((cpuMs() - begin) / bytes) * 1000);
  }
  return least;
}

const text = readText(BYTES);
const passage = readText(BYTES + 20_000).slice(text.length);
const documents = [{ name: "passage", text: passage }];
const tokens = (text.match(/\s?\S{1,4}/g) ?? []).map((piece, i) => ({
  text: piece,
  logprob: -((i * 2654435761) % 1000) / 250,
}));
const answer = tokens.map(({ text: piece }) => piece).join("");

const patterns = detectPatterns();
const anomaly = detectAnomaly();
send([
  row(
    "patterns, no documents, ms per kB",
    await perKilobyte(() => patterns.examine({ answer: text }), BYTES),
    "<=",
    1,
  ),
  row(
    "patterns beside 20 kB of documents, ms per kB",
    await perKilobyte(() => patterns.examine({ answer: text, documents }), BYTES),
    "<=",
    1,
  ),
  row("anomaly, ms per kB", await perKilobyte(() => anomaly.examine({ answer, tokens }), BYTES), "<=", 1),
]);
