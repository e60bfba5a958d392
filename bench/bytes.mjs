/** Bytes mode beside brotli and gzip, on the same text in one run: bits per byte, and speed in processor time. */
import { readFileSync } from "node:fs";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { packBytes, unpackBytes } from "../dist/compress/bytes/index.js";
import { row, send } from "./_shared.mjs";

const BYTES = 300_000;
const data = new Uint8Array(readFileSync(process.argv[2]).subarray(0, BYTES));

/** Best of some runs, kB per second of processor time: other programs of the machine count less. */
function speed(runs, work) {
  let best = 0;
  for (let i = 0; i < runs; i++) {
    const before = process.cpuUsage().user;
    work();
    best = Math.max(best, data.length / Math.max(1, (process.cpuUsage().user - before) / 1000));
  }
  return best;
}

const bitsPerByte = (packed) => (8 * packed.length) / data.length;
packBytes(data.subarray(0, 1)); // reads the primer
const ours = packBytes(data);
const brotli = brotliCompressSync(data); // quality 11, its default
const gzip = gzipSync(data, { level: 9 });
const pack = speed(3, () => packBytes(data));
const unpack = speed(3, () => unpackBytes(ours, data.length));
const brotliPack = speed(2, () => brotliCompressSync(data));
const brotliUnpack = speed(2, () => brotliDecompressSync(brotli));
const gzipUnpack = speed(2, () => gunzipSync(gzip));
const kb = (value) => `${Math.round(value)} kB/s`;
send([
  row("bytes mode, bits per byte", bitsPerByte(ours), "<=", 2.1),
  row(
    "bytes mode, size / brotli 11",
    ours.length / brotli.length,
    "<=",
    0.85,
    `${bitsPerByte(brotli).toFixed(3)} bits per byte`,
  ),
  row(
    "bytes mode, size / gzip 9",
    ours.length / gzip.length,
    "<=",
    0.7,
    `${bitsPerByte(gzip).toFixed(3)} bits per byte`,
  ),
  row("bytes mode, packing, kB/s", pack, ">=", 200, `${(pack / brotliPack).toFixed(2)} of brotli 11's speed`),
  row("bytes mode, unpacking, kB/s", unpack, ">=", 200, `brotli ${kb(brotliUnpack)}, gzip ${kb(gzipUnpack)}`),
]);
