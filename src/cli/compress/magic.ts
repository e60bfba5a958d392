/** What a file that surprisal did not pack looks like, by its first bytes. */

/** What it is, and what opens it. */
export interface Likeness {
  what: string;
  use: string | null;
}

/** Of other tools: name, what opens it, at which byte what stands. Longer ones stand before what they begin with. */
const OTHERS: readonly [what: string, use: string | null, at: number, magic: string | readonly number[]][] = [
  ["gzip", "gunzip", 0, [0x1f, 0x8b]],
  ["compress (.Z)", "gunzip", 0, [0x1f, 0x9d]],
  ["zstd", "zstd -d", 0, [0x28, 0xb5, 0x2f, 0xfd]],
  ["lz4", "lz4 -d", 0, [0x04, 0x22, 0x4d, 0x18]],
  ["xz", "xz -d", 0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ["lzip", "lzip -d", 0, "LZIP"],
  ["bzip2", "bzip2 -d", 0, "BZh"],
  ["7-Zip", "7z x", 0, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ["RAR", "unrar x", 0, "Rar!"],
  ["zip", "unzip", 0, "PK\u0003\u0004"],
  ["zip", "unzip", 0, "PK\u0005\u0006"],
  ["tar", "tar x", 257, "ustar"],
  ["GGUF, a model", "surprisal models info", 0, "GGUF"],
  ["PDF", null, 0, "%PDF"],
  ["PNG", null, 0, [0x89, 0x50, 0x4e, 0x47]],
  ["JPEG", null, 0, [0xff, 0xd8, 0xff]],
  ["GIF", null, 0, "GIF8"],
  ["WebAssembly", null, 0, "\0asm"],
  ["an ELF program", null, 0, "\u007fELF"],
  ["a Windows program", null, 0, "MZ"],
  ["SQLite", "sqlite3", 0, "SQLite format 3\0"],
  ["Parquet", null, 0, "PAR1"],
];

/** What FTP's text mode and the like make of the magic: line ends and the byte above 127 are changed. */
const MANGLED = /^(?:\u0089|\t|\?|\u00ef\u00bf\u00bd|\u00c2\u0089)SURP(?:\r\n|\n|\r\r\n|\r)/;
const PACKED = "\u0089SURP\r\n\u001a";

/** Bytes at the beginning that are looked at. */
export const LIKENESS_BYTES = 512;

/**
 * @param start the first `LIKENESS_BYTES`, or all there are.
 * @returns `null` for what begins as a packed file.
 */
export function likenessOf(start: Uint8Array): Likeness | null {
  if (start.length === 0) return { what: "an empty file", use: null };
  const letters = Buffer.from(start).toString("latin1");
  if (letters.startsWith(PACKED)) return null;
  if (start.length < PACKED.length && PACKED.startsWith(letters))
    return { what: "the first bytes of a packed file, and no more", use: null };
  if (MANGLED.test(letters))
    return {
      what: "a packed file that was transferred as text, which has changed its bytes",
      use: "transfer it once more, as binary",
    };
  for (const [what, use, at, magic] of OTHERS) {
    const wanted = typeof magic === "string" ? magic : String.fromCharCode(...magic);
    if (letters.startsWith(wanted, at)) return { what, use };
  }
  return { what: likeText(start), use: null };
}

function likeText(start: Uint8Array): string {
  const [first, second] = start;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return "text in UTF-16";
  if (start.includes(0)) return "binary data of an unknown kind";
  try {
    // As a stream: a character may be cut in two here.
    new TextDecoder("utf-8", { fatal: true }).decode(start, { stream: true });
    return "plain text";
  } catch {
    return "data of an unknown kind";
  }
}
