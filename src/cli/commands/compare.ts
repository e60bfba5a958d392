/** `surprisal compare`: one model against others over the same texts. */
import { extname } from "node:path";
import { type Corpus, type CorpusDocument, compareModels, openCorpora } from "../../evaluate/index.ts";
import { assertWritable, writeWhole } from "../../files/index.ts";
import { DEFAULT_MODEL, type LanguageModel } from "../../models/index.ts";
import {
  COMPARISON_FORMATS,
  type ComparisonFormat,
  comparisonPage,
  exportComparison,
} from "../../report/index.ts";
import { formatCount, visible, wrapWords } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { LOAD_OPTIONS, openModel } from "../load-options.ts";
import { reportModel } from "../model-progress.ts";
import {
  argumentList,
  distinct,
  flag,
  option,
  repeated,
  text,
  type Values,
  wholeNumber,
} from "../parameters.ts";
import { compareProgress, renderComparison, startLine } from "../render/index.ts";
import {
  CORPUS_DESCRIPTION,
  CORPUS_OPTIONS,
  DEFAULT_RECIPE,
  QUIET,
  RECIPE_OPTIONS,
} from "../shared-options.ts";

const DEFAULT_TOKENS = 10;
const MOST_TOKENS = 1000;

// biome-ignore format: one option a line
const parameters = {
  corpus: argumentList(CORPUS_DESCRIPTION),
  base: option(text, { short: "b", description: "The model the others are compared with, as for score --model" }),
  model: repeated(text, { short: "m", description: `A model to compare; may be given several times (default: ${DEFAULT_MODEL})` }),
  ...RECIPE_OPTIONS,
  ...CORPUS_OPTIONS,
  mostChanged: option(wholeNumber(0, MOST_TOKENS), { hint: "N", formerly: "tokens", description: `How many of the most changed tokens are shown (default: ${DEFAULT_TOKENS})` }),
  out: option(text, { short: "o", hint: "FILE", description: "Also write a file: a table (.csv), a document (.md) or a page with pictures (.html)" }),
  html: option(text, { hint: "FILE", description: "Also write a page with pictures" }),
  json: flag({ description: "One JSON document on standard output; logprob, nll and divergence are in nats there" }),
  quiet: QUIET,
  ...LOAD_OPTIONS,
};

type Given = Values<typeof parameters>;

const command: Command = defineCommand({
  details: `Models with the same tokens, such as quantisations of one model, run in lockstep: ratio of the perplexities, KL
divergence of the distributions, change of the probabilities. Models with other tokenizers are compared per byte.

Examples:
  surprisal compare --base model-F16.gguf --model model-Q4_0.gguf wiki.test.raw
  surprisal compare -b model-F16.gguf -m model-Q8_0.gguf -m model-Q4_0.gguf wikitext-2 --html quantised.html
  surprisal compare -b model-F16.gguf -m model-Q4_0.gguf wiki.test.raw -o compared.csv
  surprisal compare -b smollm2 -m mini report.md

Which quantisation to take, in one go: surprisal quantize MODEL --to Q8_0,Q4_0 --compare TEXT`,
  parameters,
  async run(given) {
    const { html, context, stride, quiet, recipe = DEFAULT_RECIPE } = given;
    if (given.base === undefined) throw usage("--base is missing");
    const references = [given.base, ...modelsOf(given)];
    const specs = distinct(given.corpus);
    const format = given.out === undefined ? null : formatOf(given.out);
    for (const file of [html, given.out]) if (file !== undefined) assertWritable(file);
    const corpora = await openTexts(specs, given, recipe);

    const models: LanguageModel[] = [];
    const line = startLine({});
    try {
      for (const model of references) models.push(await openModel({ ...given, model }));
      const progress = compareProgress();
      const comparison = await compareModels(models[0]!, models.slice(1), documentsOf(corpora), {
        recipe,
        context,
        stride,
        parseSpecial: given.parseSpecial || undefined,
        mostChanged: given.mostChanged ?? DEFAULT_TOKENS,
        onProgress: quiet ? undefined : (state) => line.show(progress(state)),
      });
      line.end();
      const [base, ...labels] = labelsOf(references, models);
      const unreadable = unreadableOf(corpora);
      if (html !== undefined) await writeWhole(html, await comparisonPage(comparison, base!, labels));
      if (given.out !== undefined && format !== null)
        await writeWhole(given.out, await exportComparison(comparison, base!, labels, format));
      if (given.json)
        printDocument({
          schema: "surprisal.compare/1",
          ...comparison,
          corpora: corpora.map(({ name, source, rule }) => ({ name, source, rule })),
          unreadable,
        });
      else {
        const shown = renderComparison(comparison, base!, labels, process.stdout);
        const left = unreadable.map(
          ({ corpus, count }) => `${visible(corpus)}: left out as unreadable: ${formatCount(count)}.`,
        );
        const rules = corpora.flatMap(({ name, rule: { chat, finalLineBreak } }) => {
          const said = [chat, finalLineBreak].filter((part) => part !== undefined);
          return said.length > 0 ? [`${visible(name)}: ${said.join(", ")}.`] : [];
        });
        const wrapped = [...rules, ...left].flatMap((line) => wrapWords(line, process.stdout.columns || 80));
        process.stdout.write(`${[shown, ...wrapped].join("\n")}\n`);
      }
    } finally {
      line.end();
      for (const model of models) await model[Symbol.asyncDispose]();
    }
  },
});
export default command;

/** @throws SurprisalError USAGE where the base would be compared with itself, because no other model was named. */
function modelsOf({ base, model }: Given): readonly string[] {
  if (model.length > 0) return model;
  if (base === DEFAULT_MODEL)
    throw usage(`--model is missing: ${DEFAULT_MODEL} would be compared with itself`);
  process.stderr.write(`note: --model is missing: ${DEFAULT_MODEL} is compared with ${visible(base!)}\n`);
  return [DEFAULT_MODEL];
}

/** What the name of a file promises. @throws SurprisalError USAGE */
function formatOf(out: string): ComparisonFormat {
  const format = COMPARISON_FORMATS.find((known) => extname(out).toLowerCase() === `.${known}`);
  if (format === undefined)
    throw usage(
      `--out takes a name that ends in ${COMPARISON_FORMATS.map((one) => `.${one}`).join(", ")}`,
      out,
    );
  return format;
}

async function openTexts(specs: readonly string[], given: Given, recipe: string): Promise<Corpus[]> {
  const { column, split, where, skipUnreadable, maxMib } = given;
  const reporter = reportModel(given);
  try {
    return await openCorpora(specs, {
      ...reporter.options,
      recipe,
      onNote: (note) => process.stderr.write(`${visible(note)}\n`),
      column,
      split,
      where,
      skipUnreadable,
      maxDocumentBytes: maxMib === undefined ? undefined : maxMib * 2 ** 20,
    });
  } finally {
    reporter.end();
  }
}

/** What was left out of which corpus, with --skip-unreadable. */
function unreadableOf(corpora: readonly Corpus[]) {
  return corpora.flatMap(({ name: corpus, unreadable }) => {
    const left = unreadable?.() ?? null;
    return left !== null && left.count > 0 ? [{ corpus, count: left.count, parts: left.parts }] : [];
  });
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

/** The models' own names where they tell them apart, else what the person called them. */
function labelsOf(references: readonly string[], models: readonly LanguageModel[]): string[] {
  const own = models.map(({ identity: { name, quantisation } }) => {
    const shown = name.replace(/\.gguf$/i, "");
    const format = quantisation?.replace(/^(?:all|mostly) /, "") ?? "";
    return format === "" || shown.toUpperCase().includes(format.toUpperCase()) ? shown : `${shown} ${format}`;
  });
  return new Set(own).size === own.length ? own : [...references];
}
