/**
 * The picture of docs/generating.md: how many tokens a second a model writes in all, and each answer of it, when so many are written at once.
 * `node scripts/generating-picture.mjs [mini smollm2 ...]` measures with one thread (`--threads N`; more of them suffer from whatever else runs)
 * and writes docs/images/generating.svg, in a minute a model; with `--figures FILE.json` it draws what was measured before. Needs `npm run build`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { resolve } from "../dist/index.js";

const AT_ONCE = [1, 2, 4, 8, 16];
const TOKENS = 64;
const ROUNDS = 3;
const target = fileURLToPath(new URL("../docs/images/generating.svg", import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { figures: { type: "string" }, threads: { type: "string", default: "1" } },
});
const references = positionals.length > 0 ? positionals : ["mini"];
/** @type {{ model: string, rates: number[] }[]} Tokens a second of all answers together, by `AT_ONCE`. */
const figures = values.figures
  ? JSON.parse(readFileSync(values.figures, "utf8"))
  : await measured(references);
console.log(JSON.stringify(figures));
writeFileSync(target, draw(figures));
console.log(target);

async function measured(references) {
  const all = [];
  for (const reference of references) {
    const model = await resolve(reference, { threads: Number(values.threads) });
    const rates = [];
    for (const n of AT_ONCE) {
      const rounds = [];
      for (let round = 0; round < ROUNDS; round++) rounds.push(await rate(model, n));
      rates.push(rounds.sort((a, b) => a - b)[1]);
    }
    const { name, quantisation } = model.identity;
    const threads = values.threads === "1" ? "one thread" : `${values.threads} threads`;
    all.push({ model: `${name} ${quantisation}, ${threads}`, rates });
    await model[Symbol.asyncDispose]();
  }
  return all;
}

async function rate(model, n) {
  const start = performance.now();
  let tokens = 0;
  const write = async (seed) => {
    const options = { maxTokens: TOKENS, temperature: 1, seed };
    for await (const _ of model.generate(`Chapter ${seed + 1}. It was`, options)) tokens++;
  };
  await Promise.all(Array.from({ length: n }, (_, i) => write(i)));
  return (1000 * tokens) / (performance.now() - start);
}

function draw(figures) {
  const [width, row, left, right] = [720, 26, 150, 190];
  const panel = 44 + AT_ONCE.length * row;
  const height = figures.length * panel + 12;
  const parts = figures.flatMap(({ model, rates }, i) => {
    const top = i * panel + 28;
    const most = Math.max(...rates);
    return [
      `<text x="16" y="${top}" class="head">${escaped(model)}: tokens a second, of all answers together</text>`,
      ...rates.flatMap((value, j) => {
        const y = top + 14 + j * row;
        const length = Math.max(1, ((width - left - right) * value) / most);
        const gain = j === 0 ? "" : ` (${(value / rates[0]).toFixed(1)}×)`;
        return [
          `<text x="${left - 10}" y="${y + 15}" text-anchor="end">${AT_ONCE[j]} at once</text>`,
          `<rect x="${left}" y="${y + 2}" width="${length.toFixed(1)}" height="${row - 8}" rx="2"/>`,
          `<text x="${(left + length + 8).toFixed(1)}" y="${y + 15}">${rounded(value)}${gain}, each ${rounded(value / AT_ONCE[j])}</text>`,
        ];
      }),
    ];
  });
  const label = figures
    .map(
      ({ model, rates }) =>
        `${model}: ${rates.map((value, j) => `${AT_ONCE[j]} at once ${rounded(value)}`).join(", ")}`,
    )
    .join("; ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Tokens a second. ${escaped(label)}">
<style>text{font:13px system-ui,sans-serif;fill:#1f2430}.head{font-weight:600}rect{fill:#3b6fb6}svg{background:#fff}@media(prefers-color-scheme:dark){text{fill:#d5d8e2}rect{fill:#7aa7e8}svg{background:#16161e}}</style>
${parts.join("\n")}
</svg>
`;
}

function rounded(value) {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1);
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
