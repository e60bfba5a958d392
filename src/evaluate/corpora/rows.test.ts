import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { CorpusFolder, documentsOf } from "../../../test/corpus-folder.ts";
import { parquetBytes } from "../../../test/parquet-fixture.ts";
import { openCorpora } from "./open.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../test/fixtures/corpus/${name}`, import.meta.url));

const folder = new CorpusFolder();
afterAll(() => folder.remove());
const write = (content: string | Uint8Array, name: string): string => folder.write(content, name);

const ROWS = [
  { id: 1, text: "one" },
  { id: 2, text: "zwei, größer" },
  { id: 3, text: 'with "quotes"\r\nand a line' },
  { id: 4, text: "" },
  { id: 5, text: "\u{1f600}" },
];
const csvField = (text: string) => `"${text.replaceAll('"', '""')}"`;
const FORMS: [string, string | Buffer][] = [
  ["rows.jsonl", ROWS.map((row) => JSON.stringify(row)).join("\n")],
  ["rows-crlf.ndjson", `${ROWS.map((row) => JSON.stringify(row)).join("\r\n")}\r\n`],
  ["rows.jsonl.gz", gzipSync(ROWS.map((row) => `${JSON.stringify(row)}\n\n`).join(""))],
  ["rows.csv", `id,text\r\n${ROWS.map(({ id, text }) => `${id},${csvField(text)}\r\n`).join("")}`],
  ["rows.tsv", `id\ttext\n${ROWS.map(({ id, text }) => `${id}\t${csvField(text)}`).join("\n")}`],
  ["rows-marked.csv", `\ufefftext,id\n${ROWS.map(({ id, text }) => `${csvField(text)},${id}\n`).join("\n")}`],
  [
    "rows.parquet",
    parquetBytes(
      [
        { name: "id", data: ROWS.map(({ id }) => id), type: "INT32" },
        { name: "text", data: ROWS.map(({ text }) => text), type: "STRING" },
      ],
      2,
    ),
  ],
  ["rows.parquet.gz", gzipSync(parquetBytes([{ name: "text", data: ROWS.map(({ text }) => text) }]))],
];

describe("rows", () => {
  it.each(FORMS)("of %s are documents, numbered from 1", async (name, content) => {
    const path = write(content, name);
    expect(await documentsOf(path)).toEqual(ROWS.map(({ text }, i) => ({ name: `${name}:${i + 1}`, text })));
    const [corpus] = await openCorpora(path);
    expect(corpus!.rule).toEqual({ name: "rows", source: null, column: "text" });
  });

  it("of a file of two zstd frames, as the zstd tool wrote it", async () => {
    const documents = await documentsOf(fixture("two-frames.jsonl.zst"));
    const expected = Array.from({ length: 40 }, (_, i) => `Zeile ${i + 1}: ${"größer ".repeat((i + 1) % 7)}`);
    expect(documents.map(({ text }) => text)).toEqual(expected);
    expect(readFileSync(fixture("two-frames.jsonl.zst")).length).toBeLessThan(1000);
  });

  it("of JSON, CSV and Parquet hold the same texts (property)", async () => {
    // A CSV with one column cannot tell an empty text from an empty line, so there is a second column.
    const texts = fc.array(fc.string({ unit: "grapheme", maxLength: 20 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(texts, async (drawn) => {
        const wanted = drawn.map((text) => text.replaceAll("\0", ""));
        const id = wanted.map((_, i) => i);
        const paths = [
          write(wanted.map((text, i) => `${JSON.stringify({ id: i, text })}\n`).join(""), "p.jsonl"),
          write(`id,text\n${wanted.map((text, i) => `${i},${csvField(text)}\n`).join("")}`, "p.csv"),
          write(
            parquetBytes(
              [
                { name: "id", data: id },
                { name: "text", data: wanted, type: "STRING" },
              ],
              3,
            ),
            "p.parquet",
          ),
        ];
        for (const path of paths) expect((await documentsOf(path)).map(({ text }) => text)).toEqual(wanted);
      }),
      { numRuns: 100 },
    );
  });

  it("with null are empty texts", async () => {
    const empty = [{ text: "a" }, { text: null }].map((row) => `${JSON.stringify(row)}\n`).join("");
    const parquet = parquetBytes([{ name: "text", data: ["a", null], type: "STRING" }]);
    for (const path of [write(empty, "null.jsonl"), write(parquet, "null.parquet")])
      expect((await documentsOf(path)).map(({ text }) => text)).toEqual(["a", ""]);
  });

  it.each([
    ["no.jsonl", '{"text":"a"}\n\n{"words":"b"}\n', 'There is no column "text"', "no.jsonl:3"],
    ["broken.jsonl", '{"text":"a"}\n{"text":"b"\n', /^The line is not JSON/, "broken.jsonl:2"],
    ["cut.jsonl", '{"text":"a"}\n{"te', /^The line is not JSON/, "cut.jsonl:2"],
    [
      "number.jsonl",
      '{"text":"a"}\n{"text":7}\n',
      'The column "text" holds a number, not a text',
      "number.jsonl:2",
    ],
    ["list.jsonl", '{"text":["a"]}\n', 'The column "text" holds a list, not a text', "list.jsonl:1"],
    ["surrogate.jsonl", '{"text":"\\ud83d"}\n', /^The text holds half a surrogate pair/, "surrogate.jsonl:1"],
    ["array.json", '[{"text":"a"},\n{"text":"b"}]\n', /^The line is not JSON/, "array.json:1"],
    ["pretty.json", '[\n  {"text":"a"}\n]\n', /^This is one JSON value over many lines/, "pretty.json:1"],
    ["one.json", '[{"text":"a"}]\n', "The line holds a list, not an object", "one.json:1"],
    ["fields.csv", "id,text\n1,a\n2,b,c\n", /^The row is not CSV/, "fields.csv:3"],
    ["quote.csv", 'id,text\n1,"a\n', /^The row is not CSV: Quote Not Closed/, "quote.csv:2"],
    ["twice.csv", "text,text\n1,a\n", 'The column "text" is there twice', "twice.csv:1"],
  ])("of %s are refused, with file and line", async (name, content, what, where) => {
    const expected = typeof what === "string" ? what : expect.stringMatching(what);
    await expect(documentsOf(write(content, name))).rejects.toMatchObject({
      code: "CORPUS_MALFORMED",
      what: expected,
      where,
    });
  });

  it("of Parquet that are no texts are refused", async () => {
    const numbers = parquetBytes([{ name: "text", data: [1, 2], type: "INT32" }]);
    await expect(documentsOf(write(numbers, "numbers.parquet"))).rejects.toMatchObject({
      code: "CORPUS_MALFORMED",
      what: 'The column "text" holds a number, not a text',
      where: "numbers.parquet, row 1",
    });
    const bytes = parquetBytes([{ name: "text", data: ["a", "bcd"], type: "STRING" }]);
    bytes[bytes.indexOf("bcd")] = 0xff; // in the page and in the statistics behind it
    await expect(documentsOf(write(bytes, "latin.parquet"))).rejects.toMatchObject({ code: "INVALID_UTF8" });
    for (const damaged of [Buffer.from("no Parquet"), Buffer.alloc(0), bytes.subarray(0, -20)])
      await expect(documentsOf(write(damaged, "damaged.parquet"))).rejects.toMatchObject({
        code: "CORPUS_MALFORMED",
        where: "damaged.parquet",
      });
  });

  it("longer than the limit are refused", async () => {
    const text = "ä".repeat(100);
    for (const [name, content] of [
      ["long.jsonl", JSON.stringify({ text })],
      ["long.csv", `id,text\n1,${text}`],
      ["long.parquet", parquetBytes([{ name: "text", data: [text], type: "STRING" }])],
    ] as const)
      await expect(documentsOf(write(content, name), { maxDocumentBytes: 150 })).rejects.toMatchObject({
        code: "DOCUMENT_TOO_LARGE",
      });
  });

  it("in UTF-8 that is none are refused with the byte in the file", async () => {
    const lines = Buffer.concat([
      Buffer.from('{"text":"a"}\n{"text":"'),
      Buffer.from([0xe9]),
      Buffer.from('"}\n'),
    ]);
    await expect(documentsOf(write(lines, "latin.jsonl"))).rejects.toMatchObject({
      code: "INVALID_UTF8",
      where: "latin.jsonl, byte 22",
    });
    const table = Buffer.concat([
      Buffer.from(`id,text\n${"1,ä\n".repeat(100_000)}2,`),
      Buffer.from([0xe9, 0x0a]),
    ]);
    await expect(documentsOf(write(table, "latin.csv"))).rejects.toMatchObject({
      code: "INVALID_UTF8",
      where: "latin.csv, byte 500010",
    });
  });

  it("of an empty file are none", async () => {
    for (const name of ["empty.jsonl", "empty.csv"]) expect(await documentsOf(write("", name))).toEqual([]);
    expect(await documentsOf(write("id,text\n", "header.csv"))).toEqual([]);
  });
});

describe("the column", () => {
  it("is the one called text, else the only one with texts, else the one that is named", async () => {
    const rows = '{"id":1,"text":"t","title":"T"}\n';
    expect((await documentsOf(write(rows, "c.jsonl")))[0]!.text).toBe("t");
    expect((await documentsOf(write(rows, "c.jsonl"), { column: "title" }))[0]!.text).toBe("T");
    expect((await documentsOf(write('{"id":1,"body":"b"}\n', "d.jsonl")))[0]!.text).toBe("b");
    expect((await documentsOf(write("sentence\na b\n", "d.csv")))[0]!.text).toBe("a b");
    const parquet = parquetBytes([
      { name: "n", data: [1], type: "INT32" },
      { name: "page", data: ["p"], type: "STRING" },
    ]);
    expect((await documentsOf(write(parquet, "d.parquet")))[0]!.text).toBe("p");
  });

  it("that is not clear is asked for, with the columns there are", async () => {
    await expect(openCorpora(write('{"q":"a","a":"b"}\n', "qa.jsonl"))).rejects.toMatchObject({
      code: "CORPUS_MALFORMED",
      wayOut: "Name one (column). The columns are: q, a.",
    });
    await expect(openCorpora(write('{"q":1}\n', "n.jsonl"))).rejects.toMatchObject({
      what: "No column holds texts",
    });
    await expect(documentsOf(write("q,a\n1,2\n", "qa.csv"), { column: "b" })).rejects.toMatchObject({
      what: 'There is no column "b"',
      wayOut: "The columns are: q, a.",
    });
    const parquet = write(parquetBytes([{ name: "q", data: ["a"] }]), "q.parquet");
    await expect(documentsOf(parquet, { column: "b" })).rejects.toMatchObject({
      code: "CORPUS_MALFORMED",
      what: 'There is no column "b"',
      where: "q.parquet",
      wayOut: "The columns are: q.",
    });
  });
});
