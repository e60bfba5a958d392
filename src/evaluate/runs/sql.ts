/** SQL over runs, through DuckDB. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { loadDuckDB } from "../duckdb.ts";
import { readJournal, writeInfinity } from "./journal.ts";
import { listRuns } from "./list.ts";
import { JOURNAL, TOKENS } from "./record.ts";
import { modelLabel, runRows, taskRows } from "./rows.ts";

export interface SqlAnswer {
  columns: string[];
  /** Values as JSON has them; whole numbers beyond 2^53 as texts. */
  rows: unknown[][];
}

/** Tables that a query may use, for people. */
export const SQL_TABLES =
  "results (a row for each run, model and corpus), documents (for each document), tasks (for each run, model and task), tokens (for each token, of runs with --tokens)";

/**
 * Asks a question about all runs in a folder.
 * @param query SQL over the tables of SQL_TABLES.
 * @throws SurprisalError PACKAGE_MISSING, INVALID_ARGUMENT (what DuckDB says of the query), FILE_NOT_FOUND.
 */
export async function queryRuns(folder: string, query: string): Promise<SqlAnswer> {
  const { DuckDBInstance } = await loadDuckDB("`surprisal sql` needs DuckDB");
  const runs = listRuns(folder);
  const scratch = mkdtempSync(join(tmpdir(), "surprisal-sql-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const results: object[] = [];
    const documents: object[] = [];
    const tasks: object[] = [];
    const tokens: { run: string; file: string }[] = [];
    for (const { path, run } of runs) {
      if (!run) continue;
      results.push(...runRows(run).map((row) => ({ folder: path, ...row })));
      tasks.push(...taskRows(run).map((row) => ({ folder: path, ...row })));
      if (existsSync(join(path, TOKENS))) tokens.push({ run: run.id, file: join(path, TOKENS) });
      if (!existsSync(join(path, JOURNAL))) continue;
      readJournal(join(path, JOURNAL), (entry) => {
        if (entry.type !== "document") return;
        const { model, corpus, document, name, sha256, sums, size, stderr } = entry;
        const scored = sums && sums.scored > 0 ? sums : null;
        documents.push({
          run: run.id,
          model: modelLabel(run, model),
          corpus: run.corpora[corpus]?.name ?? null,
          ...{ document, name, sha256, stderr },
          bytes: size.bytes,
          scored: scored?.scored ?? 0,
          nll: scored && scored.nll / scored.scored,
          perplexity: scored && Math.exp(scored.nll / scored.scored),
          bitsPerByte: scored && scored.nll / scored.bytes / Math.LN2,
        });
      });
    }
    await table(connection, scratch, "results", results, RESULTS);
    await table(connection, scratch, "documents", documents, DOCUMENTS);
    await table(connection, scratch, "tasks", tasks, TASKS);
    const files = tokens.map(
      ({ run, file }) => `SELECT ${literal(run)} AS run, * FROM read_parquet(${literal(file)})`,
    );
    if (files.length > 0) await connection.run(`CREATE VIEW tokens AS ${files.join(" UNION ALL ")}`);
    const reader = await connection.runAndReadAll(query).catch((cause: unknown) => {
      throw new SurprisalError({
        code: "INVALID_ARGUMENT",
        what: `DuckDB refuses the query: ${(cause as Error).message.trim()}`,
        where: "query",
        wayOut: `Tables: ${SQL_TABLES}.`,
        cause,
      });
    });
    return { columns: reader.deduplicatedColumnNames(), rows: reader.getRowsJson() as unknown[][] };
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Connection {
  run(sql: string): Promise<unknown>;
}

/** Types of columns, so that a table without rows has them too. */
const RESULTS = {
  folder: "VARCHAR",
  ...words(
    "run",
    "model",
    "corpus",
    "domain",
    "recipe",
    "recipeId",
    "corpusSha256",
    "modelSha256",
    "stderrMethod",
  ),
  ...whole("documents", "skipped", "tokens", "scored", "tokensRun"),
  ...numbers(
    "nll",
    "perplexity",
    "stderr",
    "low",
    "high",
    "meanPerplexity",
    "wordPerplexity",
    "bytePerplexity",
  ),
  ...numbers("bitsPerToken", "bitsPerByte", "bitsPerByteStderr", "bitsPerCharacter", "totalMs"),
  created: "TIMESTAMP",
};
const DOCUMENTS = {
  ...words("run", "model", "corpus", "name", "sha256"),
  ...whole("document", "bytes", "scored"),
  ...numbers("stderr", "nll", "perplexity", "bitsPerByte"),
};
const TASKS = {
  ...words("folder", "run", "model", "task", "taskSha256", "modelSha256"),
  ...whole("questions"),
  ...numbers(
    "acc",
    "accStderr",
    "accNorm",
    "accNormStderr",
    "accNormTokens",
    "accNormTokensStderr",
    "chance",
  ),
  ...numbers("perplexity", "perplexityStderr"),
  created: "TIMESTAMP",
};

function typed(type: string) {
  return (...names: string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, type]));
}

function words(...names: string[]) {
  return typed("VARCHAR")(...names);
}

function whole(...names: string[]) {
  return typed("BIGINT")(...names);
}

function numbers(...names: string[]) {
  return typed("DOUBLE")(...names);
}

async function table(
  connection: Connection,
  scratch: string,
  name: string,
  rows: readonly object[],
  columns: Record<string, string>,
): Promise<void> {
  const types = Object.entries(columns).map(([column, type]) => `"${column}" ${type}`);
  await connection.run(`CREATE TABLE ${name} (${types.join(", ")})`);
  if (rows.length === 0) return;
  const file = join(scratch, `${name}.jsonl`);
  writeFileSync(file, rows.map((row) => JSON.stringify(row, writeInfinity)).join("\n"));
  const struct = Object.entries(columns).map(([column, type]) => `${literal(column)}: ${literal(type)}`);
  await connection.run(
    `INSERT INTO ${name} BY NAME SELECT * FROM read_json(${literal(file)}, format = 'newline_delimited', columns = {${struct.join(", ")}})`,
  );
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
