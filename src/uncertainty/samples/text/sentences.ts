/** A text as sentences. */

/**
 * Where one ends: behind marks that end a sentence, with the quotes and brackets that close there, before white space and what is
 * no lower-case letter ("e.g. this" goes on); behind Chinese and Japanese marks also without white space; at line breaks.
 */
const END =
  /(?<=[.!?\u2026\u203D\u061F\u0964][\p{Pe}\p{Pf}"']{0,3})\s+(?![\s\p{Ll}])|(?<=[\u3002\uFF01\uFF1F\uFF61][\p{Pe}\p{Pf}"']{0,3})(?![\u3002\uFF01\uFF1F\uFF61\p{Pe}\p{Pf}"'])|[\n\r\u2028\u2029]+/u;

/**
 * The sentences of a text, trimmed, empty ones left out. A rule and no dictionary, so the same everywhere and in a time that
 * grows with the text (that of `Intl.Segmenter` grows with its square): "Dr. Who" is two, and a language that ends no sentence
 * with a mark has one per line.
 */
export function sentencesOf(text: string): string[] {
  return text
    .split(END)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
