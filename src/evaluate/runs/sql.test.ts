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
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
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
