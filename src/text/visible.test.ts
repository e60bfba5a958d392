import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  byteLength,
  clusters,
  decodeLossless,
  displayWidth,
  shorten,
  visible,
  visibleToken,
} from "./visible.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const anyText = fc.string({ unit: "binary" });

describe("decodeLossless", () => {
  it("is UTF-8 where the bytes are, a leading byte order mark included", () => {
    fc.assert(fc.property(anyText, (text) => decodeLossless(encode(text)) === text));
    expect(decodeLossless(encode("\ufeffx"))).toBe("\ufeffx");
  });

  it("loses no byte, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = decodeLossless(bytes);
        expect(byteLength(text)).toBe(bytes.length);
        const back = [...text].flatMap((character) => {
          const code = character.codePointAt(0)!;
          return code >= 0xdc80 && code <= 0xdcff ? [code - 0xdc00] : [...encode(character)];
        });
        expect(back).toEqual([...bytes]);
      }),
    );
  });

  it("takes apart exactly what is broken", () => {
    expect(visible(decodeLossless(Uint8Array.of(0x61, 0xe2, 0x82, 0x62, 0xff, 0xc3, 0xa9)))).toBe(
      "a⟨0xE2⟩⟨0x82⟩b⟨0xFF⟩é",
    );
    expect(visible(decodeLossless(Uint8Array.of(0xed, 0xa0, 0x80)))).toBe("⟨0xED⟩⟨0xA0⟩⟨0x80⟩"); // a surrogate in UTF-8
  });
});

describe("visible", () => {
  it.each([
    ["escape sequence", "\u001b[31m", "␛[31m"],
    ["C1 control sequence introducer", "\u009b31m", "⟨U+009B⟩31m"],
    ["operating system command", "\u001b]0;title\u0007", "␛]0;title␇"],
    ["backspace, delete, null, carriage return", "a\bb\u007fc\u0000d\re", "a␈b␡c␀d␍e"],
    ["bidirectional override", "\u202eabc\u202c", "⟨U+202E⟩abc⟨U+202C⟩"],
    ["bidirectional isolate", "\u2066x\u2069", "⟨U+2066⟩x⟨U+2069⟩"],
    ["zero-width space and joiner", "a\u200bb\u200dc", "a⟨U+200B⟩b⟨U+200D⟩c"],
    ["word joiner, soft hyphen, byte order mark", "\u2060\u00ad\ufeff", "⟨U+2060⟩⟨U+00AD⟩⟨U+FEFF⟩"],
    ["tag characters", "\u{e0041}", "⟨U+E0041⟩"],
    ["Hangul filler", "\u3164", "⟨U+3164⟩"],
    ["line separators", "\u2028\u2029", "⟨U+2028⟩⟨U+2029⟩"],
    ["private use", "\ue000", "⟨U+E000⟩"],
    ["noncharacter", "\uffff", "⟨U+FFFF⟩"],
    ["line breaks and tab", "a\nb\r\nc\td", "a↵b↵c⇥d"],
    ["accents", "e\u0301 ñ", "e\u0301 ñ"],
    ["an accent without a letter", "\u0301", "◌\u0301"],
    ["emoji sequences", "👩‍💻 ❤️ 🇫🇷 👍🏽 🏴󠁧󠁢󠁳󠁣󠁴󠁿 1️⃣", "👩‍💻 ❤️ 🇫🇷 👍🏽 🏴󠁧󠁢󠁳󠁣󠁴󠁿 1️⃣"],
    ["a joiner that joins nothing", "👩\u200d", "👩⟨U+200D⟩"],
    ["Persian with its non-joiner", "می‌خواهم", "می‌خواهم"],
    ["Devanagari with its joiner", "क्‍ष", "क्‍ष"],
    ["Arabic number sign", "\u06dd", "\u06dd"],
  ])("%s", (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it("shows itself unchanged", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = visible(text);
        expect(visible(shown)).toBe(shown);
      }),
    );
  });

  it("knows western text and its own symbols to have no clusters to look for", () => {
    const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
    const ranges = [
      [0x0a],
      [0x20, 0x7e],
      [0xa0, 0x2ff],
      [0x2010, 0x2027],
      [0x2190, 0x24ff],
      [0x27e8, 0x27e9],
    ];
    const characters = ranges.flatMap(([from, to = from]) =>
      Array.from({ length: to! - from! + 1 }, (_, i) => String.fromCodePoint(from! + i)),
    );
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...characters)), (text) => {
        const whole = text.join("");
        expect([...clusters(whole)]).toEqual(Array.from(segmenter.segment(whole), ({ segment }) => segment));
      }),
    );
  });

  it("takes overlong clusters apart", () => {
    const zalgo = `a${"\u0301".repeat(1000)}`;
    expect(visible(zalgo)).toBe(`a${"◌\u0301".repeat(1000)}`);
    expect([...clusters(zalgo)].join("")).toBe(zalgo);
  });

  it("shows the spaces of a token", () => {
    expect(visibleToken(encode("  room"))).toBe("␣␣room");
    expect(visibleToken(encode("\u00a0"))).toBe("⟨U+00A0⟩");
    expect(visibleToken(encode("\n\n"))).toBe("↵↵");
    expect(visibleToken(Uint8Array.of(0xe2, 0x80))).toBe("⟨0xE2⟩⟨0x80⟩");
    expect(visibleToken(new Uint8Array())).toBe("∅");
  });
});

describe("displayWidth", () => {
  it.each([
    ["abc", 3],
    ["e\u0301", 1],
    ["日本語", 6],
    ["한국어", 6],
    ["ｆｕｌｌ", 8],
    ["\u1112\u1161\u11ab", 2], // 한 as three jamo
    ["👩‍💻", 2],
    ["🇫🇷", 2],
    ["❤️", 2],
    ["⌚", 2],
    ["©", 1],
    ["नमस्ते", 4],
    ["␛", 1],
  ])("%s takes %i columns", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe("shorten", () => {
  it("keeps what fits, and says that it cut", () => {
    expect(shorten("abcdef", 6)).toBe("abcdef");
    expect(shorten("abcdef", 4)).toBe("abc…");
    expect(shorten("abcdef", 4, "end")).toBe("…def");
    expect(shorten("日本語", 4)).toBe("日…");
  });

  it("never exceeds the columns", () => {
    fc.assert(
      fc.property(
        anyText,
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom("start", "end"),
        (text, columns, keep) => {
          expect(displayWidth(shorten(visible(text), columns, keep))).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });
});
