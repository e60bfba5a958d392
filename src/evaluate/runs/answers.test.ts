/** Answers question by question, in rows and SQL, and two runs over the same questions. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { mcNemarExact } from "../../core/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { evaluate, resumeEvaluation } from "../harness/evaluate.ts";
import type { BadItem, Task, TaskItem } from "../tasks/index.ts";
import { ANSWER_COLUMNS, answerRows } from "./answers.ts";
import { compareRunFolders } from "./compare.ts";
import { compareRunTasks } from "./compare-tasks.ts";
import { readRun } from "./run-file.ts";
import { queryRuns } from "./sql.ts";

const folder = mkdtempSync(join(tmpdir(), "surprisal-answers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A model that writes "b" after "a" with this probability, and "a" after "b" always. */
const modelOf = (name: string, toB: number) =>
  new TableModel({
    name,
    symbols: ["a", "b"],
    transitions: [
      [1 - toB, toB],
      [1, 0],
    ],
  });

/** @param labels of the right choice of "a" and "b" after "a"; `null`: a question that cannot be asked. */
function taskOf(name: string, labels: readonly (number | null)[]): Task {
  return {
    name,
    source: name,
    kind: "multiple-choice",
    form: { name: "choices", source: null },
    async *items({ onBad = (_: BadItem) => {} } = {}) {
      for (const [i, label] of labels.entries()) {
        const where = `${name}:${i + 1}`;
        if (label === null) onBad({ where, problem: "Choice 1 is empty" });
        else yield { ...question, where, id: `q${i}`, label, context: "a".repeat(i + 1) } satisfies TaskItem;
      }
    },
  };
}
const question = { choices: ["a", "b"], delimiter: "" };

let count = 0;
async function ran(model: TableModel, ...tasks: Task[]): Promise<string> {
  const place = join(folder, `run-${count++}`);
  await evaluate({ models: [model], tasks, folder: place });
  return place;
}

const labels = [1, 1, 0, 1, 1, 1];
/** Says "b" always, so 5 of 6 are right. */
const right = modelOf("right", 0.9);
/** Says "a" always: 1 of 6. */
const wrong = modelOf("wrong", 0.1);

describe("answers", () => {
  it("have what was chosen, what is right, and every log-likelihood", async () => {
    const place = await ran(modelOf("never", 0), taskOf("t", [0, null, 1]));
    const rows = answerRows(place, readRun(place));
    expect(rows.map((row) => Object.keys(row))).toEqual(rows.map(() => ANSWER_COLUMNS));
    expect(rows).toMatchObject([
      { item: 0, id: "q0", place: "t:1", label: 0, chosen: 0, correct: true, margin: Infinity, logprob: 0 },
      {
        item: 1,
        id: null,
        place: "t:2",
        label: null,
        chosen: null,
        correct: null,
        problem: "Choice 1 is empty",
      },
      { item: 2, id: "q2", label: 1, chosen: 0, correct: false, margin: -Infinity, logprob: -Infinity },
    ]);
    expect(rows.map(({ logprobs }) => logprobs)).toEqual([[0, -Infinity], [], [0, -Infinity]]);
    const { taskResults, notes } = readRun(place);
    expect(taskResults[0]!.summary).toMatchObject({ items: 3, refused: 1, unscored: 0, cut: 0, chance: 0.5 });
    expect(notes.slice(-1)).toEqual([
      "never, t: 1 of 3 questions could not be asked and count in nothing (first: t:2: Choice 1 is empty).",
    ]);
  });

  it("are a table in SQL", async () => {
    const query =
      "select item, label, chosen, correct, margin, logprobs from answers where model = 'never' order by item";
    expect((await queryRuns(folder, query)).rows).toEqual([
      ["0", "0", "0", true, "Infinity", [0, "-Infinity"]],
      ["1", null, null, null, null, []],
      ["2", "1", "0", false, "-Infinity", [0, "-Infinity"]],
    ]);
  });

  it("refuse a task of which no question can be asked", async () => {
    await expect(ran(right, taskOf("t", [null, null]))).rejects.toMatchObject({
      code: "TASK_INVALID",
      what: expect.stringContaining("Choice 1 is empty"),
      where: "t:1",
    });
  });

  it("go on where they were, bad questions among them", async () => {
    const task = taskOf("t", [null, 1, null, 0, 1]);
    const place = join(folder, "stopped");
    const stop = new AbortController();
    const options = { models: [right], tasks: [task], folder: place };
    const onItem = ({ items }: { items: number }) => items === 2 && stop.abort();
    await expect(evaluate({ ...options, onItem, signal: stop.signal })).rejects.toMatchObject({
      code: "ABORTED",
    });
    const whole = await evaluate({ models: [right], tasks: [task] });
    const { taskResults } = await resumeEvaluation(options);
    expect(taskResults[0]!.summary).toEqual(whole.taskResults[0]!.summary);
  });
});

describe("compareRunTasks", () => {
  it("pairs the questions that both answered", async () => {
    const [base, other] = [await ran(wrong, taskOf("t", labels)), await ran(right, taskOf("t", labels))];
    const [acc, accNorm, ...more] = compareRunTasks(base, other);
    expect(more).toEqual([]);
    // Differences are five times 1 and once -1.
    expect(acc).toEqual({
      task: "t",
      rule: "acc",
      base: { model: "wrong", accuracy: 1 / 6 },
      other: { model: "right", accuracy: 5 / 6 },
      questions: 6,
      onlyBase: 1,
      onlyOther: 5,
      difference: expect.closeTo(4 / 6, 12),
      standardError: expect.closeTo(Math.sqrt((6 - 6 * (4 / 6) ** 2) / 5 / 6), 12),
      pValue: expect.closeTo(0.21875, 12), // 2 (1 + 6) / 2^6
      notes: [],
    });
    expect(accNorm).toMatchObject({ rule: "accNorm", pValue: mcNemarExact(1, 5) });
    expect(compareRunFolders(base, other)).toEqual({ differences: [], tasks: [acc, accNorm] });
  });

  it("leaves out what one run did not ask or could not, and says so", async () => {
    const base = await ran(wrong, taskOf("t", [1, null, 0, 1]));
    const other = await ran(right, taskOf("t", labels));
    const [acc] = compareRunTasks(base, other);
    expect(acc).toMatchObject({ questions: 3, onlyBase: 1, onlyOther: 2 });
    expect(acc!.notes).toEqual(["t: 3 questions stand in one run only and are left out."]);
  });

  it("counts what stands in either run only", async () => {
    const [base, other] = [await ran(wrong, taskOf("t", labels)), await ran(right, taskOf("t", [1, 0, 0]))];
    const [acc] = compareRunTasks(base, other);
    expect(acc!.questions).toBe(2);
    expect(acc!.notes).toEqual(["t: 5 questions stand in one run only and are left out."]); // 4 and 1
    const [one] = compareRunTasks(base, await ran(right, taskOf("t", labels.slice(0, 5))));
    expect(one!.notes).toEqual(["t: 1 question stands in one run only and is left out."]);
  });

  it("has nothing of other questions", async () => {
    const [base, other] = [await ran(right, taskOf("t", [1])), await ran(right, taskOf("u", [0]))];
    expect(compareRunTasks(base, other)).toEqual([]);
    expect(() => compareRunFolders(base, other)).toThrow(/share no/);
  });

  it("compares the models of one run with each other", async () => {
    const place = join(folder, "one");
    await evaluate({ models: [wrong, right], tasks: [taskOf("t", labels)], folder: place });
    expect(compareRunFolders(place)).toMatchObject({
      differences: [],
      tasks: [
        { rule: "acc", base: { model: "wrong" }, other: { model: "right" }, onlyBase: 1, onlyOther: 5 },
        { rule: "accNorm" },
      ],
    });
    const alone = await ran(right, taskOf("t", labels));
    expect(() => compareRunFolders(alone)).toThrow(/no two models/);
  });

  it("compares a model that both have with itself only", async () => {
    const place = join(folder, "both");
    await evaluate({ models: [wrong, right], tasks: [taskOf("t", labels)], folder: place });
    const other = await ran(right, taskOf("t", labels));
    expect(compareRunTasks(place, other)).toMatchObject([
      { rule: "acc", base: { model: "right" }, other: { model: "right" }, difference: 0, pValue: 1 },
      { rule: "accNorm" },
    ]);
  });
});
