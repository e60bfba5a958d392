/** A text as sentences. */

let segmenter: Intl.Segmenter | null | undefined;

/**
 * The sentences of a text by the rules of Unicode (UAX #29, `Intl.Segmenter`), trimmed, empty ones left out; also where Chinese
 * or Japanese marks end them. It knows no abbreviations: "Dr. Who" is two. Where a runtime has no segmenter, cut behind marks
 * that end a sentence, and at line breaks.
 */
export function sentencesOf(text: string): string[] {
  segmenter ??=
    typeof Intl.Segmenter === "function" ? new Intl.Segmenter("en", { granularity: "sentence" }) : null;
  const parts =
    segmenter === null
      ? text.split(/(?<=[.!?]\s)|(?<=[\u3002\uFF01\uFF1F])|\n/u)
      : Array.from(segmenter.segment(text), ({ segment }) => segment);
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}
