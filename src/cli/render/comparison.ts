/** Models compared with a base, as a terminal shows them: tables of measures, and the tokens that changed most. */
import type {
  ChangedSpan,
  ChangedToken,
  CompareProgress,
  Comparison,
  ModelComparison,
} from "../../evaluate/index.ts";
import { computedWith } from "../../models/kernels.ts";
import { ERROR_METHODS, formatEstimate } from "../../report/index.ts";
import {
  formatBits,
  formatCount,
  formatNumber,
  formatPercent,
  formatPerplexity,
  formatPerplexityDifference,
  formatPlural,
  formatProbability,
  formatRatio,
  visible,
  visibleToken,
} from "../../text/index.ts";
import type { TerminalStream } from "./progress.ts";
import { table } from "./run.ts";

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
  { comparisons, texts, base: { recipe, settings } }: ModelComparison,
  base: string,
  labels: readonly string[],
  stream: Pick<TerminalStream, "isTTY" | "columns">,
): string {
  const names = labels.map(visible);
  const perToken: Named<"token">[] = [];
  const perByte: Named<"byte">[] = [];
  for (const [i, one] of comparisons.entries())
    if (one.per === "token") perToken.push({ ...one.measures, name: names[i]! });
    else perByte.push({ ...one.measures, name: names[i]! });
  const notes = comparisons.flatMap(({ notes }, i) => notes.map((note) => `${names[i]}: ${note}`));
  const lines = [`Compared with ${visible(base)}`];
  if (perToken.length > 0) lines.push(...tokenTables(perToken));
  if (perByte.length > 0) lines.push(...byteTable(perByte));
  lines.push("", ...comparisons.flatMap((one, i) => changes(names[i]!, one, stream)));
  lines.push(
    `recipe ${recipe.name} (${recipe.id})`,
    `${formatPlural(texts.documents, "document")}, ${formatCount(texts.bytes)} bytes, sha256 ${texts.sha256.slice(0, 12)}…`,
  );
  const computed = [settings, ...comparisons.map((one) => one.settings)].map(computedWith);
  lines.push(
    ...new Set(computed.filter((how) => how !== null).map((how) => `computed with ${visible(how)}`)),
  );
  const [first] = texts.skipped;
  if (first)
    lines.push(
      `Left out: ${formatCount(texts.skipped.length)} documents, the first ${visible(first.name)}: ${first.reason}.`,
    );
  for (const method of new Set(perToken.map(({ standardErrorMethod }) => standardErrorMethod)))
    lines.push(
      `± is one standard error: ${ERROR_METHODS[method]}${method === "llama.cpp" ? "; the interval of the ratio does not" : ""}.`,
    );
  return [...lines, ...new Set([...recipe.notes, ...notes])].join("\n");
}

const PERCENTILES = ["p1", "p10", "median", "p90", "p95", "p99", "p99.9", "max"] as const;

function tokenTables(rows: readonly Named<"token">[]): string[] {
  const [{ basePerplexity, scored }] = rows as [Named<"token">];
  const percentiles = PERCENTILES.map((name): [string, (row: Named<"token">) => string] => [
    name.startsWith("p") ? `${name.slice(1)}%` : name,
    ({ divergencePercentiles }) => formatNumber(divergencePercentiles[name], 3),
  ]);
  return [
    `its perplexity ${formatEstimate(basePerplexity, formatPerplexity)}, ${formatCount(scored)} tokens`,
    "",
    ...table(
      rows,
      [
        ["model", ({ name }) => name],
        ["perplexity", ({ perplexity }) => formatEstimate(perplexity, formatPerplexity)],
        ["ratio", ({ ratio }) => formatEstimate(ratio, formatRatio)],
        ["95% interval", ({ ratioInterval }) => interval(ratioInterval, 5)],
        [
          "difference",
          ({ difference, perplexity }) =>
            formatPerplexityDifference(difference, [perplexity, basePerplexity]),
        ],
        ["mean Δp %", ({ deltaP }) => formatEstimate(deltaP, formatPercent)],
        ["RMS Δp %", ({ rmsDeltaP }) => formatEstimate(rmsDeltaP, formatPercent)],
        ["same top %", ({ sameTop }) => formatEstimate(sameTop, formatPercent)],
      ],
      1,
    ),
    "",
    ...table(
      rows,
      [
        ["KL divergence, nats", ({ name }) => name],
        ["mean", ({ divergence }) => formatEstimate(divergence)],
        ...percentiles,
      ],
      1,
    ),
  ];
}

function byteTable(rows: readonly Named<"byte">[]): string[] {
  return [
    "",
    ...table(
      rows,
      [
        ["model", ({ name }) => name],
        ["bits per byte", ({ bitsPerByte }) => formatEstimate(bitsPerByte)],
        ["base", ({ baseBitsPerByte }) => formatEstimate(baseBitsPerByte)],
        ["difference", ({ difference }) => formatEstimate(difference)],
        ["95% interval", ({ difference }) => interval(difference, 3)],
        ["bytes", ({ bytes }) => formatCount(bytes)],
      ],
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

function changes(
  name: string,
  one: Comparison,
  { isTTY, columns }: Pick<TerminalStream, "isTTY" | "columns">,
): string[] {
  if (one.measures.mostChanged.length === 0) return [];
  if (one.per === "token" && one.measures.divergencePercentiles.max === 0)
    return [`Nothing changed under ${name}: the same distribution everywhere.`, ""];
  // In a terminal, what is left of its width beside the other columns.
  const room = isTTY
    ? Math.min(CONTEXT, Math.max(8, Math.floor(((columns || 80) - OTHER_COLUMNS[one.per]) / 2)))
    : CONTEXT;
  const around = ({ before, text, after }: ChangedToken | ChangedSpan) =>
    `${visible([...before].slice(-room).join(""))}⟦${visible(text)}⟧${visible([...after].slice(0, room).join(""))}`;
  const chance = (logprob: number) => formatProbability(Math.exp(logprob));
  const bits = (nats: number) => formatBits(nats / Math.LN2);
  if (one.per === "byte")
    return [
      `what changed most under ${name}`,
      ...table(
        one.measures.mostChanged,
        [
          ["in context", around],
          ["bits, base", ({ totalBaseNll }) => bits(totalBaseNll)],
          ["bits", ({ totalNll }) => bits(totalNll)],
        ],
        1,
      ),
      "",
    ];
  return [
    `what changed most under ${name}`,
    ...table(
      one.measures.mostChanged,
      [
        ["in context", around],
        ["base expected", ({ baseTop }) => shownToken(baseTop)],
        ["expected", ({ top }) => shownToken(top)],
        ["KL, nats", ({ divergence }) => formatNumber(divergence, 3)],
        ["p, base", ({ baseLogprob }) => chance(baseLogprob)],
        ["p", ({ logprob }) => chance(logprob)],
      ],
      3,
    ),
    "",
  ];
}
