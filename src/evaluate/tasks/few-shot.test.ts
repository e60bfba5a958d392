import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type FewShot, fewShotHead } from "./few-shot.ts";
import { plainText } from "./prompt.ts";
import { readTask } from "./read-task.ts";
import type { Task, TaskItem } from "./task.ts";

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../test/fixtures/tasks/${name}`, import.meta.url));

/** Questions "q0" ... with the answers "a0" ...; `copies` of the first one. */
function numbered(count: number, copies = 1): Task {
  const items = Array.from({ length: count + copies - 1 }, (_, i) => Math.max(0, i - copies + 1)).map(
    (i): TaskItem => ({
      where: `line ${i}`,
      context: `q${i}`,
      choices: ["wrong", `a${i}`],
      label: 1,
      delimiter: " ",
    }),
  );
  return {
    name: "numbered",
    source: "numbered.jsonl",
    kind: "multiple-choice",
    form: { name: "choices", source: null },
    async *items() {
      yield* items;
    },
  };
}

async function promptsOf(task: Task, fewShot: FewShot): Promise<string[]> {
  const head = await fewShotHead(fewShot);
  const prompts = [];
  for await (const item of task.items()) prompts.push(plainText(head(item)) + item.context);
  return prompts;
}

describe("fewShotHead", () => {
  it("writes the prompts that lm-eval writes with the same seed", async () => {
    const recorded = JSON.parse(readFileSync(fixture("lm-eval-mini.json"), "utf8"));
    const prompts = await promptsOf(await readTask(fixture("hellaswag-50.jsonl")), {
      count: 3,
      examples: await readTask(fixture("hellaswag-examples.jsonl")),
      sampler: "per-item",
    });
    expect(prompts.map((prompt) => createHash("sha256").update(prompt).digest("hex"))).toEqual(
      recorded.tasks["hellaswag-3-shot"].items.map((item: { prompt_sha256: string }) => item.prompt_sha256),
    );
  });

  it("puts the first examples in front, a question never in front of itself", async () => {
    const task = numbered(5);
    expect(await promptsOf(task, { count: 2, examples: task, sampler: "first" })).toEqual([
      "q1 a1\n\nq2 a2\n\nq0",
      "q0 a0\n\nq2 a2\n\nq1",
      "q0 a0\n\nq1 a1\n\nq2",
      "q0 a0\n\nq1 a1\n\nq3",
      "q0 a0\n\nq1 a1\n\nq4",
    ]);
  });

  it("draws shared examples once, and others with another seed", async () => {
    const examples = numbered(40);
    const task = numbered(3);
    const heads = async (seed: number) =>
      new Set(
        (await promptsOf(task, { count: 3, examples, seed })).map((prompt) => prompt.replace(/q\d+$/, "")),
      );
    const all = [...(await heads(1)), ...(await heads(2)), ...(await heads(3))];
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeLessThan(7); // once per seed, unless a question was among its own examples
  });

  it("draws again without the question when it is there more often", async () => {
    const task = numbered(3, 4);
    for (const sampler of ["shared", "per-item", "first"] as const)
      for (const prompt of await promptsOf(task, { count: 2, examples: task, sampler })) {
        const [first, second, question] = prompt.split("\n\n");
        expect([first!.slice(0, 2), second!.slice(0, 2)]).not.toContain(question);
      }
  });

  it("takes another delimiter", async () => {
    const task = numbered(2);
    expect((await promptsOf(task, { count: 1, examples: task, sampler: "first", delimiter: "\n" }))[0]).toBe(
      "q1 a1\nq0",
    );
  });

  it("says when there are too few examples", async () => {
    const task = numbered(3);
    await expect(fewShotHead({ count: 4, examples: task })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      where: "numbered.jsonl",
    });
    await expect(promptsOf(task, { count: 3, examples: task })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(fewShotHead({ count: 0, examples: task })).rejects.toMatchObject({ where: "fewShot" });
  });
});
