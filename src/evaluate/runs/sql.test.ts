import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { TableModel } from "../../models/test/index.ts";
import type { Corpus } from "../corpus/corpus.ts";
import { evaluate } from "../harness/evaluate.ts";
import type { Task } from "../tasks/index.ts";
import { queryRuns } from "./sql.ts";

const corpus: Corpus = {
  ...{ name: "texts", source: "texts", domain: null, rule: { name: "list", source: null } },
  async *documents() {
    yield { name: "texts:0", text: "one text" };
  },
};

const task: Task = {
  ...{ name: "task", source: "task", kind: "multiple-choice", form: { name: "choices", source: null } },
  async *items() {
    yield { where: "task:1", context: "one", choices: ["a", "b"], label: 0, delimiter: " " };
  },
};

it("says when a run was created, of corpora and of tasks", async () => {
  const folder = mkdtempSync(join(tmpdir(), "surprisal-sql-"));
  try {
    const empty = await queryRuns(
      folder,
      "select typeof(max(created)) from results union all select typeof(max(created)) from tasks",
    );
    expect(empty.rows).toEqual([["TIMESTAMP"], ["TIMESTAMP"]]);
    const models = [TableModel.bytes()];
    const run = await evaluate({ models, corpora: [corpus], tasks: [task], folder: join(folder, "run") });
    const { rows } = await queryRuns(
      folder,
      "select epoch_ms(results.created), epoch_ms(tasks.created) from results join tasks using (run)",
    );
    expect(rows.flat().map(Number)).toEqual([Date.parse(run.created), Date.parse(run.created)]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
