/**
 * How alike ten samples are by MiniLM, from texts to the matrix of cosines: tokens, vectors, cosines. Needs minilm
 * (`surprisal models pull minilm`).
 */
import { locate, resolveEmbedding } from "../dist/models/index.js";
import { embeddingSimilarity } from "../dist/uncertainty/samples/index.js";
import { readText, row, send } from "./_shared.mjs";

const SAMPLES = 10;
const REPEATS = 7;

await locate("minilm", { offline: true });
const words = readText(200_000).split(/\s+/).filter(Boolean);
const model = await resolveEmbedding("minilm", { offline: true });
const rows = [];
for (const [count, most] of [
  [30, 150],
  [200, 1000],
]) {
  const texts = Array.from({ length: SAMPLES }, (_, i) => words.slice(1000 * i, 1000 * i + count).join(" "));
  const times = [];
  for (let i = 0; i <= REPEATS; i++) {
    const start = performance.now();
    await similarities(texts);
    if (i > 0) times.push(performance.now() - start); // the first makes the contexts
  }
  times.sort((a, b) => a - b);
  const all = times.map((ms) => ms.toFixed(0)).join(", ");
  rows.push(
    row(
      `similarity of ${SAMPLES} samples of ${count} words by MiniLM, ms`,
      times[(REPEATS - 1) / 2],
      "<=",
      most,
      `of ${REPEATS}: ${all}`,
    ),
  );
}
await model[Symbol.asyncDispose]();
send(rows);

/** [samples][samples] cosines; nothing is kept from one call to the next. */
async function similarities(texts) {
  const similarity = embeddingSimilarity(async (fresh, options) =>
    (await model.embed(fresh, options)).map(({ vector }) => vector),
  );
  await similarity.prepare(texts.flatMap((a) => texts.map((b) => [a, b])));
  const between = similarity.open();
  return texts.map((a) => texts.map((b) => between(a, b)));
}
