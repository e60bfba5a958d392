/** `surprisal score --words`: texts to scored words, and these to the screen, a document or a file. */
import { SurprisalError } from "../../core/index.ts";
import { scoreWords } from "../../evaluate/index.ts";
import { assertWritable, isSameFile, writeWhole } from "../../files/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import {
  objectOf,
  type ScoredItem,
  WORD_FORMATS,
  type WordFormat,
  wordFile,
  wordTable,
} from "../../report/index.ts";
import { formatPlural, visible } from "../../text/index.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { renderWords, startProgress } from "../render/index.ts";
import type { WordValues } from "./options.ts";
import { linesOf, readTable, type WordTexts } from "./table.ts";

export interface WordsGiven extends WordValues {
  file: string | undefined;
  text: string | undefined;
  context: number | string | undefined;
  recipe: string | undefined;
  stride: number | undefined;
  parseSpecial: boolean;
  json: boolean;
  quiet: boolean;
}

/** @throws SurprisalError USAGE, FILE_UNWRITABLE: before the long work, not after it. */
export function checkWords({
  out,
  file,
  csv,
  json,
  split,
  column,
  contextColumn,
  contextText,
  context,
  text,
}: WordsGiven): void {
  if (csv && json) throw usage("--csv and --json are two forms of the same: give one");
  if (out !== undefined) {
    formatOf(out);
    if (file !== undefined && isSameFile(out, file)) throw usage("--out would overwrite the texts", out);
    assertWritable(out);
  }
  if (typeof context === "string" && contextText !== undefined)
    throw usage("--context and --context-text are both texts: give one");
  if (contextColumn !== undefined && (contextText !== undefined || typeof context === "string"))
    throw usage("A context is a text for all or a column: give one of --context-text and --context-column");
  const isText = text !== undefined || file === undefined || file === "-";
  for (const [name, value] of [
    ["--column", column],
    ["--context-column", contextColumn],
  ] as const)
    if (isText && value !== undefined)
      throw usage(`${name} is about a table: name a file (CSV, TSV, JSONL, Parquet)`);
  if (split !== undefined && text !== undefined)
    throw usage("--split is about a file, and --text is one text");
}

function formatOf(out: string): WordFormat {
  const format = WORD_FORMATS.find((known) => out.toLowerCase().endsWith(`.${known}`));
  if (format === undefined)
    throw usage(
      `--out takes the name of a file that ends in ${WORD_FORMATS.map((known) => `.${known}`).join(", ")}`,
      out,
    );
  return format;
}

/** @param readText reads what is no table. */
export async function textsOf(
  given: WordsGiven,
  readText: () => Promise<{ text: string; notes: readonly string[] }>,
): Promise<WordTexts> {
  const { file, contextText, context, column, contextColumn, split } = given;
  const front = contextText ?? (typeof context === "string" ? context : "");
  const isFile = given.text === undefined && file !== undefined && file !== "-";
  const table = isFile ? await readTable(file, { column, contextColumn }, front) : null;
  if (table !== null) {
    if (split !== undefined) throw usage("--split is about text files, and this is a table", file);
    return table;
  }
  if (column !== undefined || contextColumn !== undefined) throw usage("A text file has no columns", file);
  const { text, notes } = await readText();
  const source = file ?? "text";
  if (split === "lines")
    return { texts: linesOf(text, source, front), columns: ["line"], column: null, notes: [...notes] };
  return {
    texts: [{ text, context: front, own: {}, where: source }],
    columns: [],
    column: null,
    notes: [...notes],
  };
}

/** Scores all texts, and shows or writes their words. */
export async function runWords(
  model: LanguageModel,
  { texts, columns, column, notes }: WordTexts,
  given: WordsGiven,
): Promise<void> {
  const { context, stride, recipe, parseSpecial, separator, boundary, bos, json, csv, out, quiet } = given;
  const items: ScoredItem[] = [];
  const empty: string[] = [];
  const progress = quiet || texts.length < 2 ? null : startProgress({ label: "scoring", unit: "texts" });
  try {
    for (const [textIndex, { text, context: front, own, where }] of texts.entries()) {
      progress?.update({ done: textIndex, total: texts.length });
      if (!/\S/u.test(text)) {
        empty.push(where);
        continue;
      }
      const score = await scoreWords(model, text, {
        recipe,
        context: typeof context === "number" ? context : undefined,
        stride,
        parseSpecial: parseSpecial || undefined,
        given: front,
        separator,
        boundary,
        bos: bos === undefined ? undefined : bos === "on",
      }).catch((error) => {
        throw texts.length > 1 && SurprisalError.isInstance(error) ? error.at(where) : error;
      });
      items.push({ textIndex, own, score });
    }
  } finally {
    progress?.end();
  }
  if (items.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There is no word to score",
      where: texts[0]?.where,
      wayOut: "Give a text with a word in it.",
    });
  const window =
    typeof context === "number" && given.contextText === undefined && given.contextColumn === undefined
      ? [`--context ${context} is the length of the window in tokens; a text in front is --context-text.`]
      : [];
  const all = [...notes, ...window, ...leftOut(empty), ...items.flatMap(({ score }) => score.notes)];
  const distinct = [...new Set(all)];
  const table = wordTable(items, columns);
  if (out !== undefined) await writeWhole(out, await wordFile(table, formatOf(out)));
  if (json) {
    const [{ score }] = items as [ScoredItem];
    printDocument({
      schema: "surprisal.words/1",
      model: score.model,
      settings: score.settings,
      recipe: score.recipe,
      boundary: score.boundary,
      notes: distinct,
      texts: items.map(({ textIndex, score: { words, rest, tokensRun } }) => ({
        textIndex,
        words: words.length,
        ...totals(items, textIndex),
        rest,
        tokensRun,
      })),
      words: table.rows.map((row) => objectOf(table, row)),
    });
  } else if (csv) {
    process.stdout.write(await wordFile(table, "csv"));
    if (!quiet) for (const note of distinct) process.stderr.write(`${visible(note)}\n`);
  } else if (out !== undefined) {
    if (quiet) return;
    process.stdout.write(
      `${formatPlural(table.rows.length, "word")} of ${formatPlural(items.length, "text")} written to ${visible(out)}\n`,
    );
    for (const note of distinct) process.stderr.write(`${visible(note)}\n`);
  } else
    process.stdout.write(
      renderWords(items, { column, notes: quiet ? [] : distinct, stream: process.stdout }),
    );
}

/** Σ over the words of a text; `null` where one of them has no number. */
function totals(items: readonly ScoredItem[], textIndex: number) {
  const { words } = items.find((item) => item.textIndex === textIndex)!.score;
  const sum = (key: "surprisalSum" | "surprisalCorrected") =>
    words.reduce<number | null>(
      (total, word) => (total === null || word[key] === null ? null : total + word[key]),
      0,
    );
  return { surprisalSum: sum("surprisalSum"), surprisalCorrected: sum("surprisalCorrected") };
}

function leftOut(empty: readonly string[]): string[] {
  if (empty.length === 0) return [];
  return [
    `${formatPlural(empty.length, "row")} without a text: ${empty.slice(0, 3).join(", ")}${empty.length > 3 ? ", ..." : ""}.`,
  ];
}
