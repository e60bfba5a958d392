/** What `surprisal score` can be given about words, and when it is asked for them. */
import { BOUNDARY_RULES, type BoundaryRule } from "../../evaluate/index.ts";
import { usage } from "../errors.ts";
import { type Declared, flag, oneOf, option, type Read, text, wholeNumber } from "../parameters.ts";

export interface WordValues {
  words: boolean;
  csv: boolean;
  out: string | undefined;
  column: string | undefined;
  contextText: string | undefined;
  contextColumn: string | undefined;
  separator: string | undefined;
  boundary: BoundaryRule | undefined;
  bos: "on" | "off" | undefined;
  split: "lines" | "none" | undefined;
}

// biome-ignore format: one option a line
export const WORD_OPTIONS: Declared<WordValues> = {
  words: flag({ description: "Surprisal of every word by two rules: the sum over its tokens, and corrected for where words end. The file may be a table (CSV, TSV, JSONL, Parquet), whose columns are kept" }),
  csv: flag({ description: "The words as CSV on standard output, in nats and bits (implies --words)" }),
  out: option(text, { short: "o", hint: "FILE", description: "Write the words to a file: .csv, .tsv, .jsonl or .parquet (implies --words)" }),
  column: option(text, { hint: "NAME", description: "Column of the table with the text (default: text, sentence, or the only one)" }),
  contextText: option(text, { hint: "TEXT", description: "A text that is read in front of each and not scored; also --context TEXT where it is no number" }),
  contextColumn: option(text, { hint: "NAME", description: "Column with the text that is read in front" }),
  separator: option(text, { hint: "TEXT", mayBeEmpty: true, description: "What joins that context with the text (default: a space, unless one of them brings white space)" }),
  boundary: option(oneOf(BOUNDARY_RULES), { hint: "RULE", description: "Tokens that end a word, for the corrected rule: whitespace (white space or the end of the text) or minicons (a space, as its bow_correction) (default: whitespace)" }),
  bos: option(oneOf(["on", "off"]), { hint: "on|off", description: "BOS in front of the text, without which the first word has no number (default: on, where there is one)" }),
  split: option(oneOf(["lines", "none"]), { hint: "HOW", description: "With --words: lines makes each line of a text file a text of its own (default: none)" }),
};

/** The length of a window, or a text that is read and not scored. */
export const windowOrText: Read<number | string> = (given, name) =>
  /^\d+$/.test(given) ? wholeNumber(1, 2 ** 31 - 1)(given, name) : given;

/** Whether words are asked for. @throws SurprisalError USAGE for what only words have. */
export function asksForWords(given: WordValues & { context: number | string | undefined }): boolean {
  const { words, csv, out, contextText, contextColumn, context } = given;
  const asked =
    words ||
    csv ||
    out !== undefined ||
    contextText !== undefined ||
    contextColumn !== undefined ||
    typeof context === "string";
  if (asked) return true;
  for (const name of ["column", "separator", "boundary", "bos", "split"] as const)
    if (given[name] !== undefined) throw usage(`--${name} is about words: give --words too`);
  return false;
}
