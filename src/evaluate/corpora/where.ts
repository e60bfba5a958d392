/**
 * The row filter in SQL. DuckDB reads the file by itself and says of each row whether it fits; the texts come from
 * our own readers, so a filter changes which texts are scored and never a byte of them.
 */
import { abortError, invalidArgument, SurprisalError, whenAborted } from "../../core/index.ts";
import { loadDuckDB } from "../duckdb.ts";
import { type CsvDialect, csvDialect } from "./csv-dialect.ts";
import { checkedFilter } from "./filter.ts";
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
  if (file.compression === "xz")
    throw invalidArgument(
      "DuckDB, which filters, does not read .xz",
      file.name,
      "Unpack the file first (xz -dk FILE), or pack it with gzip or zstd.",
    );
  const isCsv = file.format === "csv" || file.format === "tsv";
  const dialect = isCsv ? await csvDialect(file, { signal }) : null;
  const { DuckDBInstance } = await loadDuckDB("A filter in SQL needs DuckDB");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const interrupt = () => connection.interrupt();
  const callOff = whenAborted(signal, interrupt);
  try {
    await connection.run(SETTINGS);
    const condition = await checkedFilter(connection, where);
    await connection.run(onlyThisFile(file.path));
    const query = `SELECT coalesce(${condition}, false) FROM ${reader(file, limit, dialect)}`;
    const chunks = (await connection.stream(query, [literal(file.path)])).yieldRows();
    for await (const rows of chunks) for (const [fits] of rows) yield fits === true;
  } catch (error) {
    if (SurprisalError.isInstance(error)) throw error;
    throw signal?.aborted ? abortError("Reading the corpus", signal) : refused(error, file.name, where);
  } finally {
    callOff();
    connection.closeSync();
    instance.closeSync();
  }
}

/**
 * Rows in the file's order; without the limit DuckDB keeps a CSV whose types it has looked for in memory. Nothing is
 * installed, loaded or written beside the memory.
 */
const SETTINGS = `SET threads = 1; SET preserve_insertion_order = true; SET memory_limit = '2GB'; SET temp_directory = '';
  SET autoinstall_known_extensions = false; SET autoload_known_extensions = false;`;

/** From here on DuckDB opens the corpus and nothing else, and that cannot be taken back. */
function onlyThisFile(path: string): string {
  const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
  return `SET allowed_paths = [${text(path)}, ${text(literal(path))}]; SET enable_external_access = false; SET lock_configuration = true;`;
}

/** DuckDB takes a path for a pattern. */
const literal = (path: string): string => path.replace(/[*?[]/g, "[$&]");

/**
 * The file as a table, with the path as the parameter. Its columns are those in the file and none made of a folder's
 * name ("lang=de"), with the types that fit all rows; strings of JSON that look like dates stay strings.
 */
function reader({ format, compression }: StoredFile, limit: number, csv: CsvDialect | null): string {
  if (format === "parquet") return "read_parquet($1, hive_partitioning = false)";
  const common = `hive_partitioning = false, sample_size = -1, compression = '${compression ?? "uncompressed"}'`;
  if (format === "jsonl") {
    const noDates = "dateformat = '\u0001', timestampformat = '\u0001'"; // formats that no text has
    const noMaps = "map_inference_threshold = -1, field_appearance_threshold = 0"; // rare keys are columns too
    return `read_json($1, format = 'newline_delimited', maximum_object_size = ${limit}, ${noDates}, ${noMaps}, ${common})`;
  }
  const line = Math.max(limit, 2_000_000); // bytes; DuckDB's own limit, where ours is lower
  const dialect = `delim = '${csv!.delimiter.replace("'", "''")}', skip = ${csv!.skip}, quote = '"', escape = '"', comment = ''`;
  return `read_csv($1, header = true, ${dialect}, max_line_size = ${line}, buffer_size = ${line}, ${common})`;
}

/** DuckDB's own words; what it says about the condition is the person's to mend, the rest is the file. */
function refused(error: unknown, name: string, where: string): SurprisalError {
  const message = (error as Error).message;
  if (/(?:^|: )(?:Parser|Binder|Catalog|Conversion|Syntax) Error: /.test(message))
    return invalidArgument(
      `The filter cannot be used: ${message}`,
      `${where} (${name})`,
      "It is an SQL condition on the columns, such as: stars >= 4 AND lang = 'en'.",
      error,
    );
  return malformed(
    `DuckDB cannot read the file: ${message}`,
    name,
    "Mend the file, or filter it beforehand.",
    error,
  );
}
