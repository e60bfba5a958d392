/** What an answer should rest on, as lines have it: "documents", or a text under one of the names that data sets use. */
import { isObject, type Line, malformed } from "./lines.ts";

/** A text with what it is called. */
export interface GivenDocument {
  name: string;
  text: string;
}

/** Fields with one text: HaluEval's, RAGTruth's, SQuAD's. */
const TEXTS = ["knowledge", "context", "document"] as const;

/** @returns none where the line has none. @throws SurprisalError INVALID_ARGUMENT */
export function documentsOf(line: Line, where: string): GivenDocument[] {
  const { documents } = line;
  if (documents === undefined || documents === null)
    return TEXTS.flatMap((name) => {
      const text = line[name]; // another form of "context", such as HotpotQA's, is nobody's mistake
      return typeof text === "string" && text !== "" ? [{ name, text }] : [];
    }).slice(0, 1);
  if (!Array.isArray(documents))
    throw malformed('"documents" is no list', where, 'Write ["...", ...] or [{"name", "text"}, ...].');
  return documents.map((each: unknown, i) => documentOf(each, `document ${i + 1}`, where));
}

function documentOf(value: unknown, name: string, where: string): GivenDocument {
  if (typeof value === "string") return { name, text: value };
  if (isObject(value) && typeof value.text === "string")
    return { name: typeof value.name === "string" ? value.name : name, text: value.text };
  throw malformed(`${name} has no text`, where, 'Write "..." or {"name": "...", "text": "..."}.');
}
