/** Questions as JSON lines. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { decodeText, repeatedKey } from "../../text/index.ts";

/** A line of a file of questions. */
export interface QuestionRow {
  row: Readonly<Record<string, unknown>>;
  question: string;
  /** File and line, for errors. */
  where: string;
}

/**
 * @param form how a line looks, for the way out.
 * @param names of the field with the question: the first of them that a row has.
 * @throws SurprisalError INVALID_ARGUMENT naming the line: what is no JSON object, one in which a field is twice, one without a
 *   question; EMPTY_INPUT; INVALID_UTF8.
 */
export function questionRows(
  bytes: Uint8Array,
  name: string,
  form: string,
  names: readonly string[] = ["question"],
): QuestionRow[] {
  const [noun] = names;
  const content = bytes.length === 0 ? "" : decodeText(bytes, name).text;
  const rows = content.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    const where = `${name}:${i + 1}`;
    const row = objectOf(line, where, form);
    const question = names.map((field) => row[field] ?? undefined).find((value) => value !== undefined);
    if (typeof question !== "string" || question.trim() === "")
      throw invalidArgument(
        `The row has no ${noun}${question === undefined ? "" : emptyOr(question)}`,
        where,
        form,
      );
    return [{ row, question, where }];
  });
  if (rows.length > 0) return rows;
  throw new SurprisalError({
    code: "EMPTY_INPUT",
    what: `There are no ${noun}s`,
    where: name,
    wayOut: form,
  });
}

const emptyOr = (value: unknown): string => (typeof value === "string" ? ": it is empty" : ": it is no text");

function objectOf(line: string, where: string, form: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw invalidArgument(`The line is not JSON: ${(cause as Error).message}`, where, form, cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidArgument("The row is no object", where, form);
  const twice = repeatedKey(line);
  if (twice !== null)
    throw invalidArgument(`The field ${JSON.stringify(twice)} is twice in one object`, where, form);
  return Object.fromEntries(Object.entries(value));
}
