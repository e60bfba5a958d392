/** What a file is by its first bytes, where its name says something else. */
import { open } from "node:fs/promises";
import type { Compression, StoredFile } from "./stored-file.ts";

/** First bytes of packed files. A zstd file may begin with a frame to skip, 0x184D2A5?. */
const MAGIC: readonly (readonly [Exclude<Compression, null>, readonly (number | null)[]])[] = [
  ["gzip", [0x1f, 0x8b, 0x08]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["zstd", [null, 0x2a, 0x4d, 0x18]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
];
const PARQUET = Buffer.from("PAR1");
const ENOUGH = 8; // bytes

/**
 * The file as it is: packed in another way than its name says, or Parquet though its name says that it is a text. What cannot
 * be read, or is not packed though its name says so, is left as it is: reading it says why.
 * @param isGiven a person said what the format is.
 * @returns with a sentence where the name misleads.
 */
export async function actualFile(
  file: StoredFile,
  isGiven: boolean,
): Promise<{ file: StoredFile; note: string | null }> {
  const head = await headOf(file.path);
  if (head === null || head.length === 0) return { file, note: null };
  const found = MAGIC.find(([, magic]) => magic.every((byte, i) => byte === null || byte === head[i]));
  const compression = found?.[0] ?? file.compression;
  if (compression !== null && compression !== file.compression) {
    const named = file.compression === null ? "does not say so" : `says ${file.compression}`;
    return {
      file: { ...file, compression },
      note: `${file.name} is packed with ${compression}, though its name ${named}: it is read as what it is.`,
    };
  }
  const isParquet = head.subarray(0, 4).equals(PARQUET) && (file.format === "text" || isControl(head[4]));
  if (!isGiven && file.format !== "parquet" && compression === null && isParquet)
    return {
      file: { ...file, format: "parquet" },
      note: `${file.name} is Parquet, though its name does not say so: it is read as what it is.`,
    };
  return { file, note: null };
}

/** What no line of a CSV or of JSON goes on with. */
const isControl = (byte: number | undefined): boolean =>
  byte !== undefined && byte < 0x20 && ![0x09, 0x0a, 0x0d].includes(byte);

async function headOf(path: string): Promise<Buffer | null> {
  try {
    const handle = await open(path);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(ENOUGH), 0, ENOUGH, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return null;
  }
}
