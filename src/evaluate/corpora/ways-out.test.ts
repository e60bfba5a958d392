/** Files as people have them: what is refused says why and what to do, and nothing is left out in silence. */
import { afterAll, describe, expect, it } from "vitest";
import { CorpusFolder, documentsOf, readAll } from "../../../test/corpus-folder.ts";
import { parquetBytes } from "../../../test/parquet-fixture.ts";
import { openCorpora } from "./open.ts";

const folder = new CorpusFolder();
afterAll(() => folder.remove());
const write = (content: string | Uint8Array, name: string): string => folder.write(content, name);
const jsonl = (...rows: unknown[]): string => `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`;
const LATIN1 = Buffer.from([0x63, 0x61, 0x66, 0xe9]);
const HINT = expect.stringMatching(/.+ Or go on without what cannot be read: --skip-unreadable/);

describe("an unreadable part names --skip-unreadable as a way out", () => {
  it("where it is a file of several", async () => {
    write("good", "several/good.txt");
    write(LATIN1, "several/bad.txt");
    for (const names of [
      `${folder.path}/several`,
      `${folder.path}/several/*.txt`,
      ["bad", "good"].map((name) => `${folder.path}/several/${name}.txt`),
    ]) {
      const read = async () => {
        for (const corpus of await openCorpora(names)) await readAll(corpus);
      };
      await expect(read()).rejects.toMatchObject({ code: "INVALID_UTF8", wayOut: HINT });
    }
  });

  it("where it is a row, or the file by which the column is chosen", async () => {
    await expect(documentsOf(write('{"text": 1}\n{"text": "a"}\n', "row.jsonl"))).rejects.toMatchObject({
      wayOut: HINT,
    });
    await expect(documentsOf(write("text,n\na,1\nb\n", "row.csv"))).rejects.toMatchObject({ wayOut: HINT });
    const filtered = documentsOf(write("text\na\n\nb\n", "blank.csv"), { where: "text = 'a'" });
    await expect(filtered).rejects.toMatchObject({
      wayOut: expect.not.stringContaining("--skip-unreadable"), // the only file would be left out whole
    });
    write("PAR1", "first/a.parquet");
    write(jsonl({ text: "a" }), "first/b.jsonl");
    await expect(documentsOf(`${folder.path}/first/*`)).rejects.toMatchObject({ wayOut: HINT });
  });

  it("but not where nothing would be left", async () => {
    const no = expect.not.stringContaining("--skip-unreadable");
    await expect(documentsOf(write(LATIN1, "alone.txt"))).rejects.toMatchObject({ wayOut: no });
    await expect(documentsOf(write("q,a\n1,2\n", "qa.csv"), { column: "b" })).rejects.toMatchObject({
      wayOut: no,
    });
  });
});

describe("a chat", () => {
  const ask = { role: "user", content: "Weather?" };
  const call = { id: "1", type: "function", function: { name: "weather", arguments: "{}" } };

  it.each([
    [
      { role: "assistant", content: null, tool_calls: [call] },
      "Message 2 of the chat calls a tool (tool_calls)",
    ],
    [{ role: "assistant", content: null, function_call: { name: "f" } }, "calls a tool (function_call)"],
    [{ role: "user", content: [{ type: "image_url", image_url: {} }] }, "a list of other parts than texts"],
    [{ role: "assistant", content: { text: "x" } }, "holds no text"],
    [{ role: "assistant" }, "holds no text"],
  ])("with a message that says something else is refused: %j", async (message, what) => {
    const path = write(jsonl({ messages: [ask, message] }), "refused.jsonl");
    await expect(documentsOf(path)).rejects.toMatchObject({
      code: "CORPUS_MALFORMED",
      what: expect.stringContaining(what),
      where: "refused.jsonl:1",
    });
  });

  it("that is written into a text is scored as it is written, with a note", async () => {
    const written = JSON.stringify([ask]);
    const notes: string[] = [];
    const path = write(jsonl({ messages: written }, { messages: written }), "written.jsonl");
    const read = documentsOf(path, { onNote: (note) => notes.push(note) });
    expect(await read).toMatchObject([{ text: written }, { text: written }]);
    expect(notes).toEqual([expect.stringContaining('the column "messages" holds chats written as JSON')]);
  });

  it("may have fields of calls that hold nothing", async () => {
    const answer = { role: "assistant", content: "Sun.", tool_calls: null, function_call: null };
    const path = write(jsonl({ messages: [{ ...ask, tool_calls: [] }, answer] }), "nothing.jsonl");
    expect(await documentsOf(path)).toMatchObject([
      { messages: [ask, { role: "assistant", content: "Sun." }] },
    ]);
  });
});

describe("the column", () => {
  it("is found where the first rows hold nothing in it", async () => {
    const messages = [{ role: "user", content: "Hi" }];
    const path = write(jsonl({ id: 1, messages: null }, { messages: [] }, { messages }), "late.jsonl");
    const [corpus] = await openCorpora(path);
    expect(corpus!.rule).toMatchObject({ column: "messages", chat: expect.any(String) });
    expect(await readAll(corpus!)).toMatchObject([{ text: "" }, { text: "" }, { messages }]);
    expect(await documentsOf(write(jsonl({ body: null }, { body: "a" }), "null.jsonl"))).toMatchObject([
      { text: "" },
      { text: "a" },
    ]);
  });

  it("is not the one with the names of rows, where others hold texts within them", async () => {
    const row = { id: "x1", meta: { body: "a", title: "b" } };
    await expect(documentsOf(write(jsonl(row), "named.jsonl"))).rejects.toMatchObject({
      wayOut: expect.stringContaining("meta.body"),
    });
    const turns = [{ role: "user", content: "Hi" }];
    expect(await documentsOf(write(jsonl({ id: "x1", turns }), "turns.jsonl"))).toMatchObject([
      { messages: turns },
    ]);
    expect(await documentsOf(write(jsonl({ id: "x1", n: 3 }), "only.jsonl"))).toMatchObject([{ text: "x1" }]);
  });
});

it("Parquet called .jsonl is read as what it is, and a text that begins with its four letters is not", async () => {
  const parquet = parquetBytes([{ name: "text", data: ["of parquet"] }]);
  expect(await documentsOf(write(parquet, "table.jsonl"))).toMatchObject([{ text: "of parquet" }]);
  expect(await documentsOf(write("PAR1,text\n1,a\n", "par.csv"), { column: "text" })).toMatchObject([
    { text: "a" },
  ]);
});

it.each([
  [Buffer.alloc(0), "it is empty"],
  [Buffer.from("no xz at all"), "it is no .xz file"],
  [Buffer.from([0x5d, 0, 0, 0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), "it is no .xz file"], // how a .lzma file begins
  [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), "it is cut off"],
])("what is wrong with a .xz file is said in words: %#", async (bytes, words) => {
  await expect(documentsOf(write(bytes, "bad.txt.xz"))).rejects.toMatchObject({
    code: "CORPUS_MALFORMED",
    what: expect.stringContaining(words),
  });
});
