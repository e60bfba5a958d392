import { describe, expect, it } from "vitest";
import type { Corpus } from "../../evaluate/corpora/corpus.ts";
import { evaluate } from "../../evaluate/harness/evaluate.ts";
import type { Run } from "../../evaluate/runs/run.ts";
import type { Task } from "../../evaluate/tasks/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { exportRuns } from "./export.ts";
import { methodOf } from "./method.ts";
import { taskTable } from "./tables.ts";

const corpus: Corpus = {
  name: "texts",
  source: "texts",
  domain: null,
  rule: { name: "list", source: null },
  async *documents() {
    yield { name: "texts:0", text: "aab" };
  },
};

/** @param name several may have the same one */
const taskOf = (name: string): Task => ({
  name,
  source: name,
  kind: "multiple-choice",
  form: { name: "choices", source: null },
  async *items() {
    yield { where: `${name}:1`, context: "a", choices: ["a", "b"], label: 0, delimiter: "" };
  },
});

/** @param toB probability of "b" */
const modelOf = (name: string, toB: number) =>
  new TableModel({
    name,
    symbols: ["a", "b"],
    transitions: [
      [1 - toB, toB],
      [1 - toB, toB],
    ],
  });

const models = [modelOf("small", 0.5), modelOf("large", 0.25)];

/** What the first two columns of the Markdown tables say, below each other. */
async function beginnings(runs: readonly Run[]): Promise<string[]> {
  const cells = [...(await exportRuns(runs, "md")).matchAll(/^\| (\w+ \| .+?) \|/gm)].map(([, two]) => two!);
  return cells.filter((two) => !two.endsWith("model")); // the headings
}

it("writes Markdown in which nothing is hidden or turned round", async () => {
  const run = await evaluate({ models, corpora: [{ ...corpus, name: "a\u202eb\u200bc\u001b[31m|<b>" }] });
  const markdown = await exportRuns([run], "md");
  expect(markdown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/);
  expect(markdown).toContain("| a⟨U+202E⟩b⟨U+200B⟩c \\[31m\\|\\<b\\> |");
});

it("counts a document that is too short once, though there are two models", async () => {
  const texts: Corpus = {
    ...corpus,
    async *documents() {
      for (const [i, text] of ["aab", "", "ab", ""].entries()) yield { name: `texts:${i}`, text };
    },
  };
  const run = await evaluate({ models, corpora: [texts, { ...texts, name: "again" }] });
  expect(run.results.map(({ skipped }) => skipped)).toEqual([2, 2, 2, 2]);
  expect(methodOf([run])).toContain("Left out, too short to score: 4 documents.");
  const one = await evaluate({ models, corpora: [texts], limit: 2 });
  expect(methodOf([one])).toContain("Left out, too short to score: 1 document.");
});

describe("tables of runs", () => {
  it("have the models' names, of one run", async () => {
    const run = await evaluate({ models, corpora: [corpus], tasks: [taskOf("same"), taskOf("same")] });
    expect(await beginnings([run])).toEqual([
      ...["texts | small", "texts | large"],
      ...["same | small", "same | small", "same | large", "same | large"],
    ]);
  });

  it("tell rows of two runs apart as the pictures do, of corpora and of tasks", async () => {
    const [small] = models as [TableModel, TableModel];
    const run = await evaluate({ models, corpora: [corpus], tasks: [taskOf("one")] });
    const other = await evaluate({ models: [small], corpora: [corpus], tasks: [taskOf("one")] });
    const runs = [
      { ...run, id: "x" },
      { ...other, id: "y" },
    ];
    expect(await beginnings(runs)).toEqual([
      ...["texts | small (x)", "texts | large", "texts | small (y)"],
      ...["one | small (x)", "one | large", "one | small (y)"],
    ]);
    expect(taskTable(runs)!.rows.map(([task, model]) => [task, model])).toEqual([
      ["one", "small (x)"],
      ["one", "large"],
      ["one", "small (y)"],
    ]);
    const page = await exportRuns(runs, "html");
    const cells = page.slice(page.indexOf(">Tasks<")).match(/>(small|large)( \(\w\))?</g);
    expect(cells).toEqual([">small (x)<", ">large<", ">small (y)<"]);
    expect(await exportRuns(runs, "csv")).toMatch(/^x,small,texts,/m); // the run has a column there
  });

  it("leave the name alone where two runs asked other things", async () => {
    const [x, y] = await Promise.all(
      ["one", "two"].map(async (name) => ({
        ...(await evaluate({ models, tasks: [taskOf(name)] })),
        id: name,
      })),
    );
    expect(taskTable([x!, y!])!.rows.map(([task, model]) => [task, model])).toEqual([
      ["one", "small"],
      ["one", "large"],
      ["two", "small"],
      ["two", "large"],
    ]);
  });
});

describe("models with different tokenizers", () => {
  const text = "abaabbab".repeat(60);
  const texts: Corpus = {
    ...corpus,
    async *documents() {
      yield { name: "text", text };
    },
  };
  /** Few long tokens, each hard, against many short ones: per token the second looks better, per byte it is worse. */
  const long = new TableModel({
    name: "long",
    symbols: ["a", "b", "abaabbab"],
    transitions: [0, 1, 2].map(() => [0.3, 0.3, 0.4]),
  });
  const short = modelOf("short", 0.5);

  it("are never ranked or drawn by perplexities per token", async () => {
    const run = await evaluate({ models: [long, short], corpora: [texts] });
    const [first, second] = run.results;
    expect(first!.perplexity!).toBeGreaterThan(second!.perplexity!);
    expect(first!.bitsPerByte!).toBeLessThan(second!.bitsPerByte!);
    const page = await exportRuns([run], "html");
    expect(page).toContain(">Bits per byte<");
    expect(page).not.toContain(">Perplexity per token<");
    expect(page).toContain("Best on texts: long");
    expect(page).toContain("Best: long in 1 of 1");
    expect(page).not.toMatch(/Best[^.]*: short/);
    expect(page).toContain("compare bits per byte, not perplexities per token");
  });

  it("are tied where nothing tells them apart", async () => {
    const twin = modelOf("twin", 0.5);
    const page = await exportRuns([await evaluate({ models: [short, twin], corpora: [texts] })], "html");
    expect(page).toContain("Not told apart on texts: short");
    expect(page).not.toContain("Best on");
    expect(page).toContain("◇");
  });
});
