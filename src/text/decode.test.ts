import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeText } from "./decode.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const bytes = (...values: number[]) => Uint8Array.from(values);

describe("decodeText", () => {
  it("gives back every text, and says nothing about it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
        fc.pre(!text.includes("\0") && !text.startsWith("\uFEFF"));
        expect(decodeText(utf8(text), "file")).toEqual({ text, notes: [] });
      }),
    );
  });

  it("leaves out the byte order mark at the start only, and says so", () => {
    const { text, notes } = decodeText(utf8("\uFEFFa\uFEFFb"), "file");
    expect(text).toBe("a\uFEFFb");
    expect(notes).toEqual([expect.stringContaining("byte order mark")]);
  });

  it.each<[string, Uint8Array, string, string]>([
    ["nothing", bytes(), "EMPTY_INPUT", "file"],
    ["a byte order mark and nothing else", bytes(0xef, 0xbb, 0xbf), "EMPTY_INPUT", "file"],
    ["a NUL byte", utf8("ab\0c"), "BINARY_INPUT", "file, byte 2"],
    ["UTF-16, little-endian", bytes(0xff, 0xfe, 0x61, 0), "INVALID_UTF8", "file"],
    ["UTF-16, big-endian", bytes(0xfe, 0xff, 0, 0x61), "INVALID_UTF8", "file"],
    ["Latin-1", bytes(0x63, 0x61, 0x66, 0xe9, 0x21), "INVALID_UTF8", "file, byte 3"],
    ["a stray continuation byte", bytes(0x61, 0x80), "INVALID_UTF8", "file, byte 1"],
    [
      "the same behind a byte order mark",
      bytes(0xef, 0xbb, 0xbf, 0x61, 0x80),
      "INVALID_UTF8",
      "file, byte 4",
    ],
    ["a surrogate", bytes(0x61, 0xed, 0xa0, 0x80), "INVALID_UTF8", "file, byte 1"],
    ["an overlong slash", bytes(0xc0, 0xaf), "INVALID_UTF8", "file, byte 0"],
    ["a character cut off by the end", bytes(0x61, 0xe2, 0x82), "INVALID_UTF8", "file, byte 1"],
  ])("refuses %s", (_name, input, code, where) => {
    expect(() => decodeText(input, "file")).toThrow(expect.objectContaining({ code, where }));
  });
});
