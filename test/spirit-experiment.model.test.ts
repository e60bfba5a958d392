/** The program behind docs/experiments/spirit.md, with lab and mini: it goes on where it was stopped, and its sets are what the page says. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runNode } from "./cli-run.ts";

const PROGRAM = fileURLToPath(new URL("../examples/experiments/spirit.mjs", import.meta.url));
const PAGE = fileURLToPath(new URL("../docs/experiments/spirit.md", import.meta.url));

let folder = "";
const path = (name: string) => join(folder, name);
const run = (...args: string[]) => runNode([PROGRAM, ...args, "--threads", "1"], { folder });
const rowsOf = (name: string) =>
  readFileSync(path(name), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-spirit-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the experiment with SPIRIT", () => {
  it("plants steps that are not needed, two per chain, and goes on where it was stopped", async () => {
    expect(await run("fill", "--out", "out", "--items", "2")).toMatchObject({ code: 0 });
    const before = rowsOf("out/filler.jsonl");
    writeFileSync(path("out/filler.jsonl"), `${readFileSync(path("out/filler.jsonl"), "utf8")}{"id":2,"ta`);
    expect(await run("fill", "--out", "out", "--items", "4")).toMatchObject({ code: 0 });
    const rows = rowsOf("out/filler.jsonl");
    expect(rows.slice(0, 2)).toEqual(before);
    expect(rows.map(({ id }) => id)).toEqual([0, 1, 2, 3]);
    for (const { kinds } of rows)
      for (const kind of ["sentence", "sum", "copied"]) {
        const steps: { text: string; isNeeded: boolean }[] = kinds[kind].steps;
        expect(steps.filter(({ isNeeded }) => !isNeeded)).toHaveLength(2);
        expect(new Set(steps.map(({ text }) => text)).size).toBe(steps.length);
      }
  });

  it("cuts demonstrations, and asks the same questions behind every set of them, once", async () => {
    const few = ["--out", "out", "-m", "mini", "--demonstrations", "2", "--calibration", "1"];
    const task = ["--task", "equations", "--difficulty", "2"];
    expect(await run("refine", ...task, ...few, "--ways", "spirit")).toMatchObject({ code: 0 });
    const [refined] = rowsOf("out/equations/rounds.jsonl");
    const asked = ["ask", ...task, ...few, "--ways", "spirit,random", "--draws", "1", "--steps", "3,1"];
    expect(await run(...asked, "--items", "1")).toMatchObject({ code: 0 });
    expect(await run(...asked, "--items", "2")).toMatchObject({ code: 0 });
    const sets = rowsOf("out/equations/sets.jsonl");
    const keys = ["full 7 0", "spirit 3 0", "spirit 1 0", "random 3 0", "random 1 0"];
    expect(sets.map(({ key }) => key)).toEqual(keys);
    const answers = rowsOf("out/equations/answers.jsonl");
    for (const key of keys) {
      const questions = answers.filter((row) => row.key === key).map(({ question }) => question);
      expect(new Set(questions).size).toBe(2);
      expect(questions).toHaveLength(2);
    }
    // What is made again between the first set and the last is what the library had.
    for (const [at, left] of [
      [1, 3],
      [2, 1],
    ] as const) {
      const round = refined.rounds.find(({ steps }: { steps: number }) => steps === left);
      expect(sets[at].perplexity.chain).toBeCloseTo(round.perplexity, 2);
      expect(sets[at].stepTokens).toBe(round.tokens);
    }
    expect(sets[0].perplexity.chain).toBeCloseTo(refined.perplexity.before, 2);
  });

  it("writes tables into the page", async () => {
    const page = path("page.md");
    const places = readFileSync(PAGE, "utf8");
    writeFileSync(page, places);
    const shown = await run(
      ...["show", "--out", "out", "--page", page, "--pictures", "pictures", "--resamples", "20"],
    );
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    const text = readFileSync(page, "utf8");
    expect(text).toContain("| 3 | SPIRIT-FS |");
    expect(text).not.toMatch(/undefined|NaN/);
    expect(readFileSync(path("pictures/spirit-equations.svg"), "utf8")).toMatch(/^<svg/);
  });
});
