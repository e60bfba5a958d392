/** What routers of bits are worth on a file of records: each prompt is decided about by a router that was fitted to other groups. */
import { resolveEmbedding } from "surprisal/models";
import { evaluatePaq, paq, readRecords } from "surprisal/route";

/** What is tried: features, tolerance, and what is asked of a choice. */
export const TRIALS = [
  ...[0.05, 0.1].flatMap((tau) =>
    ["statistics", "encoder", "encoder+statistics"].map((features) => ({ features, tau })),
  ),
  { features: "statistics", tau: 0.01 },
  { features: "statistics", tau: 0.1, risk: 0.2 },
];

/** The same, but what a prompt takes is processor time, of all threads: what other work on the machine does not change. */
const withProcessorTime = (source) => ({
  ...source,
  async of(prompts, options) {
    const vectors = [];
    for (const prompt of prompts) {
      const before = process.cpuUsage();
      const [found] = await source.of([prompt], options);
      const { user, system } = process.cpuUsage(before);
      vectors.push({ ...found, ms: (user + system) / 1000 });
    }
    return vectors;
  },
});

/** The table of both sources, without looking at the prompts again. */
const joinedTable = (joined, [first, second]) => ({
  ...first,
  features: { name: joined.name, dimensions: joined.dimensions, identity: joined.identity },
  vectors: first.vectors.map(({ vector, ms, leftOut }, i) => ({
    vector: Float32Array.of(...vector, ...second.vectors[i].vector),
    ms: ms + second.vectors[i].ms,
    leftOut,
  })),
});

async function tablesBy(records, threads) {
  const encoder = await resolveEmbedding("minilm", { threads });
  const [first, second] = [paq.encoder(encoder), paq.statistics()];
  const tables = {
    statistics: await paq.table(records, withProcessorTime(second)),
    encoder: await paq.table(records, withProcessorTime(first)),
  };
  await encoder[Symbol.asyncDispose]();
  const both = joinedTable(paq.joined([first, second]), [tables.encoder, tables.statistics]);
  return { ...tables, "encoder+statistics": both };
}

/** Of each domain, what each level's perplexity is above the highest's, and the share of prompts that it is enough for. */
function byDomain(cases, levels, tau) {
  const names = [...new Set(cases.map(({ record }) => record.kind ?? ""))].sort();
  return names.map((domain) => {
    const own = cases.filter(({ record }) => (record.kind ?? "") === domain);
    const tokens = own.reduce((sum, each) => sum + each.tokens, 0);
    const sum = (i) => own.reduce((all, { nll }) => all + nll[i], 0);
    const top = sum(levels.length - 1);
    return {
      domain,
      prompts: own.length,
      perplexity: Math.exp(top / tokens),
      increase: levels.map((_, i) => Math.expm1((sum(i) - top) / tokens)),
      adequate: levels.map(
        (level) => own.filter(({ record }) => paq.isAdequate(record, level, tau, levels)).length / own.length,
      ),
    };
  });
}

/** @returns what `show` makes tables and pictures of. */
export async function judge(file, { seed, threads }) {
  const records = await readRecords(file);
  const tables = await tablesBy(records, threads);
  const { levels, cases } = tables.statistics;
  const { grid } = paq.chooseTau(records, { bound: 0 });
  const trials = TRIALS.map(({ features, tau, risk }) => {
    const goal = risk === undefined ? {} : { goal: { kind: "risk", risk } };
    const trial = { features, tau, risk: risk ?? null };
    try {
      const { decisions, routers } = paq.crossFit(tables[features], { tau, seed, ...goal });
      const found = evaluatePaq(records, ({ id }) => decisions.get(id), { tau, seed });
      return { ...trial, found, points: routers.map(({ point }) => point) };
    } catch (error) {
      return { ...trial, failed: `${error.what ?? error.message}` };
    }
  });
  const { header } = records;
  return {
    levels: header.levels,
    asked: header.asked,
    prompts: cases.length,
    grid,
    domains: byDomain(cases, levels, 0.05),
    trials,
  };
}
