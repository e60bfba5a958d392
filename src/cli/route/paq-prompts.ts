/** Prompts with their references, as JSON lines. */
import { invalidArgument } from "../../core/index.ts";
import type { PaqPrompt } from "../../route/index.ts";
import { readGiven } from "../input.ts";
import { questionRows } from "./question-rows.ts";

const FORM =
  'Lines look like {"prompt": "What is 2 + 3?", "reference": "5"}, with "id", "group" and "domain" if they have some; "question", "answer" and "kind" are read, too.';

/**
 * @param reference "greedy": the highest level writes all references, whatever the rows have.
 * @throws SurprisalError INVALID_ARGUMENT naming the line: no prompt, no reference where others have one, an id that is there twice.
 */
export async function readPaqPrompts(
  file: string,
  { reference, maxMib }: { reference: "given" | "greedy" | undefined; maxMib: number | undefined },
): Promise<PaqPrompt[]> {
  const name = file === "-" ? "standard input" : file;
  const rows = questionRows(await readGiven(file, { maxMib }), name, FORM, ["prompt", "question"]);
  const references = rows.map(({ row, where }) => referenceOf(row, where));
  const isGiven = reference === undefined ? references.some((each) => each !== null) : reference === "given";
  const known = new Set<string>();
  return rows.map(({ row, question, where }, i) => {
    const id = nameOf(row.id, "id", where) ?? String(i);
    if (known.has(id))
      throw invalidArgument(`The id "${id}" comes twice`, where, "Give each its own, or none.");
    known.add(id);
    if (isGiven && references[i] === null)
      throw invalidArgument(
        "The row has no reference",
        where,
        `${FORM} With --reference greedy the highest level writes all of them.`,
      );
    const kind = nameOf(row.kind ?? row.domain, "domain", where);
    const group = nameOf(row.group, "group", where);
    return {
      id,
      question,
      reference: isGiven ? references[i]! : null,
      ...(kind !== undefined && { kind }),
      ...(group !== undefined && { group }),
    };
  });
}

function referenceOf(row: Readonly<Record<string, unknown>>, where: string): string | null {
  const value = row.reference ?? row.answer ?? null;
  if (value === null) return null;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "string" && value !== "") return value;
  throw invalidArgument("The reference is no text with something in it", where, FORM);
}

function nameOf(value: unknown, member: string, where: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw invalidArgument(`The ${member} is neither a text nor a number`, where, FORM);
}
