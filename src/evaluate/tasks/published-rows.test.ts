/** Rows of published sets as people have them: written by pandas, packed, called otherwise, or as their authors first published them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { parquetBytes } from "../../../test/parquet-fixture.ts";
import { readTask } from "./read-task.ts";
import type { BadItem, TaskItem } from "./task.ts";

const folder = mkdtempSync(join(tmpdir(), "surprisal-published-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(name: string, content: string | Uint8Array): Promise<(TaskItem | BadItem)[]> {
  writeFileSync(join(folder, name), content);
  const items: (TaskItem | BadItem)[] = [];
  const task = await readTask(join(folder, name));
  for await (const item of task.items({ onBad: (bad) => items.push(bad) })) items.push(item);
  return items;
}
const readRow = async (row: unknown) => (await read("row.jsonl", `${JSON.stringify(row)}\n`))[0];

describe("labels", () => {
  it("that pandas wrote as 1.0, since another row has none", async () => {
    expect(await read("piqa.csv", "goal,sol1,sol2,label\ng,a,b,\ng,a,b,1.0\n")).toMatchObject([
      { problem: expect.stringContaining("missing") },
      { label: 1 },
    ]);
    expect(await read("wino.csv", "sentence,option1,option2,answer\nA _ b.,x,y,2.0\n")).toMatchObject([
      { label: 1 },
    ]);
    expect(
      await read("siqa.csv", "context,question,answerA,answerB,answerC,label\nC.,Q?,a,b,c,3.0\n"),
    ).toMatchObject([{ label: 2 }]);
    expect(await readRow({ question: "q", choices: ["a", "b"], answer: "1.5" })).toMatchObject({
      problem: expect.stringContaining("1.5"),
    });
    expect(await readRow({ question: "q", choices: ["1.0", "2.0"], answer: "1.0" })).toMatchObject({
      problem: expect.stringContaining("two ways"),
    });
  });

  it("that are yes or no, in any letters", async () => {
    for (const [answer, label] of [
      ["No", 0],
      ["yes", 1],
      ["TRUE", 1],
      ["False", 0],
      [true, 1],
      ["1", 1],
    ])
      expect(await readRow({ question: "q", passage: "p", answer })).toMatchObject({ label });
  });

  it("that count from 1 are refused as they stand in the row", async () => {
    const row = { context: "C.", question: "Q?", answerA: "a", answerB: "b", answerC: "c" };
    for (const label of [0, "0", 4])
      expect(await readRow({ ...row, label })).toMatchObject({
        problem: `The label is ${JSON.stringify(label)}, not one of 1 to 3`,
      });
    expect(await readRow({ ...row, label: "1\n" })).toMatchObject({ label: 0 }); // a line of labels.lst
  });
});

it("a question with half a surrogate pair is left out, and does not end the others", async () => {
  const rows = [
    '{"question":"q","choices":["a","\\ud83d"],"answer":1}',
    '{"question":"\\ud83d","choices":["a","b"],"answer":1}',
  ];
  const good = '{"question":"q","choices":["a","\\ud83d\\ude00"],"answer":1}';
  const problem = expect.stringContaining("half a surrogate pair");
  expect(await read("halves.jsonl", [...rows, good].join("\n"))).toMatchObject([
    { problem },
    { problem },
    { choices: ["a", "😀"], label: 1 },
  ]);
});

it("MMLU as its authors publish it has no header", async () => {
  const csv = 'Find all c in Z_3.,0,1,2,3,B\n"Statement 1, 2","True, True",False,x,y,C\n';
  expect(await read("abstract_algebra_test.csv", csv)).toMatchObject([
    {
      context: "Find all c in Z_3.\nA. 0\nB. 1\nC. 2\nD. 3\nAnswer:",
      choices: ["A", "B", "C", "D"],
      label: 1,
    },
    { context: "Statement 1, 2\nA. True, True\nB. False\nC. x\nD. y\nAnswer:", label: 2 },
  ]);
});

it("TruthfulQA as its authors publish it has choices as keys", async () => {
  const row = { question: "Q?", mc1_targets: { Yes: 1, No: 0 }, mc2_targets: { Yes: 1, No: 0 } };
  expect(await readRow(row)).toMatchObject({ choices: ["Yes", "No"], label: 0 });
});

it("says which two sets a row may be of", async () => {
  const choices = [
    { text: "a", label: "A" },
    { text: "b", label: "B" },
  ];
  await expect(readRow({ question: { stem: "Q?", choices }, answerKey: "A" })).rejects.toMatchObject({
    wayOut: expect.stringContaining("say --form arc or --form openbookqa"),
  });
});

it("a file whose name says something else is read as what it is", async () => {
  const row = { question: "q", choices: ["a", "b"], answer: 1 };
  expect(await read("packed.jsonl", gzipSync(JSON.stringify(row)))).toMatchObject([{ label: 1 }]);
  const parquet = parquetBytes([
    { name: "goal", data: ["g"] },
    { name: "sol1", data: ["a"] },
    { name: "sol2", data: ["b"] },
    { name: "label", data: [1] },
  ]);
  for (const name of ["piqa.jsonl", "piqa.txt", "piqa"])
    expect(await read(name, parquet)).toMatchObject([{ context: "Question: g\nAnswer:", label: 1 }]);
});

it.each(["hf:allenai/ai2_arc", "-", "no/such.jsonl"])(
  "%s is no file, which is said with its whole name",
  async (path) => {
    await expect(readTask(path, { form: "arc" })).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      where: path,
      wayOut: expect.stringContaining("file on the disk"),
    });
  },
);
