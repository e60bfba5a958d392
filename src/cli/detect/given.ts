/** What `surprisal detect` is given: one answer as a text, or lines with answers, documents and what else is known of them. */
import { SurprisalError } from "../../core/index.ts";
import type { SourceDocument } from "../../detect/index.ts";
import { decodeText } from "../../text/index.ts";
import {
  attempt,
  type Item,
  type ItemRow,
  isObject,
  itemOf,
  itemsOf,
  type Line,
  malformed,
} from "../confidence/index.ts";
import { usage } from "../errors.ts";
import { readGiven } from "../input.ts";

/** An answer with the documents of its own line. */
export interface DetectItem extends Item {
  documents: readonly SourceDocument[];
}

/** A line, or why it cannot be read. */
export interface DetectRow extends Omit<ItemRow, "item" | "line"> {
  item: DetectItem | SurprisalError;
}

/** How a file is read. */
export interface ReadDetectOptions {
  maxMib: number | undefined;
  /** Default: by its name and its first line. */
  as: "text" | "lines" | undefined;
  /** Of an answer that is a text. */
  question: string | undefined;
}

const FORM =
  'Documents look like "...", ["...", "..."] or [{"name": "...", "text": "..."}]: docs/hallucination.md.';

/**
 * The answers of a file; of a text one.
 * @param file "-": standard input
 * @returns at least one.
 * @throws SurprisalError EMPTY_INPUT, FILE_NOT_FOUND, INVALID_UTF8, USAGE, ...; what the first line lacks, where all lack something.
 */
export async function readDetectItems(
  file: string,
  { maxMib, as, question }: ReadDetectOptions,
): Promise<DetectRow[]> {
  const where = file === "-" ? "standard input" : file;
  const bytes = await readGiven(file, { maxMib, wayOut: "Cut it into several files" });
  const content = bytes.length === 0 ? "" : decodeText(bytes, where).text;
  if ((as ?? kindOf(file, content)) === "text") return [textRow(content, question, where)];
  if (question !== undefined)
    throw usage("--question is about an answer that is a text; these lines have their own", where);
  const rows = itemsOf(content, where).map(({ line, item, ...row }): DetectRow => {
    if (item instanceof SurprisalError || line === null)
      return { ...row, item: item instanceof SurprisalError ? item : { ...item, documents: [] } };
    return { ...row, item: attempt(() => ({ ...item, ...knownOf(line, item, row.where) })) };
  });
  const [first] = rows;
  if (first && rows.every((row) => row.item instanceof SurprisalError)) throw first.item;
  return rows;
}

/** Lines are known by the file's name, or by what the first of them has. */
function kindOf(file: string, content: string): "text" | "lines" {
  if (/\.(jsonl|ndjson|json)$/i.test(file)) return "lines";
  const [first = ""] = content.trimStart().split("\n", 1);
  if (!first.startsWith("{")) return "text";
  try {
    const line: unknown = JSON.parse(first);
    return isObject(line) && KNOWN.some((field) => field in line) ? "lines" : "text";
  } catch {
    return "text";
  }
}

const KNOWN = [
  "answer",
  "response",
  "question",
  "prompt",
  "messages",
  "samples",
  "tokens",
  "logprobs",
] as const;

/** The line break at its end is the file's. */
function textRow(content: string, question: string | undefined, where: string): DetectRow {
  const answer = content.replace(/\r?\n$/, "");
  if (answer.trim() === "")
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The answer is empty",
      where,
      wayOut: "Give a text, or lines of JSON: docs/hallucination.md.",
    });
  if (question?.trim() === "") throw usage("The question is empty", "--question");
  const { item, line: _, ...row } = itemOf(question ?? null, answer, where);
  return { ...row, item: item instanceof SurprisalError ? item : { ...item, documents: [] } };
}

/** Documents of a line, and its label by other names. */
export function knownOf(line: Line, item: Item, where: string): Pick<DetectItem, "documents" | "correct"> {
  return { documents: documentsOf(line, where), correct: item.correct ?? labelOf(line, where) };
}

/** Fields that hold documents, as data sets call them. */
const DOCUMENT_FIELDS = ["documents", "document", "contexts", "context", "passages", "knowledge"] as const;

function documentsOf(line: Line, where: string): SourceDocument[] {
  return DOCUMENT_FIELDS.flatMap((field) => {
    const value = line[field];
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) return [documentOf(value, field, `${field} of ${where}`)];
    return value.map((each: unknown, i) =>
      documentOf(each, `${field.replace(/s$/, "")} ${i + 1}`, `${field} ${i + 1} of ${where}`),
    );
  });
}

/** @param name where it has none itself. */
function documentOf(value: unknown, name: string, where: string): SourceDocument {
  if (typeof value === "string") return { name, text: value };
  if (isObject(value)) {
    const text = value.text ?? value.content ?? value.page_content;
    const own = [value.name, value.title, value.source, value.id].find(
      (each) => typeof each === "string" || typeof each === "number",
    );
    if (typeof text === "string") return { name: own === undefined ? name : String(own), text };
  }
  throw malformed("A document has no text", where, FORM);
}

const MADE_UP: readonly unknown[] = [true, 1, "true", "yes", "1"];
const RIGHT: readonly unknown[] = [false, 0, "false", "no", "0"];

/** "hallucination": "yes", as HaluEval has it: the other way round than "correct". */
function labelOf(line: Line, where: string): boolean | null {
  const value = line.hallucination ?? line.hallucinated ?? line.is_hallucination ?? null;
  if (value === null) return null;
  const plain = typeof value === "string" ? value.trim().toLowerCase() : value;
  if (MADE_UP.includes(plain)) return false;
  if (RIGHT.includes(plain)) return true;
  throw malformed(
    `"hallucination" is ${JSON.stringify(value)}`,
    where,
    "Write yes or no, true or false, or null.",
  );
}
