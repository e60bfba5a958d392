/** Filters and queries from a stranger: pieces of SQL put together at random, against the real DuckDB. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../src/core/index.ts";
import { evaluate, openCorpora, queryRuns } from "../../src/evaluate/index.ts";
import { TableModel } from "../../src/models/test/index.ts";
import { CORPUS } from "../small-evaluation.ts";
import { attack, type Trial } from "./attack.ts";
import { refusedOr } from "./refused.ts";

const SECRET = "canary-4711-secret";
const ROWS = Array.from({ length: 40 }, (_, id) => ({
  id,
  lang: id % 3 ? "de" : "en",
  stars: id % 10,
  text: `t${id}`,
}));
type Row = (typeof ROWS)[number];

/** Conditions that a program can check. */
const HONEST: readonly (readonly [string, (row: Row) => boolean])[] = [
  ["stars >= 4", ({ stars }) => stars >= 4],
  ["lang = 'en'", ({ lang }) => lang === "en"],
  ["id % 7 = 3", ({ id }) => id % 7 === 3],
  ["text LIKE '%1%'", ({ text }) => text.includes("1")],
  ["stars IN (1, 2, 9)", ({ stars }) => [1, 2, 9].includes(stars)],
  ["length(text) = 2", ({ text }) => text.length === 2],
  ["stars BETWEEN 2 AND 5", ({ stars }) => stars >= 2 && stars <= 5],
];
/** What no condition may hold; FOLDER and SECRET stand for names. */
const HOSTILE = [
  "(SELECT content FROM read_text('SECRETFILE')) LIKE '%a%'",
  "EXISTS (FROM glob('FOLDER/*'))",
  "id IN (SELECT 1)",
  "'SECRETFILE' IN (FROM query('SELECT 1'))",
  "current_setting('temp_directory') = 'x'",
  "getenv('HOME') = 'x'",
  "getvariable('a') IS NULL",
  "nextval('s') = 1",
  "random() > 2",
  "write_log('FOLDER/canary')",
  "sleep_ms(100000)",
  "COLUMNS('.*') IS NOT NULL",
  "sum(id) OVER () > 1",
  "count(*) > 1",
  "error('x')",
  "pg_catalog.current_database() = 'x'",
  "system.main.length('x') = 1",
  "(FROM duckdb_settings() LIMIT 1) IS NULL",
  "read_text('SECRETFILE') = 'x'",
  "content = ANY (SELECT content FROM read_blob('SECRETFILE'))",
  "(WITH a AS (SELECT 1) FROM a) = 1",
  "array(SELECT 1) = [1]",
  "uuid() = 'x'",
  "now() > '2020-01-01'",
  "len(repeat('x', 1000000000 + id)) > 1",
  "len(range(400000000 + id)) > 1",
  "len(lpad(text, 1000000000, 'x')) > 1",
];
const TAILS = [
  "; COPY (SELECT 1) TO 'FOLDER/canary.csv'",
  ") ; ATTACH 'FOLDER/canary.db' ; SELECT (1",
  ") UNION ALL (SELECT true",
  ") UNION ALL SELECT content LIKE '%' FROM read_text('SECRETFILE') WHERE (true",
  ") GROUP BY (id",
  ") ORDER BY (id",
  ") LIMIT (1",
  ") QUALIFY (true",
  ") -- ",
  "; INSTALL httpfs",
  "; SET enable_external_access = true",
  "\u0000; SELECT 1",
];
const HARMLESS_TAILS = [" -- a remark", " /* a remark; */", "\n"];
const QUERIES = [
  "SELECT * FROM read_text('SECRETFILE')",
  "SELECT * FROM 'SECRETFILE'",
  "SELECT * FROM read_csv('SECRETFILE')",
  "FROM read_blob('FOLDER/*')",
  "FROM glob('FOLDER/*')",
  "FROM sniff_csv('SECRETFILE')",
  "COPY results TO 'FOLDER/canary.parquet' (FORMAT parquet)",
  "COPY (SELECT 1) TO '/dev/stdout'",
  "COPY (SELECT 1) TO 'FOLDER/runs/run/tokens.parquet' (USE_TMP_FILE false)",
  "EXPLAIN ANALYZE COPY (SELECT 1) TO 'FOLDER/runs/run/tokens.parquet' (USE_TMP_FILE false)",
  "PREPARE p AS COPY (SELECT 1) TO 'FOLDER/runs/run/tokens.parquet' (USE_TMP_FILE false); EXECUTE p",
  "EXPORT DATABASE 'FOLDER/canary'",
  "IMPORT DATABASE 'FOLDER'",
  "ATTACH 'FOLDER/canary.db' AS c",
  "INSTALL httpfs FROM 'FOLDER'",
  "LOAD 'FOLDER/x.duckdb_extension'",
  "SET enable_external_access = true",
  "SET allowed_directories = ['/']",
  "RESET allowed_paths",
  "SET lock_configuration = false",
  "PRAGMA enable_profiling = 'json'",
  "PRAGMA profiling_output = 'FOLDER/canary.json'",
  "CALL enable_logging(storage = 'file', storage_path = 'FOLDER/canary'); SELECT 1",
  "SELECT count(*) FROM enable_logging('QueryLog', storage = 'file', storage_path = 'FOLDER/canary'); SELECT 1",
  "FROM query('FROM enable_' || 'logging(storage = ''file'', storage_path = ''FOLDER/canary'')'); SELECT 1",
  "CREATE SECRET s (TYPE s3)",
  "SELECT * FROM query('FROM read_text(''SECRETFILE'')')",
  "CREATE TABLE c AS FROM read_text('SECRETFILE')",
  "EXPLAIN ANALYZE FROM read_text('SECRETFILE')",
  "PREPARE p AS FROM read_text('SECRETFILE'); EXECUTE p",
  "CREATE MACRO m() AS TABLE FROM read_text('SECRETFILE'); FROM m()",
];

attack({ name: "sql", short: 200, long: 2000, trials });

async function* trials({ count, seed }: { count: number; seed: number }): AsyncGenerator<Trial> {
  const random = seededRandom(seed);
  const one = <Item>(list: readonly Item[]): Item => list[Math.floor(random() * list.length)]!;
  const folder = mkdtempSync(join(tmpdir(), "surprisal-attack-sql-"));
  try {
    const secret = join(folder, "secret.txt");
    writeFileSync(secret, SECRET);
    const file = join(folder, "rows.jsonl");
    writeFileSync(file, ROWS.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const runs = join(folder, "runs");
    mkdirSync(runs);
    await evaluate({
      models: [TableModel.bytes()],
      corpora: [CORPUS],
      tokens: true,
      folder: join(runs, "run"),
    });
    const before = contentOf(folder);
    const fill = (sql: string) => sql.replaceAll("SECRETFILE", secret).replaceAll("FOLDER", folder);
    for (let i = 0; i < count; i++) {
      const kind = one(["honest", "filter", "filter", "query"]);
      const trial = kind === "honest" ? await honest() : kind === "filter" ? await hostile() : await query();
      const changed = contentOf(folder) !== before;
      yield changed ? { verdict: "wrong", detail: `files changed: ${trial.detail}` } : trial;
      if (changed) return;
    }

    /** Two conditions joined, with remarks: the rows that a program finds. */
    async function honest(): Promise<Trial> {
      const [[a, isA], [b, isB]] = [one(HONEST), one(HONEST)];
      const and = random() < 0.5;
      const where = `(${a}) ${and ? "AND" : "OR"} (${b})${one(["", ...HARMLESS_TAILS])}`;
      const expected = ROWS.filter((row) => (and ? isA(row) && isB(row) : isA(row) || isB(row)));
      const found = await textsOf(where);
      const same = found.join() === expected.map(({ text }) => text).join();
      return {
        verdict: same ? "held" : "wrong",
        detail: `${where}: ${found.length} of ${expected.length} rows`,
      };
    }

    /** What is no condition on a row, alone or among others. */
    async function hostile(): Promise<Trial> {
      const [a] = one(HONEST);
      const bad = random() < 0.5 ? `${a}${one(TAILS)}` : `${a} ${one(["AND", "OR"])} ${one(HOSTILE)}`;
      // After a remark to the end of the line, NOT (...) would be whole again, and a condition.
      const where = fill(random() < 0.2 && !bad.endsWith("-- ") ? `NOT (${bad})` : bad);
      return refusedOr(
        where,
        () => textsOf(where),
        (texts) => `took it: ${texts.length} rows`,
      );
    }

    async function query(): Promise<Trial> {
      const sql = fill(`${one(["", "SELECT 1; ", "/* a */ "])}${one(QUERIES)}`);
      return refusedOr(
        sql,
        () => queryRuns(runs, sql),
        (answer) => `took it: ${JSON.stringify(answer).slice(0, 200)}`,
      );
    }

    async function textsOf(where: string): Promise<string[]> {
      const [corpus] = await openCorpora(file, { where });
      const texts: string[] = [];
      for await (const { text } of corpus!.documents()) texts.push(text);
      return texts;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Names and contents of all files, as one text. */
function contentOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return `${path} ${entry.isFile() ? readFileSync(path, "latin1") : ""}`;
    })
    .sort()
    .join("\n");
}
