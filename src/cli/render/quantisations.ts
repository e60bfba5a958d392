/** A model's quantisations as a terminal shows them: one table, the front, and what has to be said. */
import type { Quantisations } from "../../evaluate/index.ts";
import {
  quantisationColumns,
  quantisationMethod,
  quantisationRows,
  quantisationVerdict,
} from "../../report/index.ts";
import { visible, wrapWords } from "../../text/index.ts";
import { fitTables } from "./run.ts";

/**
 * The table goes on below itself where the terminal has no room.
 * @param notes as `compareQuantisations` gives them.
 */
export function renderQuantisations(
  quantisations: Quantisations,
  notes: readonly string[],
  { columns }: { columns?: number | undefined },
): string {
  const width = columns || 80;
  const rows = quantisationRows(quantisations);
  const wrapped = (sentences: readonly string[]) =>
    sentences.flatMap((sentence) => wrapWords(visible(sentence), width));
  const verdict = quantisationVerdict(quantisations);
  return [
    ...fitTables(rows, quantisationColumns(rows), width, 1),
    "",
    ...wrapped(verdict),
    ...(verdict.length > 0 ? [""] : []),
    ...wrapped(notes.map((note) => `note: ${note}`)),
    ...wrapped(quantisationMethod(quantisations)),
    "",
  ].join("\n");
}
