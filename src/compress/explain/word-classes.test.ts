import { describe, expect, it } from "vitest";
import { classOfToken, WORD_CLASSES, wordClasses } from "./word-classes.ts";

/** The words of a text that are of a class, by hand beside what the rules say. */
const spansOf = (text: string, wanted: string): string[] => {
  const bytes = Buffer.from(text);
  const classes = wordClasses(bytes);
  const spans: string[] = [];
  let from = 0;
  for (let i = 1; i <= bytes.length; i++) {
    if (i < bytes.length && classes[i] === classes[from]) continue;
    if (WORD_CLASSES[classes[from]!] === wanted) spans.push(bytes.subarray(from, i).toString());
    from = i;
  }
  return spans;
};

const LABELLED: [text: string, classes: Record<string, string[]>][] = [
  [
    "On the 17th of June, old Captain McGregor paid Mr. Darcy 3.50 in London. Nobody saw it.",
    {
      "function words": ["On", "the", "of", "in", "it"],
      numbers: ["17th", "3.50"],
      names: ["June", "Captain", "McGregor", "Mr", "Darcy", "London"],
      "other words": ["old", "paid", "Nobody", "saw"],
      punctuation: [",", ".", ".", "."],
    },
  ],
  [
    'He said, "Come here, Watson." “Never!” cried J. Smith; the _Titanic_ sank.\n\nCHAPTER II\n\nIt’s over',
    {
      names: ["Watson", "J", "Smith", "Titanic", "II"],
      "other words": ["said", "Come", "cried", "sank", "CHAPTER"],
      "function words": ["He", "here", "Never", "the", "It’s", "over"],
      "code and symbols": ["_", "_"],
    },
  ],
  [
    "const maxLength = table_size / h2o;",
    {
      "other words": ["const"],
      "code and symbols": ["maxLength", "=", "table_size", "/", "h2o"],
      punctuation: [";"],
    },
  ],
  [
    "GPT模型 и мир، שלום ひらカナ 한국 नमस्ते ไทย Ωmega ქარ über",
    {
      "other words": ["GPT", "über"],
      Han: ["模型"],
      Cyrillic: ["и", "мир"],
      Hebrew: ["שלום"],
      kana: ["ひらカナ"],
      Hangul: ["한국"],
      Devanagari: ["नमस्ते"],
      Thai: ["ไทย"],
      Greek: ["Ωmega"],
      "other scripts": ["ქარ"],
    },
  ],
];

describe("wordClasses", () => {
  it.each(LABELLED)("%s", (text, expected) => {
    for (const [name, words] of Object.entries(expected))
      expect([name, spansOf(text, name)]).toEqual([name, words]);
  });

  it("covers every byte of anything", () => {
    const text = "a\u0000\r\n\t\ufeff\u200b🦔️ e\u0301 ½ ² €5";
    expect(wordClasses(Buffer.from(text))).toHaveLength(Buffer.byteLength(text));
    expect(spansOf(text, "no text")).toEqual(["\u0000"]);
    expect(spansOf(text, "code and symbols")).toEqual(["🦔", "€"]);
    expect(spansOf(text, "numbers")).toEqual(["½", "²", "5"]);
    const invalid = wordClasses(Uint8Array.of(0x61, 0xff, 0x61));
    expect([...invalid].map((place) => WORD_CLASSES[place])).toEqual(["no text", "no text", "no text"]);
    expect(wordClasses(new Uint8Array(0))).toHaveLength(0);
  });

  it("of a token is that of its first byte that is no white space", () => {
    const classes = wordClasses(Buffer.from("and  the 5"));
    expect(classOfToken(classes, 3, 8)).toBe("function words");
    expect(classOfToken(classes, 3, 5)).toBe("white space");
    expect(classOfToken(classes, 8, 10)).toBe("numbers");
    expect(classOfToken(classes, 3, 3)).toBe("white space");
  });
});
