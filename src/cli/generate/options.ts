/** The arguments of `surprisal generate` about what is written. */
import type { LanguageModel } from "../../models/index.ts";
import { decodeText } from "../../text/index.ts";
import { type AnswerOptions, WRITING_OPTIONS, writingOptions } from "../chat/index.ts";
import { usage } from "../errors.ts";
import { readGiven } from "../input.ts";
import { type Declared, flag, option, repeated, text, type Values, wholeNumber } from "../parameters.ts";

/** As many as fit side by side: a decode of more is hardly slower than of one. */
const AT_ONCE = { process: 8, server: 4 } as const;
const MOST_SAMPLES = 100_000;

interface GenerateValues extends Values<typeof WRITING_OPTIONS> {
  samples: number;
  oneOf: string[];
  oneOfFile: string | undefined;
  logprobs: boolean;
  alternatives: number | undefined;
  atOnce: number | undefined;
}

// biome-ignore format: one option a line
export const GENERATE_OPTIONS: Declared<GenerateValues> = {
  samples: option(wholeNumber(1, MOST_SAMPLES), { short: "n", hint: "N", description: "Answers to each prompt; answer i is drawn with the seed plus i", standard: "1" }),
  ...WRITING_OPTIONS,
  oneOf: repeated(text, { hint: "TEXT", description: "The answer is this text or another one of these; may be given several times" }),
  oneOfFile: option(text, { hint: "FILE", description: "The same, with a text a line" }),
  logprobs: flag({ description: "Keep every token's numbers, in nats, in the rows" }),
  alternatives: option(wholeNumber(0, 1000), { hint: "K", description: "Also K alternatives per token, with --logprobs" }),
  atOnce: option(wholeNumber(1, 256), { hint: "N", description: `Answers that are written side by side (default: ${AT_ONCE.process}; of a server: ${AT_ONCE.server})` }),
};

/** @throws SurprisalError USAGE, FILE_NOT_FOUND, INVALID_UTF8 */
export async function generateOptions(given: GenerateValues): Promise<AnswerOptions & { maxTokens: number }> {
  const { oneOf, oneOfFile, logprobs, alternatives } = given;
  if (alternatives !== undefined && !logprobs) throw usage("--alternatives needs --logprobs");
  const texts = oneOfFile === undefined ? oneOf : [...oneOf, ...(await linesOf(oneOfFile))];
  if (texts.length > 0 && given.stop.length > 0)
    throw usage("--one-of and --stop exclude each other: the texts end by themselves");
  return {
    ...writingOptions(given),
    oneOf: texts.length > 0 ? texts : undefined,
    alternatives: logprobs ? (alternatives ?? 0) : undefined,
  };
}

export function placesOf({ atOnce }: Pick<GenerateValues, "atOnce">, { execution }: LanguageModel): number {
  return atOnce ?? AT_ONCE[execution.place];
}

/** White space within a line stays. */
async function linesOf(file: string): Promise<string[]> {
  const lines = decodeText(await readGiven(file), file).text.split(/\r?\n/);
  const texts = lines.filter((line) => line !== "");
  if (texts.length === 0) throw usage("--one-of-file holds no text", file);
  return texts;
}
