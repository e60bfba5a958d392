/** Continuations of one context: together against one at a time. */
import { loadSmollm2, readText, row, send } from "./_shared.mjs";

const model = await loadSmollm2();
const { ids } = await model.tokenize(readText(30_000));
const context = ids.slice(0, 600);
const requests = (count) =>
  Array.from({ length: count }, (_, i) => ({ context, continuation: ids.slice(600 + 20 * i, 620 + 20 * i) }));

async function score(list) {
  const start = performance.now();
  let tokensRun = 0;
  for await (const answer of model.score(list)) tokensRun += answer.tokensRun;
  return { tokensRun, ms: performance.now() - start };
}

await score(requests(1)); // warm-up
// Interleaved and the best of five, since a single run is a second long and machines are noisy.
let together = Number.POSITIVE_INFINITY;
let separately = Number.POSITIVE_INFINITY;
for (let i = 0; i < 5; i++) {
  together = Math.min(together, (await score(requests(4))).ms);
  let ms = 0;
  for (const request of requests(4)) ms += (await score([request])).ms;
  separately = Math.min(separately, ms);
}
const many = await score(requests(200));
send([
  row("4 continuations of 20 tokens of a 600-token context, speed-up", separately / together, ">=", 3.5),
  row(
    "200 continuations of 20 tokens, decoded tokens saved",
    (200 * 619) / many.tokensRun,
    ">=",
    20,
    `${200 * 619} : ${many.tokensRun}`,
  ),
]);
await model[Symbol.asyncDispose]();
