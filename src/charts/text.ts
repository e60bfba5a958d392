/** Names and numbers as a person reads them. Internal to this room. */

const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/gu;
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
/** Characters about as wide as they are high (East Asian Width W and F, roughly). */
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\u{1F300}-\u{3FFFD}]/u;

function symbolOf(character: string): string {
  const codePoint = character.codePointAt(0)!;
  if (codePoint === 0x0a) return "↵";
  if (codePoint === 0x09) return "⇥";
  if (codePoint < 0x20) return String.fromCodePoint(0x2400 + codePoint); // ␀ ... ␟
  return `⟨U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/**
 * A text from outside on one line. Names of models and corpora are hostile: control characters are no XML, and
 * bidirectional overrides, zero-width characters and lone surrogates hide what is there. Each becomes a symbol.
 */
export const visible = (text: string): string => text.replace(HIDDEN, symbolOf);

/** A name inside a sentence: one that is written from right to left does not reorder what stands around it. */
export const inSentence = (name: string): string =>
  RIGHT_TO_LEFT.test(name) ? `\u2068${visible(name)}\u2069` : visible(name);

/** Rough width in pixels of a text set in a sans-serif of `size` pixels. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text)
    width += WIDE.test(character) ? 1 : /[A-Z_MmwW@%]/.test(character) ? 0.72 : 0.58;
  return width * size;
}

/** A name from outside, visible, cut to about `pixels`. */
export const shorten = (name: string, pixels: number, size: number): string =>
  cut(visible(name), pixels, size);

/** A visible text cut to about `pixels`, in the middle, because names of models differ at both ends. */
export function cut(shown: string, pixels: number, size: number): string {
  if (textWidth(shown, size) <= pixels) return shown;
  const characters = [...shown];
  for (let kept = characters.length - 1; kept > 2; kept--) {
    const head = Math.ceil(kept / 2);
    const shorter = `${characters.slice(0, head).join("")}…${characters.slice(characters.length - kept + head).join("")}`;
    if (textWidth(shorter, size) <= pixels) return shorter;
  }
  return `${characters[0] ?? ""}…`;
}

const MISSING = "–";
export const isNumber = (value: number | null | undefined): value is number =>
  typeof value === "number" && !Number.isNaN(value);

/** A number with `digits` significant digits: 23.59, 0.00123, 1.07e5, 3.1e-6. Missing: "–". */
export function formatNumber(value: number | null | undefined, digits = 4): string {
  if (!isNumber(value)) return MISSING;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-5) return value.toExponential(digits - 1).replace("e+", "e");
  return value.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(size))));
}

/** A number cut where its error has two significant digits: ["23.59", "0.72"]; without an error ["23.59", null]. */
export function formatWithError(
  value: number | null | undefined,
  error: number | null | undefined,
): [string, string | null] {
  if (!isNumber(value) || !isNumber(error)) return [formatNumber(value), null];
  if (!Number.isFinite(value) || !Number.isFinite(error) || error <= 0) return [formatNumber(value), null];
  if (value >= 1e5) return [formatNumber(value), formatNumber(error, 2)];
  const decimals = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(error))));
  return [value.toFixed(decimals), error.toFixed(decimals)];
}

/** "23.59 ± 0.72". */
export function joinError([value, error]: [string, string | null]): string {
  return error === null ? value : `${value} ± ${error}`;
}

/** Surprisal in bits with one decimal. */
export const formatBits = (bits: number | null | undefined): string =>
  isNumber(bits) && Number.isFinite(bits) ? bits.toFixed(1) : formatNumber(bits);

/** A whole number with separators: 4,211. */
export const formatCount = (value: number): string =>
  String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");

/** A count and its noun: "1 token", "3 tokens". */
export const formatPlural = (count: number, noun: string): string =>
  `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;

/** A share in [0, 1]: 31%, 4.2%, 0.05%, <0.01%. */
export function formatShare(share: number | null | undefined): string {
  if (!isNumber(share)) return MISSING;
  const percent = 100 * share;
  if (percent > 0 && percent < 0.01) return "<0.01%";
  if (percent > 99 && percent < 100) return percent >= 99.95 ? ">99.9%" : `${percent.toFixed(1)}%`;
  return `${percent >= 9.95 ? percent.toFixed(0) : percent >= 0.995 ? percent.toFixed(1) : Number(percent.toFixed(2))}%`;
}

/** "a", "a and b", "a, b and c". */
export const formatList = (items: readonly string[]): string =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
