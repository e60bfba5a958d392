import {
  appendFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CORPUS, TASK } from "../../../test/small-evaluation.ts";
import { TableModel } from "../../models/test/index.ts";
import { evaluate } from "../harness/evaluate.ts";
import { queryRuns } from "./sql.ts";

it("says when a run was created, of corpora and of tasks", async () => {
  const folder = mkdtempSync(join(tmpdir(), "surprisal-sql-"));
  try {
    const empty = await queryRuns(
      folder,
      "select typeof(max(created)) from results union all select typeof(max(created)) from tasks",
    );
    expect(empty.rows).toEqual([["TIMESTAMP"], ["TIMESTAMP"]]);
    const models = [TableModel.bytes()];
    const run = await evaluate({ models, corpora: [CORPUS], tasks: [TASK], folder: join(folder, "run") });
    const { rows } = await queryRuns(
      folder,
      "select epoch_ms(results.created), epoch_ms(tasks.created) from results join tasks using (run)",
    );
    expect(rows.flat().map(Number)).toEqual([Date.parse(run.created), Date.parse(run.created)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe("a run that is damaged", () => {
  let runs: string;
  let notes: string[];
  const ask = async (query: string) => {
    notes = [];
    return (await queryRuns(runs, query, { onNote: (note) => notes.push(note) })).rows;
  };
  const counted = "select run, count(*)::INT from tokens group by run order by run";
  const file = (name: string) => join(runs, "a[1]", name);

  beforeEach(async () => {
    runs = mkdtempSync(join(tmpdir(), "surprisal-sql-"));
    const options = { models: [TableModel.bytes()], corpora: [CORPUS], tokens: true };
    await evaluate({ ...options, folder: join(runs, "a[1]") });
    cpSync(join(runs, "a[1]"), join(runs, "b"), { recursive: true });
    const run = JSON.parse(readFileSync(join(runs, "b", "run.json"), "utf8"));
    writeFileSync(join(runs, "b", "run.json"), JSON.stringify({ ...run, id: "b", check: undefined }));
    expect(await ask(counted)).toEqual([
      ["a[1]", 8],
      ["b", 8],
    ]);
    expect(notes).toEqual([]);
  });
  afterEach(() => rmSync(runs, { recursive: true, force: true }));

  it.each<[string, () => void]>([
    ["empty", () => writeFileSync(file("tokens.parquet"), "")],
    [
      "cut off",
      () => writeFileSync(file("tokens.parquet"), readFileSync(file("tokens.parquet")).subarray(0, 99)),
    ],
    [
      "a folder",
      () => {
        rmSync(file("tokens.parquet"));
        mkdirSync(file("tokens.parquet"));
      },
    ],
  ])("costs its own tokens where these are %s", async (_, damage) => {
    damage();
    expect(await ask(counted)).toEqual([["b", 8]]);
    expect(notes).toEqual([
      expect.stringMatching(
        /^The tokens of .+a\[1\] are left out: tokens\.parquet cannot be read: .+\. Evaluate again with --tokens, in another folder\.$/,
      ),
    ]);
    expect(await ask("select count(*)::INT from results")).toEqual([[2]]);
    expect(await ask("select count(*)::INT from documents")).toEqual([[2]]);
  });

  it("says so where tokens are damaged within, of a query that needs them", async () => {
    const bytes = readFileSync(file("tokens.parquet"));
    writeFileSync(file("tokens.parquet"), bytes.fill(0xff, 4, 300));
    expect(await ask("select count(*)::INT from results")).toEqual([[2]]);
    const refused = expect.objectContaining({ code: "RUN_DAMAGED", where: file("tokens.parquet") });
    await expect(ask("select max(model) from tokens")).rejects.toEqual(refused);
    await expect(ask("select nonsense from tokens")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it.each<[string, () => void]>([
    ["is damaged", () => appendFileSync(file("journal.jsonl"), "nonsense\n")],
    [
      "is of another run",
      () => appendFileSync(file("journal.jsonl"), '{"type":"document","modelIndex":0}\n'),
    ],
    ["is gone", () => rmSync(file("journal.jsonl"))],
  ])("costs its own documents where the journal %s", async (_, damage) => {
    damage();
    expect(await ask("select run, count(*)::INT from documents group by run")).toEqual([["b", 1]]);
    expect(notes).toEqual([
      expect.stringMatching(
        /^The documents of .+a\[1\] are left out: .+ Start the run again in another folder/,
      ),
    ]);
    expect(await ask(counted)).toHaveLength(2);
  });

  it("is left out where its run.json cannot be read", async () => {
    writeFileSync(file("run.json"), "{");
    expect(await ask("select run from results")).toEqual([["b"]]);
    expect(notes).toEqual([expect.stringMatching(/^.+a\[1\] is left out: .+run\.json is not JSON\.$/)]);
  });

  it.each([
    "SELECT * FROM read_text('OTHER')",
    "SELECT * FROM 'OTHER'",
    "SELECT * FROM glob('FOLDER/*')",
    "COPY (SELECT 1) TO 'FOLDER/canary.csv'",
    "EXPORT DATABASE 'FOLDER/canary'",
    "ATTACH 'FOLDER/canary.db'",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "PRAGMA enable_profiling = 'json'",
    "INSTALL httpfs",
    "SELECT 1; COPY (SELECT 1) TO 'FOLDER/canary.csv'",
  ])("has the tables and nothing else: %s", async (query) => {
    const other = join(runs, "other.txt");
    writeFileSync(other, "SECRET");
    const before = readdirSync(runs).sort();
    const asked = ask(query.replaceAll("OTHER", other).replaceAll("FOLDER", runs));
    await expect(asked).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(readdirSync(runs).sort()).toEqual(before);
  });

  it.each([
    "COPY (SELECT 1) TO 'TOKENS' (USE_TMP_FILE false)",
    "COPY (SELECT 1) TO 'TOKENS' (FORMAT csv, USE_TMP_FILE false)",
    "PREPARE p AS COPY (SELECT 1) TO 'TOKENS' (USE_TMP_FILE false); EXECUTE p",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO 'TOKENS' (USE_TMP_FILE false)",
    "ATTACH 'TOKENS' AS x",
    "SELECT count(*) FROM enable_logging('QueryLog', storage = 'file', storage_path = 'TOKENS.d'); SELECT 1",
    "FROM \"query\" /* a */ ('FROM enable_' || 'logging(storage=''file'', storage_path=''TOKENS.d'')'); SELECT 1",
    "FROM query(E'FROM enable_\\x6cogging(storage=''file'', storage_path=''TOKENS.d'')'); SELECT 1",
    "",
  ])("reads the tokens and never writes over them: %s", async (query) => {
    const tokens = file("tokens.parquet");
    const before = readFileSync(tokens);
    const asked = ask(query.replaceAll("TOKENS", tokens));
    await expect(asked).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(readFileSync(tokens)).toEqual(before);
  });

  it.each([
    "SHOW TABLES",
    "DESCRIBE results",
    "PRAGMA table_info('results')",
    "EXPLAIN SELECT 1",
    "SET VARIABLE x = 1; SELECT getvariable('x')",
    "CREATE TABLE a AS FROM results; INSERT INTO a FROM results; FROM a",
    "CREATE MACRO m(a) AS a + 1; SELECT m(1)",
    "SELECT 'query (' AS query",
  ])("takes what stays in memory: %s", async (query) => {
    expect((await ask(query)).length).toBeGreaterThan(0);
  });

  it.each([
    "PREPARE p AS COPY (SELECT 1) TO 'OWN'; EXECUTE p",
    "PREPARE p AS COPY (SELECT 1) TO $1; EXECUTE p('OWN')",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO 'OWN'",
    "COPY (SELECT 1) TO /* a */ ('RUNS/' || 'a[1]/run.json')",
    "COPY (SELECT 1) TO E'RUNS\\x2fa[1]/run.json'",
    "COPY (SELECT 1) TO $$OWN$$",
    "COPY (SELECT 1) TO 'RUNS/a[1]/'\n'run.json'",
    "COPY (SELECT 1) TO 'file:OWN'",
    "COPY (SELECT 1) TO 'file://OWN'",
    "COPY (SELECT 1) TO '~/HOME_TO_OWN'",
    "SELECT 1e'\\''; COPY (SELECT 1) TO 'OWN'; SELECT 1e'\\''",
    "SELECT 1; -- a\rCOPY (SELECT 1) TO 'OWN'",
    "/* /* */ ' */ COPY (SELECT 1) TO 'OWN' /* ' */",
    "COPY\u00a0(SELECT 1)\u00a0TO\u00a0'OWN'",
    "COPY (SELECT 1 AS a, 2 AS b) TO 'RUNS' (FORMAT csv, PARTITION_BY (a), OVERWRITE true)",
    "COPY (SELECT 1 AS a) TO 'RUNS' (FORMAT csv, PER_THREAD_OUTPUT true, OVERWRITE true)",
    "COPY (SELECT 1) TO 'RUNS/d' (PER_THREAD_OUTPUT, \"filename_pattern\" '../a[1]/run', FILE_EXTENSION 'json')",
    "CALL enable_logging(storage = 'file', storage_path = 'RUNS/a[1]')",
    "IMPORT DATABASE 'RUNS'",
  ])("finds a run's own file under every name, where files are allowed: %s", async (query) => {
    const own = file("run.json");
    const before = readdirSync(runs, { recursive: true }).sort();
    const content = readFileSync(own);
    const sql = query
      .replaceAll("HOME_TO_OWN", relative(homedir(), own))
      .replaceAll("OWN", own)
      .replaceAll("RUNS", runs);
    await expect(queryRuns(runs, sql, { allowFiles: true })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      what: expect.stringMatching(/^The query /),
    });
    expect(readdirSync(runs, { recursive: true }).sort()).toEqual(before);
    expect(readFileSync(own)).toEqual(content);
  });

  it.each([
    "COPY results TO 'OUT/o.csv' (HEADER, DELIMITER ';')",
    "COPY (SELECT 'a' AS \"to\", 2 AS b) TO 'OUT/o.parquet' WITH (FORMAT parquet);",
    "COPY (SELECT 1 AS a, 2 AS b) TO 'OUT/p' (FORMAT csv, PARTITION_BY (a), FILENAME_PATTERN 'x{i}')",
    "ATTACH IF NOT EXISTS 'OUT/x.db' AS x; CREATE TABLE x.r AS FROM results",
    "EXPORT DATABASE 'OUT/e' (FORMAT csv)",
  ])("writes elsewhere, where files are allowed: %s", async (query) => {
    const out = mkdtempSync(join(tmpdir(), "surprisal-sql-out-"));
    try {
      await queryRuns(runs, query.replaceAll("OUT", out), { allowFiles: true });
      expect(readdirSync(out)).not.toEqual([]);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  });

  it("has files where they are allowed, and never writes over a run's own", async () => {
    const target = join(runs, "out.csv");
    const run = file("run.json");
    const before = readFileSync(run);
    const link = join(runs, "link.csv");
    symlinkSync(run, link);
    const hard = join(runs, "hard.csv");
    linkSync(run, hard);
    const allowed = (query: string) => queryRuns(runs, query, { allowFiles: true });
    await allowed(`COPY (SELECT run FROM results ORDER BY run) TO '${target}'`);
    expect(readFileSync(target, "utf8")).toBe("run\na[1]\nb\n");
    for (const own of [run, `${runs}/x/../${run.slice(runs.length + 1)}`, link, hard, file("new.csv")])
      await expect(allowed(`SELECT 1; COPY (SELECT 1) TO '${own}'`)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        what: expect.stringContaining("into the folder of a run"),
      });
    for (const query of [
      `COPY (SELECT 1) TO ('${run.slice(0, -2)}' || 'on')`,
      `COPY (SELECT 1) TO "${run}"`,
      `EXPORT DATABASE '${dirname(run)}'`,
      `ATTACH '${run}'`,
      "SET threads = 1",
    ])
      await expect(allowed(query)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(readFileSync(run)).toEqual(before);
    for (const extra of [target, link, hard]) rmSync(extra);
  });
});
