import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { CorpusFolder, documentsOf, readAll } from "../../../test/corpus-folder.ts";
import { type OpenCorporaOptions, openCorpora } from "./open.ts";

const folder = new CorpusFolder();
afterAll(() => folder.remove());
const write = (content: string | Uint8Array, name?: string): string => folder.write(content, name);

async function texts(content: string | Uint8Array, options?: OpenCorporaOptions): Promise<string[]> {
  return (await documentsOf(write(content), options)).map(({ text }) => text);
}

describe("a text file", () => {
  it("is one document, byte for byte", async () => {
    const content = "One\r\ntwo\n\n  three\t\u00e9\u{1f600}\u2028 no line end";
    const path = write(content, "wiki.test.raw");
    expect(await documentsOf(path)).toEqual([{ name: "wiki.test.raw", text: content }]);
    const [corpus] = await openCorpora(path);
    expect(corpus).toMatchObject({
      name: "wiki.test.raw",
      source: path,
      domain: null,
      rule: { name: "whole file", source: null },
    });
  });

  it("comes empty when it is empty", async () => {
    expect(await texts("")).toEqual([""]);
    for (const split of ["lines", "blank-lines", "%%"]) expect(await texts("", { split })).toEqual([]);
  });

  it("loses its byte order mark, and a note says so, once", async () => {
    const notes: string[] = [];
    const path = write("\ufeffabc", "marked.txt");
    const [corpus] = await openCorpora(path, { onNote: (note) => notes.push(note) });
    for (let reading = 0; reading < 2; reading++)
      expect(await readAll(corpus!)).toEqual([{ name: "marked.txt", text: "abc" }]);
    expect(notes).toEqual(["marked.txt: the byte order mark at the start was left out."]);
    expect(await texts("\ufeffa\n\ufeffb\n", { split: "lines" })).toEqual(["a", "\ufeffb"]);
    expect(await texts("\ufeff\n\nb", { split: "blank-lines" })).toEqual(["b"]);
  });

  it.each([
    ["none", "bad.txt, byte 300004"],
    ["lines", "bad.txt, byte 300004"],
    ["blank-lines", "bad.txt, byte 300004"],
    ["--", "bad.txt, byte 300004"],
  ])("with invalid UTF-8 is refused with file and byte (split %s)", async (split, where) => {
    const bytes = Buffer.concat([Buffer.from(`${"a\n".repeat(150_000)}ab--`), Buffer.from([0xe4, 0x20])]);
    await expect(documentsOf(write(bytes, "bad.txt"), { split })).rejects.toMatchObject({
      code: "INVALID_UTF8",
      where,
    });
  });

  it("in UTF-16 or with NUL bytes is refused", async () => {
    await expect(texts(Buffer.from("\ufeffabc", "utf16le"))).rejects.toMatchObject({
      code: "INVALID_UTF8",
      what: "The text is UTF-16",
    });
    const path = write("a\nb\0c", "nul.txt");
    await expect(documentsOf(path, { split: "lines" })).rejects.toMatchObject({
      code: "BINARY_INPUT",
      where: "nul.txt, byte 3",
    });
  });

  it("beyond the limit is refused with the way out", async () => {
    const long = "a".repeat(1000);
    await expect(texts(long, { maxDocumentBytes: 999 })).rejects.toMatchObject({
      code: "DOCUMENT_TOO_LARGE",
      what: "A document is larger than 999 bytes",
    });
    expect(await texts(long, { maxDocumentBytes: 1000 })).toEqual([long]);
    const path = write(`a\n${long}b\nc`, "long-line.txt");
    await expect(documentsOf(path, { split: "lines", maxDocumentBytes: 1000 })).rejects.toMatchObject({
      code: "DOCUMENT_TOO_LARGE",
      where: "long-line.txt:2",
    });
    await expect(documentsOf(path, { split: "blank-lines", maxDocumentBytes: 1000 })).rejects.toMatchObject({
      code: "DOCUMENT_TOO_LARGE",
    });
  });
});

describe("split", () => {
  it('"lines": each line without its end, empty ones too', async () => {
    expect(await texts("one\r\n\ntwo\r\r\nthree", { split: "lines" })).toEqual(["one", "", "two\r", "three"]);
    expect(await texts("one\n", { split: "lines" })).toEqual(["one"]);
    expect(await documentsOf(write("a\nb", "l.txt"), { split: "lines" })).toEqual([
      { name: "l.txt:1", text: "a" },
      { name: "l.txt:2", text: "b" },
    ]);
  });

  it('"blank-lines": what stands between blank lines, CR LF inside kept', async () => {
    const content = "\n \t\none\r\ntwo\r\n\r\n\n three \n\nfour";
    expect(await texts(content, { split: "blank-lines" })).toEqual(["one\r\ntwo", " three ", "four"]);
  });

  it("a delimiter: what stands between, and the line of a delimiter goes with it", async () => {
    const split = "<|endoftext|>";
    expect(await texts(`one\n${split}\ntwo\n${split}\n`, { split })).toEqual(["one\n", "two\n"]);
    expect(await texts(`one\r\n${split}\r\ntwo\r\n`, { split })).toEqual(["one\r\n", "two\r\n"]);
    expect(await texts(`one${split}two\n${split}${split}`, { split })).toEqual(["one", "two\n", ""]);
    expect(await texts(`one${split}\ntwo`, { split })).toEqual(["one", "\ntwo"]);
    expect(await texts("a\fb", { split: "\f" })).toEqual(["a", "b"]);
  });

  it("is part of the rule", async () => {
    const [corpus] = await openCorpora(write("a"), { split: "lines" });
    expect(corpus!.rule).toEqual({ name: "pieces", source: null, split: "lines" });
    await expect(openCorpora(write("a"), { split: "" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  const pieces = fc.array(fc.constantFrom("\n", "\r\n", " ", "ä", "a", "--", "\u{1f600}", "\t", "-"), {
    maxLength: 60,
  });
  it("gives what the same does on the whole text (property)", async () => {
    await fc.assert(
      fc.asyncProperty(pieces, async (parts) => {
        const content = parts.join("");
        const path = write(content, "property.txt");
        const of = async (split: string) => (await documentsOf(path, { split })).map(({ text }) => text);
        const lines = content.split("\n");
        if (lines.at(-1) === "") lines.pop();
        const ended = content.endsWith("\n");
        expect(await of("lines")).toEqual(
          lines.map((line, i) => (i < lines.length - 1 || ended ? line.replace(/\r$/, "") : line)),
        );
        const marked = content.replace(/(?<=^|\n)[ \t\r]*(\n|$)/g, "|"); // "|" for each blank line
        const blocks = marked.split("|").map((block) => block.replace(/\r?\n$/, ""));
        expect(await of("blank-lines")).toEqual(blocks.filter((block) => block !== ""));
        const delimited = await of("--");
        expect(delimited.join("")).toBe(content.replace(/(?<=(^|\n)(?:--)*)--\r?\n|--/g, ""));
      }),
      { numRuns: 300 },
    );
  });
});

describe("a packed text", () => {
  it("is unpacked, all members of it", async () => {
    const packed = Buffer.concat([gzipSync("one\n"), gzipSync("two ä"), gzipSync("\n")]);
    expect(await documentsOf(write(packed, "t.txt.gz"))).toEqual([
      { name: "t.txt.gz", text: "one\ntwo ä\n" },
    ]);
  });

  it("that was cut, or is something else, is refused", async () => {
    const whole = gzipSync("some text\n".repeat(1000));
    for (const bytes of [whole.subarray(0, -9), Buffer.from("no gzip"), Buffer.alloc(0)])
      await expect(documentsOf(write(bytes, "cut.txt.gz"))).rejects.toMatchObject({
        code: "CORPUS_MALFORMED",
        where: "cut.txt.gz",
      });
    for (const bytes of [
      zstdFrame(Buffer.from("some text")).subarray(0, -3),
      Buffer.from("no zstandard at all"),
    ])
      await expect(documentsOf(write(bytes, "cut.txt.zst"))).rejects.toMatchObject({
        code: "CORPUS_MALFORMED",
        where: "cut.txt.zst",
      });
  });

  it("in zstd may have many frames and end anywhere in a chunk (property)", async () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 50, min: 32, max: 126 }), {
      minLength: 1,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(parts, async (frames) => {
        const path = write(Buffer.concat(frames.map((frame) => zstdFrame(frame))), "frames.txt.zst");
        const [document] = await documentsOf(path);
        expect(document!.text).toBe(Buffer.concat(frames).toString());
      }),
      { numRuns: 100 },
    );
  });
});

/** A Zstandard frame of one raw block (RFC 8878). */
function zstdFrame(content: Uint8Array): Buffer {
  const header = (content.length << 3) | 1; // last block, raw
  const block = [header & 0xff, (header >> 8) & 0xff, header >> 16];
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x08, ...block, ...content]);
}
