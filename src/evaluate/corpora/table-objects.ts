/** Whole rows of a table, CSV, TSV or Parquet. */
import type { Reading } from "./reading.ts";
import { type StoredFile, whileUnchanged } from "./stored-file.ts";

/** A row, and where it is from: "arc.parquet, row 14", "arc.csv:15". */
export interface TableObject {
  where: string;
  object: Record<string, unknown>;
}

/**
 * What reads CSV and Parquet is loaded when it is needed.
 * @param columnsWithoutHeader of a CSV whose first row is no header, by that row.
 */
export function tableObjects(
  file: StoredFile,
  reading: Reading,
  columnsWithoutHeader?: (first: readonly string[]) => readonly string[] | null,
): AsyncGenerator<TableObject> {
  return whileUnchanged(file, async function* () {
    if (file.format === "parquet") yield* (await import("./parquet.ts")).parquetObjects(file, reading);
    else yield* (await import("./csv.ts")).csvObjects(file, reading, columnsWithoutHeader);
  });
}
