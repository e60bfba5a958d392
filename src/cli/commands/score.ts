/** `surprisal score`: the perplexity of a text, and where the surprise lies. */
import { basename } from "node:path";
import { type CommandDef, defineCommand, type ParsedArgs } from "citty";
import {
  compressionBaselines,
  type DecodedText,
  decodeText,
  scoreText,
  type TextScore,
} from "../../evaluate/index.ts";
import { type LanguageModel, type LlamaLoadOptions, resolve } from "../../models/index.ts";
import { checkArguments, usage, wholeNumber } from "../arguments.ts";
import { scoreDocument } from "../documents.ts";
import { assertWritable, readInput, writeWhole } from "../files.ts";
import { reportModel } from "../model-progress.ts";
import {
  decideBackground,
  decideColour,
  formatWithError,
  renderHtml,
  renderScore,
  renderTokens,
  type ScoreView,
  startProgress,
} from "../render/index.ts";

// biome-ignore format: one option a line
const args = {
  file: { type: "positional", required: false, description: "Text file in UTF-8; - or nothing: standard input" },
  text: { type: "string", alias: "t", valueHint: "text", description: "Score this text instead of a file" },
  model: { type: "string", alias: "m", valueHint: "name|path", description: "smollm2, a .gguf file, hf:owner/repo/file.gguf, or pypi:package", default: "smollm2" },
  recipe: { type: "string", alias: "r", valueHint: "name", description: "cached, llama.cpp, lm-eval, hf-strided, hf-evaluate, or a window: disjoint, strided, half, full", default: "cached" },
  context: { type: "string", alias: "c", valueHint: "tokens", description: "Window length instead of the recipe's own" },
  stride: { type: "string", valueHint: "tokens", description: "Step of the window instead of the recipe's own" },
  top: { type: "string", valueHint: "k", description: "Show the k most surprising tokens (default 10); in JSON and HTML: k alternatives per token (default 5)" },
  html: { type: "string", valueHint: "file", description: "Also write a page with the heat-map" },
  json: { type: "boolean", description: "One JSON document on stdout", default: false },
  tokens: { type: "boolean", description: "List every token with its numbers", default: false },
  quiet: { type: "boolean", alias: "q", description: "Print the perplexity only, and no progress", default: false },
  threads: { type: "string", valueHint: "n", description: "Threads of the CPU backend (default: one per core)" },
  device: { type: "string", valueHint: "auto|cpu|layers", description: "GPU layers, or where the model runs", default: "auto" },
  batch: { type: "string", valueHint: "tokens", description: "Tokens per decode call" },
  "cache-type": { type: "string", valueHint: "type", description: "Precision of the key-value cache: f16, f32, q8_0, ..." },
  "accept-terms": { type: "boolean", description: "Accept the terms of a model that has some", default: false },
} as const;

type Arguments = ParsedArgs<typeof args>;

const DEFAULT_TOP = 10;
const DEFAULT_ALTERNATIVES = 5;
const MOST = 100;
/** A run that will take longer shows its progress. */
const LONG_RUN_MS = 1000;

const command: CommandDef<typeof args> = defineCommand({
  meta: { name: "score", description: "Perplexity of a text, and where the surprise lies" },
  args,
  async run(context) {
    checkArguments(context.args, args);
    const { args: given } = context;
    const top = wholeNumber(given.top, "top", 0, MOST);
    const load = loadOptions(given);
    const windows = windowOptions(given);
    if (given.html) assertWritable(given.html);
    const { text, notes: textNotes } = await readText(given);

    const start = performance.now();
    await using model = await openModel(given, load);
    const loadMs = performance.now() - start;
    const alternatives = alternativesWanted(given, top, model);
    const score = await scoreWithProgress(model, text, given.quiet, {
      ...windows,
      recipe: given.recipe,
      alternatives,
    });
    const notes = [...textNotes, ...score.recipe.notes, ...infinite(score)];

    if (given.quiet && !given.json && !given.html) {
      process.stdout.write(`${formatWithError(score.perplexity, score.stderr)}\n`);
      return;
    }
    const view = (): Promise<ScoreView> => viewOf(score, given.file, loadMs, notes);
    if (given.html) writeWhole(given.html, renderHtml(await view()));
    if (given.json)
      process.stdout.write(`${JSON.stringify(scoreDocument(score, loadMs, notes, given.tokens), null, 2)}\n`);
    else if (!given.quiet) process.stdout.write(show(await view(), given, top ?? DEFAULT_TOP));
    else process.stdout.write(`${formatWithError(score.perplexity, score.stderr)}\n`);
  },
});
export default command;

function loadOptions(given: Arguments): LlamaLoadOptions {
  const threads = wholeNumber(given.threads, "threads", 1, 1024);
  const batchSize = wholeNumber(given.batch, "batch", 1, 4096);
  const layers =
    given.device === "auto" || given.device === "cpu"
      ? given.device
      : wholeNumber(given.device, "device", 0, 10_000);
  return {
    device: layers ?? "auto",
    ...(threads !== undefined && { threads }),
    ...(batchSize !== undefined && { batchSize }),
    ...(given["cache-type"] && {
      cacheType: given["cache-type"] as NonNullable<LlamaLoadOptions["cacheType"]>,
    }),
  };
}

function windowOptions(given: Arguments): { context?: number; stride?: number } {
  const context = wholeNumber(given.context, "context", 1, 2 ** 31 - 1);
  const stride = wholeNumber(given.stride, "stride", 1, 2 ** 31 - 1);
  return { ...(context !== undefined && { context }), ...(stride !== undefined && { stride }) };
}

async function readText(given: Arguments): Promise<DecodedText> {
  if (given.text !== undefined && given.file !== undefined)
    throw usage("Give a file or --text, not both", given.file);
  if (given.text !== undefined) return decodeText(new TextEncoder().encode(given.text), "--text");
  if (given.file === undefined && process.stdin.isTTY)
    throw usage('There is no text: name a file, pipe one in, or use --text "..."');
  const file = given.file ?? "-";
  return decodeText(await readInput(file), file === "-" ? "standard input" : file);
}

async function openModel(given: Arguments, load: LlamaLoadOptions): Promise<LanguageModel> {
  const reporter = reportModel({ quiet: given.quiet, acceptTerms: given["accept-terms"] });
  try {
    return await resolve(given.model, { ...load, ...reporter.options });
  } finally {
    reporter.end();
  }
}

function alternativesWanted(
  given: Arguments,
  top: number | undefined,
  { capabilities }: LanguageModel,
): number {
  const pictures = given.html !== undefined || (!given.json && !given.quiet);
  const wanted =
    given.json && !given.html
      ? given.tokens
        ? (top ?? 0)
        : 0
      : pictures
        ? (top ?? DEFAULT_ALTERNATIVES)
        : 0;
  return Math.min(Math.max(wanted, pictures ? 1 : 0), capabilities.alternatives);
}

async function scoreWithProgress(
  model: LanguageModel,
  text: string,
  quiet: boolean,
  options: Parameters<typeof scoreText>[2],
): Promise<TextScore> {
  if (quiet) return scoreText(model, text, options);
  const start = performance.now();
  const progress = startProgress({ label: "scoring", unit: "tokens", after: 0 });
  try {
    return await scoreText(model, text, {
      ...options,
      onProgress({ run, total, perplexity }) {
        const expected = ((performance.now() - start) * total) / run;
        if (expected > LONG_RUN_MS)
          progress.update({ done: run, total, ...(perplexity !== null && { perplexity }) });
      },
    });
  } finally {
    progress.end();
  }
}

async function viewOf(
  score: TextScore,
  file: string | undefined,
  loadMs: number,
  notes: readonly string[],
): Promise<ScoreView> {
  return {
    ...score,
    ...(file !== undefined && file !== "-" && { title: basename(file) }),
    timing: { ...score.timing, totalMs: score.timing.totalMs + loadMs, loadMs },
    notes,
    pieces: score.piece,
    compression: await compressionBaselines(score.text),
  };
}

function show(view: ScoreView, given: Arguments, top: number): string {
  const colour = decideColour(process.env, process.stdout);
  const columns = process.stdout.isTTY ? process.stdout.columns || 80 : null; // some terminals say 0
  const background = decideBackground(process.env);
  return given.tokens ? renderTokens(view) : renderScore(view, { columns, colour, background, top });
}

function infinite({ perplexity }: TextScore): string[] {
  return perplexity === Number.POSITIVE_INFINITY
    ? ["The model gave a token of this text the probability 0, so the perplexity is infinite (null in JSON)."]
    : [];
}
