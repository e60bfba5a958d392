/** `surprisal entropy FILE`: blocks, rates and distances of a text. */
import { blockBootstrap, SurprisalError } from "../../core/index.ts";
import {
  byteSymbols,
  characterSymbols,
  type EntropyLab,
  entropyLab,
  type SymbolSequence,
  type SymbolUnit,
  symbolSequence,
} from "../../entropy/index.ts";
import { scoreText } from "../../evaluate/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { ModelRate } from "../../report/index.ts";
import { decodeText } from "../../text/index.ts";
import { type Command, type CommandList, defineCommand } from "../command.ts";
import { openModel } from "../load-options.ts";
import { flag, oneOf, option, type Values, wholeNumber } from "../parameters.ts";
import { startLine } from "../render/index.ts";
import {
  checkOutputs,
  type GivenText,
  LEVEL,
  LOAD_OPTIONS,
  MODEL,
  nameOf,
  OUTPUT_OPTIONS,
  readBytes,
  SEED,
  TEXT_OPTIONS,
  withTokenProgress,
} from "./options.ts";
import { showView } from "./show.ts";

const UNITS = ["characters", "bytes", "tokens"] as const satisfies readonly SymbolUnit[];
const DEFAULT_MODEL_TOKENS = 20_000;
/** Bytes from which on it is said what is going on. */
const LONG_TEXT = 500_000;

// biome-ignore format: one option a line
const parameters = {
  ...TEXT_OPTIONS,
  unit: option(oneOf(UNITS), { short: "u", hint: "UNIT", description: "What is counted: characters (code points), bytes, or the model's tokens", standard: "characters" }),
  order: option(wholeNumber(1, 64), { short: "n", hint: "N", description: "Longest block, symbols (default: 8)" }),
  model: { ...MODEL, description: `Also the running perplexity of this model; of --unit tokens its tokenizer. ${MODEL.description}` },
  tokens: option(wholeNumber(1, 2 ** 31 - 1), { hint: "N", description: `The model scores the first N tokens (default: ${DEFAULT_MODEL_TOKENS.toLocaleString("en")})` }),
  blocksOnly: flag({ description: "Blocks only: no universal estimates, no distances" }),
  level: LEVEL,
  seed: SEED,
  ...OUTPUT_OPTIONS,
  ...LOAD_OPTIONS,
};

type Given = Values<typeof parameters>;

const DETAILS = `Entropies of a text by counting: of blocks of n symbols, of a symbol given the n-1 before it (plain, Miller-Madow, Chao-Shen),
entropy rates (blocks, extrapolation, Lempel-Ziv, a model's perplexity) and mutual information by distance. Bits on the screen
and the page.

Examples:
  surprisal entropy book.txt
  surprisal entropy book.txt -u tokens -m smollm2 --html entropy.html
  surprisal entropy image.png -u bytes --order 4
  surprisal entropy next "The capital of France is" "I want to" -m smollm2
  surprisal entropy converge book.txt -m smollm2
  surprisal entropy context book.txt -m smollm2 --longest 512
  surprisal entropy cross book.txt --p model-F16.gguf --q model-Q4_0.gguf

A file called as one of the commands: ./next`;

/** @param commands those beside it. */
export const blocksCommand = (commands: CommandList): Command =>
  defineCommand({
    details: DETAILS,
    parameters,
    commands,
    async run(given) {
      checkOutputs(given, given.file);
      const read = await readBytes(
        given,
        `Check the name; the commands are ${Object.keys(commands).join(", ")}.`,
      );
      const needsModel = given.unit === "tokens" || given.model !== undefined;
      const text = given.unit === "bytes" && !needsModel ? null : textOf(read);
      const model = needsModel ? await openModel(given) : null;
      try {
        const sequence = await sequenceOf(given.unit, read, text?.text ?? "", model);
        const { level = 0.95, seed } = given;
        const lab = measure(sequence, given, read.bytes.length);
        const rate =
          model && given.model !== undefined
            ? await modelRate(model, text!.text, sequence.unit, given, level)
            : null;
        const notes = [...(text?.notes ?? []), ...(model?.notes ?? []), ...lab.notes];
        await showView(
          { kind: "lab", name: read.name, lab: { ...lab, notes }, model: rate, level },
          {
            schema: "surprisal.entropy/1",
            text: read.name,
            base: "e",
            ...{ level, seed: seed ?? 0 },
            ...lab,
            model: rate && {
              identity: model?.identity,
              settings: model?.settings,
              ...rate,
              model: undefined,
            },
            notes,
          },
          given,
        );
      } finally {
        await model?.[Symbol.asyncDispose]();
      }
    },
  });

/** @throws SurprisalError BINARY_INPUT, INVALID_UTF8, with the way out that this command has. */
function textOf({ bytes, name }: GivenText) {
  try {
    return decodeText(bytes, name);
  } catch (error) {
    if (!SurprisalError.isInstance(error) || (error.code !== "BINARY_INPUT" && error.code !== "INVALID_UTF8"))
      throw error;
    throw new SurprisalError({
      code: error.code,
      what: error.what,
      where: error.where,
      wayOut: "Count its bytes: --unit bytes; or convert it to UTF-8.",
    });
  }
}

async function sequenceOf(
  unit: SymbolUnit,
  { bytes }: GivenText,
  text: string,
  model: LanguageModel | null,
): Promise<SymbolSequence> {
  if (unit === "bytes") return byteSymbols(bytes);
  if (unit === "characters" || model === null) return characterSymbols(text);
  return symbolSequence((await model.tokenize(text)).ids, "tokens");
}

function measure(
  sequence: SymbolSequence,
  { order, level, seed, quiet, blocksOnly }: Given,
  bytes: number,
): EntropyLab {
  const line = startLine({ after: 0 });
  try {
    return entropyLab(sequence, {
      ...{ order, level, seed },
      ...(blocksOnly && { lempelZiv: false, distances: [] }),
      onStage(stage) {
        if (!quiet && bytes >= LONG_TEXT)
          line.show(() => `${stage}: ${sequence.symbols.length} ${sequence.unit}`);
      },
    });
  } finally {
    line.end();
  }
}

/** The running perplexity as a rate of the unit. */
async function modelRate(
  model: LanguageModel,
  text: string,
  unit: SymbolUnit,
  { tokens = DEFAULT_MODEL_TOKENS, quiet, seed }: Given,
  level: number,
): Promise<ModelRate> {
  const { byteOffsets } = await model.tokenize(text);
  const encoded = new TextEncoder().encode(text);
  let end = byteOffsets[Math.min(tokens, byteOffsets.length - 1)]!;
  while (end < encoded.length && (encoded[end]! & 0xc0) === 0x80) end++; // not within a character
  const part = new TextDecoder("utf-8", { ignoreBOM: true }).decode(encoded.subarray(0, end));
  const score = await withTokenProgress(quiet, "scoring", (onProgress) =>
    scoreText(model, part, { onProgress: onProgress && (({ run, total }) => onProgress(run, total)) }),
  );
  const { scored, totalNll } = score.sums;
  const symbols = unit === "bytes" ? end : unit === "characters" ? [...part].length : scored;
  const drawn = blockBootstrap(score.table.logprobs, { level, seed });
  const perSymbol = (perplexity: number) => (Math.log(perplexity) * scored) / symbols;
  return {
    model: nameOf(model),
    tokens: scored,
    symbols,
    perplexity: Math.exp(totalNll / scored),
    rate: totalNll / symbols,
    interval: drawn && { low: perSymbol(drawn.low), high: perSymbol(drawn.high), level },
  };
}
