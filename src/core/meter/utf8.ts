/** UTF-8 sizes without encoding. Internal to this room. */

/**
 * UTF-8 bytes of a text; NaN where it may stand for other bytes than its own: U+FFFD takes the place of bytes that are
 * no character, and half a surrogate pair waits for its other half.
 */
export function utf8Size(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit < 0xd800 || (unit > 0xdfff && unit !== 0xfffd)) bytes += 2;
    else if (unit < 0xdc00 && isLowSurrogate(text.charCodeAt(i + 1))) {
      bytes += 2; // four bytes for two units
      i++;
    } else return Number.NaN;
  }
  return bytes;
}

/** NaN, which charCodeAt gives past the end, is none. */
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
