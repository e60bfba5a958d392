/** A chunk of text cut into parts of about the same size, each whole characters, if possible whole words. */

/** How far a cut moves to stand before white space, bytes. */
const NEAR = 64;

/**
 * @param count of parts, at least 1.
 * @returns parts that laid one behind the other are the bytes; fewer where the text is short; `null` where it is no UTF-8.
 */
export function cutText(bytes: Uint8Array, count: number): Uint8Array[] | null {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
  const cuts = [0];
  for (let part = 1; part < count; part++) {
    const cut = nearbyCut(bytes, Math.round((bytes.length * part) / count));
    if (cut > cuts.at(-1)! && cut < bytes.length) cuts.push(cut);
  }
  return cuts.map((from, i) => bytes.subarray(from, cuts[i + 1] ?? bytes.length));
}

/** The nearest byte before `at` that is white space; else the first of the character there. */
function nearbyCut(bytes: Uint8Array, at: number): number {
  for (let i = at; i > Math.max(0, at - NEAR); i--) if (bytes[i] === 0x20 || bytes[i] === 0x0a) return i;
  return characterStart(bytes, at);
}

/** The first byte of the character that the byte `at` is in. */
export function characterStart(bytes: Uint8Array, at: number): number {
  let start = at;
  while (start > 0 && at - start < 3 && (bytes[start]! & 0xc0) === 0x80) start--;
  return start;
}
