/** The program behind docs/experiments/decide.md, with mini, on made-up rows in the form of the public sets. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decide } from "../src/decide/index.ts";
import { resolve } from "../src/models/index.ts";
import { runNode } from "./cli-run.ts";

const PROGRAM = fileURLToPath(new URL("../examples/experiments/decide.mjs", import.meta.url));
const PAGE = fileURLToPath(new URL("../docs/experiments/decide.md", import.meta.url));
const ENDINGS = ["put on his hat.", "sang a long song.", "went to sea.", "opened the door."];
const ROWS = 12;

let folder = "";
const path = (name: string) => join(folder, name);
const run = (...args: string[]) => runNode([PROGRAM, ...args], { folder });

/** Sets with as many rows, the right answer now this option, now another. */
const SETS: Record<string, (i: number) => object> = {
  strategyqa_train: (i) => ({
    qid: `q${i}`,
    question: `Is box ${i} wet?`,
    answer: i % 2 === 0,
    facts: ["It rained."],
  }),
  halueval_qa_oneturn: (i) => ({
    knowledge: `Box ${i} is red.`,
    question: "What colour is it?",
    right_answer: "Red",
    hallucinated_answer: "It is blue.",
  }),
  hellaswag_val: (i) => ({ ctx: `Captain ${i} rose and`, endings: ENDINGS, label: i % 4 }),
  truthfulqa: (i) => ({
    question: `What lies on the table of house ${i}?`,
    best_answer: i % 2 === 0 ? "A book" : "A knife",
    incorrect_answers: [i % 2 === 0 ? "A knife" : "A book"],
  }),
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-experiment-"));
  for (const [name, row] of Object.entries(SETS))
    writeFileSync(
      path(`${name}.jsonl`),
      Array.from({ length: ROWS }, (_, i) => `${JSON.stringify(row(i))}\n`).join(""),
    );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the experiment with decide", () => {
  const ask = (items: string) =>
    run("ask", "--tasks", folder, "--out", path("answers"), "-m", "mini", "--items", items);
  const rows = (set: string) =>
    readFileSync(path(`answers/mini/${set}.jsonl`), "utf8")
      .trim()
      .split("\n");

  it("asks by every rule, goes on where it was stopped, and has decide's numbers", async () => {
    expect(await ask("8")).toMatchObject({ code: 0 });
    const before = rows("hellaswag");
    expect(before).toHaveLength(8);
    expect(await ask("12")).toMatchObject({ code: 0 });
    expect(rows("hellaswag")).toHaveLength(12);
    expect(rows("hellaswag").slice(0, 8)).toEqual(before);
    const { id, label, answers } = JSON.parse(before[0]!);
    expect(Object.keys(answers)).toEqual(["sum", "mean", "pmi", "label", "label, 2 orders"]);
    expect(label).toBe(Number(id) % 4);
    await using model = await resolve("mini");
    const question = { type: "choice" as const, instructions: "How does this text go on?", choices: ENDINGS };
    const { decisions } = await decide(model, { state: `Captain ${id} rose and`, questions: [question] });
    // What is run beside it moves quantised weights' numbers by tenths of a nat (docs/footguns.md).
    for (const [i, { score }] of decisions[0]!.options.entries())
      expect(Math.abs(score! - answers.sum.scores[i])).toBeLessThan(1);
  });

  it("shows tables, fills a page, and draws pictures", async () => {
    writeFileSync(path("page.md"), readFileSync(PAGE, "utf8"));
    const args = ["show", "--out", path("answers"), "--resamples", "20"];
    expect(await run(...args, "--page", path("page.md"), "--pictures", path("images"))).toMatchObject({
      code: 0,
    });
    const page = readFileSync(path("page.md"), "utf8");
    expect(page).toContain("| mini | HaluEval QA |");
    expect(page).toContain("too few answers");
    expect(page).not.toMatch(/NaN|undefined|null/);
    expect(readFileSync(path("images/decide-reliability-mini.svg"), "utf8")).toContain("<svg");
  });

  it("counts words, and says how it is called", async () => {
    const { stdout } = await run("words", "--tasks", folder);
    expect(stdout).toContain("auroc: 1");
    expect(await run("show")).toMatchObject({ code: 2 });
  });
});
