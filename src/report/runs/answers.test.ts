import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TASK } from "../../../test/small-evaluation.ts";
import { evaluate } from "../../evaluate/harness/evaluate.ts";
import { ANSWER_COLUMNS } from "../../evaluate/runs/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { differencesPage } from "../differences-page.ts";
import { exportAnswers } from "./answers.ts";

const folder = mkdtempSync(join(tmpdir(), "surprisal-answers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = join(folder, "run");

describe("exportAnswers", () => {
  beforeAll(async () => {
    await evaluate({ models: [TableModel.bytes()], tasks: [TASK], folder: place });
  });

  it("has the same rows in every format", async () => {
    const { schema, answers } = JSON.parse((await exportAnswers([place], "json")) as string);
    expect(schema).toBe("surprisal.answers/1");
    expect(answers).toMatchObject([{ task: "task", item: 0, place: "task:1", label: 0, problem: null }]);
    const [row] = answers;
    const [head, line, ...more] = ((await exportAnswers([place], "csv")) as string).split("\r\n");
    expect(head!.split(",")).toEqual(ANSWER_COLUMNS);
    expect(line).toContain(`"${JSON.stringify(row.logprobs)}"`);
    expect(more).toEqual([""]);
    const bytes = (await exportAnswers([place], "parquet")) as Uint8Array;
    const file = Uint8Array.from(bytes).buffer;
    const [stored] = await parquetReadObjects({ file });
    expect(stored).toEqual({
      ...row,
      logprobs: JSON.stringify(row.logprobs),
      item: 0n,
      label: 0n,
      chosen: BigInt(row.chosen),
      chosenNorm: BigInt(row.chosenNorm),
      cutTokens: 0n,
    });
  });

  it("has a head without a run of tasks", async () => {
    expect(await exportAnswers([], "csv")).toBe(`${ANSWER_COLUMNS.join(",")}\r\n`);
  });
});

it("differencesPage escapes names and shows the test", async () => {
  const run = await evaluate({ models: [TableModel.bytes()], tasks: [TASK] });
  const side = { model: "<b>m</b>", accuracy: 0.5 };
  const page = differencesPage(
    run,
    run,
    [],
    [
      {
        task: "t",
        rule: "accNorm",
        base: side,
        other: { ...side, accuracy: 0.625 },
        questions: 40,
        onlyBase: 4,
        onlyOther: 9,
        difference: 0.125,
        standardError: 0.09,
        pValue: 0.2668457,
        notes: [],
      },
    ],
  );
  expect(page).not.toContain("<b>m</b>");
  expect(page).toContain("acc_norm");
  expect(page).toContain("0.2668");
  expect(page).toContain("12.5 ± 9.0");
});
