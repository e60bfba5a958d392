/** Models compared with a base, as a terminal shows them: tables of measures, and the tokens that changed most. */
import type {
  ChangedSpan,
  ChangedToken,
  CompareProgress,
  Comparison,
  ModelComparison,
} from "../../evaluate/index.ts";
import { formatCount, formatNumber, formatWithError, visible, visibleToken } from "../../text/index.ts";
import type { TerminalStream } from "./progress.ts";
import { table } from "./run.ts";

/** Starts the clock. @returns what makes a line of each state of a comparison. */
export function compareProgress(): (progress: CompareProgress) => () => string {
  const started = performance.now();
  let before = 0; // tokens of the documents that are done
  let last: CompareProgress | null = null;
  return (progress) => {
    if (last && last.document !== progress.document) before += last.run;
    last = progress;
    const done = before + progress.run;
    return () => {
      const perSecond = (1000 * done) / (performance.now() - started);
      const { name, document, run, total, divergence } = progress;
      return [
        `comparing ${visible(name)}${document > 1 ? ` (document ${formatCount(document)})` : ""}`,
        `${Math.floor((100 * run) / total)}% ${formatCount(run)} of ${formatCount(total)} tokens`,
        `${formatCount(perSecond)} tokens/s`,
        ...(divergence === null ? [] : [`KL ${formatNumber(divergence, 3)} nats`]),
      ].join("  ");
    };
  };
}

type Named<Per extends Comparison["per"]> = { name: string; one: Extract<Comparison, { per: Per }> };

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
  const { comparisons, texts } = comparison;
  const named = comparisons.map((one, i) => ({ one, name: visible(labels[i]!) }));
  const perToken = named.filter((entry): entry is Named<"token"> => entry.one.per === "token");
  const perByte = named.filter((entry): entry is Named<"byte"> => entry.one.per === "byte");
  const { recipe } = comparison.base;
  return [
    `Compared with ${visible(base)}`,
    ...(perToken.length > 0 ? tokenTables(perToken) : []),
    ...(perByte.length > 0 ? byteTable(perByte) : []),
    "",
    ...named.flatMap(({ name, one }) => changes(name, one, stream)),
    `recipe ${recipe.name} (${recipe.id})`,
    `${formatCount(texts.documents)} document${texts.documents === 1 ? "" : "s"}, ${formatCount(texts.bytes)} bytes, sha256 ${texts.sha256.slice(0, 12)}…`,
    ...(texts.skipped.length > 0
      ? [
          `Left out: ${formatCount(texts.skipped.length)} documents, the first ${visible(texts.skipped[0]!.name)}: ${texts.skipped[0]!.reason}.`,
        ]
      : []),
    ...(perToken.length > 0
      ? [
          "± is one standard error by llama.cpp's formulas, which take tokens for independent; the interval of the ratio does not.",
        ]
      : []),
    ...new Set([
      ...recipe.notes,
      ...named.flatMap(({ name, one }) => one.notes.map((note) => `${name}: ${note}`)),
    ]),
  ].join("\n");
}

const percent = ({ value, standardError }: { value: number; standardError: number | null }): string =>
  `${formatWithError(100 * value, standardError === null ? null : 100 * standardError)} %`;

function tokenTables(rows: readonly Named<"token">[]): string[] {
  const [{ one }] = rows as [Named<"token">];
  const { basePerplexity, scored } = one.measures;
  const short = (value: number) => formatNumber(value, 3);
  return [
    `its perplexity ${formatWithError(basePerplexity.value, basePerplexity.standardError)}, ${formatCount(scored)} tokens`,
    "",
    ...table(
      rows,
      [
        ["model", ({ name }) => name],
        [
          "perplexity",
          ({ one: { measures: m } }) => formatWithError(m.perplexity.value, m.perplexity.standardError),
        ],
        ["ratio", ({ one: { measures: m } }) => formatWithError(m.ratio.value, m.ratio.standardError)],
        [
          "95% interval",
          ({ one: { measures: m } }) =>
            m.ratioInterval
              ? `${m.ratioInterval.low.toFixed(4)} ... ${m.ratioInterval.high.toFixed(4)}`
              : "–",
        ],
        [
          "difference",
          ({ one: { measures: m } }) => formatWithError(m.difference.value, m.difference.standardError),
        ],
        ["mean Δp", ({ one: { measures: m } }) => percent(m.deltaP)],
        ["RMS Δp", ({ one: { measures: m } }) => percent(m.rmsDeltaP)],
        ["same top", ({ one: { measures: m } }) => percent(m.sameTop)],
      ],
      1,
    ),
    "",
    ...table(
      rows,
      [
        ["KL divergence, nats", ({ name }) => name],
        [
          "mean",
          ({ one: { measures: m } }) => formatWithError(m.divergence.value, m.divergence.standardError),
        ],
        ...(["p1", "p10", "median", "p90", "p95", "p99", "p99.9", "max"] as const).map(
          (name): [string, (row: Named<"token">) => string] => [
            name.startsWith("p") ? `${name.slice(1)}%` : name,
            ({ one: { measures } }) => short(measures.divergencePercentiles[name]),
          ],
        ),
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
        [
          "bits/byte",
          ({ one: { measures: m } }) => formatWithError(m.bitsPerByte.value, m.bitsPerByte.standardError),
        ],
        [
          "base",
          ({ one: { measures: m } }) =>
            formatWithError(m.baseBitsPerByte.value, m.baseBitsPerByte.standardError),
        ],
        [
          "difference",
          ({ one: { measures: m } }) => formatWithError(m.difference.value, m.difference.standardError),
        ],
        [
          "95% interval",
          ({
            one: {
              measures: { difference: d },
            },
          }) => (d.low === null || d.high === null ? "–" : `${d.low.toFixed(4)} ... ${d.high.toFixed(4)}`),
        ],
        ["bytes", ({ one: { measures: m } }) => formatCount(m.bytes)],
      ],
      1,
    ),
    `by bootstrap over ${[...new Set(rows.map(({ one }) => one.measures.resampled))].join(" and ")}, in pairs`,
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
  const chance = (logprob: number) => formatNumber(100 * Math.exp(logprob), 3);
  const bits = (nats: number) => formatNumber(nats / Math.LN2, 3);
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
        ["p %, base", ({ baseLogprob }) => chance(baseLogprob)],
        ["p %", ({ logprob }) => chance(logprob)],
      ],
      3,
    ),
    "",
  ];
}
