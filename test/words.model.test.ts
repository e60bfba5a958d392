/** `surprisal score --words` and `surprisal pairs`, as people run them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "./cli-run.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-words-"));
  writeFileSync(
    join(folder, "items.csv"),
    'item,condition,sentence,word\r\n1,-wh,"The keys are on the table.",k\r\n2,+wh,,\r\n3,+wh,Well-known; isn\'t it?,w\r\n',
  );
  writeFileSync(
    join(folder, "pairs.jsonl"),
    '{"sentence_good": "The cats sleep on the mat.", "sentence_bad": "The cats sleeps on the mat.", "UID": "agreement"}\n' +
      '{"sentence_good": "No man has ever seen it.", "sentence_bad": "Some man has ever seen it.", "UID": "npi"}\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));
const run = (...args: string[]) => runCommand(args, { folder });

describe("surprisal score --words", () => {
  it("writes a row for each word, with the table's own columns", async () => {
    const { stdout, stderr } = await run("score", "items.csv", "--csv");
    const lines = stdout.trim().split("\r\n");
    expect(lines[0]).toMatch(/^item,condition,sentence,given\.word,textIndex,wordIndex,word,start,/);
    expect(lines.slice(1).map((line) => line.slice(0, 6))).toEqual([
      ...new Array(6).fill("1,-wh,"),
      ...new Array(3).fill("3,+wh,"),
    ]);
    expect(stderr).toContain("1 row without a text: items.csv:3");
    await run("score", "items.csv", "-o", "words.parquet");
    const rows = await parquetReadObjects({
      file: Uint8Array.from(readFileSync(join(folder, "words.parquet"))).buffer,
    });
    expect(rows.map(({ word }) => word)).toEqual(
      "The keys are on the table. Well-known; isn't it?".split(" "),
    );
    expect(rows[6]).toMatchObject({ item: "3", textIndex: 2n, wordIndex: 0n, boundary: "whitespace" });
  });

  it("reads a context in front, as a text beside a number", async () => {
    const json = async (...args: string[]) => JSON.parse((await run("score", ...args, "--json")).stdout);
    const whole = await json("--words", "--text", "The keys are here.");
    const behind = await json("--context", "The keys", "--text", "are here.");
    expect(behind.schema).toBe("surprisal.words/1");
    for (const [i, row] of behind.words.entries())
      expect(row.surprisalCorrected).toBeCloseTo(whole.words[2 + i].surprisalCorrected, 1);
    const window = await json("--context", "64", "--text", "The keys");
    expect([window.schema, window.recipe.context]).toEqual(["surprisal.score/2", 64]);
  });

  it("refuses what does not go together", async () => {
    for (const args of [
      ["--text", "x", "--boundary", "minicons"],
      ["items.csv", "--words", "--column", "nothing"],
      ["items.csv", "-o", "words.xlsx"],
      ["items.csv", "--csv", "--json"],
      ["--text", "x", "--words", "--tokens"],
      ["--text", " ", "--words"],
    ]) {
      const { code, stdout, stderr } = await run("score", ...args);
      expect([code !== 0, /\[(USAGE|INVALID_ARGUMENT|EMPTY_INPUT)\]|"code":/.test(stdout + stderr)]).toEqual([
        true,
        true,
      ]);
    }
  });
});

it("surprisal pairs tells BLiMP's columns, and summarises by condition", async () => {
  const { stdout } = await run("pairs", "pairs.jsonl", "--json", "-q");
  const { by, all, conditions, pairs } = JSON.parse(stdout);
  expect(by).toBe("UID");
  expect(all).toMatchObject({ pairs: 2, correct: 2, accuracy: 1 });
  expect(conditions.map(({ condition }: { condition: string }) => condition)).toEqual(["agreement", "npi"]);
  // minicons 0.3.39 on the same weights in F32: test/fixtures/words
  expect(pairs[0].goodLogprob).toBeCloseTo(-40.067, 0);
  const screen = await run("pairs", "pairs.jsonl", "-q");
  expect(screen.stdout).toMatch(/^UID +right +right, %/);
  expect(screen.stdout).toMatch(/^all +2\/2 /m);
});
