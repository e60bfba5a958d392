/** Bytes of a stream to text, strictly, as decodeText reads a whole one. */
import { isUtf8 } from "node:buffer";
import { SurprisalError } from "../../core/index.ts";
import { decodeText } from "../../text/index.ts";

/** Where bytes are from, and who is told what had to be said about them. */
export interface ByteSource {
  name: string;
  onNote: (note: string) => void;
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Text of whole characters; without the byte order mark at the beginning of a file, and a note about it.
 * @param offset position of the bytes in their file.
 * @throws SurprisalError INVALID_UTF8, BINARY_INPUT, with file and byte
 */
export function decodeAt(bytes: Buffer, offset: number, { name, onNote }: ByteSource): string {
  if (isUtf8(bytes) && !bytes.includes(0)) {
    const marked = offset === 0 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK);
    if (marked) onNote(`${name}: the byte order mark at the start was left out.`);
    return bytes.toString("utf8", marked ? 3 : 0);
  }
  try {
    decodeText(bytes, name); // knows what is wrong and where, and says it
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    const byte = /byte (\d+)$/.exec(error.where ?? "")?.[1];
    throw byte === undefined ? error : error.at(`${name}, byte ${offset + Number(byte)}`);
  }
  throw new Error(`decodeText takes what isUtf8 refuses, in ${name}`);
}

/** A stream as text, cut between characters only. Throws as decodeAt does. */
export async function* decodeStream(
  chunks: AsyncIterable<Buffer>,
  source: ByteSource,
): AsyncGenerator<string> {
  let offset = 0;
  let open: Buffer = Buffer.alloc(0); // the first bytes of a character
  for await (const chunk of chunks) {
    const bytes = open.length === 0 ? chunk : Buffer.concat([open, chunk]);
    const whole = bytes.length - openBytes(bytes);
    if (whole > 0) yield decodeAt(bytes.subarray(0, whole), offset, source);
    offset += whole;
    open = bytes.subarray(whole);
  }
  if (open.length > 0) yield decodeAt(open, offset, source);
}

/** How many bytes at the end begin a character that is not complete: 0 to 3. */
function openBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue; // not the first byte of its character
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
