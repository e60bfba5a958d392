/** `surprisal bench-uncertainty` with mini: answers scored and written, detectors, and a run that is killed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "./cli-run.ts";

let folder = "";
const path = (name: string) => join(folder, name);
const run = (...args: string[]) =>
  runCommand(["bench-uncertainty", ...args, "-q", "--threads", "1"], { folder });
const rowsOf = (name: string) =>
  readFileSync(path(name), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-bench-model-"));
  const pairs = Array.from({ length: 8 }, (_, i) => ({
    knowledge: `The book of house ${i} lies on the table.`,
    question: `What lies on the table of house ${i}?`,
    right_answer: "The book",
    hallucinated_answer: "A knife and a very large spoon",
  }));
  const asked = pairs.map(({ question }, i) => ({ question, expected: i % 2 === 0 ? "book" : "." }));
  for (const [name, lines] of Object.entries({ pairs, asked }))
    writeFileSync(path(`${name}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const METHODS = ["--methods", "mean-nll,p-true,detectors,baselines", "--resamples", "50", "--folds", "2"];

describe("answers that are given", () => {
  it("are scored, detected and priced", async () => {
    const { code, stdout } = await run(
      "pairs.jsonl",
      "-m",
      "mini",
      ...METHODS,
      "--json",
      "--out",
      "scored.jsonl",
    );
    expect(code).toBe(0);
    const { sections, model } = JSON.parse(stdout);
    expect(model).toMatch(/mini/i);
    expect(sections[0]).toMatchObject({ n: 16, right: 8, groups: 8 });
    const of = (name: string) => sections[0].methods.find((method: { name: string }) => method.name === name);
    // "The book" is in the document, and the spoon is not: mini, too, copies.
    expect(of("lift")).toMatchObject({ family: "detector", auroc: { value: 1 } });
    expect(of("lift").price.tokensRead).toBe(of("retrieval").price.tokensRead);
    expect(of("mean-nll").price.tokensRead).toBeGreaterThan(5);
    expect(of("mean-nll").price.seconds).toBeGreaterThan(0);
    expect(of("p-true").price.tokensRead).toBeGreaterThan(of("mean-nll").price.tokensRead);
    const [row] = rowsOf("scored.jsonl");
    expect(row.more.examinations.map(({ signal }: { signal: string }) => signal)).toEqual([
      "anomaly",
      "patterns",
      "retrieval",
    ]);
    const { stdout: again } = await run(
      "scored.jsonl",
      "--replay",
      "--resamples",
      "50",
      "--folds",
      "2",
      "--json",
    );
    expect(JSON.parse(again).sections).toEqual(sections);
  });

  it("may be scored behind their documents", async () => {
    const of = async (...more: string[]) => {
      const { stdout } = await run(
        "pairs.jsonl",
        "-m",
        "mini",
        "--methods",
        "mean-nll",
        "--json",
        "--out",
        `${more.length}.jsonl`,
        ...more,
      );
      return { price: JSON.parse(stdout).sections[0].methods[0].price, rows: rowsOf(`${more.length}.jsonl`) };
    };
    const [plain, read] = [await of(), await of("--read-documents")];
    expect(read.price.tokensRead).toBeGreaterThan(plain.price.tokensRead + 5);
    expect(read.rows[0].question).toBe("What lies on the table of house 0?");
    expect(read.rows[0].estimates[0].uncertainty).toBeLessThan(plain.rows[0].estimates[0].uncertainty);
  });
});

describe("answers that are written", () => {
  const WRITES = [
    ...["asked.jsonl", "-m", "mini", "-n", "4", "--at", "2", "--at", "4", "--max-tokens", "6", "--seed", "1"],
    ...["--methods", "mean-nll,self-consistency,semantic-entropy/rao,word-count", "--resamples", "20"],
  ];
  /** Without what was spent, which no two runs share. */
  const said = (name: string) => rowsOf(name).map(({ spent: _, ...row }) => row);

  it("go on after a kill -9, to the same rows as without it", async () => {
    const whole = await run(...WRITES, "--out", "whole.jsonl", "--json");
    expect(whole.code).toBe(0);
    const killed = await runCommand(
      ["bench-uncertainty", ...WRITES, "-q", "--threads", "1", "--out", "killed.jsonl"],
      {
        folder,
        meanwhile: (child) => {
          const watch = setInterval(() => {
            try {
              if (!readFileSync(path("killed.jsonl"), "utf8").includes("\n")) return;
              child.kill("SIGKILL");
            } catch {
              return; // it is not there yet
            }
            clearInterval(watch);
          }, 1);
          child.on("exit", () => clearInterval(watch));
        },
      },
    );
    expect(killed.code === 0 || killed.signal === "SIGKILL").toBe(true);
    writeFileSync(path("killed.jsonl"), `${readFileSync(path("killed.jsonl"), "utf8")}{"type":"ans`);
    const again = await run(...WRITES, "--out", "killed.jsonl", "--resume", "--json");
    expect(again).toMatchObject({ code: 0, stderr: "" });
    expect(said("killed.jsonl")).toEqual(said("whole.jsonl"));
    const names = ({ stdout }: { stdout: string }) =>
      JSON.parse(stdout).sections[0].methods.map(({ name, auroc }: { name: string; auroc: object }) => ({
        name,
        auroc,
      }));
    expect(names(again)).toEqual(names(whole));
    expect(
      names(whole)
        .map(({ name }: { name: string }) => name)
        .toSorted(),
    ).toEqual([
      ...["mean-nll", "self-consistency@2", "self-consistency@4"],
      ...["semantic-entropy/rao@2", "semantic-entropy/rao@4", "word-count"],
    ]);
    const other = await run(...WRITES, "--out", "killed.jsonl", "--resume", "--system", "Be brief.");
    expect(other.code).toBeGreaterThan(0);
    expect(other.stderr).toContain("RUN_MISMATCH");
  });
});
