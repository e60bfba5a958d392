/** Scores of one continuation under every level: in closed form, gone on with, and what fails is kept. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { LanguageModel } from "../../models/index.ts";
import { TableModel } from "../../models/test/index.ts";
import {
  levelName,
  type PaqLevelFacts,
  type PaqPrompt,
  type RecordLevelsOptions,
  readRecords,
  recordLevels,
} from "../index.ts";

/** [bits, p(a -> b), p(b -> a)]; the lowest cannot write "aa". */
const CHAINS = [
  [2, 1, 0.9],
  [4, 0.4, 0.3],
  [16, 0.5, 0.25],
] as const;

const levels: PaqLevelFacts[] = CHAINS.map(([bits]) => ({
  bits,
  name: levelName(bits),
  type: `Q${bits}`,
  bytes: bits * 1000,
  bitsPerWeight: bits,
  fallbacks: [],
  identity: {
    model: { name: `chain ${bits}`, sha256: null },
    tokenizer: null,
    wordingSha256: null,
    recipe: null,
    kernels: null,
  },
  perplexity: null,
  prefillTokensPerSecond: 100,
  generationTokensPerSecond: 10,
  cacheBytesPerToken: null,
  memoryBytes: null,
}));

const opened: string[] = [];
const open = async ({ name, bits }: PaqLevelFacts): Promise<LanguageModel> => {
  opened.push(name);
  const [, ab, ba] = CHAINS.find(([each]) => each === bits)!;
  return TableModel.twoState(ab, ba);
};

const prompts: PaqPrompt[] = [
  { id: "p0", question: "ab", reference: "bba", kind: "one" },
  { id: "p1", question: "a", reference: "aab", kind: "two", group: "g" },
  { id: "p2", question: "b", reference: "a" },
];
/** Σ -ln p over the steps of a text behind its prompt. */
function closedForm(bits: number, { question, reference }: PaqPrompt): number {
  const [, ab, ba] = CHAINS.find(([each]) => each === bits)!;
  const p = { aa: 1 - ab, ab, ba, bb: 1 - ba } as const;
  const text = question + reference;
  let nll = 0;
  for (let i = question.length; i < text.length; i++)
    nll -= Math.log(p[text.slice(i - 1, i + 1) as keyof typeof p]);
  return nll;
}

const fresh = () => join(mkdtempSync(join(tmpdir(), "levels-")), "records.jsonl");
const record = (file: string, more: Partial<RecordLevelsOptions> = {}) =>
  recordLevels({ file, levels, open, prompts, delimiter: "", ...more });

describe("recordLevels", () => {
  it("has the surprisal of the same continuation under every level", async () => {
    const file = fresh();
    opened.length = 0;
    const { failed, header } = await record(file);
    expect(failed).toEqual([]);
    expect(opened).toEqual(["16-bit", "4-bit", "2-bit"]); // one after the other
    expect(header.paths).toEqual(["2-bit", "4-bit", "16-bit"]);
    expect(header.asked).toEqual({
      reference: "given",
      form: "text",
      delimiter: "",
      ms: "computed from the ladder's speeds, for prompt and reference",
    });
    const read = await readRecords(file);
    expect(read.header.levels).toEqual(levels);
    expect(read.header.identities!["4-bit"]!.model!.name).toBe("chain 4");
    for (const [i, prompt] of prompts.entries())
      for (const [bits] of CHAINS) {
        const { nll, tokens, promptTokens, ms, correct } = read.records[i]!.paths[levelName(bits)]!;
        const expected = closedForm(bits, prompt);
        if (Number.isFinite(expected)) expect(nll).toBeCloseTo(expected, 10);
        else expect(nll).toBe(Infinity);
        expect([tokens, promptTokens, correct]).toEqual([
          prompt.reference!.length,
          prompt.question.length + 1,
          null,
        ]);
        expect(ms).toBeCloseTo(1000 * (promptTokens! / 100 + tokens / 10), 9);
      }
    expect(read.records[1]!.paths["2-bit"]!.nll).toBe(Infinity);
    expect(read.records.map(({ kind, group }) => [kind, group])).toEqual([
      ["one", undefined],
      ["two", "g"],
      [undefined, undefined],
    ]);
    expect(existsSync(`${file}.unfinished`)).toBe(false);
  });

  it("scores what the highest level writes, under all", async () => {
    const file = fresh();
    const greedy = [{ id: "g", question: "ab", reference: null }];
    const { records } = await record(file, { prompts: greedy, maxTokens: 4 });
    const { text } = records[0]!.paths["16-bit"]!;
    expect(text).toBe("bbbb"); // p(b -> b) = 0.75 is the greater one
    for (const [bits] of CHAINS)
      expect(records[0]!.paths[levelName(bits)]!.nll).toBeCloseTo(
        closedForm(bits, { id: "g", question: "ab", reference: "bbbb" }),
        10,
      );
  });

  it("goes on from every place it was ended in, with the same file in the end", async () => {
    const whole = fresh();
    await record(whole);
    const text = readFileSync(whole, "utf8");
    const many = fresh();
    const stop = new AbortController();
    const interrupted = record(many, {
      signal: stop.signal,
      onProgress: ({ done }) => done === 5 && stop.abort(),
    });
    await expect(interrupted).rejects.toMatchObject({ code: "ABORTED" });
    expect(existsSync(many)).toBe(false);
    const scores = readFileSync(`${many}.unfinished`, "utf8");
    for (const length of [0, 30, scores.indexOf("\n") + 1, scores.length - 7, scores.length]) {
      const file = fresh();
      writeFileSync(`${file}.unfinished`, scores.slice(0, length));
      opened.length = 0;
      await record(file, { resume: true });
      expect(readFileSync(file, "utf8")).toBe(text);
      expect(existsSync(`${file}.unfinished`)).toBe(false);
    }
    opened.length = 0;
    await record(whole, { resume: true });
    expect(opened).toEqual(["16-bit"]); // it says how prompts are put, and nothing is missing
    expect(readFileSync(whole, "utf8")).toBe(text);
  });

  it("takes more prompts, and refuses others, another ladder and a file that is there", async () => {
    const file = fresh();
    await record(file, { prompts: prompts.slice(0, 2) });
    await expect(record(file)).rejects.toMatchObject({ code: "RUN_EXISTS" });
    const { records } = await record(file, { resume: true });
    expect(records.map(({ id }) => id)).toEqual(["p0", "p1", "p2"]);
    const other = [{ ...prompts[0]!, question: "b" }, ...prompts.slice(1)];
    await expect(record(file, { resume: true, prompts: other })).rejects.toMatchObject({
      code: "RUN_MISMATCH",
      what: 'Prompt "p0" is another one than in the file',
    });
    await expect(record(file, { resume: true, prompts: prompts.slice(1) })).rejects.toThrow(
      /not among those given/,
    );
    await expect(record(file, { resume: true, levels: levels.slice(1) })).rejects.toThrow(/another paths/);
    await expect(record(file, { resume: true, delimiter: "b" })).rejects.toThrow(/another delimiter/);
    const begun = fresh();
    writeFileSync(`${begun}.unfinished`, "");
    await expect(record(begun)).rejects.toMatchObject({ code: "RUN_EXISTS" });
    const spoilt = fresh();
    const stop = new AbortController();
    await record(spoilt, { signal: stop.signal, onProgress: () => stop.abort() }).catch(() => {});
    appendFileSync(`${spoilt}.unfinished`, '{"id":"p0","of":"x","level":"2-bit","score":{"nll":"much"}}\n');
    await expect(record(spoilt, { resume: true })).rejects.toMatchObject({ code: "ROUTER_INVALID" });
  });

  it("refuses another reference of a prompt that is scored, and takes its domain and group as they are now", async () => {
    const file = fresh();
    await record(file);
    const before = readFileSync(file, "utf8");
    const other = prompts.map((prompt) => (prompt.id === "p1" ? { ...prompt, reference: "ab" } : prompt));
    await expect(record(file, { resume: true, prompts: other })).rejects.toMatchObject({
      code: "RUN_MISMATCH",
      what: 'Prompt "p1" has another reference than in the file',
    });
    expect(readFileSync(file, "utf8")).toBe(before);
    const grouped = prompts.map((prompt) => ({ ...prompt, kind: "all", group: "one" }));
    const { records } = await record(file, { resume: true, prompts: grouped });
    expect(records.map(({ kind, group }) => [kind, group])).toEqual(prompts.map(() => ["all", "one"]));
    expect(records.map(({ paths }) => paths)).toEqual(
      (await readRecords(file)).records.map(({ paths }) => paths),
    );
  });

  it("keeps what fails, says why, and asks it again", async () => {
    const file = fresh();
    const some: PaqPrompt[] = [
      { id: "empty", question: " ", reference: "a" },
      { id: "nothing", question: "a", reference: "" },
      { id: "long", question: "ab".repeat(20), reference: "a" },
      prompts[0]!,
    ];
    let context: number | null = 16;
    const short = async (level: PaqLevelFacts) => {
      const { chain } = (await open(level)) as TableModel;
      return new TableModel({
        symbols: ["a", "b", "<s>", " "],
        bos: 2,
        trainedContext: context,
        transitions: [
          ...[0, 1, 2].map((row) => [...[0, 1, 2].map((next) => chain.probability(row, next)), 0]),
          [0.5, 0.5, 0, 0],
        ],
      });
    };
    const { failed, records } = await record(file, { prompts: some, open: short });
    expect(failed.map(({ id, code }) => [id, code])).toEqual([
      ["empty", "EMPTY_INPUT"],
      ["nothing", "NOTHING_TO_SCORE"],
      ["long", "CONTEXT_EXCEEDED"],
    ]);
    expect(records.map(({ paths }) => Object.keys(paths).length)).toEqual([0, 0, 0, 3]);
    expect((await readRecords(file)).records[2]!.failed!.code).toBe("CONTEXT_EXCEEDED");
    context = null;
    const again = await record(file, { prompts: some, open: short, resume: true });
    expect(again.failed.map(({ id }) => id)).toEqual(["empty", "nothing"]);
  });

  it("refuses one level, no prompts, and an id that comes twice", async () => {
    await expect(record(fresh(), { levels: levels.slice(0, 1) })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(record(fresh(), { prompts: [] })).rejects.toMatchObject({ code: "EMPTY_INPUT" });
    await expect(record(fresh(), { prompts: [prompts[0]!, prompts[0]!] })).rejects.toThrow(/comes twice/);
  });
});
