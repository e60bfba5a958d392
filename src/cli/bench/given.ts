/** Lines of a benchmark: those of `surprisal confidence`, with documents and with numbers of other methods. */
import { SurprisalError } from "../../core/index.ts";
import type { SourceDocument } from "../../detect/index.ts";
import { attempt, type Item, type ItemRow, readItems } from "../confidence/index.ts";
import { knownOf } from "../detect/index.ts";
import { type GivenNumber, givenNumbers } from "./own-numbers.ts";

/** An answer with its documents, and what other methods say of it, by their names. */
export interface BenchItem extends Item {
  documents: readonly SourceDocument[];
  numbers: Readonly<Record<string, GivenNumber>>;
}

/** A line, or why it cannot be read. */
export interface BenchRow extends Omit<ItemRow, "item"> {
  item: BenchItem | SurprisalError;
}

/** @throws SurprisalError as `readItems`; what the first line lacks, where all lack something. */
export async function readBenchItems(file: string, maxMib: number | undefined): Promise<BenchRow[]> {
  const rows = (await readItems(file, maxMib)).map((row): BenchRow => {
    const { item, line, where } = row;
    if (item instanceof SurprisalError) return { ...row, item };
    if (line === null) return { ...row, item: { ...item, documents: [], numbers: {} } };
    return {
      ...row,
      item: attempt(() => ({ ...item, ...knownOf(line, item, where), numbers: givenNumbers(line, where) })),
    };
  });
  const [first] = rows;
  if (first && rows.every((row) => row.item instanceof SurprisalError)) throw first.item;
  return rows;
}
