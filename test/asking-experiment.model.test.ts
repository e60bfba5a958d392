/** The program behind docs/experiments/asking.md: it asks mini, goes on where it was stopped, and its figures are those of closed forms. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runNode } from "./cli-run.ts";

const PROGRAM = fileURLToPath(new URL("../examples/experiments/asking.mjs", import.meta.url));
const PAGE = fileURLToPath(new URL("../docs/experiments/asking.md", import.meta.url));
const PARTS = "answer=4;all=0;samples=2;number, English=3;P(True), LM-Polygraph=3;four guesses, Tian=1";

let folder = "";
const path = (name: string) => join(folder, name);
const run = (...args: string[]) => runNode([PROGRAM, ...args], { folder });
const lines = (file: string) =>
  readFileSync(path(file), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-asking-"));
  const rows = Array.from({ length: 4 }, (_, i) => ({
    question: `What lies on the table of house ${i}?`,
    best_answer: "A book",
    incorrect_answers: ["A knife", "A cat", "A book"],
  }));
  writeFileSync(path("truthfulqa.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the experiment with asking", () => {
  it.each(["arithmetic", "truthfulqa"])(
    "answers and asks about %s, and goes on where it was stopped",
    async (set) => {
      const ask = (parts: string) =>
        run(
          "ask",
          "--set",
          set,
          "--tasks",
          folder,
          "--out",
          path("answers"),
          "-m",
          "mini",
          "--items",
          "4",
          "--parts",
          parts,
        );
      expect(await ask("answer=4;all=0")).toMatchObject({ code: 0 });
      const file = `answers/mini/${set}.jsonl`;
      const before = lines(file);
      expect(before.map(({ part }) => part)).toEqual(Array.from({ length: 4 }, () => "answer"));
      expect(before.every(({ onePass }) => onePass["mean-nll"] > 0)).toBe(true);
      expect(await ask(PARTS)).toMatchObject({ code: 0 });
      const after = lines(file);
      expect(after.slice(0, 4)).toEqual(before);
      expect(after).toHaveLength(4 + 2 + 3 + 3 + 1);
      for (const { calls, tokens, price } of after.filter(({ part }) => part === "number, English")) {
        expect(calls).toBe(1);
        expect(tokens.written).toBeLessThanOrEqual(price.written);
      }
    },
  );

  it("has the figures of closed forms, counts what was not said, and fills the page", async () => {
    mkdirSync(path("made/model"), { recursive: true });
    const model = { parameters: 1e6, quantisation: "F32", sha256: "0" };
    writeFileSync(
      path("made/model/about.json"),
      JSON.stringify({ model, settings: { engine: "llama.cpp", kernels: "avx2" } }),
    );
    // 24 answers; those that are right have the lesser mean NLL but for one pair of 144; the stated number is 0.9 for all but two.
    const rows = Array.from({ length: 24 }, (_, i) => {
      const right = i < 12;
      const nll = i === 11 ? 12.5 : i === 12 ? 12 : i + 1;
      const answer = {
        part: "answer",
        id: `${i}`,
        group: `${i}`,
        kind: "a + c",
        answer: "1",
        right,
        tokens: 1,
        read: 10,
      };
      const onePass = {
        "mean-nll": nll,
        "sequence-logprob": nll,
        "min-probability": right ? 0.25 : 0.75,
        "mean-token-entropy": 1,
        margin: 0.5,
      };
      const asked = {
        part: "number, English",
        id: `${i}`,
        calls: 1,
        tokens: { read: 20, written: 2 },
        cpu: 0,
        price: { read: 20, written: 32 },
      };
      return [
        { ...answer, onePass, cpu: 0 },
        i < 2
          ? { ...asked, uncertainty: null, confidence: null, missing: "refusal" }
          : { ...asked, uncertainty: 0.1, confidence: 0.9 },
      ];
    });
    writeFileSync(
      path("made/model/arithmetic.jsonl"),
      rows
        .flat()
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(""),
    );
    writeFileSync(path("page.md"), readFileSync(PAGE, "utf8"));
    const args = ["show", "--out", path("made"), "--resamples", "20"];
    const { code } = await run(...args, "--page", path("page.md"), "--pictures", path("images"));
    expect(code).toBe(0);
    const page = readFileSync(path("page.md"), "utf8");
    const row = (name: string) => page.split("\n").filter((line) => line.startsWith(`| ${name} |`));
    expect(row("mean NLL")[0]).toContain("**0.993**"); // 143 of 144 pairs
    expect(row("least probability")[0]).toContain("| +1.00 (+1.00 … +1.00) |"); // right says it all
    expect(row("number, English")[0]).toContain("| none | none | 0.500 (0.50 … 0.50) |"); // the same number for all
    expect(row("number, English")[0]).toContain("**−0.492**"); // 0.5 less 119 of 120 pairs of the 22 that have one
    expect(row("number, English")).toContainEqual(
      expect.stringContaining("| 24 | 2 (8 %) | refusal 2 | 1 | 0.9 (100 %) |"),
    );
    expect(page).not.toMatch(/NaN|undefined|null \(/);
    expect(readFileSync(path("images/asking-auroc.svg"), "utf8")).toContain("<svg");
    expect(await run("show")).toMatchObject({ code: 2 });
  });
});
