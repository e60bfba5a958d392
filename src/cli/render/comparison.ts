/** Models compared with a base, as a terminal shows them: tables of measures, and the tokens that changed most. */
import type {
  ChangedSpan,
  ChangedToken,
  CompareProgress,
  Comparison,
  ModelComparison,
} from "../../evaluate/index.ts";
import {
  comparedRows,
  comparisonMethod,
  comparisonVerdict,
  formatEstimate,
  summaryColumns,
} from "../../report/index.ts";
import {
  displayWidth,
  distinctLabels,
  formatBits,
  formatCount,
  formatNumber,
  formatPercent,
  formatPerplexityDifference,
  formatPlural,
  formatProbability,
  formatRatio,
  shortenMiddle,
  visible,
  visibleToken,
  wrapWords,
} from "../../text/index.ts";
import type { TerminalStream } from "./progress.ts";
import { fitTables } from "./run.ts";

/** Starts the clock. @returns what makes a line of each state of a comparison. */
export function compareProgress(): (progress: CompareProgress) => () => string {
  const started = performance.now();
  let before = 0; // tokens of the documents that are done
  let last: CompareProgress | null = null;
  return (progress) => {
    if (last && last.documentIndex !== progress.documentIndex) before += last.run;
    last = progress;
    const done = before + progress.run;
    return () => {
      const perSecond = (1000 * done) / (performance.now() - started);
      const { document, documentIndex, run, total, divergence } = progress;
      return [
        `comparing ${visible(document)}${documentIndex > 0 ? ` (document ${formatCount(documentIndex + 1)})` : ""}`,
        `${Math.floor((100 * run) / total)}% ${formatCount(run)} of ${formatCount(total)} tokens`,
        `${formatCount(perSecond)} tokens/s`,
        ...(divergence === null ? [] : [`KL ${formatNumber(divergence, 3)} nats`]),
      ].join("  ");
    };
  };
}

/** Measures of one comparison, with the name of its model. */
type Named<Per extends Comparison["per"]> = Extract<Comparison, { per: Per }>["measures"] & { name: string };

const interval = (range: { low: number | null; high: number | null } | null, digits: number): string =>
  range === null || range.low === null
    ? formatNumber(null)
    : `${formatNumber(range.low, digits)} ... ${formatNumber(range.high, digits)}`;

/**
 * @param base name of the model that the others are compared with.
 * @param labels names of the others, in order.
 * @param stream where it is shown.
 */
export function renderComparison(
  comparison: ModelComparison,
  base: string,
  labels: readonly string[],
  stream: Pick<TerminalStream, "isTTY" | "columns">,
): string {
  const { comparisons, texts, base: about } = comparison;
  const { recipe } = about;
  const width = stream.columns || 80;
  const [baseName = "", ...names] = shortNames([base, ...labels], width);
  const perToken: Named<"token">[] = [];
  const perByte: Named<"byte">[] = [];
  for (const [i, one] of comparisons.entries())
    if (one.per === "token") perToken.push({ ...one.measures, name: names[i]! });
    else perByte.push({ ...one.measures, name: names[i]! });
  const rows = comparedRows(comparison, baseName, names);
  const wrapped = (sentences: readonly string[]) =>
    sentences.flatMap((sentence) => wrapWords(visible(sentence), width));
  const lines = [
    ...wrapped([`Compared with ${base}`]),
    "",
    ...fitTables(rows, summaryColumns(rows), width, 1),
    "",
    ...wrapped(comparisonVerdict(comparison, baseName, names)),
  ];
  if (perToken.length > 0) lines.push(...tokenTables(perToken, width));
  if (perByte.length > 0) lines.push(...byteTable(perByte, width));
  lines.push("", ...comparisons.flatMap((one, i) => changes(names[i]!, one, width)));
  lines.push(...wrapped(comparisonMethod(comparison)));
  const [first] = texts.skipped;
  if (first)
    lines.push(
      ...wrapped([
        `Left out: ${formatPlural(texts.skipped.length, "document")}, the first ${first.name}: ${first.reason}.`,
      ]),
    );
  if (perToken.some(({ standardErrorMethod }) => standardErrorMethod === "llama.cpp"))
    lines.push(...wrapped(["The interval of the ratio does not take tokens for independent."]));
  const notes = comparisons.flatMap(({ notes }, i) => notes.map((note) => `${labels[i]}: ${note}`));
  const renamed = labels.flatMap((label, i) =>
    names[i] === visible(label) ? [] : [`${names[i]} is ${label}`],
  );
  return [...lines, ...wrapped([...renamed, ...new Set([...recipe.notes, ...notes])])].join("\n");
}

/** Names of models that leave room for their numbers: what they share gives way. */
function shortNames(names: readonly string[], width: number): string[] {
  const most = Math.max(12, Math.floor(width / 4));
  const shown = names.map(visible);
  return distinctLabels(shown, (name) => displayWidth(name) <= most).map((name) => shortenMiddle(name, most));
}

const PERCENTILES = ["p1", "p10", "median", "p90", "p95", "p99", "p99.9", "max"] as const;

function tokenTables(rows: readonly Named<"token">[], width: number): string[] {
  const percentiles = PERCENTILES.map((name): [string, (row: Named<"token">) => string] => [
    name.startsWith("p") ? `${name.slice(1)}%` : name,
    ({ divergencePercentiles }) => formatNumber(divergencePercentiles[name], 3),
  ]);
  return [
    "",
    ...fitTables(
      rows,
      [
        ["model", ({ name }) => name],
        ["ratio", ({ ratio }) => formatEstimate(ratio, formatRatio)],
        ["95% interval", ({ ratioInterval }) => interval(ratioInterval, 5)],
        [
          "difference",
          ({ difference, perplexity, basePerplexity }) =>
            formatPerplexityDifference(difference, [perplexity, basePerplexity]),
        ],
        ["mean Δp %", ({ deltaP }) => formatEstimate(deltaP, formatPercent)],
        ["RMS Δp %", ({ rmsDeltaP }) => formatEstimate(rmsDeltaP, formatPercent)],
        ["tokens", ({ scored }) => formatCount(scored)],
      ],
      width,
      1,
    ),
    "",
    ...fitTables(
      rows,
      [
        ["KL divergence, nats", ({ name }) => name],
        ["mean", ({ divergence }) => formatEstimate(divergence)],
        ...percentiles,
      ],
      width,
      1,
    ),
  ];
}

function byteTable(rows: readonly Named<"byte">[], width: number): string[] {
  return [
    "",
    ...fitTables(
      rows,
      [
        ["model", ({ name }) => name],
        ["bits per byte", ({ bitsPerByte }) => formatEstimate(bitsPerByte)],
        ["base", ({ baseBitsPerByte }) => formatEstimate(baseBitsPerByte)],
        ["difference", ({ difference }) => formatEstimate(difference)],
        ["95% interval", ({ difference }) => interval(difference, 3)],
        ["bytes", ({ bytes }) => formatCount(bytes)],
      ],
      width,
      1,
    ),
    `by bootstrap over ${[...new Set(rows.map(({ resampled }) => resampled))].join(" and ")}, in pairs`,
  ];
}

/** Text shown on either side, characters. */
const CONTEXT = 40;
/** What the token itself and the columns beside it take, about. */
const OTHER_COLUMNS = { token: 60, byte: 35 };

const shownToken = (text: string): string => visibleToken(new TextEncoder().encode(text));

function changes(name: string, one: Comparison, width: number): string[] {
  if (one.measures.mostChanged.length === 0) return [];
  if (one.per === "token" && one.measures.divergencePercentiles.max === 0)
    return [`Nothing changed under ${name}: the same distribution everywhere.`, ""];
  // What is left of the width beside the other columns.
  const room = Math.min(CONTEXT, Math.max(8, Math.floor((width - OTHER_COLUMNS[one.per]) / 2)));
  const around = ({ before, text, after }: ChangedToken | ChangedSpan) =>
    `${visible([...before].slice(-room).join(""))}⟦${visible(text)}⟧${visible([...after].slice(0, room).join(""))}`;
  const chance = (logprob: number) => formatProbability(Math.exp(logprob));
  const bits = (nats: number) => formatBits(nats / Math.LN2);
  if (one.per === "byte")
    return [
      `what changed most under ${name}`,
      ...fitTables(
        one.measures.mostChanged,
        [
          ["in context", around],
          ["bits, base", ({ totalBaseNll }) => bits(totalBaseNll)],
          ["bits", ({ totalNll }) => bits(totalNll)],
        ],
        width,
        1,
      ),
      "",
    ];
  return [
    `what changed most under ${name}`,
    ...fitTables(
      one.measures.mostChanged,
      [
        ["in context", around],
        ["base expected", ({ baseTop }) => shownToken(baseTop)],
        ["expected", ({ top }) => shownToken(top)],
        ["KL, nats", ({ divergence }) => formatNumber(divergence, 3)],
        ["p, base", ({ baseLogprob }) => chance(baseLogprob)],
        ["p", ({ logprob }) => chance(logprob)],
      ],
      width,
      width < 80 ? 1 : 3,
    ),
    "",
  ];
}
