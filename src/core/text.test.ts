import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { originalTextSize, textSize } from "./text.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Text with all kinds of white space and of UTF-8 lengths in it. */
const texts = fc.string({
  unit: fc.constantFrom(
    ..."ab 9\n\t\u0085\u00a0\u1680\u2003\u2028\u202f\u205f\u3000é\u180e\u200b\ufeff€中😀\u001c",
  ),
  maxLength: 40,
});

describe("textSize", () => {
  it("knows the Unicode property White_Space of every code point", () => {
    for (let code = 0; code <= 0x10ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const character = String.fromCodePoint(code);
      const words = textSize(encode(`x${character}x`)).words;
      if (words !== (/\p{White_Space}/u.test(character) ? 2 : 1)) expect.fail(`U+${code.toString(16)}`);
    }
  });

  it("counts bytes, words and characters as regular expressions do", () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(textSize(encode(text))).toEqual({
          bytes: Buffer.byteLength(text),
          words: text.match(/\P{White_Space}+/gu)?.length ?? 0,
          characters: [...text].length,
        });
      }),
    );
  });

  it("adds up over pieces, also where a cut goes through a character", () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(200)), (text, cuts) => {
        const bytes = encode(text);
        const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const sum = { bytes: 0, words: 0, characters: 0 };
        let start = 0;
        for (const end of ends) {
          const piece = textSize(bytes, start, end);
          sum.bytes += piece.bytes;
          sum.words += piece.words;
          sum.characters += piece.characters;
          start = end;
        }
        expect(sum).toEqual(textSize(bytes));
      }),
    );
  });
});

describe("originalTextSize", () => {
  // len(re.split(r"\s+", text)) by CPython 3.11
  it.each([
    ["", 1],
    [" ", 2],
    ["a", 1],
    [" a ", 3],
    ["a  b", 2],
    ["a\x1cb", 2],
    ["a\u0085b", 2],
    ["a\ufeffb", 1],
    ["a\u180eb", 1],
    ["a\u200bb", 1],
    ["\n = X = \n\n b\u00a0c ", 7],
    ["a\u3000b", 2],
    ["héllo wörld 😀 x", 4],
  ])("splits %j into %i words as Python does", (text, words) => {
    expect(originalTextSize(text)).toEqual({
      bytes: Buffer.byteLength(text),
      words,
      characters: [...text].length,
    });
  });

  it("splits at the 29 code points that Python's \\s matches, and no others", () => {
    const separators: number[] = [];
    for (let code = 0; code <= 0xffff; code++)
      if (originalTextSize(`x${String.fromCharCode(code)}x`).words === 2) separators.push(code);
    expect(separators).toEqual([
      0x9, 0xa, 0xb, 0xc, 0xd, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x85, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002,
      0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
    ]);
  });
});
