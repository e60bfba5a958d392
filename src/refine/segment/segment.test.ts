import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWellFormed } from "../../core/index.ts";
import { SEGMENTATIONS, type Segmentation, segment } from "./index.ts";

const joined = ({ lead, steps }: Segmentation): string =>
  lead + steps.map(({ text, separator }) => text + separator).join("");
const texts = (text: string, by?: Parameters<typeof segment>[1]): string[] =>
  segment(text, by).steps.map((step) => step.text);

/** Lines of every kind that a cut could stumble over. */
const line = fc.constantFrom(
  "1. First.",
  "2) Then 3.5 of it.",
  "Step 3: done. Really!",
  "因此x=5。所以答案是10！",
  "```python",
  "```",
  "    x = 1",
  "| a | b |",
  "|---|---|",
  "$$",
  "",
  "  ",
  "a\tb",
  'He said: "Yes." Then he left.',
  "第一步：设x=2。",
  "~~~",
);
const text = fc
  .array(fc.tuple(line, fc.constantFrom("\n", "\n\n", "\r\n", " ")), { minLength: 1, maxLength: 14 })
  .map((parts) => parts.flat().join(""));

describe("segment", () => {
  it.each(["auto", ...SEGMENTATIONS, /\n+/, (all: string) => [Math.floor(all.length / 2)]] as const)(
    "loses nothing (%s)",
    (by) => {
      fc.assert(
        fc.property(fc.oneof(text, fc.string({ unit: "grapheme" })), (all) => {
          fc.pre(all.trim() !== "");
          const cut = segment(all, { by });
          expect(joined(cut)).toBe(all);
          for (const step of cut.steps) expect(step.text.trim()).not.toBe("");
        }),
      );
    },
  );

  it("keeps code, tables and formulas whole, whatever the way", () => {
    const code = "```js\nlet x = 1. Then;\n\n2. y\n```";
    const table = "| a. B | c |\n|---|---|\n| 1. D | 2 |";
    const formula = "$$\nx = 1. Y\n\n$$";
    const all = `First. Second.\n\n${code}\n\n${table}\n\n${formula}\n\nLast one.`;
    for (const by of SEGMENTATIONS)
      for (const block of [code, table, formula])
        expect(texts(all, { by }).filter((step) => step.includes(block))).toHaveLength(1);
    expect(segment(all, { by: "sentences" }).steps.map(({ kind }) => kind)).toEqual([
      "text",
      "text",
      "code",
      "table",
      "formula",
      "text",
    ]);
    expect(segment("~~~\nnever closed\n\nx").steps).toEqual([
      { text: "~~~\nnever closed\n\nx", separator: "", kind: "code" },
    ]);
  });

  it("cuts sentences, Chinese ones too", () => {
    const by = "sentences";
    expect(texts("He has 3.5 kg. Dr. Who pays $2! Why?", { by })).toEqual([
      "He has 3.5 kg.",
      "Dr. Who pays $2!",
      "Why?",
    ]);
    expect(texts("设x=5。那么2x=10！所以答案是10。", { by })).toEqual([
      "设x=5。",
      "那么2x=10！",
      "所以答案是10。",
    ]);
  });

  it.each([
    ["1. Add.\nIt is 3.\n2. Double.\n", "numbered", ["1. Add.\nIt is 3.", "2. Double."]],
    ["Sure:\n**Step 1:** a\n**Step 2:** b", "numbered", ["Sure:", "**Step 1:** a", "**Step 2:** b"]],
    ["第一步：设x。\n第二步：解。", "numbered", ["第一步：设x。", "第二步：解。"]],
    ["步骤1：a\n步骤2：b", "numbered", ["步骤1：a", "步骤2：b"]],
    ["① 甲\n② 乙", "numbered", ["① 甲", "② 乙"]],
    ["(1) a\n(2) b", "numbered", ["(1) a", "(2) b"]],
    ["1.5 kg\n2.5 kg", "lines", ["1.5 kg", "2.5 kg"]],
    ["7. seven\n9. nine", "lines", ["7. seven", "9. nine"]],
    ["2. two\nmore\n5. five", "numbered", ["2. two\nmore", "5. five"]], // what pruning left of five
    ["a=1\nb=2\nc=3", "lines", ["a=1", "b=2", "c=3"]],
    [
      "One.\nTwo.\n\nThree.\nFour.\n\nFive.\nSix.",
      "paragraphs",
      ["One.\nTwo.", "Three.\nFour.", "Five.\nSix."],
    ],
    ["One.\n\nTwo.\n\nThree.", "paragraphs", ["One.", "Two.", "Three."]],
    ["One. Two.", "sentences", ["One.", "Two."]],
  ] as const)("auto: %j as %s", (all, by, steps) => {
    const cut = segment(all);
    expect([cut.by, cut.steps.map((step) => step.text)]).toEqual([by, steps]);
    expect(cut.why).not.toBe("");
  });

  it("puts the white space around steps into lead and separators", () => {
    expect(segment("\n a\n\n  b \n", { by: "lines" })).toMatchObject({
      lead: "\n",
      steps: [
        { text: " a", separator: "\n\n" },
        { text: "  b", separator: " \n" },
      ],
    });
  });

  it("cuts as it is told", () => {
    expect(segment("a ;; b;;c", { by: /;;/ }).steps).toMatchObject([
      { text: "a", separator: " ;; " },
      { text: "b", separator: ";;" },
      { text: "c", separator: "" },
    ]);
    expect(texts("abcd", { by: () => [2] })).toEqual(["ab", "cd"]);
    expect(() => segment("abcd", { by: () => [9] })).toThrow("9 is no place in a text of 4 characters");
    expect(() => segment("abcd", { by: "words" as never })).toThrow('"words" is no way to cut a text');
  });

  it("cuts between characters, whatever an expression or function says", () => {
    const all = "a🙂b 👩‍🔬🙂\r\nc";
    for (const by of [
      /(?:)/,
      /x*/g,
      /\ud83d/,
      /\s*/,
      () => Array.from(all, (_, i) => i),
      () => [2, 2, 6, 1],
    ]) {
      const { lead, steps } = segment(all, { by });
      expect(lead + steps.map((step) => step.text + step.separator).join("")).toBe(all);
      expect(steps.length).toBeGreaterThan(1);
      for (const step of steps) expect(isWellFormed(step.text)).toBe(true);
    }
  });

  it("says what is wrong with a function or expression", () => {
    for (const given of [null, undefined, 5, "12", Promise.resolve([1])])
      expect(() => segment("abcd", { by: () => given as never })).toThrow("where places are wanted");
    for (const place of [Number.NaN, 1.5, -1, "1"])
      expect(() => segment("abcd", { by: () => [place as number] })).toThrow("is no place in a text");
    expect(() => segment("abcd", { by: /.+/ })).toThrow("matches all of the text");
  });

  it("refuses a text of nothing", () => {
    for (const all of ["", " \n\n"])
      expect(() => segment(all)).toThrow(expect.objectContaining({ code: "EMPTY_INPUT" }));
    expect(() => segment("a\ud800b")).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("reads long texts in time that grows with them", () => {
    expect(texts("word ".repeat(40_000), { by: "sentences" })).toHaveLength(1);
    expect(texts("a line\n".repeat(10_000))).toHaveLength(10_000);
    expect(texts("A man. ".repeat(30_000), { by: "sentences" })).toHaveLength(30_000);
  });
});
