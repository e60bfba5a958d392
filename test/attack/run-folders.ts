/** Real runs for the attacks on them: small, of a model of tables, with windows, documents and questions. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { EvaluateOptions } from "../../src/evaluate/harness/options.ts";
import type { Corpus, Run, Task } from "../../src/evaluate/index.ts";
import { TableModel } from "../../src/models/test/index.ts";

const TEXTS = ["a text of words", "another, and longer than the first", "x".repeat(700), "", "the last one"];

const CORPUS: Corpus = {
  name: "texts",
  source: "texts",
  domain: null,
  rule: { name: "list", source: null },
  async *documents() {
    for (const [i, text] of TEXTS.entries()) yield { name: `text ${i}`, text };
  },
};

const TASK: Task = {
  name: "questions",
  source: "questions",
  kind: "multiple-choice",
  form: { name: "target", source: null },
  async *items() {
    for (let i = 0; i < 4; i++)
      yield { where: `${i}`, context: `question ${i}`, choices: ["yes", "no"], label: i % 2, delimiter: " " };
  },
};

export type GivenRun = EvaluateOptions & { folder: string };

export function optionsFor(folder: string): GivenRun {
  return {
    models: [TableModel.bytes()],
    corpora: [CORPUS],
    tasks: [TASK],
    recipe: "llama.cpp",
    context: 64,
    tokens: true,
    folder,
  };
}

/** The numbers of a run, as one text: everything but when and how long. */
export function numbersOf({ results, taskResults, corpora, models, request }: Run): string {
  const timeless = [...results, ...taskResults]
    .map(({ timing: { tokensRun }, ...result }) => ({ ...result, tokensRun }))
    .map((result) =>
      JSON.stringify(result, (_, value) => (typeof value === "number" ? String(value) : value)),
    )
    .sort();
  return JSON.stringify([timeless, corpora, models, request.models]);
}

export function copyOf(from: string, to: string): string {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
  return join(to);
}
