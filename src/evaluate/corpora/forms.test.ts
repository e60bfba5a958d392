/** Files as people have them: packed, named wrongly, with columns within columns, chats, semicolons, and damage. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { CorpusFolder, documentsOf, readAll } from "../../../test/corpus-folder.ts";
import { needing } from "../../../test/needing.ts";
import { parquetBytes } from "../../../test/parquet-fixture.ts";
import { openCorpora } from "./open.ts";

const folder = new CorpusFolder();
afterAll(() => folder.remove());
const write = (content: string | Uint8Array, name: string): string => folder.write(content, name);
const jsonl = (...rows: unknown[]): string => `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`;
const texts = async (...given: Parameters<typeof documentsOf>): Promise<string[]> =>
  (await documentsOf(...given)).map(({ text }) => text);

/** `printf 'one\n' | xz`, XZ Utils 5.8.1. */
const XZ = Buffer.from(
  "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQADb25lCgD1XLtWH8b9hgABHARvLJzBH7bzfQEAAAAABFla",
  "base64",
);

/** The same rows, with lists and structs, as DuckDB writes them. */
async function toParquet(json: string, parquet: string): Promise<void> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(`COPY (SELECT * FROM read_json('${json}')) TO '${parquet}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

function hasXz(): boolean {
  try {
    execFileSync("xz", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("a file in .xz", () => {
  it("is unpacked", async () => {
    expect(await texts(write(XZ, "one.txt.xz"))).toEqual(["one\n"]);
  });

  it("that was cut, changed, or is something else, is refused", async () => {
    const changed = Buffer.from(XZ);
    changed[30]! ^= 1;
    for (const bytes of [XZ.subarray(0, -9), changed, Buffer.from("no xz at all"), Buffer.alloc(0)])
      await expect(texts(write(bytes, "cut.txt.xz"))).rejects.toMatchObject({
        code: "CORPUS_MALFORMED",
        where: "cut.txt.xz",
      });
  });

  needing(hasXz() ? null : "xz is not installed").it(
    "may have several streams, blocks and padding, rows and a limit",
    async () => {
      const pack = (text: string, ...how: string[]) => execFileSync("xz", ["-c", ...how], { input: text });
      const streams = [pack("one\n"), Buffer.alloc(8), pack("two ä\n", "--check=crc32"), pack("", "-9e")];
      expect(await texts(write(Buffer.concat(streams), "streams.txt.xz"))).toEqual(["one\ntwo ä\n"]);
      const rows = Array.from({ length: 3000 }, (_, i) => ({ text: `row ${i} ${"x".repeat(i % 50)}` }));
      const packed = pack(jsonl(...rows), "-T2", "--block-size=20000");
      expect(await texts(write(packed, "rows.jsonl.xz"))).toEqual(rows.map(({ text }) => text));
      const bomb = pack("a".repeat(5_000_000), "-9");
      await expect(texts(write(bomb, "bomb.txt.xz"), { maxDocumentBytes: 1_000_000 })).rejects.toMatchObject({
        code: "DOCUMENT_TOO_LARGE",
      });
      await expect(texts(write(packed, "f.jsonl.xz"), { where: "text = 'a'" })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        wayOut: expect.stringContaining("xz -dk"),
      });
      await expect(texts(write(pack("a", "--check=sha256"), "sha.txt.xz"))).rejects.toMatchObject({
        code: "CORPUS_MALFORMED", // a check that the decoder does not know is no reason to believe the file
      });
    },
  );
});

it("a file whose name says something else is read as what it is, with a note", async () => {
  const notes: string[] = [];
  const onNote = (note: string) => notes.push(note);
  const parquet = parquetBytes([{ name: "text", data: ["of parquet"] }]);
  expect(await texts(write(gzipSync("packed"), "packed.txt"), { onNote })).toEqual(["packed"]);
  expect(await texts(write(gzipSync(jsonl({ text: "row" })), "rows.jsonl"), { onNote })).toEqual(["row"]);
  expect(await texts(write(XZ, "other.txt.gz"), { onNote })).toEqual(["one\n"]);
  expect(await texts(write(parquet, "table.txt"), { onNote })).toEqual(["of parquet"]);
  expect(notes).toEqual([
    "packed.txt is packed with gzip, though its name does not say so: it is read as what it is.",
    "rows.jsonl is packed with gzip, though its name does not say so: it is read as what it is.",
    "other.txt.gz is packed with xz, though its name says gzip: it is read as what it is.",
    "table.txt is Parquet, though its name does not say so: it is read as what it is.",
  ]);
});

describe("a column within a column", () => {
  const rows = [
    { id: 1, meta: { lang: "en", body: "one", more: { deep: "a" } }, "x.y": "dots" },
    { id: 2, meta: { lang: "de", body: "two", more: { deep: "b" } }, "x.y": "more" },
  ];

  it.each(["nested.jsonl", "nested.parquet"])("is named by its path, in %s", async (name) => {
    const path = write(jsonl(...rows), "nested.jsonl");
    if (name.endsWith(".parquet")) await toParquet(path, join(folder.path, name));
    await namedByPath(join(folder.path, name));
  });

  async function namedByPath(path: string): Promise<void> {
    expect(await texts(path, { column: "meta.body" })).toEqual(["one", "two"]);
    expect(await texts(path, { column: "meta.more.deep" })).toEqual(["a", "b"]);
    await expect(texts(path, { column: "meta.none" })).rejects.toMatchObject({
      code: "CORPUS_MALFORMED",
      what: 'There is no column "meta.none"',
    });
    await expect(texts(path, { column: "meta" })).rejects.toMatchObject({
      what: expect.stringContaining("holds an object"),
    });
  }

  it("may be in a list, or have dots in its own name", async () => {
    const path = write(
      jsonl(...rows.map((row) => ({ ...row, turns: [{ text: `t${row.id}` }] }))),
      "lists.jsonl",
    );
    expect(await texts(path, { column: "turns.0.text" })).toEqual(["t1", "t2"]);
    expect(await texts(path, { column: "x.y" })).toEqual(["dots", "more"]);
  });

  it("is taken where it is the only one with texts, and listed where several are", async () => {
    expect(await texts(write(jsonl({ id: 1, meta: { body: "only" } }), "only.jsonl"))).toEqual(["only"]);
    await expect(texts(write(jsonl({ meta: { a: "1", b: "2" } }), "several.jsonl"))).rejects.toMatchObject({
      wayOut: expect.stringContaining("meta.a, meta.b"),
    });
  });
});

describe("a column of chats", () => {
  const chat = [
    { role: "user", content: "Hi." },
    { role: "assistant", content: "Hello!" },
  ];

  it("is taken before others, and comes with its messages", async () => {
    const path = write(jsonl({ id: "a", messages: chat }, { id: "b", messages: [] }), "chat.jsonl");
    const [corpus] = await openCorpora(path);
    expect(corpus!.rule).toMatchObject({ column: "messages", chat: expect.stringContaining("template") });
    expect(await readAll(corpus!)).toEqual([
      { name: "chat.jsonl:1", text: "user: Hi.\n\nassistant: Hello!", messages: chat },
      { name: "chat.jsonl:2", text: "" },
    ]);
    await toParquet(path, join(folder.path, "chat.parquet"));
    const [packed] = await openCorpora(join(folder.path, "chat.parquet"));
    expect(packed!.rule).toEqual(corpus!.rule);
    expect((await readAll(packed!)).map(({ text, messages }) => ({ text, messages }))).toEqual(
      (await readAll(corpus!)).map(({ text, messages }) => ({ text, messages })),
    );
  });

  it("may be in ShareGPT's form, have parts, and messages without a content", async () => {
    const conversations = [
      { from: "human", value: "Hi." },
      { from: "gpt", value: "Hello!" },
    ];
    expect(await documentsOf(write(jsonl({ conversations }), "share.jsonl"))).toMatchObject([
      { messages: chat },
    ]);
    const parts = [
      {
        role: "user",
        content: [
          { type: "text", text: "H" },
          { type: "text", text: "i." },
        ],
      },
      { role: "assistant", content: null },
    ];
    expect(await documentsOf(write(jsonl({ messages: parts }), "parts.jsonl"))).toMatchObject([
      { messages: [chat[0], { role: "assistant", content: "" }] },
    ]);
    const image = [{ role: "user", content: [{ type: "image_url", image_url: {} }] }];
    await expect(
      texts(write(jsonl({ messages: image }), "image.jsonl"), { column: "messages" }),
    ).rejects.toMatchObject({ what: expect.stringContaining("holds a list") });
  });
});

describe("a CSV", () => {
  it.each([
    ["semicolons", 'id;text;n\n1;"one; two";2,5\n2;three, four;1\n', ["one; two", "three, four"]],
    ["Excel's first line", "\ufeffsep=;\r\nid;text\r\n1;one\r\n", ["one"]],
    ["tabs, in .csv", "id\ttext\n1\tone, two; three\n", ["one, two; three"]],
    ["bars", "id|text\n1|one\n", ["one"]],
    ["commas, and semicolons in its texts", "id,text\n1,a;b;c\n2,d;e\n", ["a;b;c", "d;e"]],
    ["one column whose name has a semicolon", '"text"\n"a;b"\n', ["a;b"]],
  ])("is told by its %s", async (name, content, expected) => {
    expect(await texts(write(content, `${name.replaceAll(/\W/g, "-")}.csv`))).toEqual(expected);
  });

  it("is filtered in the same way", async () => {
    const path = write("id;text\n1;one\n2;two\n", "filtered.csv");
    expect(await texts(path, { where: "id = 2" })).toEqual(["two"]);
    expect(await texts(write("sep=;\nid;text\n1;one\n2;two\n", "sep.csv"), { where: "id = 2" })).toEqual([
      "two",
    ]);
  });
});

describe("what cannot be read, with skipUnreadable", () => {
  const latin1 = Buffer.from([0x63, 0x61, 0x66, 0xe9]);

  it("is left out and counted: files", async () => {
    write("good", "mixed/a/1.txt");
    write(latin1, "mixed/a/2.txt");
    write(Buffer.from("a\0b"), "mixed/a/3.txt");
    write(gzipSync("cut in the middle".repeat(100)).subarray(0, -20), "mixed/a/4.txt.gz");
    write("good too", "mixed/a/5.txt");
    const notes: string[] = [];
    const [corpus] = await openCorpora(`${folder.path}/mixed`, {
      skipUnreadable: true,
      onNote: (note) => notes.push(note),
    });
    for (let reading = 0; reading < 2; reading++) {
      expect((await readAll(corpus!)).map(({ name }) => name)).toEqual(["a/1.txt", "a/5.txt"]);
      expect(corpus!.unreadable!()).toMatchObject({
        count: 3,
        parts: [
          { name: "a/2.txt, byte 3", code: "INVALID_UTF8" },
          { name: "a/3.txt, byte 1", code: "BINARY_INPUT" },
          { name: "a/4.txt.gz", code: "CORPUS_MALFORMED" },
        ],
      });
    }
    expect(notes).toHaveLength(3);
    const [strict] = await openCorpora(`${folder.path}/mixed`);
    await expect(readAll(strict!)).rejects.toMatchObject({ code: "INVALID_UTF8" });
    expect(strict!.unreadable!()).toBeNull();
  });

  it("is left out and counted: rows, lines and pieces", async () => {
    const options = { skipUnreadable: true };
    const rows = Buffer.concat([
      Buffer.from('{"text":"one"}\n{"text":\n{"text":3}\n{"text":"'),
      latin1,
      Buffer.from('"}\n{"text":"\\ud83d"}\n{"text":"two"}\n'),
    ]);
    const [corpus] = await openCorpora(write(rows, "rows-bad.jsonl"), options);
    expect((await readAll(corpus!)).map(({ text }) => text)).toEqual(["one", "two"]);
    expect(corpus!.unreadable!()!.count).toBe(4);
    const lines = Buffer.concat([Buffer.from("one\n"), latin1, Buffer.from("\ntwo\n")]);
    expect(await texts(write(lines, "lines.txt"), { ...options, split: "lines" })).toEqual(["one", "two"]);
    const csv = "text,id\none,1\ntwo,2,too many\nthree,3\n";
    const [broken] = await openCorpora(write(csv, "broken.csv"), options);
    expect((await readAll(broken!)).map(({ text }) => text)).toEqual(["one", "three"]);
    expect(broken!.unreadable!()).toMatchObject({ count: 1, parts: [{ name: "broken.csv:3" }] });
    const [open] = await openCorpora(write('text,id\none,1\n"two', "open.csv"), options);
    expect((await readAll(open!)).map(({ text }) => text)).toEqual(["one"]); // the quote never ends
    expect(open!.unreadable!()!.count).toBe(1);
  });

  it("is no reason to go on when the reading is stopped", async () => {
    const [corpus] = await openCorpora(write("x", "stop.txt"), { skipUnreadable: true });
    const signal = AbortSignal.abort();
    await expect(corpus!.documents({ signal }).next()).rejects.toMatchObject({ code: "ABORTED" });
  });
});

it("under the recipe llama.cpp a file loses its last line feed, as with llama-perplexity -f", async () => {
  const of = (content: string, options: object = {}) =>
    texts(write(content, `break-${content.length}.txt`), { recipe: "llama.cpp", ...options });
  expect(await of("a\n")).toEqual(["a"]);
  expect(await of("ab\n\n")).toEqual(["ab\n"]);
  expect(await of("abcd\r\n")).toEqual(["abcd\r"]);
  expect(await of("abc")).toEqual(["abc"]);
  expect(await of("one\ntwo\n", { recipe: "cached" })).toEqual(["one\ntwo\n"]);
  expect(await of("one\ntwo\n\n", { split: "blank-lines" })).toEqual(["one\ntwo"]);
  expect(await texts(write(jsonl({ text: "a\n" }), "row.jsonl"), { recipe: "llama.cpp" })).toEqual(["a\n"]);
  const [corpus] = await openCorpora(write("a\n", "rule.txt"), { recipe: "llama.cpp" });
  expect(corpus!.rule.finalLineBreak).toMatch(/taken off/);
});
