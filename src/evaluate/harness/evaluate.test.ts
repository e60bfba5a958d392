import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NO_MOUNTS, needing } from "../../../test/needing.ts";
import { type ErrorCode, SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { TableModel } from "../../models/test/index.ts";
import type { Corpus } from "../corpora/corpus.ts";
import type { Run } from "../runs/run.ts";
import { scoreText } from "../scoring/score-text.ts";
import { evaluate, resumeEvaluation } from "./evaluate.ts";
import type { EvaluateOptions } from "./options.ts";

const MIXED = "Ångström said: 你好, <s>wörld</s>!\n\n  The end. ".repeat(12);
const TEXTS = [
  "One.",
  "",
  "x",
  MIXED,
  "Two and a half, and some more words",
  "three",
  MIXED.slice(40),
  "4",
  "five six",
];

function corpusOf(texts: readonly string[], name = "texts"): Corpus {
  return {
    name,
    source: name,
    domain: null,
    rule: { name: "list", source: null },
    async *documents() {
      for (const [i, text] of texts.entries()) yield { name: `${name}:${i}`, text };
    },
  };
}

/** What a run found, without what is never the same. */
function found({ results, models, corpora, notes }: Run) {
  const numbers = results.map(({ timing, ...result }) => ({ ...result, tokensRun: timing.tokensRun }));
  return { numbers, corpora, notes, recipes: models.map(({ recipe }) => recipe) };
}

async function failure(action: () => Promise<unknown>): Promise<SurprisalError> {
  try {
    await action();
  } catch (error) {
    if (SurprisalError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing failed");
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-run-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const RECIPES = [
  { recipe: "cached", context: 24, stride: 8 },
  { recipe: "strided", context: 24, stride: 8 },
  { recipe: "disjoint", context: 24 },
  { recipe: "llama.cpp", context: 16 },
  { recipe: "lm-eval", context: 24 },
  { recipe: "hf-evaluate" },
] as const;

describe("evaluate", () => {
  it.each(RECIPES)("of one document is what scoreText says: $recipe", async (recipe) => {
    const model = TableModel.bytes();
    const expected = await scoreText(model, MIXED, recipe);
    const run = await evaluate({ models: [model], corpora: [corpusOf([MIXED])], ...recipe });
    const [result] = run.results;
    for (const name of ["perplexity", "nll", "bitsPerByte", "wordPerplexity", "scored", "tokens"] as const)
      expect(result![name]).toBe(expected[name]);
    expect(result!.standardError).toBe(expected.standardError);
    expect(run.corpora[0]!.sha256).toBe(expected.textSha256);
    expect(run.models[0]!.recipe).toEqual(expected.recipe);
  });

  it("of several documents is their sum, with the error over documents", async () => {
    const model = TableModel.bytes();
    const run = await evaluate({ models: [model], corpora: [corpusOf(TEXTS)] });
    let nll = 0;
    let scored = 0;
    for (const text of TEXTS.filter((each) => each !== "")) {
      const score = await scoreText(model, text);
      nll += score.sums.totalNll;
      scored += score.scored;
    }
    const [result] = run.results;
    expect(result).toMatchObject({
      scored,
      documents: 8,
      skipped: 1,
      standardErrorMethod: "document-bootstrap",
    });
    expect(result!.perplexity).toBeCloseTo(Math.exp(nll / scored), 9);
    expect(result!.interval![0]).toBeLessThan(result!.perplexity!);
    expect(result!.interval![1]).toBeGreaterThan(result!.perplexity!);
  });

  it("leaves out what is too short for the recipe, and says so", async () => {
    const run = await evaluate({
      models: [TableModel.bytes()],
      corpora: [corpusOf(["short", "x"])],
      recipe: "llama.cpp",
    });
    expect(run.results[0]).toMatchObject({ documents: 0, skipped: 2, perplexity: null, standardError: null });
    expect(run.notes.join()).toContain("no document that is long enough");
  });

  it("goes on with the other models when one fails", async () => {
    const broken = new Proxy(TableModel.bytes(), {
      get(model, name) {
        const value: unknown = Reflect.get(model, name, model);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          if (String(name).startsWith("score"))
            throw new SurprisalError({ code: "SERVER_UNREACHABLE", what: "gone" });
          return value.apply(model, given);
        };
      },
    }) as LanguageModel;
    const options = { corpora: [corpusOf(TEXTS)], folder };
    const run = await evaluate({ ...options, models: [broken, TableModel.bytes()] });
    expect(run).toMatchObject({
      status: "failed",
      failures: [{ modelIndex: 0, code: "SERVER_UNREACHABLE" }],
    });
    expect(run.results.map(({ modelIndex }) => modelIndex)).toEqual([1]);
    const whole = await resumeEvaluation({ ...options, models: [TableModel.bytes(), TableModel.bytes()] });
    expect(whole.status).toBe("complete");
    expect(whole.results.map(({ modelIndex }) => modelIndex).sort()).toEqual([0, 1]);
    expect((await failure(() => evaluate({ corpora: options.corpora, models: [broken] }))).code).toBe(
      "SERVER_UNREACHABLE",
    );
  });

  it("keeps nothing half done, wherever it was killed", async () => {
    for (const recipe of RECIPES) {
      const options = {
        models: [TableModel.bytes()],
        corpora: [corpusOf(TEXTS), corpusOf([MIXED], "one")],
        ...recipe,
      };
      const expected = found(await evaluate(options));
      await fc.assert(
        fc.asyncProperty(
          fc.double({ min: 0, max: 1, noNaN: true }),
          fc.double({ min: 0, max: 1, noNaN: true }),
          async (kept, logged) => {
            const place = join(folder, "run");
            rmSync(place, { recursive: true, force: true });
            const run = await evaluate({ ...options, folder: place, tokens: true });
            expect(found(run)).toEqual(expected);
            const parquet = readFileSync(join(place, "tokens.parquet"));
            // As if the process had been killed: run.json as at its beginning, the journal cut anywhere, also in a line.
            writeFileSync(
              join(place, "run.json"),
              JSON.stringify({ ...run, status: "running", results: [] }),
            );
            for (const [name, share] of [
              ["journal.jsonl", kept],
              ["tokens.bin", logged],
            ] as const) {
              const file = join(place, name);
              if (name === "tokens.bin") writeFileSync(file, "", { flag: "a" });
              truncateSync(file, Math.floor(statSync(file).size * share));
            }
            expect(found(await resumeEvaluation({ ...options, folder: place, tokens: true }))).toEqual(
              expected,
            );
            expect(readFileSync(join(place, "tokens.parquet")).equals(parquet)).toBe(true);
          },
        ),
        { numRuns: 4 },
      );
    }
  });

  const options = (): EvaluateOptions & { folder: string } => ({
    models: [TableModel.bytes()],
    corpora: [corpusOf(TEXTS)],
    folder,
  });

  async function brokenOff(): Promise<void> {
    let documents = 0;
    const stop = new Error("stop");
    await evaluate({
      ...options(),
      onDocument: () => {
        if (++documents === 3) throw stop;
      },
    }).catch((error: unknown) => {
      if (error !== stop) throw error;
    });
  }

  it.each([
    ["CORPUS_CHANGED", { corpora: [corpusOf([...TEXTS.slice(1), "other"])] }],
    ["RUN_MISMATCH", { models: [TableModel.twoState(0.1, 0.2)] }],
    ["RUN_MISMATCH", { corpora: [corpusOf(TEXTS), corpusOf(TEXTS)] }],
  ] as [ErrorCode, Omit<Partial<EvaluateOptions>, "folder">][])(
    "is %s when what it goes on with is something else",
    async (code, other) => {
      await brokenOff();
      expect((await failure(() => resumeEvaluation({ ...options(), ...other }))).code).toBe(code);
      expect((await resumeEvaluation(options())).status).toBe("complete"); // nothing was lost
    },
  );

  it("notices a corpus that changes while it is scored", async () => {
    let reads = 0;
    const changing: Corpus = {
      ...corpusOf([]),
      async *documents() {
        yield* corpusOf([`text ${Math.min(reads++, 1)}`]).documents();
      },
    };
    expect((await failure(() => evaluate({ ...options(), corpora: [changing] }))).code).toBe(
      "CORPUS_CHANGED",
    );
  });

  it("holds its folder, and takes it over from the dead only", async () => {
    await brokenOff();
    expect((await failure(() => evaluate(options()))).code).toBe("RUN_EXISTS");
    const lock = join(folder, "lock");
    const host = execFileSync("hostname", { encoding: "utf8" }).trim();
    writeFileSync(lock, `${process.ppid} ${host}`);
    expect((await failure(() => resumeEvaluation(options()))).code).toBe("RUN_LOCKED");
    writeFileSync(lock, `999999999 ${host}`);
    expect((await resumeEvaluation(options())).status).toBe("complete");
  });

  it("says what is wrong with a folder", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect((await failure(() => evaluate({ ...options(), folder: join(file, "run") }))).code).toBe(
      "FILE_UNWRITABLE",
    );
    expect((await failure(() => resumeEvaluation(options()))).code).toBe("RUN_NOT_FOUND");
    writeFileSync(join(folder, "run.json"), "{");
    expect((await failure(() => resumeEvaluation(options()))).code).toBe("RUN_DAMAGED");
    rmSync(join(folder, "run.json"));
    await brokenOff();
    writeFileSync(join(folder, "journal.jsonl"), "nonsense\n", { flag: "a" });
    expect((await failure(() => resumeEvaluation(options()))).code).toBe("RUN_DAMAGED");
  });

  needing(NO_MOUNTS).it(
    "on a full disk says so, and goes on when there is room (needs root, to mount a small disk)",
    async (context) => {
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", folder], { stdio: "ignore" });
      } catch {
        context.skip("no file system can be mounted here");
      }
      try {
        const many = {
          ...options(),
          corpora: [corpusOf(Array.from({ length: 200 }, (_, i) => `text ${i}`))],
        };
        const place = join(folder, "run");
        expect((await failure(() => evaluate({ ...many, folder: place }))).code).toBe("DISK_FULL");
        execFileSync("mount", ["-o", "remount,size=4m", folder]);
        const whole = await resumeEvaluation({ ...many, folder: place });
        expect(found(whole)).toEqual(found(await evaluate({ ...many, folder: undefined })));
      } finally {
        execFileSync("umount", [folder]);
      }
    },
  );
});
