/** `surprisal bench-uncertainty` without a model: lines with numbers, pairs, rows that are read again, what is wrong with them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { displayWidth } from "../src/text/index.ts";
import { runCommand } from "./cli-run.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-bench-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const path = (name: string) => join(folder, name);
const write = (name: string, lines: readonly object[]) =>
  writeFileSync(path(name), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
const run = (...args: string[]) => runCommand(["bench-uncertainty", ...args], { folder });
const parsed = async (...args: string[]) => {
  const { code, stdout, stderr } = await run(...args, "--json", "--resamples", "50");
  expect(stderr.replace(/^price: .*\n/, "")).toBe("");
  expect(code).toBe(0);
  return JSON.parse(stdout);
};

/** A right and a wrong answer to each question; "mine" knows which is which, "coin" does not. */
const LINES = Array.from({ length: 12 }, (_, i) =>
  [
    { correct: true, answer: `It is city number ${i}.`, mine: 0.1 * i, coin: i % 5 },
    {
      correct: false,
      answer: `It is village ${i}, far away${" indeed".repeat(i)}.`,
      mine: 2 + 0.1 * i,
      coin: (i + 1) % 5,
    },
  ].map(({ mine, coin, ...line }) => ({
    ...{ question: `Which place is it, ${i}?`, group: i, knowledge: `City number ${i} it is.` },
    ...line,
    logprobs: [-0.1 * (i + 1), -0.2],
    samples: [`city number ${i}`, line.answer, `city number ${i}`, "nowhere", line.answer],
    uncertainties: { mine: { uncertainty: mine, tokensRead: 7, ms: 1500 }, "coin <b>": coin },
  })),
).flat();

interface Section {
  name: string;
  n: number;
  methods: { name: string; family: string; rank: number; auroc: { value: number }; price: object }[];
}
const ofSection = ({ methods }: Section, name: string) => methods.find((method) => method.name === name)!;

describe("lines with labels", () => {
  it("ranks methods of its own, baselines and numbers of the lines", async () => {
    write("lines.jsonl", LINES);
    const { schema, sections, answers, model } = await parsed("lines.jsonl", "--length-matched", "3");
    expect({ schema, answers, model }).toEqual({
      schema: "surprisal.bench-uncertainty/1",
      answers: 24,
      model: null,
    });
    const [all, matched] = sections as [Section, Section];
    expect(all).toMatchObject({ name: "all answers", n: 24, right: 12, groups: 12 });
    expect(ofSection(all, "mine")).toMatchObject({
      ...{ family: "own", rank: 1, auroc: { value: 1, low: 1, high: 1 } },
      price: { tokensRead: 7, tokensWritten: null, seconds: 1.5 },
    });
    expect(ofSection(all, "context-overlap")).toMatchObject({ family: "baseline", auroc: { value: 1 } });
    expect(ofSection(all, "mean-nll")).toMatchObject({
      ...{ family: "one-pass", auroc: { value: 0.5 } },
      price: { tokensRead: 0, tokensWritten: 0, seconds: 0 },
    });
    expect(ofSection(all, "self-consistency").family).toBe("samples");
    // Lengths are 5 words, and 6 and as many more as the place says: places 0, 1 and 2 differ by at most 3.
    expect(matched).toMatchObject({ n: 6, name: "pairs whose lengths differ by at most 3 words" });
  });

  it("fits 80 columns, and lets no name of the lines act", async () => {
    write("lines.jsonl", LINES);
    const names = "one-pass,samples,baselines,own";
    const shown = await run(
      ...["lines.jsonl", "--methods", names, "-q", "--resamples", "20"],
      ...["--html", "page.html", "--svg", "picture.svg"],
    );
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    for (const line of shown.stdout.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(80);
    expect(shown.stdout).toMatch(/^ +\d+ +mine +1\.000 /m);
    expect(shown.stdout).toMatch(/context-overlap \*/);
    const page = readFileSync(path("page.html"), "utf8");
    expect(page).toContain("coin &lt;b&gt;");
    expect(page).not.toContain("coin <b>");
    expect(readFileSync(path("picture.svg"), "utf8")).toMatch(/^<svg[\s\S]*coin &lt;b&gt;/);
  });

  it("measures methods that compare samples at the first N of them", async () => {
    write("lines.jsonl", LINES);
    const { sections } = await parsed(
      "lines.jsonl",
      "--methods",
      "self-consistency,own",
      "--at",
      "2",
      "--at",
      "5",
    );
    const names = sections[0].methods.map(({ name }: { name: string }) => name).toSorted();
    expect(names).toEqual(["coin <b>", "mine", "self-consistency@2", "self-consistency@5"]);
  });

  it("reads pairs as HaluEval has them", async () => {
    write(
      "pairs.jsonl",
      Array.from({ length: 8 }, (_, i) => ({
        knowledge: `Arthur's Magazine ${i} was a periodical.`,
        question: "Which magazine?",
        right_answer: `Arthur's Magazine ${i}`,
        hallucinated_answer: "First for Women was started first.",
      })),
    );
    const { sections, answers } = await parsed("pairs.jsonl", "--methods", "baselines");
    expect(answers).toBe(16);
    expect(sections[0]).toMatchObject({ n: 16, right: 8, groups: 8 });
    expect(ofSection(sections[0], "word-count").auroc.value).toBe(1);
    expect(ofSection(sections[0], "context-overlap").auroc.value).toBe(1);
  });

  it("leaves out answers that a method has no number for, and says so", async () => {
    write(
      "lines.jsonl",
      LINES.map((line, i) => (i === 3 ? { ...line, uncertainties: { mine: null } } : line)),
    );
    const { sections, notes } = await parsed("lines.jsonl", "--methods", "own,baselines");
    expect(sections[0].n).toBe(23);
    expect(notes.join(" ")).toMatch(/1 of 24 answers with a label are left out.*mine \(1\), coin <b> \(1\)/);
  });
});

describe("methods that hardly ever answer", () => {
  it("take nothing from the rest where no answer has a number of all, and are named", async () => {
    const odd = (i: number) => (i % 2 === 0 ? { even: 1 } : { odd: i });
    write(
      "apart.jsonl",
      LINES.map((line, i) => ({
        ...line,
        uncertainties: { ...odd(i), ...(i < 3 && { rare: i }), mine: line.correct ? i : 100 + i },
      })),
    );
    const { sections, notes } = await parsed("apart.jsonl", "--methods", "own,word-count");
    // Without "rare" (3) still none has both; without one of the others (12 each) half of them have all.
    expect(sections[0].n).toBe(12);
    expect(sections[0].methods.map(({ name }: { name: string }) => name).toSorted()).toEqual([
      "even",
      "mine",
      "word-count",
    ]);
    expect(notes.join(" ")).toMatch(
      /No answer has a number of every method.* odd \(12\), rare \(3\): --methods/,
    );
  });
});

describe("rows that are kept", () => {
  it("are measured again without a model, and say the same", async () => {
    write("lines.jsonl", LINES);
    const names = ["--methods", "mean-nll,self-consistency,baselines,own"];
    const first = await parsed("lines.jsonl", ...names, "--out", "rows.jsonl");
    const again = await parsed("rows.jsonl", "--replay");
    expect(again.sections).toEqual(first.sections);
    const some = await parsed("rows.jsonl", "--replay", "--methods", "mean-nll,word-count");
    expect(some.sections[0].methods).toHaveLength(2);
    const own = await parsed("rows.jsonl", "--replay", "--methods", "own");
    expect(own.sections[0].methods.map(({ name }: { name: string }) => name)).toEqual(["mine", "coin <b>"]);
  });

  it("may be those of surprisal confidence", async () => {
    write("lines.jsonl", LINES);
    const { code } = await runCommand(
      [
        "confidence",
        "lines.jsonl",
        "--methods",
        "mean-nll,self-consistency",
        "-q",
        "--out",
        "confidence.jsonl",
      ],
      { folder },
    );
    expect(code).toBe(0);
    const { sections } = await parsed("confidence.jsonl", "--replay", "--at", "3");
    const names = sections[0].methods.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(["mean-nll", "word-count", "self-consistency@3"]));
  });
});

describe("what is wrong", () => {
  it.each([
    [["lines.jsonl", "--methods", "mean-nl"], 'There is no method "mean-nl"', "mean-nll"],
    [["lines.jsonl", "--methods", ","], "names no method", ""],
    [["lines.jsonl", "--resume"], "--resume needs --out", ""],
    [["lines.jsonl", "--out", "lines.jsonl"], "names the file that is read", ""],
    [["lines.jsonl", "--out", "x.jsonl", "--html", "x.jsonl"], "another option names too", ""],
    [["lines.jsonl", "--replay"], "There are no answers", "rows that --out wrote"],
    [["lines.jsonl", "--replay", "--model", "mini"], "--replay runs nothing", "--model"],
    [["unlabelled.jsonl"], "No answer has a label", "expected"],
    [["empty.jsonl"], "There are no lines", ""],
    [["odd.jsonl"], '"uncertainties" is no object', "uncertainties"],
    [["lines.jsonl", "--calibrator", "plat"], "did you mean platt", ""],
    [["lines.jsonl", "--folds", "1"], "--folds takes a whole number from 2", ""],
  ])("%j", async (args, what, more) => {
    write("lines.jsonl", LINES);
    write("unlabelled.jsonl", [{ question: "?", answer: "A", logprobs: [-1] }]);
    write("odd.jsonl", [{ question: "?", answer: "A", correct: true, uncertainties: [1] }]);
    writeFileSync(path("empty.jsonl"), "");
    const { code, stdout, stderr } = await run(...args);
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe("");
    expect(stderr).toContain(what);
    expect(stderr).toContain(more);
  });

  it("is said of lines, and the others go on", async () => {
    writeFileSync(
      path("torn.jsonl"),
      `${LINES.map((line) => JSON.stringify(line)).join("\n")}\n{"question": "half`,
    );
    const { code, stdout, stderr } = await run("torn.jsonl", "--methods", "own", "--resamples", "20");
    expect(code).toBe(1);
    expect(stdout).toContain("all answers: 24 answers");
    expect(stderr).toContain("torn.jsonl:25");
  });
});
