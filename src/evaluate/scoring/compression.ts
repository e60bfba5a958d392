/** What general-purpose compressors make of a text: the yardstick beside a model's bits per byte. */
import { spawn } from "node:child_process";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** Bits per byte of the text; `null` when the program is not on the PATH. */
export interface CompressionBaselines {
  /** gzip -9 */
  gzip: number;
  /** brotli, quality 11, largest window */
  brotli: number;
  /** xz -9e */
  xz: number | null;
}

const LARGEST_WINDOW = 24; // bits
/** Brotli at quality 11 takes about a second per megabyte; larger texts get quality 9. */
const BEST_QUALITY_LIMIT = 2 * 2 ** 20;

/** Compresses `bytes` (at least one) with each program at its best setting. */
export async function compressionBaselines(bytes: Uint8Array): Promise<CompressionBaselines> {
  const bitsPerByte = (compressed: { length: number }) => (8 * compressed.length) / bytes.length;
  const [gzipped, brotlied, xzed] = await Promise.all([
    promisify(gzip)(bytes, { level: 9 }),
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: bytes.length <= BEST_QUALITY_LIMIT ? 11 : 9,
        [constants.BROTLI_PARAM_LGWIN]: LARGEST_WINDOW,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
    xz(bytes),
  ]);
  return { gzip: bitsPerByte(gzipped), brotli: bitsPerByte(brotlied), xz: xzed && bitsPerByte(xzed) };
}

/** Length of what `xz -9e` writes, or null when it cannot be run. */
function xz(bytes: Uint8Array): Promise<{ length: number } | null> {
  return new Promise((resolve) => {
    const child = spawn("xz", ["-9e", "--stdout"], { stdio: ["pipe", "pipe", "ignore"] });
    let length = 0;
    child.stdout.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
    });
    child.on("error", () => resolve(null));
    child.on("close", (code) => resolve(code === 0 ? { length } : null));
    child.stdin.on("error", () => {}); // it ended early: `close` tells
    child.stdin.end(bytes);
  });
}
