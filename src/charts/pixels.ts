/** Texts in pictures, by their width in pixels; widths in columns of a terminal are those of text/. Internal to this room. */
import { distinctLabels, visible } from "../text/index.ts";

/** Characters about as wide as they are high (East Asian Width W and F, roughly). */
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\u{1F300}-\u{3FFFD}]/u;

/** Rough width in pixels of a text set in a sans-serif of `size` pixels. */
export function pixelWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text)
    width += WIDE.test(character) ? 1 : /[A-Z_MmwW@%]/.test(character) ? 0.72 : 0.58;
  return width * size;
}

/** A name from outside, visible, cut to about `pixels`. */
export const shortenToPixels = (name: string, pixels: number, size: number): string =>
  cutToPixels(visible(name), pixels, size);

/** Names from outside that stand beside each other: what they share gives way first, so that what tells them apart stays. */
export function shortenTogether(names: readonly string[], pixels: number, size: number): string[] {
  const shown = names.map(visible);
  const labels = distinctLabels(shown, (name) => pixelWidth(name, size) <= pixels);
  return labels.map((label) => cutToPixels(label, pixels, size));
}

/** A visible text cut to about `pixels`, in the middle, because names of models differ at both ends. */
export function cutToPixels(shown: string, pixels: number, size: number): string {
  if (pixelWidth(shown, size) <= pixels) return shown;
  const characters = [...shown];
  for (let kept = characters.length - 1; kept > 2; kept--) {
    const head = Math.ceil(kept / 2);
    const shorter = `${characters.slice(0, head).join("")}…${characters.slice(characters.length - kept + head).join("")}`;
    if (pixelWidth(shorter, size) <= pixels) return shorter;
  }
  return `${characters[0] ?? ""}…`;
}
