/** SQL over runs, through DuckDB. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { abortError, emptySums, measures, SurprisalError, whenAborted } from "../../core/index.ts";
import { infinityAsText } from "../../text/index.ts";
import { loadDuckDB } from "../duckdb.ts";
import { answerRows } from "./answers.ts";
import { TOKENS } from "./files.ts";
import { damagedTokens } from "./kept-tokens.ts";
import { listRuns } from "./list.ts";
import { RUN_MEASURES, storedTypes, TASK_MEASURES } from "./measures.ts";
import { modelLabel, runRows, taskRows } from "./rows.ts";
import type { Run } from "./run.ts";
import { sparingRuns, withinMemory } from "./sparing-runs.ts";
import { assertTokensWhole, readEntries } from "./whole-run.ts";

/** What a query gave. */
export interface SqlAnswer {
  columns: string[];
  /** Values as JSON has them; whole numbers beyond 2^53 as texts. */
  rows: unknown[][];
}

/** Tables that a query may use, for people. */
export const SQL_TABLES =
  "results (a row for each run, model and corpus), documents (for each document), tasks (for each run, model and task), answers (for each question), tokens (for each token, of runs with --tokens)";

/** Options of `queryRuns`. */
export interface SqlOptions {
  /** Told what is left out of a run that is damaged. */
  onNote?: ((note: string) => void) | undefined;
  /**
   * The query may read and write files, as `read_csv`, `COPY ... TO` and `ATTACH` do; never those that a run has written.
   * Default false: it sees the tables and nothing else, and cannot change DuckDB's settings.
   */
  allowFiles?: boolean | undefined;
  /** Ends the query. */
  signal?: AbortSignal | undefined;
}

/**
 * Asks a question about all runs in a folder.
 * @param query SQL over the tables of SQL_TABLES.
 * @throws SurprisalError PACKAGE_MISSING, INVALID_ARGUMENT (what DuckDB says of the query, or it needs files), FILE_NOT_FOUND,
 *   RUN_DAMAGED (tokens that the query needs cannot be read), ABORTED.
 */
export async function queryRuns(
  folder: string,
  query: string,
  { onNote = () => {}, allowFiles = false, signal }: SqlOptions = {},
): Promise<SqlAnswer> {
  const { DuckDBInstance } = await loadDuckDB("`surprisal sql` needs DuckDB");
  const runs = listRuns(folder);
  const scratch = mkdtempSync(join(tmpdir(), "surprisal-sql-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const interrupt = () => connection.interrupt();
  const callOff = whenAborted(signal, interrupt);
  try {
    const results: object[] = [];
    const documents: object[] = [];
    const tasks: object[] = [];
    const answers: object[] = [];
    const tokens: { file: string; select: string }[] = [];
    /** Of a damaged run, only what is damaged is left out. */
    const orNote = async (what: string, read: () => void | Promise<void>) => {
      try {
        await read();
      } catch (error) {
        if (!SurprisalError.isInstance(error)) throw error;
        onNote(`${what} are left out: ${error.what}. ${error.wayOut}`);
      }
    };
    for (const { path, run, damage } of runs) {
      if (!run) {
        onNote(`${path} is left out: ${damage}.`);
        continue;
      }
      for (const row of runRows(run)) results.push({ folder: path, ...row });
      for (const row of taskRows(run)) tasks.push({ folder: path, ...row });
      await orNote(`The documents of ${path}`, () => {
        for (const row of documentRows(path, run)) documents.push(row);
      });
      await orNote(`The answers of ${path}`, () => {
        if (run.tasks.length > 0) for (const row of answerRows(path, run)) answers.push(row);
      });
      await orNote(`The tokens of ${path}`, async () => {
        const file = join(path, TOKENS);
        if (!existsSync(file)) return;
        await check(connection, `SELECT * FROM ${parquet(file)} LIMIT 0`, file);
        tokens.push({ file, select: `SELECT ${literal(run.id)} AS run, * FROM ${parquet(file)}` });
      });
    }
    await table(connection, scratch, "results", results);
    await table(connection, scratch, "documents", documents);
    await table(connection, scratch, "tasks", tasks);
    await table(connection, scratch, "answers", answers);
    const selects = tokens.map(({ select }) => select);
    if (selects.length > 0)
      await connection.run(`CREATE VIEW tokens AS ${selects.join(" UNION ALL BY NAME ")}`);
    const files = tokens.map(({ file }) => file);
    await connection.run(allowFiles ? LOCKED : `${onlyFiles(files)} ${LOCKED}`);
    const ask = allowFiles
      ? sparingRuns(
          connection,
          query,
          runs.map(({ path }) => path),
        )
      : withinMemory(connection, query);
    const reader = await ask.catch(async (cause: Error) => {
      if (SurprisalError.isInstance(cause)) throw cause;
      if (signal?.aborted) throw abortError("The query", signal);
      if (!allowFiles && NEEDS_FILES.test(cause.message)) throw needsFiles(cause);
      // What is damaged within a file shows when it is read.
      if (!/^(Parser|Binder|Catalog) Error/.test(cause.message))
        for (const { file } of tokens)
          await check(connection, `SELECT bit_xor(hash(COLUMNS(*))) FROM ${parquet(file)}`, file);
      throw new SurprisalError({
        code: "INVALID_ARGUMENT",
        what: `DuckDB refuses the query: ${cause.message.trim()}`,
        where: "query",
        wayOut: `Tables: ${SQL_TABLES}.`,
        cause,
      });
    });
    // Not before: what is wrong with the query is said first.
    if (/\btokens\b/i.test(query)) for (const { file } of tokens) await assertTokensWhole(file);
    return { columns: reader.deduplicatedColumnNames(), rows: reader.getRowsJson() as unknown[][] };
  } finally {
    callOff();
    connection.closeSync();
    instance.closeSync();
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Settings stay as they are, so that no query opens what was closed. */
const LOCKED =
  "SET autoinstall_known_extensions = false; SET autoload_known_extensions = false; SET lock_configuration = true;";

/** From here on DuckDB opens these files and no others, and that cannot be taken back. */
function onlyFiles(files: readonly string[]): string {
  const allowed = files.flatMap((file) => [literal(file), literal(asPattern(file))]);
  return `SET allowed_paths = [${allowed.join(", ")}]; SET temp_directory = ''; SET enable_external_access = false;`;
}

/** How DuckDB says that a query wanted what it may not have. */
const NEEDS_FILES = /Permission Error|disabled by configuration|configuration has been locked/;

function needsFiles(cause: Error): SurprisalError {
  return new SurprisalError({
    code: "INVALID_ARGUMENT",
    what: `The query reads or writes more than the tables of the runs: ${cause.message.split("\n")[0]}`,
    where: "query",
    wayOut:
      "Where you trust the query, allow it: --allow-files (in code, allowFiles: true). Settings cannot be changed.",
    cause,
  });
}

/** All of a run's journal, or nothing. @throws SurprisalError RUN_DAMAGED, FILE_UNREADABLE */
function documentRows(path: string, run: Run): object[] {
  const rows: object[] = [];
  readEntries(path, (entry) => {
    if (entry.type !== "document") return;
    const { modelIndex, corpusIndex, documentIndex, document, sha256, sums, size, standardError } = entry;
    const { scored, nll, perplexity, bitsPerByte } = measures(sums ?? emptySums());
    rows.push({
      run: run.id,
      model: run.models[modelIndex] ? modelLabel(run, modelIndex) : null,
      corpus: run.corpora[corpusIndex]?.name ?? null,
      document,
      documentIndex,
      sha256,
      bytes: size.bytes,
      scored,
      standardError,
      nll,
      perplexity,
      bitsPerByte,
    });
  });
  return rows;
}

interface Connection {
  run(sql: string): Promise<unknown>;
}

/**
 * Reads a run's tokens for no other reason than to see whether that goes.
 * @throws SurprisalError RUN_DAMAGED
 */
async function check(connection: Connection, query: string, file: string): Promise<void> {
  try {
    await connection.run(query);
  } catch (cause) {
    const [what] = (cause as Error).message.split("\n");
    throw damagedTokens(file, `cannot be read: ${what}`, { cause });
  }
}

/** Names are texts, and so is what says when. */
function named(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, name === "created" ? "TIMESTAMP" : "VARCHAR"]));
}

/** Of the model's files. */
const SIZES = { modelBytes: "BIGINT", bitsPerWeight: "DOUBLE" } as const;

/** Columns and their types, by table, so that a table without rows has them too. */
export const SQL_COLUMNS: Readonly<
  Record<"results" | "documents" | "tasks" | "answers", Record<string, string>>
> = {
  results: {
    ...named("folder", "run", "model", "corpus", "domain", "recipe", "recipeId"),
    ...named("corpusSha256", "modelSha256"),
    ...SIZES,
    ...named("standardErrorMethod", "created"),
    ...storedTypes(RUN_MEASURES),
  },
  documents: {
    ...named("run", "model", "corpus", "document", "sha256"),
    documentIndex: "BIGINT",
    bytes: "BIGINT",
    scored: "BIGINT",
    standardError: "DOUBLE",
    nll: "DOUBLE",
    perplexity: "DOUBLE",
    bitsPerByte: "DOUBLE",
  },
  tasks: {
    ...named("folder", "run", "model", "task", "form", "taskSha256", "modelSha256"),
    ...SIZES,
    ...named("created"),
    ...storedTypes(TASK_MEASURES),
  },
  answers: {
    ...named("run", "model", "task"),
    item: "BIGINT",
    ...named("id", "place", "questionSha256"),
    label: "BIGINT",
    chosen: "BIGINT",
    correct: "BOOLEAN",
    chosenNorm: "BIGINT",
    correctNorm: "BOOLEAN",
    margin: "DOUBLE",
    logprob: "DOUBLE",
    logprobs: "DOUBLE[]",
    cutTokens: "BIGINT",
    problem: "VARCHAR",
  },
};

async function table(
  connection: Connection,
  scratch: string,
  name: keyof typeof SQL_COLUMNS,
  rows: readonly object[],
): Promise<void> {
  const columns = SQL_COLUMNS[name];
  const types = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`);
  await connection.run(`CREATE TABLE ${name} (${types.join(", ")})`);
  if (rows.length === 0) return;
  const file = join(scratch, `${name}.jsonl`);
  writeFileSync(file, rows.map((row) => JSON.stringify(row, infinityAsText)).join("\n"));
  const struct = Object.entries(columns).map(([column, type]) => `${literal(column)}: ${literal(type)}`);
  await connection.run(
    `INSERT INTO ${name} BY NAME SELECT * FROM read_json(${literal(file)}, format = 'newline_delimited', columns = {${struct.join(", ")}})`,
  );
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A file as a table. */
function parquet(file: string): string {
  return `read_parquet(${literal(asPattern(file))})`;
}

/** DuckDB takes a name for a pattern: *, ? and [ are to stand for themselves. */
const asPattern = (file: string): string => file.replace(/[*?[]/g, "[$&]");
