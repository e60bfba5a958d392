import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SurprisalError } from "../../core/index.ts";
import type { Corpus } from "../../evaluate/corpora/corpus.ts";
import { evaluate } from "../../evaluate/harness/evaluate.ts";
import type { Run } from "../../evaluate/runs/run.ts";
import type { LanguageModel } from "../../models/index.ts";
import { TableModel } from "../../models/test/index.ts";
import type { PageSection } from "../page/sections.ts";
import { exportRuns } from "./export.ts";
import { tokenPictures } from "./token-pictures.ts";

const LONG = "Ångström said: 你好, <s>wörld</s>!\n\n  The end. ".repeat(12);
const TEXTS = ["One.", "", "x", "Two and a half, and some more words", LONG, "three", LONG.slice(40)];

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

/** A model of bytes that gives all of them the same probability. */
function evenModel(name: string, source: string = name): TableModel {
  const symbols = [...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), "<s>"];
  const row = symbols.map((_, next) => (next < 256 ? 1 / 256 : 0));
  const model = new TableModel({ name, symbols, bos: 256, transitions: symbols.map(() => row) });
  Object.assign(model.identity, { source });
  return model;
}

let folder: string;
let runs: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-pictures-"));
  runs = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function evaluated(
  models: readonly LanguageModel[],
  corpora: readonly Corpus[],
  tokens = true,
): Promise<{ run: Run; path: string }> {
  const path = join(folder, `run-${++runs}`);
  return { run: await evaluate({ models, corpora, tokens, folder: path, context: 64, stride: 16 }), path };
}

interface Row {
  model: string;
  corpus: string;
  document: string;
  byteOffset: bigint;
  logprob: number | null;
}

async function rowsOf(path: string): Promise<Row[]> {
  const file = await asyncBufferFromFile(join(path, "tokens.parquet"));
  return (await parquetReadObjects({ file })) as unknown as Row[];
}

const titled = (sections: readonly PageSection[], title: string) =>
  sections.filter(({ heading, chart }) => (heading ?? chart!.title).startsWith(title));
const only = (sections: readonly PageSection[], title: string) => {
  const found = titled(sections, title);
  expect(found).toHaveLength(1);
  return found[0]!;
};
const bitsOf = (rows: readonly Row[]) =>
  rows.flatMap(({ logprob }) => (logprob === null ? [] : [-logprob / Math.LN2]));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const counted = (text: string | undefined) => Number(text!.replaceAll(",", ""));

describe("pictures of a run's tokens", () => {
  it("have the numbers of tokens.parquet", async () => {
    const { run, path } = await evaluated([TableModel.bytes(), evenModel("even")], [corpusOf(TEXTS)]);
    const rows = await rowsOf(path);
    const { sections, notes } = await tokenPictures([run], [path]);
    expect(notes).toEqual([]);
    expect(sections).toHaveLength(4);
    const page = await exportRuns([run], "html", { folders: [path] });
    for (const { heading, chart } of sections)
      expect(page.split(`>${heading ?? chart!.title}</h2>`)).toHaveLength(2);

    const distribution = only(sections, "How surprising the tokens were").chart!.table.rows;
    expect(distribution.map(([name]) => name)).toEqual(["bytes", "even"]);
    for (const [name, tokens, average, , , , highest, zeros, missing] of distribution) {
      const own = rows.filter(({ model }) => model === name);
      const bits = bitsOf(own);
      expect([counted(tokens), counted(zeros)]).toEqual([bits.length, 0]);
      expect(counted(missing)).toBe(own.length - bits.length);
      expect(average).toBe(mean(bits).toFixed(1));
      expect(highest).toBe(Math.max(...bits).toFixed(1));
    }

    const running = only(sections, "Running perplexity").chart!.table.rows;
    for (const { modelIndex: model, scored, perplexity } of run.results) {
      const [, tokens, last] = running.findLast(([name]) => name === run.models[model]!.identity.name)!;
      expect(counted(tokens)).toBe(scored);
      expect(Number(last)).toBeCloseTo(perplexity!, 0);
    }

    const along = titled(sections, "Surprisal along");
    expect(along.map(({ chart }) => chart!.title)).toEqual([
      "Surprisal along texts:4, bytes",
      "Surprisal along texts:4, even",
    ]);
    const document = rows.filter((row) => row.model === "bytes" && row.document === "texts:4");
    const stretches = along[0]!.chart!.table.rows;
    expect(stretches.reduce((sum, [, tokens]) => sum + counted(tokens), 0)).toBe(document.length);
    const size = counted(stretches[0]![1]);
    for (const [i, [from, , average, lowest, highest]] of stretches.entries()) {
      const part = document.slice(i * size, (i + 1) * size);
      expect(counted(from)).toBe(Number(part[0]!.byteOffset));
      const bits = bitsOf(part);
      expect([average, lowest, highest]).toEqual(
        [mean(bits), Math.min(...bits), Math.max(...bits)].map((value) => value.toFixed(1)),
      );
    }
  });

  it("are of each corpus where they are few, else of all together", async () => {
    const corpora = [3, 4, 5, 6, 7, 8, 9].map((times) => corpusOf([LONG.slice(0, 40 * times)], `c${times}`));
    const few = await evaluated([TableModel.bytes()], corpora.slice(0, 6));
    const { sections } = await tokenPictures([few.run], [few.path]);
    const running = titled(sections, "Running perplexity");
    expect(running.map(({ heading }) => heading)).toEqual(
      [3, 4, 5, 6, 7, 8].map((times) => `Running perplexity: c${times}`),
    );
    for (const [i, { chart }] of running.entries())
      expect(Number(chart!.table.rows.at(-1)![2])).toBeCloseTo(few.run.results[i]!.perplexity!, 0);

    const many = await evaluated([TableModel.bytes()], corpora);
    const all = (await tokenPictures([many.run], [many.path])).sections;
    const together = only(all, "Running perplexity");
    const scored = many.run.results.reduce((sum, result) => sum + result.scored, 0);
    expect(counted(together.chart!.table.rows.at(-1)![1])).toBe(scored);
    expect(titled(all, "Surprisal along")).toHaveLength(6);
    expect(titled(all, "Surprisal along")[0]!.text).toEqual([
      "The longest document of the first 6 of 7 corpora.",
    ]);
    // Whole corpora: two models, three corpora.
    const two = await evaluated([TableModel.bytes(), evenModel("even")], corpora.slice(0, 4));
    const pairs = titled((await tokenPictures([two.run], [two.path])).sections, "Surprisal along");
    expect(pairs.map(({ chart }) => chart!.title.slice("Surprisal along ".length))).toEqual(
      ["c3:0", "c4:0", "c5:0"].flatMap((name) => [`${name}, bytes`, `${name}, even`]),
    );
  });

  it("of a document are of the first models where these are many", async () => {
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    const { run, path } = await evaluated(
      names.map((name) => evenModel(name)),
      [corpusOf(TEXTS)],
    );
    const along = titled((await tokenPictures([run], [path])).sections, "Surprisal along");
    expect(along).toHaveLength(6);
    expect(along[0]!.text).toEqual(["The longest document of the corpus, under the first 6 models."]);
  });

  it("of more tokens than there is room for are of some, and say so", async () => {
    const corpora = [corpusOf(TEXTS), corpusOf([LONG.slice(0, 300)], "other")];
    const { run, path } = await evaluated([TableModel.bytes()], corpora);
    const rows = await rowsOf(path);
    const { sections } = await tokenPictures([run], [path], 200);
    expect(await tokenPictures([run], [path], 200).then(({ sections: again }) => textOf(again))).toEqual(
      textOf(sections),
    );
    const distribution = only(sections, "How surprising");
    expect(distribution.text).toContain(
      `bytes: a uniform sample, 200 of ${rows.length.toLocaleString("en-US")} tokens.`,
    );
    const [, tokens, average, , , , , , missing] = distribution.chart!.table.rows[0]!;
    expect(counted(tokens) + counted(missing)).toBe(200);
    const bits = bitsOf(rows);
    const deviation = Math.sqrt(mean(bits.map((each) => (each - mean(bits)) ** 2)));
    expect(Math.abs(Number(average) - mean(bits))).toBeLessThan((4 * deviation) / Math.sqrt(200));

    const first = bitsOf(rows.filter(({ corpus }) => corpus === "texts").slice(0, 100));
    const running = only(sections, "Running perplexity: texts");
    expect(running.text!.at(-1)).toMatch(/^bytes: the first 100 of [\d,]+ tokens\.$/);
    const last = running.chart!.table.rows.at(-1)!;
    expect(counted(last[1])).toBe(first.length);
    expect(Number(last[2])).toBeCloseTo(2 ** mean(first), 0);

    const along = titled(sections, "Surprisal along")[0]!;
    const length = rows.filter(({ document }) => document === "texts:4").length;
    expect(along.text).toContain(`bytes: the first 200 of ${length} tokens.`);
    expect(along.chart!.table.rows.reduce((sum, row) => sum + counted(row[1]), 0)).toBe(200);

    const tight = only((await tokenPictures([run], [path], rows.length)).sections, "How surprising");
    expect(tight.text).toEqual(["Of each model, the tokens of all its corpora together."]);
  });

  it("take their sample from the whole", async () => {
    const corpora = [corpusOf(["a".repeat(1000)]), corpusOf(["ab".repeat(500)], "harder")];
    const { run, path } = await evaluated([TableModel.twoState(0.1, 0.5)], corpora);
    const all = mean(bitsOf(await rowsOf(path)));
    const { sections } = await tokenPictures([run], [path], 200);
    const sampled = Number(only(sections, "How surprising").chart!.table.rows[0]![2]);
    expect(all).toBeGreaterThan(1);
    expect(Math.abs(sampled - all)).toBeLessThan(0.3);
  });

  it("follow one document under all models, though another is longer for some", async () => {
    const row = [1 / 3, 1 / 3, 0, 1 / 3];
    const model = new TableModel({
      name: "words",
      symbols: ["a", "b", "<s>", "abab"],
      bos: 2,
      transitions: [row, row, row, row],
    });
    const corpus = corpusOf(["a".repeat(40), "ab".repeat(24)]);
    const { run, path } = await evaluated([TableModel.twoState(0.1, 0.5), model], [corpus]);
    const along = titled((await tokenPictures([run], [path])).sections, "Surprisal along");
    expect(along.map(({ chart }) => chart!.title)).toEqual([
      "Surprisal along texts:1, two-state",
      "Surprisal along texts:1, words",
    ]);
  });

  it("of several runs are side by side, under the names of the other pictures", async () => {
    const corpus = corpusOf(TEXTS);
    const one = await evaluated([TableModel.bytes()], [corpus]);
    const same = await evaluated([TableModel.bytes()], [corpus]);
    const other = await evaluated([TableModel.bytes()], [corpusOf([LONG.slice(0, 200)], "other")]);
    const names = (sections: readonly PageSection[]) =>
      only(sections, "How surprising").chart!.table.rows.map(([name]) => name);
    const twice = await tokenPictures([one.run, same.run], [one.path, same.path]);
    expect(names(twice.sections)).toEqual(["bytes (run-1)", "bytes (run-2)"]);
    expect(titled(twice.sections, "Surprisal along").map(({ chart }) => chart!.title)).toEqual([
      "Surprisal along texts:4, bytes (run-1)",
      "Surprisal along texts:4, bytes (run-2)",
    ]);
    // One model over two corpora, one in each run.
    const both = (await tokenPictures([one.run, other.run], [one.path, other.path])).sections;
    const tokens = (await rowsOf(one.path)).length + (await rowsOf(other.path)).length;
    const [row] = only(both, "How surprising").chart!.table.rows;
    expect(counted(row![1]) + counted(row![8])).toBe(tokens);
    expect(titled(both, "Running perplexity")).toHaveLength(2);
  });

  it("of two corpora of one name are of the longest document of each", async () => {
    const [one, two, again] = [
      await evaluated([TableModel.bytes()], [corpusOf(["short", LONG])]),
      await evaluated([TableModel.bytes()], [corpusOf([LONG.slice(40), "x y", "three"])]),
      await evaluated([TableModel.bytes()], [corpusOf(["short", LONG])]),
    ];
    const titles = async (...runs: { run: Run; path: string }[]) => {
      const folders = runs.map(({ path }) => path);
      const { sections } = await tokenPictures(
        runs.map(({ run }) => run),
        folders,
      );
      const along = titled(sections, "Surprisal along");
      expect(along[0]!.text).toEqual(["The longest document of each corpus."]);
      return along.map(({ chart }) => chart!.title.slice("Surprisal along ".length));
    };
    expect(await titles(one, two)).toEqual(["texts:1, bytes (run-1)", "texts:0, bytes (run-2)"]);
    const without = await evaluated([TableModel.bytes()], [corpusOf(["", "four", LONG.slice(20)])]);
    expect(await titles(one, without, again)).toEqual([
      ...["texts:1, bytes (run-1)", "texts:1, bytes (run-3)", "texts:2, bytes (run-4)"],
    ]);
  });

  it("of the same texts whose documents have other names are of the longest ones", async () => {
    const renamed: Corpus = {
      ...corpusOf([]),
      async *documents() {
        for (const [i, text] of ["one", LONG].entries()) yield { name: `renamed:${i}`, text };
      },
    };
    const one = await evaluated([TableModel.bytes()], [corpusOf(["one", LONG])]);
    const other = await evaluated([TableModel.bytes()], [renamed]);
    expect(other.run.corpora[0]!.sha256).toBe(one.run.corpora[0]!.sha256);
    const { sections } = await tokenPictures([one.run, other.run], [one.path, other.path]);
    expect(titled(sections, "Surprisal along").map(({ chart }) => chart!.title)).toEqual([
      "Surprisal along texts:1, bytes (run-1)",
      "Surprisal along renamed:1, bytes (run-2)",
    ]);
  });

  it("say the corpus where documents of two have one name", async () => {
    const corpora = ["a/t.txt", "b/t.txt", "c/u.txt"].map((name) => ({
      ...corpusOf([], name),
      async *documents() {
        yield { name: name.slice(2), text: `The text ${name}` };
      },
    }));
    const { run, path } = await evaluated([TableModel.bytes()], corpora);
    const along = titled((await tokenPictures([run], [path])).sections, "Surprisal along");
    expect(along.map(({ chart }) => chart!.title)).toEqual([
      "Surprisal along t.txt (a/t.txt), bytes",
      "Surprisal along t.txt (b/t.txt), bytes",
      "Surprisal along u.txt, bytes",
    ]);
  });

  it.each([
    ["one token", ["x"]],
    ["one token, again and again", ["x", "x", "y", "x"]],
    ["one token behind a longer one", ["xyz", "x"]],
  ])("tell models of one name apart over documents of %s", async (_, texts) => {
    const models = ["a.gguf", "b.gguf", "c.gguf"].map((source) => evenModel("even", source));
    const { run, path } = await evaluated(models, [corpusOf(texts)]);
    const { sections, notes } = await tokenPictures([run], [path]);
    expect(notes).toEqual([]);
    const rows = only(sections, "How surprising").chart!.table.rows;
    expect(rows.map(([name, tokens]) => [name, counted(tokens)])).toEqual(
      ["a.gguf", "b.gguf", "c.gguf"].map((name, i) => [name, run.results[i]!.scored]),
    );
    expect(titled(sections, "Surprisal along")).toHaveLength(3);
  });

  it("tell models of one name apart", async () => {
    const models = [evenModel("even", "a.gguf"), evenModel("even", "b.gguf"), TableModel.bytes()];
    const { run, path } = await evaluated(models, [corpusOf(TEXTS)]);
    const { sections, notes } = await tokenPictures([run], [path]);
    expect(notes).toEqual([]);
    const rows = only(sections, "How surprising").chart!.table.rows;
    expect(rows.map(([name, tokens]) => [name, counted(tokens)])).toEqual(
      ["a.gguf", "b.gguf", "bytes"].map((name, i) => [name, run.results[i]!.scored]),
    );
  });

  it("count tokens of probability 0", async () => {
    const { run, path } = await evaluated([TableModel.twoState(1, 0.5)], [corpusOf(["abaab"])]);
    expect(run.results[0]!.perplexity).toBe(Number.POSITIVE_INFINITY);
    const { sections, notes } = await tokenPictures([run], [path]);
    expect(notes).toEqual([]);
    expect(only(sections, "How surprising").chart!.table.rows[0]![7]).toBe("1");
    expect(only(sections, "Running perplexity").chart!.summary).toBe("two-state has no finite perplexity.");
  });

  it("leave out a model that failed, whose tokens are there in part", async () => {
    let left = 3;
    const broken = new Proxy(evenModel("broken"), {
      get(model, name) {
        const value: unknown = Reflect.get(model, name, model);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          if (String(name).startsWith("score") && left-- === 0)
            throw new SurprisalError({ code: "SERVER_UNREACHABLE", what: "gone" });
          return value.apply(model, given);
        };
      },
    }) as LanguageModel;
    const texts = TEXTS.map((text) => text.repeat(3));
    const { run, path } = await evaluated([broken, TableModel.bytes()], [corpusOf(texts)]);
    expect(run.status).toBe("failed");
    expect((await rowsOf(path)).some(({ model }) => model === "broken")).toBe(true);
    const { sections, notes } = await tokenPictures([run], [path]);
    expect(notes).toEqual([]);
    const rows = only(sections, "How surprising").chart!.table.rows;
    expect(rows.map(([name]) => name)).toEqual(["bytes"]);
  });
});

const textOf = (sections: readonly PageSection[]) =>
  sections.map(({ text, chart }) => ({ text, summary: chart!.summary, table: chart!.table }));

describe("a page without tokens", () => {
  it("says how to keep them, and is else the page as it was", async () => {
    const { run, path } = await evaluated([TableModel.bytes()], [corpusOf(TEXTS)], false);
    const plain = await exportRuns([run], "html");
    const told = await exportRuns([run], "html", { folders: [path] });
    const note =
      /\n<p>There are no pictures of the tokens of run run-1, which did not keep them: surprisal eval --tokens does\.<\/p>/;
    expect(plain).not.toMatch(note);
    expect(told).toMatch(note);
    expect(told.replace(note, "")).toBe(plain);
    const going: Run = { ...run, status: "running", request: { ...run.request, tokens: true } };
    expect((await tokenPictures([going], [path])).notes.join()).toContain("has not come to its end");
  });

  it.each<[string, (file: Buffer) => Buffer]>([
    ["cut off", (file) => file.subarray(0, file.length / 2)],
    ["empty", () => Buffer.alloc(0)],
    ["something else", () => Buffer.from("<html>not found</html>")],
    ["damaged within", (file) => Buffer.from(file).fill(0xff, 4, file.length / 2)],
  ])("has a note where tokens.parquet is %s, and the pictures of the other runs", async (_, damage) => {
    const whole = await evaluated([TableModel.bytes()], [corpusOf(TEXTS)]);
    const broken = await evaluated([TableModel.bytes()], [corpusOf([LONG], "other")]);
    const file = join(broken.path, "tokens.parquet");
    writeFileSync(file, damage(readFileSync(file)));
    const { sections, notes } = await tokenPictures([broken.run, whole.run], [broken.path, whole.path]);
    expect(notes).toEqual([
      expect.stringMatching(
        /^There are no pictures of the tokens of run run-2: tokens\.parquet cannot be read as Parquet: .+ Evaluate again with --tokens, in another folder\.$/,
      ),
    ]);
    expect(textOf(sections)).toEqual(textOf((await tokenPictures([whole.run], [whole.path])).sections));
    const page = await exportRuns([broken.run], "html", { folders: [broken.path] });
    expect(page).toContain("tokens.parquet cannot be read");
    expect(page).toContain("Capability map");
    expect(page).not.toContain("How surprising the tokens were");
  });

  it("has a note where the file is not this run's, or is none", async () => {
    const one = await evaluated([TableModel.bytes()], [corpusOf(TEXTS)]);
    const less = await evaluated([TableModel.bytes()], [corpusOf(TEXTS.slice(0, 4))]);
    const other = await evaluated([TableModel.bytes()], [corpusOf(TEXTS, "another")]);
    for (const { path } of [less, other]) {
      const { sections, notes } = await tokenPictures([one.run], [path]);
      expect(sections).toEqual([]);
      expect(notes.join()).toContain(
        "tokens.parquet has not the tokens that run.json counts. Evaluate again",
      );
    }
    const failed: Run = { ...one.run, status: "failed" };
    expect((await tokenPictures([failed], [less.path])).notes.join()).toContain(`--resume ${less.path}`);
    const none = join(folder, "none");
    mkdirSync(join(none, "tokens.parquet"), { recursive: true });
    expect((await tokenPictures([one.run], [none])).notes.join()).toContain("cannot be read");
  });
});
