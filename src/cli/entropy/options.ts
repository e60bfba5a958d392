/** Options and reading that the commands of `surprisal entropy` share. */
import { basename } from "node:path";
import { checkWellFormed, SurprisalError } from "../../core/index.ts";
import { assertWritable, isSameFile } from "../../files/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { decodeText, visible } from "../../text/index.ts";
import { usage } from "../errors.ts";
import { readGiven } from "../input.ts";
import { LOAD_OPTIONS } from "../load-options.ts";
import {
  type Declared,
  decimal,
  flag,
  option,
  optionalArgument,
  type Parameter,
  text,
  wholeNumber,
} from "../parameters.ts";
import { type Progress, startProgress } from "../render/index.ts";
import { MODEL_DESCRIPTION, MOST_MIB, QUIET } from "../shared-options.ts";

const MOST_TOKENS = 2 ** 31 - 1;

/** A text, where it is read from. */
interface TextValues {
  file: string | undefined;
  text: string | undefined;
  maxMib: number | undefined;
}

// biome-ignore format: one option a line
export const TEXT_OPTIONS: Declared<TextValues> = {
  file: optionalArgument("Text file in UTF-8; - or nothing: standard input"),
  text: option(text, { short: "t", mayBeEmpty: true, description: "This text instead of a file" }),
  maxMib: MOST_MIB,
};

/** What is written. */
interface OutputValues {
  html: string | undefined;
  svg: string | undefined;
  json: boolean;
  quiet: boolean;
}

// biome-ignore format: one option a line
export const OUTPUT_OPTIONS: Declared<OutputValues> = {
  html: option(text, { hint: "FILE", description: "Also write a page with pictures" }),
  svg: option(text, { hint: "FILE", description: "Also write its first picture" }),
  json: flag({ description: "One JSON document on standard output; entropies are in nats there" }),
  quiet: QUIET,
};

export const MODEL: Parameter<string | undefined> = option(text, {
  short: "m",
  description: MODEL_DESCRIPTION,
});
export const TOKENS: Parameter<number | undefined> = option(wholeNumber(1, MOST_TOKENS), {
  hint: "N",
  description: "Only the first N tokens of the text",
});
export const LEVEL: Parameter<number | undefined> = option(decimal(0.5, 0.999), {
  description: "Coverage of the intervals (default: 0.95)",
});
export const SEED: Parameter<number | undefined> = option(wholeNumber(0, MOST_TOKENS), {
  hint: "N",
  description: "Of the bootstrap (default: 0)",
});
export { LOAD_OPTIONS };

/** Before the work begins. @throws SurprisalError USAGE, FILE_UNWRITABLE */
export function checkOutputs({ html, svg }: OutputValues, file: string | undefined): void {
  for (const [name, output] of [
    ["--html", html],
    ["--svg", svg],
  ] as const) {
    if (output === undefined) continue;
    if (output === "-") throw usage(`${name} takes the name of a file`);
    if (file !== undefined && file !== "-" && isSameFile(output, file))
      throw usage(`${name} would overwrite the text`, output);
    assertWritable(output);
  }
}

/** What was read. */
export interface GivenText {
  /** For people. */
  name: string;
  bytes: Uint8Array;
}

/** @throws SurprisalError USAGE, FILE_NOT_FOUND, ..., EMPTY_INPUT */
export async function readBytes(
  { file, text: given, maxMib }: TextValues,
  wayOutWhenMissing?: string,
): Promise<GivenText> {
  if (given !== undefined && file !== undefined) throw usage("Give a file or --text, not both", file);
  if (given !== undefined) checkWellFormed(given, "--text");
  if (given === undefined && file === undefined && process.stdin.isTTY)
    throw usage('There is no text: name a file, pipe one in, or use --text "..."');
  const isStandard = given === undefined && (file ?? "-") === "-";
  const bytes =
    given !== undefined
      ? new TextEncoder().encode(given)
      : await readGiven(file ?? "-", {
          maxMib,
          ...(wayOutWhenMissing !== undefined && { wayOutWhenMissing }),
        });
  const name = given !== undefined ? "the text" : isStandard ? "standard input" : basename(file!);
  if (bytes.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There is nothing to count",
      where: name,
      wayOut: 'Give a file that is not empty, or --text "...".',
    });
  return { name, bytes };
}

/** The same as text. @throws SurprisalError also BINARY_INPUT, INVALID_UTF8 */
export async function readText(given: TextValues): Promise<{ name: string; text: string; notes: string[] }> {
  const { name, bytes } = await readBytes(given);
  return { name, ...decodeText(bytes, name) };
}

/** Work on tokens with a line that says how far it has come. */
export async function withTokenProgress<Result>(
  quiet: boolean,
  label: string,
  work: (onProgress: ((run: number, total: number) => void) | undefined) => Promise<Result>,
): Promise<Result> {
  if (quiet) return work(undefined);
  const progress: Progress = startProgress({ label, unit: "tokens" });
  try {
    return await work((done, total) => progress.update({ done, total }));
  } finally {
    progress.end();
  }
}

/** Name for people. */
export const nameOf = ({ identity }: LanguageModel): string =>
  visible([identity.name, identity.quantisation].filter(Boolean).join(" "));
