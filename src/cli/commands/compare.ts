/** `surprisal compare`: one model against others over the same texts. */
import type { ParsedArgs } from "citty";
import { RECIPES, type RecipeName } from "../../core/index.ts";
import {
  type ChangedSpan,
  type ChangedToken,
  type CompareProgress,
  type Comparison,
  type Corpus,
  type CorpusDocument,
  compareModels,
  type ModelComparison,
  openCorpora,
} from "../../evaluate/index.ts";
import { assertWritable, writeWhole } from "../../files/index.ts";
import { DEFAULT_MODEL, type LanguageModel } from "../../models/index.ts";
import { comparisonPage } from "../../report/index.ts";
import { formatCount, formatNumber, formatWithError, visible, visibleToken } from "../../text/index.ts";
import { oneOf, positionalsOf, readArguments, usage, valuesOf, wholeNumber } from "../arguments.ts";
import { printDocument } from "../json.ts";
import { LOAD_ARGUMENTS, loadOptions, openModel } from "../load-options.ts";
import { reportModel } from "../model-progress.ts";
import { startLine, table } from "../render/index.ts";
import type { Command } from "../usage.ts";

const RECIPE_NAMES = Object.keys(RECIPES) as RecipeName[];
const DEFAULT_TOKENS = 10;
const MOST_TOKENS = 1000;

// biome-ignore format: one option a line
const args = {
  corpus: { type: "positional", required: true, valueHint: "...", description: "Text, Markdown, JSONL, CSV, Parquet (also .gz, .zst), a folder, a quoted pattern, -, wikitext-2, ptb, c4, hf:owner/dataset" },
  base: { type: "string", alias: "b", description: "The model the others are compared with, as for score --model" },
  model: { type: "string", alias: "m", description: `A model to compare; may be given several times (default: ${DEFAULT_MODEL})` },
  recipe: { type: "string", alias: "r", valueHint: "NAME", description: `How texts are cut and what each token sees: ${RECIPE_NAMES.join(", ")}`, default: "cached" },
  context: { type: "string", alias: "c", valueHint: "TOKENS", description: "Length of the window instead of the recipe's own" },
  stride: { type: "string", valueHint: "TOKENS", description: "Step of the window instead of the recipe's own" },
  column: { type: "string", description: "Column with the text, in JSONL, CSV and Parquet" },
  split: { type: "string", valueHint: "HOW", description: "Cut text files into documents: lines, blank-lines, or a delimiter" },
  where: { type: "string", valueHint: "SQL", description: "Only the rows for which this holds" },
  tokens: { type: "string", valueHint: "N", description: `The N most changed tokens instead of ${DEFAULT_TOKENS}` },
  html: { type: "string", valueHint: "FILE", description: "Also write a page with pictures" },
  json: { type: "boolean", description: "One JSON document on standard output", default: false },
  quiet: { type: "boolean", alias: "q", description: "No progress", default: false },
  ...LOAD_ARGUMENTS,
} as const;

const DESCRIPTION = `How far models are from a base model, token by token

Models with the same tokens, such as quantisations of one model, run in lockstep: ratio of the perplexities, KL
divergence of the distributions, change of the probabilities. Models with other tokenizers are compared per byte.

Examples:
  surprisal compare --base model-F16.gguf --model model-Q4_0.gguf wiki.test.raw
  surprisal compare -b model-F16.gguf -m model-Q8_0.gguf -m model-Q4_0.gguf wikitext-2 --html quantised.html
  surprisal compare -b smollm2 -m mini report.md`;

type Arguments = ParsedArgs<typeof args>;

const command: Command = {
  name: "compare",
  description: DESCRIPTION,
  args,
  async run(rawArgs) {
    const given = readArguments(rawArgs, args);
    if (given.base === undefined) throw usage("--base is missing");
    const names = valuesOf(rawArgs, args, "model");
    const others = names.length > 0 ? names : [DEFAULT_MODEL];
    const specs = positionalsOf(rawArgs, args);
    for (const given of [others, specs]) {
      const twice = given.find((name, i) => given.indexOf(name) < i);
      if (twice !== undefined) throw usage(`${twice} is given twice`);
    }
    const recipe = oneOf(given.recipe, "recipe", RECIPE_NAMES, "UNKNOWN_RECIPE") ?? "cached";
    const context = wholeNumber(given.context, "context", 1, 2 ** 31 - 1);
    const stride = wholeNumber(given.stride, "stride", 1, 2 ** 31 - 1);
    const mostChanged = wholeNumber(given.tokens, "tokens", 0, MOST_TOKENS) ?? DEFAULT_TOKENS;
    const load = loadOptions(given);
    if (given.html !== undefined) assertWritable(given.html);
    const corpora = await openTexts(specs, given, recipe);

    const models: LanguageModel[] = [];
    try {
      for (const model of [given.base, ...others]) models.push(await openModel({ ...given, model }, load));
      const comparison = await withProgress(given.quiet, (onProgress) =>
        compareModels(models[0]!, models.slice(1), documentsOf(corpora), {
          recipe,
          mostChanged,
          onProgress,
          context,
          stride,
        }),
      );
      const [base, ...labels] = labelsOf([given.base, ...others], models);
      if (given.html !== undefined)
        await writeWhole(given.html, await comparisonPage(comparison, base!, labels));
      if (given.json) printDocument({ schema: "surprisal.compare/1", ...comparison });
      else process.stdout.write(`${render(comparison, base!, labels)}\n`);
    } finally {
      for (const model of models) await model[Symbol.asyncDispose]();
    }
  },
};
export default command;

async function openTexts(specs: string[], given: Arguments, recipe: string): Promise<Corpus[]> {
  const { column, split, where } = given;
  const reporter = reportModel({ quiet: given.quiet, acceptTerms: given["accept-terms"] });
  try {
    return await openCorpora(specs, {
      ...reporter.options,
      recipe,
      onNote: (note) => process.stderr.write(`${visible(note)}\n`),
      column,
      split,
      where,
    });
  } finally {
    reporter.end();
  }
}

/** The documents of all corpora; where there are several, under the corpus's name. */
async function* documentsOf(corpora: readonly Corpus[]): AsyncGenerator<CorpusDocument> {
  for (const corpus of corpora)
    for await (const { name, ...document } of corpus.documents())
      yield {
        ...document,
        name: corpora.length > 1 && name !== corpus.name ? `${corpus.name}: ${name}` : name,
      };
}

async function withProgress<Result>(
  quiet: boolean,
  work: (onProgress: (progress: CompareProgress) => void) => Promise<Result>,
): Promise<Result> {
  const line = startLine({});
  const started = performance.now();
  let before = 0; // tokens of the documents that are done
  let last: CompareProgress | null = null;
  try {
    return await work((progress) => {
      if (last && last.document !== progress.document) before += last.run;
      last = progress;
      if (quiet) return;
      line.show(() => {
        const perSecond = (1000 * (before + progress.run)) / (performance.now() - started);
        const { name, document, run, total, divergence } = progress;
        return [
          `comparing ${visible(name)}${document > 1 ? ` (document ${formatCount(document)})` : ""}`,
          `${Math.floor((100 * run) / total)}% ${formatCount(run)} of ${formatCount(total)} tokens`,
          `${formatCount(perSecond)} tokens/s`,
          ...(divergence === null ? [] : [`KL ${formatNumber(divergence, 3)}`]),
        ].join("  ");
      });
    });
  } finally {
    line.end();
  }
}

/** The models' own names where they tell them apart, else what the person called them. */
function labelsOf(references: readonly string[], models: readonly LanguageModel[]): string[] {
  const own = models.map(({ identity }) => [identity.name, identity.quantisation].filter(Boolean).join(" "));
  return new Set(own).size === own.length ? own : references.map((reference) => reference);
}

type Named<Per extends Comparison["per"]> = { name: string; one: Extract<Comparison, { per: Per }> };

function render(comparison: ModelComparison, base: string, labels: readonly string[]): string {
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
    ...named.flatMap(({ name, one }) => changes(name, one)),
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

function changes(name: string, one: Comparison): string[] {
  if (one.measures.mostChanged.length === 0) return [];
  if (one.per === "token" && one.measures.divergencePercentiles.max === 0)
    return [`Nothing changed under ${name}: the same distribution everywhere.`, ""];
  // In a terminal, what is left of its width beside the other columns.
  const { isTTY, columns } = process.stdout;
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
        ["KL", ({ divergence }) => formatNumber(divergence, 3)],
        ["p %, base", ({ baseLogprob }) => chance(baseLogprob)],
        ["p %", ({ logprob }) => chance(logprob)],
      ],
      3,
    ),
    "",
  ];
}
