/** `surprisal eval --task` and what comes after it, with the model that is in the package: what a person gets. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRun } from "../src/evaluate/index.ts";
import { BUILT, runCommand } from "./cli-run.ts";

const { tasks }: { tasks: Record<string, { rows: Record<string, unknown>[] }> } = JSON.parse(
  readFileSync(new URL("fixtures/tasks/forms.json", import.meta.url), "utf8"),
);
const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

let folder = "";
const run = (...args: string[]) => runCommand(args, { folder });
const resultOf = (stdout: string) => JSON.parse(stdout.trim().split("\n").at(-1)!).run;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-tasks-"));
  const arc = tasks.arc_easy!.rows;
  const long = { ...arc[0]!, question: "A long way. ".repeat(2000) };
  const empty = { ...arc[0]!, choices: { text: ["a", ""], label: ["A", "B"] } };
  writeFileSync(join(folder, "arc.jsonl"), jsonl([arc[0], empty, long, ...arc.slice(1)]));
  writeFileSync(join(folder, "odd.jsonl"), jsonl(arc.map((row) => ({ ...row, hint: "think" }))));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("surprisal eval --task", () => {
  it("says whose way of asking it is, and what was cut and left out", async () => {
    const { code, stdout } = await run("eval", "--task", "arc.jsonl", "--run", "arc", "-q");
    expect(code).toBe(0);
    expect(stdout).toContain("arc.jsonl: arc (lm-eval), no examples, between context and choice a space");
    expect(stdout).toContain("1 of 6 questions went beyond the model's context and lost their beginning");
    expect(stdout).toContain(
      "1 of 6 questions could not be asked and count in nothing (first: arc.jsonl:2: Choice 1",
    );
    const { summary } = readRun(join(folder, "arc")).taskResults[0]!;
    expect(summary).toMatchObject({ items: 6, refused: 1, cut: 1, unscored: 0 });
  });

  it("refuses fields that it does not know, and takes them with --form, also when it goes on", async () => {
    const refused = await run("eval", "--task", "odd.jsonl");
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('arc does not know "hint"');
    const args = ["eval", "--task", "odd.jsonl", "--form", "arc", "--json", "--run", "odd"];
    const child = spawn(process.execPath, [`${BUILT}cli/main.js`, ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    createInterface(child.stdout).on("line", (line) => {
      if (JSON.parse(line).type === "item") child.kill("SIGKILL");
    });
    await once(child, "exit");
    const { code, stdout } = await run("eval", "--resume", "odd", "--json");
    expect(code).toBe(0);
    expect(resultOf(stdout).taskResults[0].summary.items).toBe(4);
    const unknown = await run("eval", "--task", "odd.jsonl", "--form", "piqua");
    expect(unknown.stderr).toContain("Did you mean piqa?");
  });

  it("says that a base model has no chat template, and which options belong together", async () => {
    const chat = await run("eval", "--task", "arc.jsonl", "--apply-chat-template", "--run", "chat", "-q");
    expect(chat.code).not.toBe(0);
    expect(chat.stderr).toContain("no chat template");
    for (const [args, said] of [
      [["--fewshot-as-multiturn"], "needs --apply-chat-template"],
      [["--shots-sampler", "first"], "needs --shots"],
      [["--apply-chat-template", "--fewshot-as-multiturn", "--fewshot-as-one-turn"], "exclude each other"],
    ] as const)
      expect((await run("eval", "--task", "arc.jsonl", ...args)).stderr).toContain(said);
  });

  it("exports every answer, and compares two runs question by question", async () => {
    await run(
      "eval",
      "--task",
      "arc.jsonl",
      "--shots",
      "1",
      "--shots-sampler",
      "per-item",
      "--run",
      "shot",
      "-q",
    );
    const { answers } = JSON.parse(
      (await run("runs", "export", "arc", "shot", "--answers", "-f", "json")).stdout,
    );
    expect(answers).toHaveLength(12);
    expect(answers[1]).toMatchObject({ run: "arc", item: 1, problem: "Choice 1 is empty", chosen: null });
    const { stdout } = await run("runs", "compare", "arc", "shot", "--html", "page.html");
    expect(stdout).toMatch(/^arc\.jsonl +acc +/m);
    expect(stdout).toContain("McNemar's exact test");
    expect(readFileSync(join(folder, "page.html"), "utf8")).toContain("only other right");
    const { tasks } = JSON.parse((await run("runs", "compare", "arc", "shot", "--json")).stdout);
    expect(tasks).toMatchObject([
      { rule: "acc", questions: 5 },
      { rule: "accNorm", questions: 5 },
    ]);
    const sql = await run(
      "sql",
      "select count(*) as n from answers where problem is null",
      "--runs",
      ".",
      "--json",
    );
    expect(JSON.parse(sql.stdout).rows[0].n).toBeDefined();
    const wrong = await run("runs", "export", "arc", "--answers", "-f", "svg");
    expect(wrong.stderr).toContain("--format svg is not for --answers");
  });
});
