/**
 * The row filter in SQL. DuckDB reads the file by itself and says of each row whether it fits; the texts come from
 * our own readers, so a filter changes which texts are scored and never a byte of them.
 */
import { abortError, SurprisalError } from "../../core/index.ts";
import { loadDuckDB } from "../duckdb.ts";
import type { Reading } from "./reading.ts";
import { malformed, type StoredFile } from "./stored-file.ts";

/**
 * For every row of the file, in order: whether the SQL condition holds.
 *
 * @throws SurprisalError PACKAGE_MISSING, INVALID_ARGUMENT (the condition), CORPUS_MALFORMED
 */
export async function* rowsThatFit(
  file: StoredFile,
  where: string,
  { limit, signal }: Reading,
): AsyncGenerator<boolean> {
  const { DuckDBInstance } = await loadDuckDB("A filter in SQL needs DuckDB");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const interrupt = () => connection.interrupt();
  signal?.addEventListener("abort", interrupt, { once: true });
  try {
    await connection.run("SET threads = 1; SET preserve_insertion_order = true;"); // rows in the file's order
    const query = `SELECT coalesce((${where}\n), false) FROM ${reader(file, limit)}`;
    const chunks = (await connection.stream(query, [literal(file.path)])).yieldRows();
    for await (const rows of chunks) for (const [fits] of rows) yield fits === true;
  } catch (error) {
    throw signal?.aborted ? abortError("Reading the corpus", signal) : refused(error, file.name, where);
  } finally {
    signal?.removeEventListener("abort", interrupt);
    connection.closeSync();
    instance.closeSync();
  }
}

/** DuckDB takes a path for a pattern. */
const literal = (path: string): string => path.replace(/[*?[]/g, "[$&]");

/** The file as a table, with the path as the parameter. */
function reader({ format, compression }: StoredFile, limit: number): string {
  const packed = compression ? `, compression = '${compression}'` : "";
  switch (format) {
    case "parquet":
      return "read_parquet($1)";
    case "jsonl":
      return `read_json($1, format = 'newline_delimited', maximum_object_size = ${limit}${packed})`;
    default: {
      const separator = format === "tsv" ? "\\t" : ",";
      return `read_csv($1, header = true, delim = '${separator}', quote = '"', escape = '"', comment = ''${packed})`;
    }
  }
}

/** DuckDB's own words; what it says about the condition is the person's to mend, the rest is the file. */
function refused(error: unknown, name: string, where: string): SurprisalError {
  const message = (error as Error).message;
  if (/(?:^|: )(?:Parser|Binder|Catalog|Conversion|Syntax) Error: /.test(message))
    return new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: `The filter cannot be used: ${message}`,
      where: `${where} (${name})`,
      wayOut: "It is an SQL condition on the columns, such as: stars >= 4 AND lang = 'en'.",
      cause: error,
    });
  return malformed(
    `DuckDB cannot read the file: ${message}`,
    name,
    "Mend the file, or filter it beforehand.",
    error,
  );
}
