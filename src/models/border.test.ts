import { describe, expect, it } from "vitest";
import { scoreOne } from "./test/_check.ts";
import { TableModel } from "./test/index.ts";

/** Letters, and "ab", which lies across a border between "a" and "b"; from each token the next ones by a fixed table. */
const SYMBOLS = ["a", "b", "c", "ab", " ", "<s>"];
const ROW = { a: 0.1, b: 0.2, c: 0.3, ab: 0.15, " ": 0.25, "<s>": 0 };
/** After "a", "b" is likelier than elsewhere; after "<s>" "ab" is; after "c", "c" is impossible. */
const AFTER_A = { a: 0.1, b: 0.6, c: 0.1, ab: 0.1, " ": 0.1, "<s>": 0 };
const AFTER_S = { a: 0.2, b: 0.1, c: 0.1, ab: 0.5, " ": 0.1, "<s>": 0 };
const AFTER_C = { a: 0.5, b: 0.2, c: 0, ab: 0.1, " ": 0.2, "<s>": 0 };
const values = (row: Record<string, number>) => SYMBOLS.map((symbol) => row[symbol]!);

const model = new TableModel({
  symbols: SYMBOLS,
  bos: 5,
  transitions: [AFTER_A, ROW, AFTER_C, ROW, ROW, AFTER_S].map(values),
});

const score = (context: string, continuation: string, options = {}) =>
  scoreOne(model, context, continuation, options);

describe("the border of context and continuation", () => {
  it("is between two tokens as a rule, and nothing is lost", async () => {
    for (const border of ["whole", "lm-eval"] as const) {
      const { logprob, border: told } = await score("ab", "cb", { border });
      expect(logprob).toBeCloseTo(Math.log(0.3 * 0.2), 12); // after "ab" c, after c b
      expect(told).toEqual({ rule: border, apart: false, moved: 0, lost: { bytes: 0, tokens: 0 } });
    }
  });

  it("may lie within a token: then every byte of the continuation is scored, and none of the context", async () => {
    const { logprob, tokens, border } = await score("a", "bc");
    // <s> a | b c, although "abc" would be "ab" and "c"
    expect([...tokens.ids]).toEqual([1, 2]);
    expect([...tokens.byteOffsets]).toEqual([0, 1, 2]);
    expect(logprob).toBeCloseTo(Math.log(0.6 * 0.3), 12);
    expect(border).toEqual({ rule: "whole", apart: true, moved: 0, lost: { bytes: 0, tokens: 0 } });
    const alone = await score("a", "b");
    expect(alone.logprob).toBeCloseTo(Math.log(0.6), 12);
  });

  it("is lm-eval's under its name, which says what it lost", async () => {
    const { logprob, tokens, border } = await score("a", "bc", { border: "lm-eval" });
    // tokens of "abc": <s> ab c; of "a": <s> a; two are cut off, and c is given <s> a
    expect([...tokens.ids]).toEqual([2]);
    expect(logprob).toBeCloseTo(Math.log(0.1), 12);
    expect(border).toEqual({ rule: "lm-eval", apart: false, moved: 0, lost: { bytes: 1, tokens: 1 } });
    await expect(score("a", "b", { border: "lm-eval" })).rejects.toMatchObject({
      code: "NOTHING_TO_SCORE",
      what: expect.stringContaining("1 bytes"),
    });
  });

  it("has Python's white space in front of it moved behind it", async () => {
    const { logprob, tokens, border } = await score("c ", "b");
    expect([...tokens.ids]).toEqual([4, 1]);
    expect(logprob).toBeCloseTo(Math.log(0.2 * 0.2), 12); // after c " ", after " " b
    expect(border).toMatchObject({ moved: 1, apart: false });
    const bytes = TableModel.bytes();
    const moved = async (context: string) => (await scoreOne(bytes, context, "x")).border!.moved;
    // str.rstrip() of CPython 3: all of these, and not U+FEFF, U+200B or U+180E
    for (const space of "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000")
      expect(await moved(`a${space}`)).toBe(Buffer.byteLength(space));
    for (const other of ["\ufeff", "\u200b", "\u180e", "\x1b"]) expect(await moved(`a${other}`)).toBe(0);
  });

  it("of an empty context is behind BOS", async () => {
    const { logprob, border } = await score("", "abc");
    expect(logprob).toBeCloseTo(Math.log(0.5 * 0.3), 12);
    expect(border).toMatchObject({ apart: false, lost: { bytes: 0, tokens: 0 } });
  });

  it("gets no second BOS where special tokens are read and the text begins with it", async () => {
    // lm-eval 0.4.13: tok_encode("<s>a") = [<s>, a], whatever the tokenizer would add
    const { tokens, border } = await score("<s>a", "c", { border: "lm-eval" });
    expect([...tokens.ids]).toEqual([2]);
    expect(border).toMatchObject({ lost: { bytes: 0, tokens: 0 } });
    // context "": (continuation_enc[:1], continuation_enc[1:]) where it begins with the prefix
    const front = await score("", "<s>ac", { border: "lm-eval" });
    expect([...front.tokens.ids]).toEqual([0, 2]);
    expect(front.logprob).toBeCloseTo(Math.log(0.2 * 0.1), 12);
  });

  it("keeps a continuation of probability 0: it is an answer", async () => {
    const { logprob, greedy } = await score("c", "cb");
    expect(logprob).toBe(Number.NEGATIVE_INFINITY);
    expect(greedy).toBe(false);
  });

  it("refuses half a surrogate pair on either side", async () => {
    for (const [context, continuation] of [
      ["a\ud83d", "\ude42"],
      ["a", "b\ude42"],
    ] as const)
      await expect(score(context, continuation)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        where: expect.stringContaining("request 0"),
      });
  });
});
