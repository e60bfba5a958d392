import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SurprisalError } from "../core/index.ts";
import { parseRecords, RecordsFile, type RecordsHeader, type RouteRecord, recordQuestions } from "./index.ts";

const header: Omit<RecordsHeader, "schema"> = {
  paths: ["short", "long"],
  counting: null,
  identity: {
    model: { name: "toy", sha256: null },
    tokenizer: null,
    wordingSha256: null,
    recipe: null,
    kernels: null,
  },
  instructions: {
    short: "Briefly.",
    long: "At length.",
    form: "chat",
    examples: [{ question: "?", short: "a", long: "b" }],
  },
  asked: { longTokens: 10 },
};
const questions = Array.from({ length: 20 }, (_, i) => ({ id: `q${i}`, question: `What is ${i}?` }));
const recordOf = async ({ id, question }: { id: string; question: string }): Promise<RouteRecord> => {
  await new Promise((resolve) => setTimeout(resolve, Number(id.slice(1)) % 3)); // ready in another order
  return { id, question, paths: { short: { correct: true, tokens: 1, signals: { nll: Infinity } } } };
};
const fresh = () => join(mkdtempSync(join(tmpdir(), "records-")), "records.jsonl");
const open = (file: string, more: Partial<Parameters<typeof RecordsFile.open>[1]> = {}) =>
  RecordsFile.open(file, { header, questions, ...more });
async function record(file: string, some = questions, more = {}) {
  using records = open(file, { questions: some, ...more });
  return await recordQuestions(records, some, recordOf, { atOnce: 4 });
}

describe("RecordsFile", () => {
  it("has the records in the order of the questions, and the same when it is gone on with after half a line", async () => {
    const whole = fresh();
    expect(await record(whole)).toEqual([]);
    const text = readFileSync(whole, "utf8");
    const { records, header: read } = parseRecords(text, whole);
    expect(records.map(({ id }) => id)).toEqual(questions.map(({ id }) => id));
    expect(read).toMatchObject(header);
    expect(records[0]!.paths.short!.signals!.nll).toBe(Infinity);
    for (const length of [0, 40, text.indexOf("\n") + 1, text.length - 30, text.length]) {
      const file = fresh();
      writeFileSync(file, text.slice(0, length));
      await record(file, questions, { resume: true });
      expect(readFileSync(file, "utf8")).toBe(text);
    }
    expect(existsSync(`${whole}.lock`)).toBe(false);
  });

  it("asks what failed again, and puts it in its place", async () => {
    const [whole, file] = [fresh(), fresh()];
    await record(whole);
    const failing = new SurprisalError({ code: "CONTEXT_EXCEEDED", what: "It is too long" });
    using first = open(file);
    const failures = await recordQuestions(first, questions, (each) =>
      each.id === "q3" ? Promise.reject(failing) : recordOf(each),
    );
    expect(failures).toEqual([{ id: "q3", error: failing }]);
    first[Symbol.dispose]();
    await record(file, questions, { resume: true });
    expect(readFileSync(file, "utf8")).toBe(readFileSync(whole, "utf8"));
  });

  it("keeps the times of records that were asked for one at a time alone", async () => {
    const timed = async ({ id, question }: { id: string; question: string }): Promise<RouteRecord> => ({
      id,
      question,
      paths: { short: { correct: true, tokens: 1, ms: 5 } },
    });
    const file = fresh();
    for (const [count, atOnce] of [
      [2, 1],
      [4, 3],
      [6, 1],
    ] as const) {
      const some = questions.slice(0, count);
      using records = open(file, { questions: some, header: { ...header, atOnce }, resume: count > 2 });
      await recordQuestions(records, some, timed, { atOnce });
      expect(records.contents.header.atOnce).toBe(1);
    }
    const { header: read, records } = parseRecords(readFileSync(file, "utf8"), file);
    expect(read.atOnce).toBe(1);
    expect(records.map(({ paths }) => paths.short!.ms)).toEqual([5, 5, null, null, 5, 5]);
  });

  it("keeps what is done when everything would fail", async () => {
    const file = fresh();
    using records = open(file);
    const gone = new SurprisalError({ code: "SERVER_UNREACHABLE", what: "Nobody answers" });
    await expect(
      recordQuestions(
        records,
        questions,
        (each) => (each.id === "q5" ? Promise.reject(gone) : recordOf(each)),
        {
          atOnce: 1,
        },
      ),
    ).rejects.toBe(gone);
    expect(records.contents.records.map(({ id }) => id)).toEqual(["q0", "q1", "q2", "q3", "q4"]);
    records[Symbol.dispose]();
    const none = fresh();
    using empty = open(none);
    const long = new SurprisalError({ code: "CONTEXT_EXCEEDED", what: "It is too long" });
    await expect(recordQuestions(empty, questions, () => Promise.reject(long))).rejects.toBe(long);
    empty[Symbol.dispose]();
    expect(existsSync(none)).toBe(false);
  });

  it("refuses a file that is there, is written, is of something else, or is damaged", async () => {
    const file = fresh();
    await record(file, questions.slice(0, 5));
    const text = readFileSync(file, "utf8");
    const refused = (more: Parameters<typeof open>[1], pattern: RegExp) => {
      expect(() => open(file, { resume: true, ...more })).toThrow(pattern);
      expect(readFileSync(file, "utf8")).toBe(text);
    };
    refused({ resume: false }, /there already/);
    refused({ header: { ...header, asked: { longTokens: 11 } } }, /longTokens: 10, now 11/);
    refused(
      { header: { ...header, identity: { ...header.identity!, model: { name: "other", sha256: null } } } },
      /model: toy, now other/,
    );
    refused({ header: { ...header, paths: ["a", "b"] } }, /paths/);
    refused(
      { header: { ...header, instructions: { short: "Briefly!", long: "At length." } } },
      /instructions/,
    );
    refused({ questions: questions.slice(1) }, /"q0" that is not among/);
    refused({ questions: [{ id: "q0", question: "Another?" }, ...questions.slice(1)] }, /"q0" is another/);
    {
      using held = open(file, { resume: true });
      expect(() => open(file, { resume: true })).toThrow(expect.objectContaining({ code: "RUN_LOCKED" }));
      expect(held.has("q4")).toBe(true);
    }
    appendFileSync(file, "nonsense\n");
    expect(() => open(file, { resume: true })).toThrow(/line 7/);
  });
});
