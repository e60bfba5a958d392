/** `surprisal compare`: one model against others over the same texts. */
import { type Corpus, type CorpusDocument, compareModels, openCorpora } from "../../evaluate/index.ts";
import { assertWritable, writeWhole } from "../../files/index.ts";
import { DEFAULT_MODEL, type LanguageModel } from "../../models/index.ts";
import { comparisonPage } from "../../report/index.ts";
import { formatCount, visible } from "../../text/index.ts";
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
  tokens: option(wholeNumber(0, MOST_TOKENS), { hint: "N", description: `The N most changed tokens instead of ${DEFAULT_TOKENS}` }),
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
  surprisal compare -b smollm2 -m mini report.md`,
  parameters,
  async run(given) {
    const { html, context, stride, quiet, recipe = DEFAULT_RECIPE } = given;
    if (given.base === undefined) throw usage("--base is missing");
    const references = [given.base, ...(given.model.length > 0 ? given.model : [DEFAULT_MODEL])];
    const specs = distinct(given.corpus);
    if (html !== undefined) assertWritable(html);
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
        mostChanged: given.tokens ?? DEFAULT_TOKENS,
        onProgress: quiet ? undefined : (state) => line.show(progress(state)),
      });
      line.end();
      const [base, ...labels] = labelsOf(references, models);
      const unreadable = unreadableOf(corpora);
      if (html !== undefined) await writeWhole(html, await comparisonPage(comparison, base!, labels));
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
        process.stdout.write(`${[shown, ...rules, ...left].join("\n")}\n`);
      }
    } finally {
      line.end();
      for (const model of models) await model[Symbol.asyncDispose]();
    }
  },
});
export default command;

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
  const own = models.map(({ identity }) => [identity.name, identity.quantisation].filter(Boolean).join(" "));
  return new Set(own).size === own.length ? own : [...references];
}
