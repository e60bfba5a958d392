import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SurprisalError } from "../../core/index.ts";
import { AnswerFile, type AnswerFileOptions } from "./answer-file.ts";
import type { PromptRow } from "./prompts.ts";
import { errorRow, type Request, type Row, requestOf } from "./rows.ts";

const folder = mkdtempSync(join(tmpdir(), "surprisal-answers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const identity = {
  ...{ name: "m", source: "m.gguf", sha256: "ab".repeat(32), architecture: null },
  ...{ parameters: null, quantisation: null, bytes: null },
};
const rows = ["a", "b", "c"].map(
  (prompt, index): PromptRow => ({ index, id: null, where: `:${index + 1}`, prompt, sha256: `${prompt}0` }),
);
const request = requestOf(identity, { maxTokens: 5, seed: undefined });
const options: AnswerFileOptions = { resume: true, request, rows, samples: 2 };

const answer = (prompt: number, sample: number, text = "", asked: Request = request): Row => ({
  ...{ type: "answer", prompt, id: null, sample, promptSha256: rows[prompt]!.sha256, request: asked },
  ...{ seed: sample, text, reasoning: null, toolCall: null, finishReason: "stop", tokens: 1, scored: 1 },
  ...{ partial: false, perplexity: 1, meanLogprob: 0, recipe: "written", provenance: null, warnings: [] },
  usage: { promptTokens: 1, sharedTokens: null, tokens: 1 },
});
const placesIn = (file: string) =>
  readFileSync(file, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Row)
    .map(({ type, prompt, sample }) => `${type[0]}${prompt}${sample}`);
const nameOf = (() => {
  let count = 0;
  return () => join(folder, `answers-${++count}.jsonl`);
})();

describe("a file of answers", () => {
  it("is gone on with: half a line is cut off, errors are missing again, and at the end all is in order", () => {
    const file = nameOf();
    {
      using answers = AnswerFile.open(file, { ...options, resume: false });
      answers.add(answer(0, 0));
      answers.add(errorRow(rows[0]!, 1, request, new SurprisalError({ code: "SERVER_ERROR", what: "x" })));
      answers.add(answer(2, 0));
    }
    appendFileSync(file, '{"type":"answer","prompt":2,"sam');
    {
      using answers = AnswerFile.open(file, options);
      expect(answers.count).toBe(2);
      const missing = rows.flatMap((row) =>
        [0, 1].filter((i) => !answers.has(row, i)).map((i) => `${row.index}${i}`),
      );
      expect(missing).toEqual(["01", "10", "11", "21"]);
      for (const place of missing) answers.add(answer(Number(place[0]), Number(place[1]), "ü"));
      answers.finish();
    }
    expect(placesIn(file)).toEqual(["a00", "a01", "a10", "a11", "a20", "a21"]);
    {
      using answers = AnswerFile.open(file, options);
      expect(answers.count).toBe(6);
    }
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it("is gone on with where what failed was mended or taken out: the line of the error goes, the rest is kept", () => {
    const file = nameOf();
    const failed = (prompt: number) =>
      errorRow(rows[prompt]!, 0, request, new SurprisalError({ code: "INVALID_ARGUMENT", what: "x" }));
    {
      using answers = AnswerFile.open(file, { ...options, samples: 1 });
      for (const row of [answer(0, 0), failed(1), failed(2)]) answers.add(row);
    }
    const mended = [rows[0]!, { ...rows[1]!, sha256: "mended" }];
    {
      using answers = AnswerFile.open(file, { ...options, samples: 1, rows: mended });
      expect(mended.map((row) => answers.has(row, 0))).toEqual([true, false]);
      expect(readFileSync(file, "utf8").trim().split("\n").length).toBe(3);
      answers.add({ ...answer(1, 0), promptSha256: "mended" });
      answers.finish();
    }
    expect(placesIn(file)).toEqual(["a00", "a10"]);
    {
      using answers = AnswerFile.open(file, { ...options, samples: 1, rows: mended });
      expect(answers.count).toBe(2);
    }
    // An answer to another prompt is still refused.
    expect(() => AnswerFile.open(file, { ...options, samples: 1 })).toThrow(/Prompt 1 is another one/);
  });

  it("takes more prompts and more samples than before", () => {
    const file = nameOf();
    {
      using answers = AnswerFile.open(file, { ...options, rows: rows.slice(0, 2), samples: 1 });
      answers.add(answer(0, 0));
      answers.add(answer(1, 0));
    }
    {
      using answers = AnswerFile.open(file, options);
      for (const [prompt, sample] of [
        [0, 1],
        [1, 1],
        [2, 0],
        [2, 1],
      ] as const)
        answers.add(answer(prompt, sample));
      answers.finish();
    }
    expect(placesIn(file)).toEqual(["a00", "a01", "a10", "a11", "a20", "a21"]);
  });

  it.each<[string, Partial<AnswerFileOptions>, RegExp]>([
    [
      "a model",
      { request: requestOf({ ...identity, sha256: "cd".repeat(32) }, { maxTokens: 5 }) },
      /model: m \(abab/,
    ],
    [
      "an option",
      { request: requestOf(identity, { maxTokens: 6, minP: 0.1 }) },
      /maxTokens: 5, now 6; minP: none, now 0.1/,
    ],
    ["fewer samples", { samples: 1 }, /more samples of a prompt than 1/],
    ["a prompt", { rows: [{ ...rows[0]!, sha256: "z" }, ...rows.slice(1)] }, /Prompt 0 is another one/],
    ["fewer prompts", { rows: [] }, /Prompt 0 is another one/],
  ])("is refused with another: %s, and left as it is", (_, other, what) => {
    const file = nameOf();
    {
      using answers = AnswerFile.open(file, options);
      answers.add(answer(0, 0));
      answers.add(answer(0, 1));
    }
    appendFileSync(file, "{half");
    const before = readFileSync(file);
    const open = () => AnswerFile.open(file, { ...options, ...other });
    expect(open).toThrow(
      expect.objectContaining({ code: "RUN_MISMATCH", what: expect.stringMatching(what) }),
    );
    expect(readFileSync(file)).toEqual(before);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it("is refused where it is another file, is there already, or somebody writes it", () => {
    const file = nameOf();
    writeFileSync(file, "My poem\n");
    expect(() => AnswerFile.open(file, options)).toThrow(expect.objectContaining({ code: "RUN_DAMAGED" }));
    expect(() => AnswerFile.open(file, { ...options, resume: false })).toThrow(
      expect.objectContaining({ code: "USAGE", what: expect.stringContaining("--resume") }),
    );
    expect(readFileSync(file, "utf8")).toBe("My poem\n");
    const other = nameOf();
    using answers = AnswerFile.open(other, options);
    expect(answers.count).toBe(0);
    expect(() => AnswerFile.open(other, options)).toThrow(expect.objectContaining({ code: "RUN_LOCKED" }));
    expect(() => AnswerFile.open(join(folder, "none", "a.jsonl"), options)).toThrow(
      expect.objectContaining({ code: "FILE_UNWRITABLE" }),
    );
  });

  it("in which nothing was written is not kept", () => {
    const file = nameOf();
    {
      using _answers = AnswerFile.open(file, { ...options, resume: false });
      expect(existsSync(file)).toBe(true);
    }
    expect(existsSync(file)).toBe(false);
  });
});
