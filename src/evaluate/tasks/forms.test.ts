/** Every form of a published set against lm_eval's own definition: the same contexts, continuations and answers. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fewShotHead, type Head, zeroShot } from "./few-shot.ts";
import { plainText } from "./prompt.ts";
import { readTask, taskForms } from "./read-task.ts";
import type { Task, TaskItem } from "./task.ts";

/** What tools/record-tasks/forms.py wrote: by way, per row, [context, continuation] of every request. */
interface Recorded {
  tasks: Record<string, { rows: Record<string, unknown>[]; requests: Record<string, [string, string][][]> }>;
}
const { tasks }: Recorded = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/tasks/forms.json", import.meta.url), "utf8"),
);

const folder = mkdtempSync(join(tmpdir(), "surprisal-forms-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** As pandas writes a CSV: lists and objects as Python prints them. */
function csv(rows: readonly Record<string, unknown>[]): string {
  const python = (value: unknown): string =>
    typeof value === "boolean"
      ? value
        ? "True"
        : "False"
      : Array.isArray(value)
        ? `[${value.map(quote).join(", ")}]`
        : typeof value === "object" && value !== null
          ? `{${Object.entries(value)
              .map(([key, inner]) => `${quote(key)}: ${python(inner)}`)
              .join(", ")}}`
          : String(value);
  const quote = (value: unknown) =>
    typeof value !== "string"
      ? python(value)
      : value.includes("'") && !value.includes('"')
        ? `"${value}"`
        : `'${value.replaceAll("'", "\\'")}'`;
  const field = (value: unknown) => `"${python(value).replaceAll('"', '""')}"`;
  const columns = Object.keys(rows[0]!);
  return [
    columns.join(","),
    ...rows.map((row) => columns.map((column) => field(row[column])).join(",")),
  ].join("\n");
}

async function itemsOf(task: Task): Promise<TaskItem[]> {
  const items = [];
  for await (const item of task.items()) items.push(item);
  return items;
}

function requestsOf(item: TaskItem, head: Head): [string, string][] {
  const before = plainText(head(item));
  return item.choices.map((choice, i) => [
    before + (item.contexts?.[i] ?? item.context),
    item.delimiter + choice,
  ]);
}

const FORM_OF: Record<string, string> = {
  arc_easy: "arc",
  mmlu_high_school_geography: "mmlu",
  commonsense_qa: "commonsenseqa",
  lambada_openai: "last word",
  lambada_standard: "last word",
  blimp_adjunct_island: "blimp",
  social_iqa: "social iqa",
  truthfulqa_mc1: "truthfulqa mc1, published",
};

/** Numbers of the right choices, by hand. */
const RIGHT: Record<string, number[]> = {
  arc_easy: [1, 0, 1, 0],
  mmlu_high_school_geography: [1, 3, 0, 2],
  piqa: [0, 1, 0],
  winogrande: [0, 1, 1],
  boolq: [1, 0, 0],
  commonsense_qa: [1, 3, 0],
  openbookqa: [2, 1, 0],
  race: [0, 1, 3],
  lambada_openai: [0, 0, 0],
  lambada_standard: [0, 0, 0],
  blimp_adjunct_island: [0, 0, 0],
  hellaswag: [0, 1, 2],
  sciq: [3, 3, 3],
  swag: [0, 2],
  copa: [1, 0],
  logiqa: [1, 0],
  social_iqa: [1, 0, 2],
  truthfulqa_mc1: [0, 0],
};

describe.each(Object.entries(tasks))("%s", (name, { rows, requests }) => {
  const path = file(`${name}.jsonl`, jsonl(rows));

  it("asks what lm_eval asks, and knows what is right", async () => {
    const task = await readTask(path);
    expect(task.form.name).toBe(FORM_OF[name] ?? name);
    expect(task.form.source).toMatch(/^lm-eval 0\.4\.13/);
    const items = await itemsOf(task);
    expect(items.map((item) => requestsOf(item, zeroShot))).toEqual(requests.plain);
    expect(items.map(({ label }) => label)).toEqual(RIGHT[name]);
  });

  it("asks the same of a CSV", async () => {
    const strings = rows.map((row) => ({ ...row }));
    const task = await readTask(file(`${name}.csv`, csv(strings)));
    const [fromCsv, fromRows] = [await itemsOf(task), await itemsOf(await readTask(path))];
    const content = (items: TaskItem[]) => items.map(({ where, ...item }) => item);
    expect(content(fromCsv)).toEqual(content(fromRows));
  });

  const wanted = requests["two-shot"]; // lm_eval takes none for some sets
  if (wanted)
    it("puts the examples in front that lm_eval does", async () => {
      const task = await readTask(path);
      const sampler = task.rules?.sampler ?? "per-item";
      const head = await fewShotHead({ count: 2, examples: task, sampler });
      for (const [i, item] of (await itemsOf(task)).entries()) {
        const own = requestsOf(item, head);
        // lm_eval shows a question of a set with a test split as its own example, when both are drawn from one file.
        const shown = plainText(zeroShot({ ...item, description: "" })) + item.context;
        const itself = wanted[i]!.every(([context]) => context.split(shown).length > 2);
        if (!(task.rules?.examplesApart && itself)) expect(own).toEqual(wanted[i]);
      }
    });

  it("refuses a row with a field that no form knows, and takes it with its form's name", async () => {
    const odd = file(`${name}-odd.jsonl`, jsonl(rows.map((row) => ({ ...row, hint: "it is the second" }))));
    await expect(readTask(odd)).rejects.toMatchObject({
      code: "TASK_INVALID",
      what: expect.stringContaining('"hint"'),
    });
    const items = await itemsOf(await readTask(odd, { form: FORM_OF[name] ?? name }));
    expect(items.map((item) => requestsOf(item, zeroShot))).toEqual(requests.plain);
  });
});

describe("rows of other shapes", () => {
  const itemsIn = async (row: unknown, form?: string) =>
    itemsOf(await readTask(file("row.jsonl", jsonl([row])), { form }));

  it("reads MMLU-Pro as multiple choice, which is ours", async () => {
    const row = {
      question_id: 70,
      question: "Which is even?",
      options: ["one", "three", "five", "seven", "eight"],
      answer: "E",
      answer_index: 4,
      cot_content: "",
      category: "math",
      src: "own",
    };
    const task = await readTask(file("pro.jsonl", jsonl([row])));
    expect(task.form).toEqual({ name: "mmlu-pro", source: null });
    expect(await itemsOf(task)).toEqual([
      {
        where: "pro.jsonl:1",
        id: "70",
        context: "Which is even?\nA. one\nB. three\nC. five\nD. seven\nE. eight\nAnswer:",
        choices: ["A", "B", "C", "D", "E"],
        label: 4,
        delimiter: " ",
      },
    ]);
    await expect(itemsIn({ ...row, answer_index: 3 })).rejects.toMatchObject({ code: "TASK_INVALID" });
  });

  it("reads RACE question by question, and BoolQ as Google publishes it", async () => {
    const race = {
      example_id: "high1.txt",
      article: "Tom slept.",
      answer: "B",
      question: "Who slept?",
      options: ["Ann", "Tom", "Sue", "Max"],
    };
    expect(await itemsIn(race)).toMatchObject([
      { context: "Article: Tom slept.\n\nWho slept?", choices: race.options, label: 1 },
    ]);
    const boolq = { question: "is ice cold", title: "Ice", answer: true, passage: "Ice is cold." };
    expect(await itemsIn(boolq)).toMatchObject([
      { context: "Ice is cold.\nQuestion: is ice cold?\nAnswer:", choices: ["no", "yes"], label: 1 },
    ]);
  });

  it("reads ARC, OpenBookQA and CommonsenseQA as first released, and asks which where it cannot tell", async () => {
    const choices = [
      { text: "ice", label: "A" },
      { text: "fire", label: "B" },
    ];
    const row = { id: "1", question: { stem: "What is hot?", choices }, answerKey: "B" };
    await expect(itemsIn(row)).rejects.toMatchObject({
      wayOut: expect.stringMatching(
        /^Nearest: arc does not know "question_stem"; openbookqa does not know "question"/,
      ),
    });
    expect(await itemsIn(row, "arc")).toMatchObject([
      { context: "Question: What is hot?\nAnswer:", label: 1 },
    ]);
    expect(await itemsIn(row, "openbookqa")).toMatchObject([{ context: "What is hot?", label: 1 }]);
    const five = ["A", "B", "C", "D", "E"].map((label) => ({ label, text: `t${label}` }));
    const csqa = {
      answerKey: "C",
      id: "2",
      question: { question_concept: "heat", choices: five, stem: "Hot?" },
    };
    expect(await itemsIn(csqa)).toMatchObject([
      { context: "Question: Hot?\nA. tA\nB. tB\nC. tC\nD. tD\nE. tE\nAnswer:", label: 2 },
    ]);
  });

  it("reads a file that is one list", async () => {
    const rows = [1, 0].map((label) => ({ context: "One", choices: ["two", "three"], label }));
    for (const text of [JSON.stringify(rows), JSON.stringify(rows, null, 2)])
      expect(await itemsOf(await readTask(file("list.json", text)))).toMatchObject([
        { where: "row 1", label: 1 },
        { where: "row 2", label: 0 },
      ]);
    await expect(readTask(file("list.json", '[{"context": "a"'))).rejects.toMatchObject({
      code: "TASK_INVALID",
    });
  });

  it("takes labels as numbers, letters and texts, and none that can be read in two ways", async () => {
    const choices = ["pear", "apple", "plum"];
    for (const answer of [1, "1", "B", "b", "apple"])
      expect(await itemsIn({ question: "Q?", choices, answer })).toMatchObject([
        { context: "Question: Q?\nAnswer:", delimiter: " ", label: 1 },
      ]);
    expect(await itemsIn({ query: "Q: Q?\nA:", choices, gold: [2] })).toMatchObject([
      { context: "Q: Q?\nA:", label: 2 },
    ]);
    await expect(itemsIn({ query: "Q?", choices, gold: [0, 2] })).rejects.toMatchObject({
      what: "2 choices are marked as right, not one",
    });
    await expect(itemsIn({ question: "Q?", choices: ["B", "A"], answer: "A" })).rejects.toMatchObject({
      what: 'The label "A" can be read in two ways: it is the letter of choice 0, and the text of choice 1',
    });
    await expect(itemsIn({ question: "Q?", choices: ["1", "2", "3"], answer: "1" })).rejects.toMatchObject({
      what: expect.stringContaining("two ways"),
    });
    await expect(itemsIn({ question: "Q?", choices: ["x", "x"], answer: "x" })).rejects.toMatchObject({
      what: expect.stringContaining("two ways"),
    });
    expect(await itemsIn({ question: "Q?", choices: ["1", "2", "3"], answer: 1 })).toMatchObject([
      { label: 1 },
    ]);
  });

  it.each([
    [{ text: "a b", label: 1 }, 'last-word does not know "label"'],
    [{ question: "q", answer: "a", category: "c" }, 'gsm8k does not know "category"'],
    [{ sentence1: "a", sentence2: "b" }, ""],
  ])("refuses %j", async (row, near) => {
    await expect(itemsIn(row)).rejects.toMatchObject({
      code: "TASK_INVALID",
      what: expect.stringContaining(
        Object.keys(row)
          .map((key) => `"${key}"`)
          .join(", "),
      ),
      wayOut: expect.stringContaining(near),
    });
  });

  it("refuses a later row of another form, even where bad rows are only told of", async () => {
    const task = await readTask(
      file(
        "mixed.jsonl",
        jsonl([
          { question: "q", answer: "a" },
          { question: "q", answer: "a", options: ["a"] },
        ]),
      ),
    );
    const read = async () => {
      for await (const _ of task.items({ onBad: () => {} }));
    };
    await expect(read()).rejects.toMatchObject({
      where: "mixed.jsonl:2",
      wayOut: expect.stringContaining("--form gsm8k"),
    });
  });

  it("refuses a prompt with a hole in it", async () => {
    await expect(itemsIn({ goal: null, sol1: "a", sol2: "b", label: 0 })).rejects.toMatchObject({
      what: 'The field "goal" is not a text',
    });
  });

  it("tells of bad rows and passes on the others", async () => {
    const good = { context: "One", choices: ["two", "three"], label: 1 };
    const task = await readTask(
      file("some.jsonl", jsonl([good, { ...good, choices: ["a", ""] }, good, { ...good, label: 7 }])),
    );
    const bad: unknown[] = [];
    let count = 0;
    for await (const _ of task.items({ onBad: (item) => bad.push(item) })) count++;
    expect(count).toBe(2);
    expect(bad).toEqual([
      { where: "some.jsonl:2", problem: "Choice 1 is empty" },
      { where: "some.jsonl:4", problem: "The label 7 is not the number of a choice (0 ... 1)" },
    ]);
  });

  it("has a name for every form that --form takes", async () => {
    for (const { name } of taskForms())
      await expect(readTask(file("none.jsonl", "{}\n"), { form: name })).resolves.toBeDefined();
  });
});

describe("llama.cpp's own files", () => {
  it("reads the CSV of --winogrande", async () => {
    const path = file(
      "winogrande.csv",
      '0,"The trophy, it is said, did not fit because the _ was too big.",trophy,suitcase,1\n1,The _ shone.,sun,"moon",2\n',
    );
    const task = await readTask(path);
    expect(task.form.name).toBe("winogrande, llama.cpp's CSV file");
    const rest = " was too big.";
    expect(await itemsOf(task)).toMatchObject([
      {
        contexts: [
          "The trophy, it is said, did not fit because the trophy",
          "The trophy, it is said, did not fit because the suitcase",
        ],
        choices: [rest, rest],
        label: 0,
        delimiter: "",
      },
      { contexts: ["The sun", 'The "moon"'], choices: [" shone.", " shone."], label: 1 },
    ]);
  });

  it("reads the binary file of --multiple-choice", async () => {
    const number = (value: number) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(value);
      return bytes;
    };
    const text = (value: string) => Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(value)]);
    const list = (texts: string[], labels: number[]) =>
      Buffer.concat([number(texts.length), ...texts.map(text), ...labels.map(number)]);
    const questions = [
      Buffer.concat([text("Où?"), list(["ici", "là"], [0, 1]), list([], [])]),
      Buffer.concat([text("Who?"), list(["me", "you", "she"], [1, 0, 0]), list(["a"], [1])]),
    ];
    const whole = Buffer.concat([number(2), number(12), number(12 + questions[0]!.length), ...questions]);
    const path = join(folder, "questions.bin");
    writeFileSync(path, whole);
    expect(await itemsOf(await readTask(path))).toMatchObject([
      {
        context: "Où?",
        choices: ["ici", "là"],
        label: 1,
        delimiter: " ",
        where: "questions.bin, question 1",
      },
      { context: "Who?", choices: ["me", "you", "she"], label: 0, where: "questions.bin, question 2" },
    ]);
    for (const length of [2, 10, 30, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(itemsOf(await readTask(path))).rejects.toMatchObject({ code: "TASK_INVALID" });
    }
  });
});
