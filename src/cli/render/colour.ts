/**
 * From surprisal to colour, and what colours a terminal has.
 *
 * Eight shades of two bits each. The scale is fixed, so that two pictures can be compared, and linear, so that
 * twice as far along it is twice as many bits. The colours are matplotlib's "magma": lightness alone orders
 * them, so they survive colour blindness and a grey printer. Surprise lies far from the page: the scale runs
 * from dark to pale on a dark page and from pale to dark on a light one. The first shade is the page itself.
 */
import { WriteStream } from "node:tty";

export type ColourDepth = "none" | "16" | "256" | "truecolor";
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
/** The nearest entries of xterm's 256 colours, lightness still in order. */
const XTERM = [54, 90, 126, 167, 209, 216, 229] as const;
/** Background codes of the 16 colours, which every theme keeps in this order of lightness. */
const ANSI = [44, 44, 45, 45, 43, 43, 103] as const;
const ANSI_DARK = new Set([44, 45]);

const onPage = <T>(scale: readonly T[], shade: number, page: Background): T =>
  scale[page === "dark" ? shade - 1 : SHADES - 1 - shade]!;

/** Background and text colour of a shade 1 ... 7, as "#rrggbb". The text has a contrast of at least 4.5 (WCAG AA). */
export function shadeColours(shade: number, page: Background): { background: string; text: string } {
  const background = onPage(MAGMA, shade, page);
  return { background, text: isDark(background) ? "#ffffff" : "#000000" };
}

/** Relative luminance of an sRGB colour "#rrggbb", 0 ... 1 (WCAG 2). */
export function luminance(colour: string): number {
  const [red, green, blue] = channels(colour).map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

/** White text contrasts more than black text: (1 + 0.05)/(L + 0.05) > (L + 0.05)/0.05. */
const isDark = (colour: string) => (luminance(colour) + 0.05) ** 2 < 1.05 * 0.05;

const channels = (colour: string): number[] =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));

/** The SGR parameters that paint a shade; "" = leave the text as it is. */
export function shadeSgr(shade: number | null, depth: ColourDepth, page: Background): string {
  if (depth === "none" || shade === 0) return "";
  if (shade === null) return "2"; // faint: no number
  if (depth === "16") {
    const background = onPage(ANSI, shade, page);
    return `${background};${ANSI_DARK.has(background) ? 97 : 30}`;
  }
  const { background, text } = shadeColours(shade, page);
  if (depth === "256") return `48;5;${onPage(XTERM, shade, page)};38;5;${text === "#ffffff" ? 231 : 16}`;
  return `48;2;${channels(background).join(";")};38;2;${channels(text).join(";")}`;
}

/**
 * What colours to write. A NO_COLOR that is not empty means none; else FORCE_COLOR (0 ... 3) decides; else a
 * stream that is no terminal gets none, and a terminal what Node's `getColorDepth` finds in TERM and COLORTERM.
 */
export function decideColour(env: NodeJS.ProcessEnv, stream: { isTTY?: boolean }): ColourDepth {
  if (env.NO_COLOR) return "none";
  const { NO_COLOR: _, FORCE_COLOR: force, ...rest } = env;
  if (force === undefined && !stream.isTTY) return "none";
  const variables = force === undefined ? rest : { FORCE_COLOR: force };
  // The method does not use its `this`; calling it so lets a pipe be asked too, which has no such method.
  const bits = WriteStream.prototype.getColorDepth.call(stream as WriteStream, variables);
  if (bits === 4 && force === undefined && /-256color$/.test(env.TERM ?? "")) return "256"; // screen and others
  return bits >= 24 ? "truecolor" : bits >= 8 ? "256" : bits >= 4 ? "16" : "none";
}

/** Whether the terminal's background is light, as far as COLORFGBG ("15;0": text; background) says it. */
export function decideBackground(env: NodeJS.ProcessEnv): Background {
  const code = Number(env.COLORFGBG?.split(";").at(-1) || Number.NaN);
  return code === 7 || (code >= 9 && code <= 15) ? "light" : "dark";
}
