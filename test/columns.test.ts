/** docs/columns.md lists every column and field of what is written: those that the code has, and no other. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scoreDocument } from "../src/cli/documents.ts";
import type { Run } from "../src/evaluate/index.ts";
import { evaluate, queryRuns, runRows, scoreText, taskRows } from "../src/evaluate/index.ts";
import { RUN_MEASURES, SQL_COLUMNS, TASK_MEASURES, TOKEN_COLUMNS } from "../src/evaluate/runs/index.ts";
import type { MeasureTable } from "../src/evaluate/scoring/index.ts";
import { TableModel } from "../src/models/test/index.ts";
import { WORD_COLUMNS } from "../src/report/index.ts";
import { CORPUS, TASK } from "./small-evaluation.ts";

const page = readFileSync(new URL("../docs/columns.md", import.meta.url), "utf8");

/** The cells of the first table under a heading, without its head. */
function rowsUnder(heading: string): string[][] {
  const [, section] = page.split(new RegExp(`^#+ ${heading}$`, "m"));
  const [table] = /(?:^\|.*\n)+/m.exec(section!)!;
  const lines = table.trim().split("\n").slice(2);
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}
const names = (heading: string): string[] => rowsUnder(heading).map(([name]) => name!);

describe("docs/columns.md", () => {
  let folder: string;
  let run: Run;
  const model = TableModel.bytes();
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-columns-"));
    run = await evaluate({
      models: [model],
      corpora: [CORPUS],
      tasks: [TASK],
      tokens: true,
      folder: join(folder, "run"),
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each<[string, MeasureTable<never>]>([
    ["Measures of a run", RUN_MEASURES],
    ["Measures of a task", TASK_MEASURES],
  ])("has the %s, with unit and heading", (heading, table) => {
    const expected = Object.entries(table).map(([key, { unit, heading }]) => [key, unit, heading ?? ""]);
    expect(rowsUnder(heading).map((row) => row.slice(0, 3))).toEqual(expected);
  });

  it("has the names in front of the measures, of CSV", () => {
    const described = rowsUnder("CSV");
    for (const [kind, row, table] of [
      ["results", runRows(run)[0]!, RUN_MEASURES],
      ["tasks", taskRows(run)[0]!, TASK_MEASURES],
    ] as const) {
      const expected = Object.keys(row).filter((key) => !(key in table));
      const listed = described.flatMap(([name, rows]) => (rows!.includes(kind) ? [name] : []));
      expect(listed.sort()).toEqual(expected.sort());
    }
  });

  it.each<[keyof typeof SQL_COLUMNS, MeasureTable<never>]>([
    ["results", RUN_MEASURES],
    ["documents", {}],
    ["tasks", TASK_MEASURES],
    ["answers", {}],
  ])("has the SQL table %s, with types", async (name, measures) => {
    const listed = rowsUnder(`\`${name}\``).map(([column, type]) => [column, type]);
    const counts = /^(tokens|documents|questions)$/;
    for (const [key, { unit }] of Object.entries(measures))
      listed.push([key, counts.test(unit) ? "BIGINT" : "DOUBLE"]);
    expect(Object.entries(SQL_COLUMNS[name])).toEqual(listed);
    const { columns } = await queryRuns(folder, `select * from ${name}`);
    expect(columns).toEqual(listed.map(([column]) => column));
  });

  it("has tokens.parquet, with types and units, and so the SQL table tokens", async () => {
    expect(rowsUnder("tokens.parquet").map((row) => row.slice(0, 3))).toEqual(TOKEN_COLUMNS);
    const { columns } = await queryRuns(folder, "select * from tokens");
    expect(columns).toEqual(["run", ...TOKEN_COLUMNS.map(([name]) => name)]);
  });

  it("has the columns of words, with types and units", () => {
    expect(rowsUnder("words").map((row) => row.slice(0, 3))).toEqual(WORD_COLUMNS);
  });

  it("has run.json and its results", () => {
    const written = JSON.parse(readFileSync(join(folder, "run", "run.json"), "utf8"));
    expect(names("run.json").sort()).toEqual(Object.keys(written).sort());
    expect(names("Results in run.json").sort()).toEqual(Object.keys(written.results[0]).sort());
    for (const list of ["models", "corpora", "tasks", "taskResults"] as const)
      for (const key of Object.keys(written[list][0]))
        expect(rowsUnder("run.json").find(([name]) => name === list)![2]).toContain(key);
    for (const rule of Object.keys(written.taskResults[0].summary.accuracies)) expect(page).toContain(rule);
  });

  it("has every field of the journal", () => {
    const lines = readFileSync(join(folder, "run", "journal.jsonl"), "utf8")
      .trim()
      .split("\n");
    const entries = lines.flatMap((line) => [JSON.parse(line)].flat());
    const kinds = new Set(entries.map(({ type }) => type));
    expect([...kinds].sort()).toEqual(["document", "item", "time"]);
    const document = entries.find(({ type }) => type === "document");
    expect(names("`document`").sort()).toEqual(Object.keys(document).sort());
    const sums = rowsUnder("`document`").find(([name]) => name === "sums")![3]!;
    for (const key of Object.keys(document.sums)) expect(sums).toContain(key);
    for (const kind of ["item", "time"]) {
      const [, section] = page.split(`### \`${kind}\`\n`);
      const entry = entries.find(({ type }) => type === kind);
      for (const key of Object.keys(entry).filter((name) => name !== "check"))
        expect(section!.slice(0, 400)).toContain(`\`${key}\``);
    }
  });

  it("has the document of `score --json`", async () => {
    const score = await scoreText(model, "one text", { alternatives: 1 });
    const document = scoreDocument(score, 0, [], true);
    expect(names("`score`: surprisal.score/2").sort()).toEqual(Object.keys(document).sort());
    const [, records] = page.split("A **token record**");
    for (const key of Object.keys(document.tokenTable!.at(-1)!)) expect(records).toContain(`\`${key}\``);
  });

  it("names every schema that the command has", () => {
    for (const schema of ["run/2", "score/2", "compare/1", "runs/1", "runs-compare/1", "map/1", "sql/1"])
      expect(page).toContain(`surprisal.${schema}`);
    for (const schema of ["probe/1", "doctor/1", "models.list/1", "models.info/1", "error/1"])
      expect(page).toContain(`surprisal.${schema}`);
  });
});
