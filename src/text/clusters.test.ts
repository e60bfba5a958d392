/** Line by line, the clusters are those of the whole text. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { clusters } from "./visible.ts";

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

it("cuts a text where a segmenter of the whole cuts it", () => {
  const piece = fc.constantFrom(
    "\n",
    "\r",
    "\r\n",
    "a",
    "bc",
    "é",
    "e\u0301",
    "\u0301",
    "👩‍👩‍👧",
    "🇩🇪🇫",
    "\u200d",
    "각",
    "ก็",
    " ",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      expect([...clusters(text)]).toEqual([...segmenter.segment(text)].map(({ segment }) => segment));
    }),
    { numRuns: 500 },
  );
});
