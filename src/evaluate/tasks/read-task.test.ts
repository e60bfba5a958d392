import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { readTask, taskFromRows } from "./read-task.ts";
import type { TaskItem } from "./task.ts";

const folder = mkdtempSync(join(tmpdir(), "surprisal-tasks-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function itemsOf(path: string): Promise<TaskItem[]> {
  const items = [];
  for await (const item of (await readTask(path)).items()) items.push(item);
  return items;
}

const jsonl = (...rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const good = { context: "One", choices: ["two", "three"], label: 1 };

describe("readTask", () => {
  it("reads questions with choices, counting lines, past blank ones, CR LF and a byte order mark", async () => {
    const path = file(
      "a.jsonl",
      `\ufeff${JSON.stringify(good)}\r\n\r\n${JSON.stringify({ ...good, label: 0 })}`,
    );
    expect(await itemsOf(path)).toEqual([
      { ...good, where: "a.jsonl:1", delimiter: " " },
      { ...good, label: 0, where: "a.jsonl:3", delimiter: " " },
    ]);
    expect(await readTask(path)).toMatchObject({
      name: "a.jsonl",
      kind: "multiple-choice",
      form: { name: "choices" },
    });
  });

  it("reads rows, and a list of them, within a bound that an option lifts", async () => {
    const row = JSON.stringify(good);
    const path = file("list.json", `[\n${`${row},\n`.repeat(20)}${row}\n]`);
    expect(await itemsOf(path)).toHaveLength(21);
    const options = { maxRowBytes: 4 * row.length };
    await expect(readTask(path, options)).rejects.toMatchObject({
      code: "DOCUMENT_TOO_LARGE",
      wayOut: expect.stringMatching(/--max-mib.*maxRowBytes/),
    });
    await expect(readTask(file("long.jsonl", `${row}\n`), { maxRowBytes: 10 })).rejects.toMatchObject({
      code: "DOCUMENT_TOO_LARGE",
    });
  });

  it.skipIf(process.platform === "win32")("waits for no pipe and reads no device", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    for (const path of [pipe, "/dev/zero"])
      await expect(readTask(path)).rejects.toMatchObject({ code: "FILE_UNREADABLE", where: path });
  });

  it("reads .gz, and the same again when asked again", async () => {
    const task = await readTask(file("b.jsonl.gz", gzipSync(jsonl(good))));
    for (let i = 0; i < 2; i++)
      for await (const item of task.items()) expect(item).toMatchObject({ ...good, where: "b.jsonl.gz:1" });
  });

  it("reads HellaSwag's own rows as lm-eval does, labels as texts too", async () => {
    const row = {
      ind: 4,
      activity_label: "Sailing",
      ctx_a: "A man sits in a boat.",
      ctx_b: "the Boat",
      ctx: "A man sits in a boat. the Boat",
      endings: ["[title] sinks.", "floats."],
      label: "1",
    };
    expect(await itemsOf(file("c.jsonl", jsonl(row)))).toEqual([
      {
        where: "c.jsonl:1",
        context: "Sailing: A man sits in a boat. The boat",
        choices: [" sinks.", "floats."],
        label: 1,
        delimiter: " ",
      },
    ]);
  });

  it("reads llama.cpp's text file and prepared rows alike", async () => {
    const rows = readFileSync(
      new URL("../../../test/fixtures/tasks/hellaswag-50.jsonl", import.meta.url),
      "utf8",
    );
    const lines = rows
      .trimEnd()
      .split("\n")
      .flatMap((line) => {
        const { ctx, label, endings } = JSON.parse(line) as { ctx: string; label: number; endings: string[] };
        return [ctx, label, ...endings];
      });
    const fromText = await itemsOf(file("hellaswag.txt", `${lines.join("\n")}\n`));
    const fromRows = await itemsOf(file("prepared.jsonl", rows));
    expect(fromText).toHaveLength(50);
    expect(fromText[7]!.where).toBe("hellaswag.txt:43");
    const content = (items: TaskItem[]) => items.map(({ where, ...item }) => item);
    expect(content(fromText)).toEqual(content(fromRows));
    await expect(itemsOf(file("cut.txt", lines.slice(0, 9).join("\n")))).rejects.toMatchObject({
      code: "TASK_INVALID",
      where: "cut.txt:7",
    });
    await expect(itemsOf(file("label.txt", lines.with(1, "4").join("\n")))).rejects.toMatchObject({
      code: "TASK_INVALID",
      where: "label.txt:2",
    });
  });

  it("takes the last word after the last space, and targets with one space", async () => {
    const text = "He gave her the  ring";
    expect(await itemsOf(file("d.jsonl", jsonl({ text })))).toEqual([
      { where: "d.jsonl:1", context: "He gave her the ", choices: ["ring"], label: 0, delimiter: " " },
    ]);
    const rows = [
      { context: "He gave", target: "her" },
      { context: "He gave", target: " her" },
      { context: "He gave\n", target: "her" },
    ];
    const seams = (await itemsOf(file("e.jsonl", jsonl(...rows)))).map(
      ({ context, delimiter, choices }) => context + delimiter + choices[0],
    );
    expect(seams).toEqual(["He gave her", "He gave her", "He gave\nher"]);
  });

  it("reads the other sets that are told by their fields", async () => {
    const sets: [Record<string, unknown>, Partial<TaskItem> & { form: string }][] = [
      [
        { question: "Q?", best_answer: "b", correct_answers: ["b"], incorrect_answers: ["c", "d"] },
        { form: "truthfulqa mc1", choices: ["b", "c", "d"], label: 0 },
      ],
      [
        { knowledge: "K.", question: "Q?", right_answer: "r", hallucinated_answer: "h" },
        { form: "halueval qa", context: "K.\nQuestion: Q?\nAnswer:", choices: ["r", "h"], label: 0 },
      ],
      [
        { qid: "1", question: "Q?", answer: true, facts: [] },
        { form: "yes or no", context: "Question: Q?\nAnswer:", choices: ["no", "yes"], label: 1 },
      ],
      [
        { question: "Q?", answer: "#### 4" },
        { form: "gsm8k", context: "Question: Q?\nAnswer:", choices: ["#### 4"] },
      ],
      [
        { prompt: "def f():\n", canonical_solution: "    return 1\n" },
        { form: "humaneval", context: "def f():\n", choices: ["    return 1\n"], delimiter: "" },
      ],
    ];
    for (const [i, [row, { form, ...item }]] of sets.entries()) {
      const path = file(`set-${i}.jsonl`, jsonl(row));
      expect((await readTask(path)).form.name).toBe(form);
      expect((await itemsOf(path))[0]).toMatchObject(item);
    }
  });

  it.each([
    ["no choices", { ...good, choices: [] }, "There are no choices"],
    ["one choice", { ...good, choices: ["a"], label: 0 }, "only one choice"],
    ["choices that are no list", { ...good, choices: { text: ["a", "b"] } }, "not a list"],
    ["a choice that is no text", { ...good, choices: ["a", 2] }, "Choice 1 is not a text"],
    ["an empty choice", { ...good, choices: ["a", " "] }, "Choice 1 is empty"],
    ["an empty context", { ...good, context: " " }, "context is empty"],
    ["a context that is no text", { ...good, context: null }, "context is not a text"],
    ["a label beyond the choices", { ...good, label: 2 }, "label 2 is not the number of a choice (0 ... 1)"],
    ["a negative label", { ...good, label: -1 }, "label -1"],
    ["half a label", { ...good, label: 0.5 }, "label is 0.5"],
    ["a label that is no choice", { ...good, label: "one" }, 'label is "one"'],
    ["no label", { ...good, label: undefined }, '"label" is missing'],
  ])("refuses %s, with file and line", async (_, row, what) => {
    const path = file("bad.jsonl", jsonl(good, row));
    await expect(itemsOf(path)).rejects.toMatchObject({
      code: "TASK_INVALID",
      what: expect.stringContaining(what),
      where: "bad.jsonl:2",
    });
  });

  it.each([
    [
      "a HellaSwag row of the test split, which has no label",
      { ctx: "a", endings: ["b", "c"], label: "" },
      "missing",
    ],
    ["a text of one word", { text: "one" }, "no word before"],
    ["a text that ends in a space", { text: "one two " }, "target is empty"],
    ["fields it does not know", { prompt: "a", answer: "b" }, '"prompt", "answer"'],
  ])("refuses %s", async (_, row, what) => {
    await expect(itemsOf(file("bad.jsonl", jsonl(row)))).rejects.toMatchObject({
      code: "TASK_INVALID",
      what: expect.stringContaining(what),
      where: "bad.jsonl:1",
    });
  });

  it("says what is wrong with a file", async () => {
    const bad = (content: string | Uint8Array) => itemsOf(file("bad.jsonl", content));
    await expect(bad(`${JSON.stringify(good)}\n{"context": `)).rejects.toMatchObject({
      where: "bad.jsonl:2",
    });
    await expect(bad("[1]\n")).rejects.toMatchObject({ code: "TASK_INVALID", where: "bad.jsonl:1" });
    await expect(bad("\n")).rejects.toMatchObject({ code: "TASK_INVALID" });
    await expect(bad(Uint8Array.of(0x22, 0xff, 0x22))).rejects.toMatchObject({ code: "INVALID_UTF8" });
    await expect(readTask(join(folder, "none.jsonl"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(readTask(file("f.jsonl", jsonl(good)), { form: "mmul-redux" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("takes rows of any source, in the form that is named", async () => {
    const rows = async function* () {
      yield { row: { text: "one two", context: "a", target: "b" }, where: "row 1" };
    };
    const task = await taskFromRows("hub", rows, { form: "last word" });
    for await (const item of task.items()) expect(item).toMatchObject({ choices: ["two"], where: "row 1" });
    await expect(taskFromRows("hub", rows)).rejects.toMatchObject({
      code: "TASK_INVALID",
      wayOut: expect.stringMatching(/^Nearest: target does not know "text"; last-word does not know/),
    });
  });
});
