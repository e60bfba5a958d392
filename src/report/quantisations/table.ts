/** A model's quantisations as one table, and what has to be said of it. */
import type { ChartTable } from "../../charts/index.ts";
import type { Estimate } from "../../core/index.ts";
import {
  type FallbackCount,
  type ModelCosts,
  paretoFront,
  type QuantisationMeasures,
  type Quantisations,
  quantisationResolution,
} from "../../evaluate/quantisations/index.ts";
import { formatBytes, formatCount, formatNumber, formatPercent, formatPlural } from "../../text/index.ts";
import { resolutionSentences } from "../comparison/sentences.ts";
import { intervalText } from "../comparison/summary.ts";
import { ERROR_METHODS, formatEstimate } from "../measures.ts";

/** A file, or the source, in the table. */
export interface QuantisationRow {
  type: string;
  isSource: boolean;
  bytes: number;
  bitsPerWeight: number;
  perplexity: Estimate | null;
  /** `null` of the source. */
  measures: QuantisationMeasures | null;
  costs: ModelCosts | null;
  isOnFront: boolean;
  /** What the line has to say: "of Q8_0", "30 × Q5_0 for Q4_K". */
  remarks: string;
}

/** The source first, then the files in their order. */
export function quantisationRows({ source, files }: Quantisations): QuantisationRow[] {
  const [first] = files.flatMap(({ measures }) => measures ?? []);
  const front = paretoFront([
    { bytes: source.bytes, divergence: first ? 0 : null },
    ...files.map(({ bytes, measures }) => ({ bytes, divergence: measures?.divergence.value ?? null })),
  ]);
  const about = {
    type: source.type,
    isSource: true,
    ...{ bytes: source.bytes, bitsPerWeight: source.bitsPerWeight, costs: source.costs },
    perplexity: first?.basePerplexity ?? null,
    measures: null,
    isOnFront: front[0]!,
    remarks: source.isQuantised ? "source, quantised" : "source",
  };
  const made = files.map(({ type, bytes, bitsPerWeight, fallbacks, costs, measures }, i) => ({
    ...{ type, isSource: false, bytes, bitsPerWeight, costs, measures },
    perplexity: measures?.perplexity ?? null,
    isOnFront: front[i + 1]!,
    remarks: [...(source.isQuantised ? [`of ${source.type}`] : []), ...fallbacks.map(fallbackText)].join(
      "; ",
    ),
  }));
  return [about, ...made];
}

const fallbackText = ({ tensors, from, to }: FallbackCount): string =>
  `${formatCount(tensors)} × ${to} for ${from}`;

type Column = readonly [heading: string, text: (row: QuantisationRow) => string];

const MISSING = formatNumber(null);
const Z95 = 1.959964;

/** The 95 % interval of a perplexity, in logarithms: that of a file that has collapsed would reach below 0 else. */
function perplexityInterval({ value, standardError }: Estimate): { low: number; high: number } | null {
  if (standardError === null || !Number.isFinite(value)) return null;
  const factor = Math.exp((Z95 * standardError) / value);
  return { low: value / factor, high: value * factor };
}

const COLUMNS: readonly Column[] = [
  ["format", ({ type }) => type],
  ["size", ({ bytes }) => formatBytes(bytes)],
  ["bits/weight", ({ bitsPerWeight }) => formatNumber(bitsPerWeight, 3)],
  ["perplexity", ({ perplexity }) => formatNumber(perplexity?.value)],
  ["95 %", ({ perplexity }) => (perplexity ? intervalText(perplexityInterval(perplexity)) : MISSING)],
  ["× source", ({ measures }) => formatNumber(measures?.ratio.value)],
  ["95 % in pairs", ({ measures }) => intervalText(measures?.ratioInterval ?? null)],
  ["KL mean", ({ measures }) => formatNumber(measures?.divergence.value, 3)],
  ["KL 99 %", ({ measures }) => formatNumber(measures?.divergencePercentiles.p99, 3)],
  ["same top %", ({ measures }) => (measures ? formatEstimate(measures.sameTop, formatPercent) : MISSING)],
  ["front", ({ isOnFront, isSource }) => (isOnFront && !isSource ? "yes" : MISSING)],
  ["reads/s", ({ costs }) => formatNumber(costs?.prefillTokensPerSecond, 3)],
  ["writes/s", ({ costs }) => formatNumber(costs?.generationTokensPerSecond, 3)],
  ["memory", ({ costs }) => formatBytes(costs?.memoryBytes)],
  ["remarks", ({ remarks }) => remarks],
];

/** The columns in which one row has something. */
export function quantisationColumns(rows: readonly QuantisationRow[]): readonly Column[] {
  return COLUMNS.filter(([, text]) => rows.some((row) => text(row) !== MISSING && text(row) !== ""));
}

/** The table as texts. */
export function quantisationTable(rows: readonly QuantisationRow[]): ChartTable {
  const columns = quantisationColumns(rows);
  return {
    columns: columns.map(([heading]) => heading),
    rows: rows.map((row) => columns.map(([, text]) => text(row))),
  };
}

/** What the table says of choosing: the front, and whether the text is long enough. */
export function quantisationVerdict(quantisations: Quantisations): string[] {
  const rows = quantisationRows(quantisations);
  const front = rows.filter(({ isOnFront, isSource }) => isOnFront && !isSource).map(({ type }) => type);
  const resolution = quantisationResolution(quantisations);
  const [first] = quantisations.files.flatMap(({ measures }) => measures ?? []);
  if (!resolution || !first) return [];
  return [
    `On the front (no smaller file is nearer to the source by KL divergence): ${front.join(", ")}.`,
    ...resolutionSentences(resolution, first.scored),
  ];
}

/** How the numbers were made. */
export function quantisationMethod({ source, files, text, machine }: Quantisations): string[] {
  const [first] = files.flatMap(({ measures }) => measures ?? []);
  if (text === null || !first) return [];
  const { cpu, kernels, threads } = machine;
  return [
    `Compared with ${source.name} (${source.type}, sha256 ${source.sha256.slice(0, 12)}) on ${text.name}: ${formatPlural(text.documents, "document")}, ${formatCount(text.bytes)} bytes, sha256 ${text.sha256.slice(0, 12)}, ${formatCount(first.scored)} tokens; recipe ${text.recipe.name ?? "own"} (${text.recipe.id}).`,
    `KL divergence in nats per token. ± is one standard error: ${ERROR_METHODS[first.standardErrorMethod]}. "× source" has its interval in pairs: what is hard for both cancels.`,
    `Speeds in tokens per second of one sequence alone, the best of three; memory is that of the process with this model. Measured on ${cpu}${kernels === null ? "" : `, kernels ${kernels}`}${threads === null ? "" : `, threads ${threads}`}.`,
  ];
}
