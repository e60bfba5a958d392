/** Block entropies to order 8 of 10 MB: words of the benchmark's text in random order. Time of the processor, and memory. */
import { blockEntropies, characterSymbols, suffixesOf } from "../dist/entropy/index.js";
import { readText, row, send } from "./_shared.mjs";

const BYTES = 10_000_000;
const words = readText().split(" ");
const parts = [];
let state = 24;
for (let length = 0; length < BYTES; ) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  const word = words[Math.floor((state / 2 ** 32) * words.length)];
  parts.push(word);
  length += word.length + 1;
}
const text = parts.join(" ").slice(0, BYTES);
const before = process.cpuUsage();
const { symbols, alphabet } = characterSymbols(text);
const blocks = blockEntropies(suffixesOf(symbols, alphabet), { order: 8 });
const { user, system } = process.cpuUsage(before);
send([
  row(
    "block entropies to order 8, 10 MB, seconds",
    (user + system) / 1e6,
    "<=",
    20,
    `${(blocks[3].conditional["miller-madow"] / Math.LN2).toFixed(2)} bits at order 4`,
  ),
  row("the same, memory, GB", process.resourceUsage().maxRSS / 1e6, "<=", 1),
]);
