/** A comparison as one table: a row for the base and for each model, with what it costs and what it is worth. */
import type { ChartTable } from "../../charts/index.ts";
import type { Estimate } from "../../core/index.ts";
import type { BitsPerByte, ModelComparison } from "../../evaluate/compare/index.ts";
import { bitsPerWeightOf, type ModelIdentity } from "../../models/index.ts";
import { formatBytes, formatNumber, formatPercent, formatPerplexity } from "../../text/index.ts";
import { formatEstimate } from "../measures.ts";

/** A model of a comparison; what is not measured of it is `null`. */
export interface ComparedRow {
  /** As it is shown. */
  model: string;
  isBase: boolean;
  /** Size of its files, bytes, and its bits per weight. */
  bytes: number | null;
  bitsPerWeight: number | null;
  identity: ModelIdentity;
  perplexity: Estimate | null;
  /** perplexity / perplexity of the base, and its 95 % interval in pairs. */
  ratio: Estimate | null;
  ratioInterval: { low: number; high: number } | null;
  /** KL(base‖model), nats per token: mean, and what 99 % of the tokens are below. */
  divergence: Estimate | null;
  divergence99: number | null;
  /** Share of the places in which both hold the same token for the most probable. */
  sameTop: Estimate | null;
  /** Where tokens differ. */
  bitsPerByte: BitsPerByte | null;
  /** bitsPerByte less that of the base. */
  difference: BitsPerByte | null;
}

/** The base first, then the models in their order. @param labels of the models. */
export function comparedRows(
  { base, comparisons }: ModelComparison,
  baseName: string,
  labels: readonly string[],
): ComparedRow[] {
  const about = (model: string, identity: ModelIdentity): ComparedRow => ({
    model,
    isBase: false,
    bytes: identity.bytes,
    bitsPerWeight: bitsPerWeightOf(identity),
    identity,
    ...{ perplexity: null, ratio: null, ratioInterval: null, divergence: null, divergence99: null },
    ...{ sameTop: null, bitsPerByte: null, difference: null },
  });
  const token = comparisons.find((one) => one.per === "token");
  const byte = comparisons.find((one) => one.per === "byte");
  const first: ComparedRow = {
    ...about(baseName, base.model),
    isBase: true,
    perplexity: token?.per === "token" ? token.measures.basePerplexity : null,
    bitsPerByte: byte?.per === "byte" ? byte.measures.baseBitsPerByte : null,
  };
  const others = comparisons.map((one, i): ComparedRow => {
    const row = about(labels[i]!, one.model);
    if (one.per === "byte") {
      const { bitsPerByte, difference } = one.measures;
      return { ...row, bitsPerByte, difference };
    }
    const { perplexity, ratio, ratioInterval, divergence, divergencePercentiles, sameTop } = one.measures;
    return {
      ...row,
      ...{ perplexity, ratio, divergence, sameTop },
      ratioInterval: ratioInterval && { low: ratioInterval.low, high: ratioInterval.high },
      divergence99: divergencePercentiles.p99,
    };
  });
  return [first, ...others];
}

type Column = readonly [heading: string, text: (row: ComparedRow) => string];

const MISSING = formatNumber(null);
const estimate = (value: Estimate | BitsPerByte | null, format?: typeof formatPercent) =>
  value === null ? MISSING : formatEstimate(value, format);
/** "0.998–1.013" */
export const intervalText = (range: { low: number; high: number } | null): string =>
  range === null ? MISSING : `${formatNumber(range.low, 4)}–${formatNumber(range.high, 4)}`;

const COLUMNS: readonly Column[] = [
  ["model", ({ model }) => model],
  ["size", ({ bytes }) => formatBytes(bytes)],
  ["bits/weight", ({ bitsPerWeight }) => formatNumber(bitsPerWeight, 3)],
  ["perplexity", ({ perplexity }) => estimate(perplexity, formatPerplexity)],
  ["× base", ({ ratio }) => formatNumber(ratio?.value)],
  ["95 %", ({ ratioInterval }) => intervalText(ratioInterval)],
  ["KL mean", ({ divergence }) => formatNumber(divergence?.value, 3)],
  ["KL 99 %", ({ divergence99 }) => formatNumber(divergence99, 3)],
  ["same top %", ({ sameTop }) => estimate(sameTop, formatPercent)],
  ["bits/byte", ({ bitsPerByte }) => estimate(bitsPerByte)],
  ["− base", ({ difference }) => estimate(difference)],
];

/** The columns in which one row has something, its names first. */
export function summaryColumns(rows: readonly ComparedRow[]): readonly Column[] {
  return COLUMNS.filter(([, text], i) => i === 0 || rows.some((row) => text(row) !== MISSING));
}

/** The rows as a table of texts. */
export function summaryTable(rows: readonly ComparedRow[]): ChartTable {
  const columns = summaryColumns(rows);
  return {
    columns: columns.map(([heading]) => heading),
    rows: rows.map((row) => columns.map(([, text]) => text(row))),
  };
}
