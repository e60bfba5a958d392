import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { SurprisalError } from "../../core/index.ts";
import { type PromptsGiven, readPrompts } from "./prompts.ts";

const folder = mkdtempSync(join(tmpdir(), "surprisal-prompts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(name: string, content: string | Uint8Array, given: Partial<PromptsGiven> = {}) {
  const prompt = join(folder, name);
  writeFileSync(prompt, content);
  return readPrompts({ ...nothing, prompt, ...given });
}

const nothing: PromptsGiven = {
  prompt: undefined,
  text: undefined,
  field: undefined,
  split: "lines",
  chat: false,
  system: undefined,
  maxMib: undefined,
};
const promptsOf = async (rows: ReturnType<typeof readPrompts>) =>
  (await rows).map(({ prompt }) => (prompt instanceof SurprisalError ? prompt.code : prompt));

describe("prompts", () => {
  it("are what a person writes, or the name of a file; --text is never one", async () => {
    expect(await promptsOf(readPrompts({ ...nothing, prompt: "Once upon" }))).toEqual(["Once upon"]);
    expect(await promptsOf(readPrompts({ ...nothing, text: "a.txt" }))).toEqual(["a.txt"]);
    await expect(readPrompts({ ...nothing, prompt: "missing.jsonl" })).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
    await expect(readPrompts({ ...nothing, prompt: "a", text: "b" })).rejects.toMatchObject({
      code: "USAGE",
    });
  });

  it("are the lines of a text file, as they stand; or its paragraphs; or all of it", async () => {
    const text = "one \r\n\r\n  two\nthree\n\n \nfour\n";
    expect(await promptsOf(read("a.txt", text))).toEqual(["one ", "  two", "three", "four"]);
    expect(await promptsOf(read("a.txt", text, { split: "blank-lines" }))).toEqual([
      "one ",
      "  two\nthree",
      "four",
    ]);
    expect(await promptsOf(read("a.txt", text, { split: "none" }))).toEqual([
      "one \n\n  two\nthree\n\n \nfour",
    ]);
    expect((await read("a.txt", text)).map(({ where }) => where.replace(/.*a\.txt/, ""))).toEqual([
      ":1",
      ":3",
      ":4",
      ":7",
    ]);
  });

  it("are rows: messages, prompt or text, with their ids; what is none is an error of its own", async () => {
    const rows = [
      '{"id": "x", "text": "not this", "prompt": "this"}',
      '"a bare text"',
      '{"id": 3, "messages": [{"role": "user", "content": "Hi"}]}',
      "{broken",
      '{"question": "?"}',
      '{"prompt": 5}',
      '{"prompt": " "}',
      '{"prompt": [{"role": "user", "content": {"a": 1}}]}',
      "7",
    ].join("\n");
    const read_ = await read("rows.jsonl", rows);
    expect(await promptsOf(Promise.resolve(read_))).toEqual([
      "this",
      "a bare text",
      [{ role: "user", content: "Hi" }],
      "CORPUS_MALFORMED",
      "CORPUS_MALFORMED",
      "CORPUS_MALFORMED",
      "EMPTY_INPUT",
      "CORPUS_MALFORMED",
      "CORPUS_MALFORMED",
    ]);
    expect(read_.map(({ id }) => id)).toEqual(["x", null, 3, null, null, null, null, null, null]);
    expect(new Set(read_.map(({ sha256 }) => sha256)).size).toBe(9);
    expect(await promptsOf(read("rows.jsonl", '{"question": "Why?"}', { field: "question" }))).toEqual([
      "Why?",
    ]);
    const nested = '{"meta": {"ask": {"text": "How?"}}}\n{"meta.ask.text": "Who?"}\n{"meta": {"ask": 1}}';
    expect(await promptsOf(read("nested.jsonl", nested, { field: "meta.ask.text" }))).toEqual([
      "How?",
      "Who?",
      "CORPUS_MALFORMED",
    ]);
  });

  it("go through a chat when they are to; a system text stands before, unless the row has its own", async () => {
    const system = "Be brief.";
    const told = { role: "system", content: system };
    const hi = { role: "user", content: "Hi" };
    expect(await promptsOf(readPrompts({ ...nothing, text: "Hi", chat: true, system }))).toEqual([
      [told, hi],
    ]);
    const own = { role: "system", content: "Be long." };
    const rows = [[hi], [own, hi]].map((messages) => JSON.stringify({ messages })).join("\n");
    expect(await promptsOf(read("chat.jsonl", rows, { system }))).toEqual([
      [told, hi],
      [own, hi],
    ]);
    await expect(readPrompts({ ...nothing, text: "Hi", system })).rejects.toMatchObject({ code: "USAGE" });
  });

  it.each([
    ["nothing", "", "EMPTY_INPUT"],
    ["blank lines", "\n \n", "EMPTY_INPUT"],
    ["UTF-16", Uint8Array.of(0xff, 0xfe, 0x41, 0), "INVALID_UTF8"],
    ["Latin-1", Uint8Array.of(0x66, 0xfc, 0x72), "INVALID_UTF8"],
    ["a binary", Uint8Array.of(0x66, 0, 0x72), "BINARY_INPUT"],
  ])("of %s are none", async (_, content, code) => {
    await expect(read("bad.txt", content)).rejects.toMatchObject({ code });
  });

  it("are refused at once where no row has one, and where the file is one list", async () => {
    await expect(read("none.jsonl", '{"a":1}\n{"a":2}')).rejects.toMatchObject({
      code: "CORPUS_MALFORMED",
      where: expect.stringMatching(/:1$/),
      wayOut: expect.stringContaining("--field"),
    });
    await expect(read("list.jsonl", '[\n{"prompt":"a"}\n]')).rejects.toMatchObject({
      wayOut: expect.stringContaining("jq"),
    });
    await expect(read("text.txt", "a", { field: "b" })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("of a file without a telling name are rows if its first line is one", async () => {
    expect(await promptsOf(read("plain", '{"prompt":"a"}\n{"prompt":"b"}'))).toEqual(["a", "b"]);
    expect(await promptsOf(read("plain", "{ is a brace\nb"))).toEqual(["{ is a brace", "b"]);
    expect(await promptsOf(read("code.txt", '{"prompt":"a"}'))).toEqual(['{"prompt":"a"}']);
  });
});
