/** Parts that pages of refining have in common: figures at the top, tables of ways to cut, how it was made. */
import { type ChartTable, renderTable } from "../../charts/server.ts";
import type {
  BaselineTotal,
  ComparedPruning,
  DemonstrationReport,
  MeasureScope,
  RefineReport,
} from "../../refine/index.ts";
import { formatCount, formatNumber, visible } from "../../text/index.ts";
import { htmlDetails, htmlSection, oneLine } from "../page/skeleton.ts";
import { worseText } from "../refine/words.ts";

/** Figures under a title: name, value, what stands small beneath. Any texts. */
export function figures(cells: readonly (readonly [name: string, value: string, more?: string])[]): string {
  const cell = ([name, value, more = ""]: readonly [string, string, string?]) =>
    `<div><dt>${oneLine(name)}</dt><dd>${oneLine(value)}${more === "" ? "" : ` <small>${oneLine(more)}</small>`}</dd></div>`;
  return `<dl class="measures of-${cells.length}">${cells.map(cell).join("")}</dl>`;
}

const countText = (value: number | null): string =>
  value === null || Number.isInteger(value) ? formatCount(value) : value.toFixed(1);

const range = (values: readonly number[]): string =>
  values.length === 0 ? "" : `${formatNumber(Math.min(...values))} to ${formatNumber(Math.max(...values))}`;

/** Ways to cut one chain; of random removal the lowest and the highest draw, too. */
export function comparedTable(
  rows: readonly ComparedPruning[],
  draws: readonly ComparedPruning[],
  measure: MeasureScope,
): ChartTable {
  const spread = range(
    draws.map((draw) => (measure === "answer" ? draw.answerPerplexity : draw.chainPerplexity)),
  );
  return {
    columns: [
      "way",
      "steps",
      "tokens",
      "perplexity of steps and answer",
      "of the answer",
      ...(spread === "" ? [] : [`lowest to highest draw${measure === "answer" ? ", of the answer" : ""}`]),
    ],
    rows: rows.map((row) => [
      row.name,
      countText(row.steps),
      countText(row.tokens),
      formatNumber(row.chainPerplexity),
      formatNumber(row.answerPerplexity),
      ...(spread === "" ? [] : [row.name.startsWith("random") ? spread : ""]),
    ]),
  };
}

/** Ways to cut demonstrations. */
export function demonstrationTable({ baselines, draws = [] }: DemonstrationReport): ChartTable {
  const spread = range(draws.map(({ perplexity }) => perplexity));
  return {
    columns: [
      "way",
      "steps",
      "tokens",
      "perplexity of the questions",
      ...(spread === "" ? [] : ["lowest to highest draw"]),
    ],
    rows: baselines.map(({ name, steps, tokens, perplexity }) => [
      name,
      countText(steps),
      countText(tokens),
      formatNumber(perplexity),
      ...(spread === "" ? [] : [name.startsWith("random") ? spread : ""]),
    ]),
  };
}

/** A number and its error on one line. */
const unbroken = (text: string): string => text.replaceAll(" ", "\u00a0");

/** Ways to cut a data set. */
export const totalsTable = (rows: readonly BaselineTotal[]): ChartTable => ({
  columns: [
    "way",
    "steps",
    "tokens",
    "perplexity of steps and answer",
    "worse by, nats per token",
    "perplexity of the answer",
    "worse by, nats per token of it",
  ],
  rows: rows.map((row) => [
    row.name,
    countText(row.steps),
    countText(row.tokens),
    formatNumber(row.chainPerplexity),
    unbroken(worseText(row.chainWorse)),
    formatNumber(row.answerPerplexity),
    unbroken(worseText(row.answerWorse)),
  ]),
});

/** A table with its label, safe to show. */
export const tableOf = (table: ChartTable, label: string): string => renderTable(table, visible(label));

/** What is not the publication's, and what the numbers depend on. */
export function madeSection({ reconstructed, settings, model, source, tokensRun }: MadeOf): string {
  const details: [string, string][] = [
    ["file", source],
    ["model", [model.name, model.quantisation].filter(Boolean).join(" ")],
    ...(model.sha256 === null ? [] : [["sha256 of the model", model.sha256] as [string, string]]),
    ...Object.entries(settings).map(([name, value]): [string, string] => [name, settingText(value)]),
    ["tokens run through the model", formatCount(tokensRun)],
  ];
  const list = reconstructed.map((each) => `<li>${oneLine(each)}</li>`).join("");
  const ours =
    list === ""
      ? ""
      : htmlSection(
          "h-reconstructed",
          "What is reconstructed",
          `<p>There is no public code of the method, and its algorithm boxes were not at hand. These points are ours, not the publication’s:</p>\n<ul>${list}</ul>`,
        );
  return `${ours}\n${htmlSection("h-made", "How this was made", htmlDetails(details))}`;
}

type MadeOf = Pick<RefineReport, "reconstructed" | "settings" | "model" | "source"> & { tokensRun: number };

/** A setting in words; what is not set is a dash. */
function settingText(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : formatNumber(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return value.map(settingText).join(", ") || "–";
  return (
    Object.entries(value)
      .filter(([, own]) => own !== undefined)
      .map(([name, own]) => `${name} ${settingText(own)}`)
      .join(", ") || "–"
  );
}
