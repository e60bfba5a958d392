/** `surprisal proxy`: an open model in the place of a closed one. */
import {
  type CalibrationArtefact,
  calibrationText,
  fitProxy,
  type ProxyLine,
  type ProxyPair,
  proxy,
} from "../../calibrate/index.ts";
import { assertWritable, isSameFile, writeWhole } from "../../files/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { kernelsOf } from "../../models/kernels.ts";
import { formatNumber, formatPlural, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { LOAD_OPTIONS, openModel } from "../load-options.ts";
import { argument, decimal, flag, option, text, type Values, wholeNumber } from "../parameters.ts";
import { answered, type PairRow, readPairs, type ScoredByOther } from "../proxy-pairs.ts";
import { startProgress } from "../render/index.ts";
import { DEFAULT_RECIPE, JSON_DOCUMENT, MOST_MIB, RECIPE_OPTIONS } from "../shared-options.ts";

// biome-ignore format: one option a line
const parameters = {
  pairs: argument("JSON lines with texts and the other model's numbers of them, or with prompts; - is standard input"),
  proxy: option(text, { hint: "MODEL", description: "The open model that reads in the other's place" }),
  model: option(text, { short: "m", description: "The model that is stood for: answers the prompts, or is only named" }),
  out: option(text, { short: "o", hint: "FILE", description: "Write the calibration here instead of standard output" }),
  level: option(decimal(0.01, 0.999), { hint: "SHARE", description: "Share of texts that an estimate's interval holds", standard: "0.95" }),
  maxTokens: option(wholeNumber(1, 100_000), { hint: "N", description: "Longest answer to a prompt, tokens", standard: "256" }),
  ...RECIPE_OPTIONS,
  json: JSON_DOCUMENT,
  quiet: flag({ short: "q", description: "No progress and no words" }),
  maxMib: MOST_MIB,
  ...LOAD_OPTIONS,
};

type Given = Values<typeof parameters>;

const calibrate = defineCommand({
  details: `Each line of the file has a text and what the other model says of it (bitsPerByte, natsPerByte, or totalNll, the
nats of the whole text), or a prompt, which the other model answers with its own log-probabilities. A line through the
pairs then says what it would say of a text that only the proxy has read. Take texts like those that it is for, easy and
hard ones, twenty or more.

Examples:
  echo '{"text": "It was late.", "bitsPerByte": 0.83}' >> pairs.jsonl
  surprisal proxy calibrate pairs.jsonl --proxy smollm2 -o gpt.json
  echo '{"prompt": "What is perplexity?"}' >> prompts.jsonl
  surprisal proxy calibrate prompts.jsonl --proxy smollm2 -m openai:gpt-4.1 -o gpt.json
  surprisal score answer.txt -m openai:gpt-4.1 --proxy smollm2 --proxy-calibration gpt.json`,
  parameters,
  async run(given) {
    const { out, json, quiet } = given;
    if (given.proxy === undefined) throw usage("--proxy MODEL is missing: the model that reads");
    if (out !== undefined) checkOut(out, given.pairs);
    const rows = await readPairs(given.pairs, given.maxMib);
    const file = await calibrationOf(rows, given, given.proxy);
    if (out !== undefined) await writeWhole(out, `${calibrationText(file)}\n`);
    if (json || out === undefined) printDocument(file);
    else if (!quiet) process.stdout.write(wordsOn(file, out));
  },
});

function checkOut(out: string, pairs: string): void {
  if (isSameFile(out, pairs)) throw usage("--out would overwrite the texts", out);
  assertWritable(out);
}

async function calibrationOf(
  rows: readonly PairRow[],
  given: Given,
  proxyName: string,
): Promise<CalibrationArtefact<ProxyLine>> {
  const texts = await scoredTexts(rows, given);
  const { recipe = DEFAULT_RECIPE, context, stride } = given;
  await using reader = await openModel({ ...given, model: proxyName });
  const read = proxy(reader, { recipe, context, stride });
  const pairs: ProxyPair[] = [];
  let recipeId = "";
  for await (const { text, actual, bytes } of withProgress(texts, "reading", given.quiet)) {
    const score = await read.score(text);
    recipeId = score.recipe.id;
    if (score.natsPerByte !== null) pairs.push({ proxy: score.natsPerByte, actual, bytes });
  }
  return fitProxy(pairs, {
    level: given.level,
    standsFor: given.model?.replace(/^.*#/, "") ?? null,
    identity: {
      model: { name: reader.identity.name, sha256: reader.identity.sha256 },
      recipe: recipeId,
      kernels: kernelsOf(reader.settings),
    },
  });
}

/** The texts with their numbers; prompts are answered first. */
async function scoredTexts(rows: readonly PairRow[], given: Given): Promise<ScoredByOther[]> {
  const unanswered = rows.filter((row) => "prompt" in row);
  if (unanswered.length === 0) return rows.filter((row) => "text" in row);
  if (given.model === undefined)
    throw usage(`${unanswered[0]!.where} is a prompt: --model MODEL says who answers it`);
  await using model: LanguageModel = await openModel(given);
  const texts: ScoredByOther[] = [];
  for await (const row of withProgress(rows, "answering", given.quiet))
    texts.push(
      "text" in row ? row : await answered(model, row, { maxTokens: given.maxTokens, temperature: 1 }),
    );
  return texts;
}

async function* withProgress<Item>(
  items: readonly Item[],
  label: string,
  quiet: boolean,
): AsyncGenerator<Item, void, void> {
  const progress = quiet ? null : startProgress({ label, unit: "texts" });
  try {
    for (const [i, item] of items.entries()) {
      progress?.update({ done: i, total: items.length });
      yield item;
    }
  } finally {
    progress?.end();
  }
}

function wordsOn({ parameters, identity }: CalibrationArtefact<ProxyLine>, out: string): string {
  const { standsFor, intercept, slope, pairs, rSquared, leaveOneOutError, range } = parameters;
  const bits = (nats: number) => formatNumber(nats / Math.LN2, 3);
  const from = visible(identity.model?.name ?? "the proxy");
  return `${[
    `${visible(standsFor ?? "the model")} = ${bits(intercept)} + ${formatNumber(slope, 3)} × ${from}, bits per byte`,
    `${formatPlural(pairs, "text")} from ${bits(range.low)} to ${bits(range.high)} under ${from}; typical error ${bits(leaveOneOutError)}${rSquared === null ? "" : `; R² ${formatNumber(rSquared, 3)}`}`,
    `written to ${visible(out)}`,
  ].join("\n")}\n`;
}

// biome-ignore format: one command a line
const command: Command = {
  commands: {
    calibrate: { summary: "From what an open model says of texts to what a closed one would: a file for score --proxy-calibration", load: async () => calibrate },
  },
};
export default command;
