/** Colours "#rrggbb" (sRGB) and what can be read on them. */

/** Red, green and blue, 0 ... 255. */
export const channels = (colour: string): number[] =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));

/** Relative luminance, 0 ... 1 (WCAG 2). */
export function luminance(colour: string): number {
  const [red, green, blue] = channels(colour).map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

/** Black or white, whichever contrasts more with a background (>= 4.5): white where (1 + 0.05)/(L + 0.05) > (L + 0.05)/0.05. */
export const inkOn = (background: string): string =>
  (luminance(background) + 0.05) ** 2 < 1.05 * 0.05 ? "#ffffff" : "#000000";
