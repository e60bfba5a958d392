import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeUpView } from "../../../test/score-view.ts";
import { clusters, decodeLossless } from "../../text/visible.ts";
import { piecesOf, splitSpaces } from "./pieces.ts";

const bits = () => 3;

describe("piecesOf", () => {
  it("is one piece per token for plain text", () => {
    const pieces = piecesOf(madeUpView("The cat sat.", { bits }));
    expect(pieces).toEqual(
      ["The", " cat", " sat", "."].map((text, i) => ({
        text,
        first: i,
        end: i + 1,
        bits: expect.closeTo(3, 10),
      })),
    );
  });

  it("shows a character of several tokens once, with the sum of their surprisals", () => {
    const view = madeUpView("a 🦔 b", { bits, bytewise: (token) => token === "🦔" });
    expect(view.tokens).toBe(7);
    expect(piecesOf(view).map(({ text, bits }) => [text, Math.round(bits!)])).toEqual([
      ["a", 3],
      [" ", 3],
      ["🦔", 12],
      [" b", 3],
    ]);
  });

  it("joins an accent to its letter, however the tokens are cut", () => {
    const view = madeUpView("cafe\u0301s", { bits, bytewise: () => true });
    const shown = piecesOf(view);
    expect(shown.map(({ text }) => text)).toEqual(["c", "a", "f", "e\u0301", "s"]);
    expect(shown[3]!.bits).toBeCloseTo(9, 10);
  });

  it("has no number where one of its tokens has none", () => {
    const view = madeUpView("é", { bytewise: () => true, bits: (_, i) => (i === 0 ? Number.NaN : 1) });
    expect(piecesOf(view)).toEqual([{ text: "é", first: 0, end: 2, bits: null }]);
  });

  it("never shows a negative surprisal", () => {
    expect(piecesOf(madeUpView("x", { bits: () => -1e-9 }))[0]!.bits).toBe(0);
  });

  it("keeps tokens without bytes, and text without tokens", () => {
    const view = madeUpView("ab", { bits });
    const table = {
      ...view.table,
      length: 2,
      ids: Int32Array.of(0, 0),
      byteOffsets: Uint32Array.of(1, 1, 2),
      logprobs: Float64Array.of(-1, -1),
    };
    expect(
      piecesOf({ ...view, text: new TextEncoder().encode("abc"), table }).map(({ text, first, end }) => [
        text,
        first,
        end,
      ]),
    ).toEqual([
      ["a", 0, 0],
      ["", 0, 1],
      ["b", 1, 2],
      ["c", 2, 2],
    ]);
  });

  it("covers any text and all tokens in order, and cuts no character", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array()), (text) => {
        const view = madeUpView(text, { bits, bytewise: (token) => token.length % 2 === 0 });
        const pieces = piecesOf(view);
        const whole = decodeLossless(view.text);
        expect(pieces.map((piece) => piece.text).join("")).toBe(whole);
        expect(
          pieces.flatMap(({ first, end }) => Array.from({ length: end - first }, (_, i) => first + i)),
        ).toEqual(Array.from({ length: view.tokens }, (_, i) => i));
        const ends = (parts: Iterable<string>) => {
          let at = 0;
          return Array.from(parts, (part) => (at += part.length));
        };
        const characters = new Set(ends(clusters(whole)));
        expect(ends(pieces.map((piece) => piece.text)).every((end) => characters.has(end))).toBe(true);
      }),
    );
  });
});

describe("splitSpaces", () => {
  it.each([
    ["  word ", "  ", "word "],
    ["word", "", "word"],
    ["   ", "", "   "],
    [" \u0301", "", " \u0301"],
    [" \n", " ", "\n"],
    ["", "", ""],
  ])("%j", (text, spaces, rest) => {
    expect(splitSpaces(text)).toEqual([spaces, rest]);
  });
});
