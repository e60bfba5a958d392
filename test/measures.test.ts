/** A measure is described once, and a number reads the same wherever a person sees it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { renderRun } from "../src/cli/render/index.ts";
import { evaluate, type Run } from "../src/evaluate/index.ts";
import { RUN_MEASURES, SQL_COLUMNS, TASK_MEASURES } from "../src/evaluate/runs/index.ts";
import type { MeasureTable } from "../src/evaluate/scoring/index.ts";
import { TableModel } from "../src/models/test/index.ts";
import { exportRuns } from "../src/report/index.ts";
import { formatWithError } from "../src/text/index.ts";
import { CORPUS, TASK } from "./small-evaluation.ts";

/** Loads what is shown anew. */
const freshly = async () => ({
  ...(await import("../src/cli/documents.ts")),
  ...(await import("../src/cli/render/index.ts")),
  ...(await import("../src/evaluate/index.ts")),
  ...(await import("../src/evaluate/runs/index.ts")),
  ...(await import("../src/models/test/index.ts")),
  ...(await import("../src/report/index.ts")),
});

let run: Run;
let scratch: string;
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "surprisal-measures-"));
  run = await evaluate({ models: [TableModel.bytes()], corpora: [CORPUS], tasks: [TASK] });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const shown = async (given: Run) => ({
  terminal: renderRun(given, {}),
  page: await exportRuns([given], "html"),
  markdown: await exportRuns([given], "md"),
  csv: await exportRuns([given], "csv"),
});

describe("a measure", () => {
  it.each<[keyof typeof SQL_COLUMNS, MeasureTable<never>]>([
    ["results", RUN_MEASURES],
    ["tasks", TASK_MEASURES],
  ])("of %s is in CSV and SQL by its key, and by its heading in what people see", async (name, table) => {
    const { terminal, page, markdown, csv } = await shown(run);
    const headers = csv.split("\r\n").filter((line) => line.startsWith("run,"));
    const header = headers[name === "results" ? 0 : 1]!.split(",");
    const known = terminal.includes("acc %"); // a column that no task has a number in is left out
    expect(known).toBe(true);
    for (const [key, { heading, error }] of Object.entries(table)) {
      expect(header).toContain(key);
      expect(SQL_COLUMNS[name]).toHaveProperty(key);
      if (error !== undefined) expect(table).toHaveProperty(error);
      if (heading === undefined) continue;
      expect(markdown).toContain(`| ${heading.replace("_", "\\_")}`);
      expect(page).toContain(`>${heading}`);
      expect(terminal).toContain(heading);
    }
  });

  it("that is new needs core and its line in the table, and is everywhere then", async () => {
    vi.resetModules();
    vi.doMock("../src/core/perplexity.ts", async (actual) => {
      const core = await actual<typeof import("../src/core/perplexity.ts")>();
      return {
        ...core,
        measures: (...given: Parameters<typeof core.measures>) => ({
          ...core.measures(...given),
          perplexityOfVerbs: 7.25,
        }),
      };
    });
    vi.doMock("../src/evaluate/scoring/measures.ts", async (actual) => {
      const { TEXT_MEASURES, ...others } =
        await actual<typeof import("../src/evaluate/scoring/measures.ts")>();
      const perplexityOfVerbs = { heading: "per verb", unit: "perplexity" };
      return { ...others, TEXT_MEASURES: { ...TEXT_MEASURES, perplexityOfVerbs } };
    });
    try {
      const {
        SQL_COLUMNS,
        evaluate,
        exportRuns,
        queryRuns,
        renderRun,
        renderScore,
        scoreDocument,
        scorePage,
        scoreText,
        TableModel,
      } = await freshly();
      const folder = join(scratch, "run");
      const given = { models: [TableModel.bytes()], corpora: [CORPUS], folder };
      const run = await evaluate(given);
      expect(run.results[0]).toHaveProperty("perplexityOfVerbs", 7.25);
      expect(SQL_COLUMNS.results).toHaveProperty("perplexityOfVerbs", "DOUBLE");
      const { rows } = await queryRuns(scratch, "SELECT perplexityOfVerbs FROM results");
      expect(rows).toEqual([[7.25]]);
      const [header, row] = renderRun(run, {}).split("\n");
      expect(header).toContain("  per verb");
      expect(row).toContain("  7.250");
      expect(await exportRuns([run], "html")).toMatch(/>per verb<[\s\S]*<bdi>7\.250</);
      expect(await exportRuns([run], "md")).toMatch(/\| per verb \|[\s\S]*\| 7\.250 \|/);
      expect(await exportRuns([run], "csv")).toMatch(/,perplexityOfVerbs,[\s\S]*,7\.25,/);

      const score = await scoreText(TableModel.bytes(), "one text");
      const view = { ...score, notes: [], pieces: score.piece };
      const options = { columns: null, colour: "none", top: 1 } as const;
      expect(renderScore(view, options)).toMatch(/^per verb +7\.250$/m);
      expect(await scorePage(view)).toContain("<dt>Per verb</dt><dd>7.250</dd>");
      expect(scoreDocument(score, 0, [], false)).toHaveProperty("perplexityOfVerbs", 7.25);
    } finally {
      vi.doUnmock("../src/core/perplexity.ts");
      vi.doUnmock("../src/evaluate/scoring/measures.ts");
      vi.resetModules();
    }
  });
});

describe("a number", () => {
  it.each([
    [0.0005, null, "0.0005000"],
    [0.0005, 0.00012, "0.00050 ± 0.00012"],
    [23.5912, 0.7243, "23.59 ± 0.72"],
    [106_000, 4300, "1.060e5 ± 4.3e3"],
    [1e-7, null, "1.000e-7"],
    [1e-7, 1.2e-8, "1.00e-7 ± 1.2e-8"],
    [Number.POSITIVE_INFINITY, null, "∞"],
    [null, null, "–"],
    [0, null, "0"],
    [-0.25, 0.012, "-0.250 ± 0.012"],
    [4211.26, null, "4211"],
  ])("%s ± %s reads %s on the screen, in a page and in a table", async (value, error, text) => {
    expect(formatWithError(value, error)).toBe(text);
    const measured = { bitsPerByte: value, bitsPerByteStandardError: error };
    const results = run.results.map((result) => ({ ...result, ...measured }));
    const { terminal, page, markdown, csv } = await shown({ ...run, results });
    expect(terminal.split("\n")[1]).toContain(`  ${text}  `);
    expect(markdown).toContain(`| ${text.replace("_", "\\_")} |`);
    expect(page.slice(page.indexOf(">Results<"))).toContain(`<bdi>${text}</bdi>`);
    // In full where programs read it.
    const [header, row] = csv.split("\r\n").map((line) => line.split(","));
    expect(row![header!.indexOf("bitsPerByte")]).toBe(value === null ? "" : String(value));
  });
});
