/**
 * From surprisal to colour.
 *
 * Eight shades of two bits each. The scale is fixed, so that two pictures can be compared, and linear, so that
 * twice as far along it is twice as many bits. The colours are matplotlib's "magma": lightness alone orders
 * them, so they survive colour blindness and a grey printer. Surprise lies far from the page: the scale runs
 * from dark to pale on a dark page and from pale to dark on a light one. The first shade is the page itself.
 */
import { inkOn } from "../../text/index.ts";

export type Background = "dark" | "light";

/** Width of one shade, bits. */
export const BITS_PER_SHADE = 2;
/** Number of shades; the last one is open-ended. */
export const SHADES = 8;

/** 0 ... 7 for a surprisal in bits (>= 0); `null` when there is no number. */
export function shadeOf(bits: number | null): number | null {
  if (bits === null || Number.isNaN(bits)) return null;
  return Math.min(SHADES - 1, Math.max(0, Math.floor(bits / BITS_PER_SHADE)));
}

/** What a shade stands for: "0–2", ..., "14+". */
export const shadeLabel = (shade: number): string =>
  shade === SHADES - 1
    ? `${shade * BITS_PER_SHADE}+`
    : `${shade * BITS_PER_SHADE}–${(shade + 1) * BITS_PER_SHADE}`;

/** Shades 1 ... 7 on a dark page, as sRGB; reversed on a light one. */
const MAGMA = ["#3b0f70", "#701f81", "#a6327d", "#de4968", "#f97e61", "#febc83", "#fcfdbf"] as const;

/** The entry of a scale of shades 1 ... 7 that belongs to a shade on this page. */
export const onPage = <T>(scale: readonly T[], shade: number, page: Background): T =>
  scale[page === "dark" ? shade - 1 : SHADES - 1 - shade]!;

/** Background and text colour of a shade 1 ... 7, as "#rrggbb". The text has a contrast of at least 4.5 (WCAG AA). */
export function shadeColours(shade: number, page: Background): { background: string; text: string } {
  const background = onPage(MAGMA, shade, page);
  return { background, text: inkOn(background) };
}
