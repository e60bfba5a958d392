/** What routers of bits are worth on a file of records: each prompt is decided about by a router that was fitted to other groups. */
import { resolveEmbedding } from "surprisal/models";
import { evaluatePaq, paq, readRecords } from "surprisal/route";

/** What is tried: features, tolerance, and what is asked of a choice. */
export const TRIALS = [
  { features: "statistics", tau: 0.05 },
  { features: "encoder", tau: 0.05 },
  { features: "encoder+statistics", tau: 0.05 },
  { features: "statistics", tau: 0.02 },
  { features: "statistics", tau: 0.1 },
  { features: "statistics", tau: 0.05, risk: 0.2 },
];

async function tablesBy(records, threads) {
  const encoder = await resolveEmbedding("minilm", { threads });
  const sources = {
    statistics: paq.statistics(),
    encoder: paq.encoder(encoder),
    "encoder+statistics": paq.joined([paq.encoder(encoder), paq.statistics()]),
  };
  const tables = {};
  for (const [name, source] of Object.entries(sources)) tables[name] = await paq.table(records, source);
  await encoder[Symbol.asyncDispose]();
  return tables;
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
