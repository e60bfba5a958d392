/** The program behind docs/experiments/hallucination.md: it scores with mini, goes on where it was stopped, and its sets are what the page says. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runNode } from "./cli-run.ts";

const PROGRAM = fileURLToPath(new URL("../examples/experiments/hallucination.mjs", import.meta.url));
const PAGE = fileURLToPath(new URL("../docs/experiments/hallucination.md", import.meta.url));

let folder = "";
const path = (name: string) => join(folder, name);
const run = (...args: string[]) => runNode([PROGRAM, ...args], { folder });
const rowsOf = () =>
  readFileSync(path("scored/mini/halueval.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-hallucination-"));
  const rows = Array.from({ length: 12 }, (_, i) => ({
    knowledge: `House ${i} was built in ${1900 + i}. It has a red door.`,
    question: `In what year was house ${i} built?`,
    right_answer: String(1900 + i),
    // Half of the pairs are length-matched.
    hallucinated_answer: i % 2 === 0 ? "It was 1850." : `House ${i} was built long before the year 1850.`,
  }));
  writeFileSync(path("halueval_qa_oneturn.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the experiment with hallucination", () => {
  it("scores length-matched questions first, and goes on where it was stopped", async () => {
    const score = (items: string) =>
      run(
        "score",
        "--tasks",
        folder,
        "--out",
        path("scored"),
        "-m",
        "mini",
        "--threads",
        "1",
        "--items",
        items,
      );
    expect(await score("6")).toMatchObject({ code: 0 });
    const before = rowsOf();
    expect(before.map(({ id }) => id)).toEqual([0, 2, 4, 6, 8, 10]);
    writeFileSync(
      path("scored/mini/halueval.jsonl"),
      `${readFileSync(path("scored/mini/halueval.jsonl"), "utf8")}{"id":1,"quest`,
    );
    expect(await score("12")).toMatchObject({ code: 0 });
    const after = rowsOf();
    expect(after.slice(0, 6)).toEqual(before);
    expect(after.map(({ id }) => id)).toEqual([0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]);
    const { right, wrong, template, statement } = after[6].answers;
    expect(right.answer).toBe("1901");
    expect(template.answer).toBe("The answer to the question asked here is 1901.");
    expect(statement.answer).toBe("The answer is In 1901 was house 1 built.");
    for (const { answer } of [template, statement])
      expect(answer.split(" ")).toHaveLength(wrong.answer.split(" ").length);
    for (const { answer, reading, plain } of [right, wrong, template, statement])
      for (const tokens of [reading, plain])
        expect(tokens.map(({ text }: { text: string }) => text).join("")).toBe(` ${answer}`);
  });

  it("writes tables into the page, all of them", async () => {
    const page = path("page.md");
    writeFileSync(page, readFileSync(PAGE));
    const bench = {
      sections: [
        {
          methods: [
            {
              ...{ rank: 1, name: "perplexity", family: "one-pass", price: null, ece: null },
              ...{
                auroc: { value: 0.9, low: 0.8, high: 1 },
                auprcWrong: { value: 0.8 },
                prr: { value: 0.7 },
              },
            },
          ],
        },
      ],
    };
    writeFileSync(path("bench.json"), JSON.stringify(bench));
    const names = ["direct", "traces", "truthfulqa"].flatMap((name) => ["--bench", `${name}=bench.json`]);
    const shown = await run(
      ...[
        "show",
        "--out",
        path("scored"),
        ...names,
        "--page",
        page,
        "--pictures",
        path("pictures"),
        "--resamples",
        "20",
      ],
    );
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    const text = readFileSync(page, "utf8");
    // 12 pairs, words told apart by length in half of them, and in none of the rewritten ones.
    expect(text).toMatch(/\| mini \| Q8_0 \| \S+ \| 12 \| 6 \|/);
    expect(text).toContain("| 1 | perplexity | 0.900 (0.80–1.00) | 0.800 | 0.700 | – | – | – |");
    expect(text).not.toMatch(/undefined|NaN/);
    expect(readFileSync(path("pictures/hallucination-mini.svg"), "utf8")).toMatch(/^<svg/);
  });
});
