/** `surprisal score`: the perplexity of a text, and where the surprise lies. */
import { basename } from "node:path";
import { checkWellFormed } from "../../core/index.ts";
import {
  compressionBaselines,
  FINAL_LINE_BREAK_OFF,
  scoreText,
  type TextScore,
  takesFinalLineBreakOff,
  withoutFinalLineBreak,
} from "../../evaluate/index.ts";
import { assertWritable, isSameFile, writeWhole } from "../../files/index.ts";
import { DEFAULT_MODEL, type LanguageModel } from "../../models/index.ts";
import { type ScoreView, scorePage } from "../../report/index.ts";
import { type DecodedText, decodeText, formatPerplexity } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { scoreDocument } from "../documents.ts";
import { usage } from "../errors.ts";
import { readGiven } from "../input.ts";
import { printDocument } from "../json.ts";
import { LOAD_OPTIONS } from "../load-options.ts";
import { flag, option, optionalArgument, text, type Values, wholeNumber } from "../parameters.ts";
import { decideBackground, decideColour, renderScore, renderTokens, startProgress } from "../render/index.ts";
import { DEFAULT_RECIPE, MODEL_DESCRIPTION, MOST_MIB, RECIPE_OPTIONS } from "../shared-options.ts";
import { namingProxy, openReader, PROXY_OPTIONS, standIn } from "../stand-in.ts";
import { asksForWords, WORD_OPTIONS, windowOrText } from "../words/options.ts";
import { checkWords, runWords, textsOf } from "../words/run.ts";

const MOST = 100;
const TOO_LARGE =
  "Cut it into documents and evaluate them (surprisal eval --split lines), which reads texts of any length";

// biome-ignore format: one option a line
const parameters = {
  file: optionalArgument("Text file in UTF-8; - or nothing: standard input"),
  text: option(text, { short: "t", mayBeEmpty: true, description: "Score this text instead of a file" }),
  model: option(text, { short: "m", description: MODEL_DESCRIPTION }),
  ...RECIPE_OPTIONS,
  context: option(windowOrText, { short: "c", hint: "TOKENS|TEXT", description: "A number: length of the window instead of the recipe's own. A text: it is read in front and not scored (implies --words)" }),
  ...WORD_OPTIONS,
  ...PROXY_OPTIONS,
  top: option(wholeNumber(0, MOST), { hint: "K", description: "The K most surprising tokens instead of 10; in JSON, HTML and the token list: K alternatives per token instead of 5" }),
  html: option(text, { hint: "FILE", description: "Also write a page with the heat-map and pictures of the numbers" }),
  json: flag({ description: "One JSON document on standard output; logprob, nll and entropy are in nats there" }),
  tokens: flag({ description: "Every token with its numbers, in bits; with --json as its tokenTable, in nats" }),
  quiet: flag({ short: "q", description: "The perplexity only, and no progress" }),
  maxMib: MOST_MIB,
  ...LOAD_OPTIONS,
};

type Given = Values<typeof parameters>;

const DETAILS = `Recipes:
  cached        one pass over a kept cache; every token is run once (the default)
  llama.cpp     as llama-perplexity: chunks of 512, their second halves scored
  lm-eval       as lm-evaluation-harness: disjoint windows, every token scored
  hf-strided    as Hugging Face's guide: windows of 1024, stride 512
  hf-evaluate   as Hugging Face's evaluate: the whole text at once behind BOS
  disjoint, strided, half, full   the plain windows

Examples:
  surprisal score report.md --html report.html
  git diff | surprisal score --json | jq .bitsPerByte
  surprisal score corpus.txt -m model.gguf -r llama.cpp -c 512
  surprisal score answer.txt -m openai:gpt-4.1 --proxy smollm2 --proxy-calibration gpt.json
  surprisal score --text=--help --tokens
  surprisal score --text "The horse raced past the barn fell." --words
  surprisal score items.csv --column sentence -o words.parquet
  surprisal score --context "The keys to the cabinet" --text "are on the table."`;

const DEFAULT_TOP = 10;
const DEFAULT_ALTERNATIVES = 5;
const HINT = `${DEFAULT_MODEL} is a very small model; --model smollm2 (98 MB, downloaded once) knows more, \`surprisal models list\` shows others.`;
/** A run that will take longer shows its progress. */
const LONG_RUN_MS = 1000;

const command: Command = defineCommand({
  details: DETAILS,
  parameters,
  async run(given) {
    if (asksForWords(given)) return words(given);
    const { html, json, quiet, top, stride } = given;
    const context = typeof given.context === "string" ? undefined : given.context; // a text is about words
    if (html !== undefined) checkPage(html, given.file);
    const { text, notes: textNotes } = await readText(given);

    const start = performance.now();
    const reader = await openReader(given);
    await using model = reader.model;
    const loadMs = performance.now() - start;
    const pictured = html !== undefined || !(json || quiet);
    const alternatives = alternativesFor(given, pictured, top);
    const score = await scoreWithProgress(model, text, quiet, {
      recipe: given.recipe ?? DEFAULT_RECIPE,
      context,
      stride,
      parseSpecial: given.parseSpecial || undefined,
      alternatives: Math.min(alternatives, model.capabilities.alternatives),
    });
    const other = reader.standsFor && standIn(reader.standsFor, score);
    const notes = [
      ...textNotes,
      ...reader.notes,
      ...score.notes,
      ...score.recipe.notes,
      ...infinite(score),
      ...(other?.notes ?? []),
    ];
    const view = pictured ? await viewOf(score, given.file, loadMs, notes, other?.view) : null;

    if (html !== undefined) await writeWhole(html, await scorePage(view!));
    if (json) printDocument(scoreDocument(score, loadMs, notes, given.tokens, other?.document));
    else if (quiet && other) process.stdout.write(`${other.quiet}\n`);
    else if (quiet) process.stdout.write(`${quietly(score)}\n`);
    else process.stdout.write(show(withHint(view!, given), given.tokens, top ?? DEFAULT_TOP));
  },
});
export default command;

async function words(given: Given): Promise<void> {
  for (const name of ["html", "proxy", "top", "tokens"] as const)
    if (given[name] !== undefined && given[name] !== false)
      throw usage(`--${name} is about tokens, not words`);
  checkWords(given);
  const texts = await textsOf(given, () => readText(given));
  const reader = await openReader(given);
  await using model = reader.model;
  await runWords(model, { ...texts, notes: [...texts.notes, ...reader.notes] }, given);
}

/** @throws SurprisalError USAGE, FILE_UNWRITABLE: before the long work, not after it. */
function checkPage(html: string, file: string | undefined): void {
  if (html === "-") throw usage("--html takes the name of a file");
  if (file !== undefined && isSameFile(html, file)) throw usage("--html would overwrite the text", html);
  assertWritable(html);
}

async function readText(given: Given): Promise<DecodedText> {
  if (given.text !== undefined && given.file !== undefined)
    throw usage("Give a file or --text, not both", given.file);
  if (given.text !== undefined) {
    checkWellFormed(given.text, "--text");
    return decodeText(new TextEncoder().encode(given.text), "--text");
  }
  if (given.file === undefined && process.stdin.isTTY)
    throw usage('There is no text: name a file, pipe one in, or use --text "..."');
  const file = given.file ?? "-";
  const { maxMib } = given;
  const reading = {
    maxMib,
    wayOut: TOO_LARGE,
    wayOutWhenMissing: "Check the name; to score the words themselves use --text.",
  };
  const { text, notes } = decodeText(await readGiven(file, reading), file === "-" ? "standard input" : file);
  if (!takesFinalLineBreakOff(given.recipe) || !text.endsWith("\n")) return { text, notes };
  return { text: withoutFinalLineBreak(text), notes: [...notes, `Scored with ${FINAL_LINE_BREAK_OFF}.`] };
}

/** Pictures need at least one alternative per token to say what was expected; JSON has them with --tokens. */
function alternativesFor(
  { html, json, tokens }: Given,
  pictured: boolean,
  top = DEFAULT_ALTERNATIVES,
): number {
  if (!pictured) return json && tokens ? top : 0;
  return html !== undefined || tokens ? Math.max(1, top) : DEFAULT_ALTERNATIVES;
}

async function scoreWithProgress(
  model: LanguageModel,
  text: string,
  quiet: boolean,
  options: Parameters<typeof scoreText>[2],
): Promise<TextScore> {
  if (quiet) return scoreText(model, text, options).catch(namingProxy);
  const start = performance.now();
  const progress = startProgress({ label: "scoring", unit: "tokens", after: 0 });
  try {
    return await scoreText(model, text, {
      ...options,
      onProgress({ run, total, perplexity }) {
        const expected = ((performance.now() - start) * total) / run;
        if (expected > LONG_RUN_MS)
          progress.update({ done: run, total, perplexity: perplexity ?? undefined });
      },
    });
  } catch (error) {
    return namingProxy(error);
  } finally {
    progress.end();
  }
}

async function viewOf(
  score: TextScore,
  file: string | undefined,
  loadMs: number,
  notes: readonly string[],
  standIn: ScoreView["standIn"],
): Promise<ScoreView> {
  return {
    ...score,
    standIn,
    title: file === undefined || file === "-" ? undefined : basename(file),
    timing: { ...score.timing, totalMs: score.timing.totalMs + loadMs, loadMs },
    notes,
    pieces: score.piece,
    compression: await compressionBaselines(score.text),
  };
}

/** For scripts: no comma within a number. */
const quietly = ({ perplexity, standardError }: TextScore): string =>
  formatPerplexity(perplexity, standardError).replaceAll(",", "");

/** Who named no model may not know that there are better ones. */
function withHint(view: ScoreView, { model, proxy }: Given): ScoreView {
  return model === undefined && proxy === undefined ? { ...view, notes: [...view.notes, HINT] } : view;
}

function show(view: ScoreView, tokens: boolean, top: number): string {
  if (tokens) return renderTokens(view);
  const colour = decideColour(process.env, process.stdout);
  const columns = process.stdout.isTTY ? process.stdout.columns || 80 : null; // some terminals say 0
  return renderScore(view, { columns, colour, background: decideBackground(process.env), top });
}

function infinite({ perplexity }: TextScore): string[] {
  return perplexity === Number.POSITIVE_INFINITY
    ? ["The model gave a token of this text the probability 0, so the perplexity is infinite."]
    : [];
}
