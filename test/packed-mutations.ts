/** Packed files damaged and forged in every way that its form knows of, and what has to come of them. */
import { createHash } from "node:crypto";
import { brotliCompressSync } from "node:zlib";
import { crc32c } from "../src/compress/container/crc32c.ts";
import {
  type ChunkHeader,
  chunkBytes,
  FEATURES,
  type Footer,
  footerBytes,
  type Header,
  headerBytes,
  type ListedChunk,
  listed,
  MAGIC,
} from "../src/compress/container/format.ts";
import { type ModelCoder, memorySource, packBytes, salvage, unpack } from "../src/compress/index.ts";
import { ERROR_CODES, SurprisalError } from "../src/core/index.ts";
import { scriptedCoder } from "./scripted-rows.ts";

type Draw = () => number;
const below = (draw: Draw, n: number): number => Math.floor(draw() * n);
const oneOf = <T>(draw: Draw, list: readonly T[]): T => list[below(draw, list.length)]!;

const noise = (draw: Draw, n: number): Buffer =>
  Buffer.from(Array.from({ length: n }, () => below(draw, 256)));

/** A packed file in its parts. */
export interface Parts {
  header: Header;
  chunks: { head: ChunkHeader; packed: Uint8Array; raw: Uint8Array }[];
  footer: Footer;
}

const PROSE =
  "The harbour lay quiet under the first snow; nobody had lit the lamps, and the old captain counted the ships that were not there. ";

/** A file with every method, its chunks far smaller than `pack` makes them, so that thousands of it are tried in a minute. */
export async function packedParts(coder: ModelCoder = scriptedCoder()): Promise<Parts> {
  const text = (n: number) => Buffer.from(`${n}: ${PROSE}`);
  const plain = Buffer.from(Array.from({ length: 97 }, (_, i) => (i * i * 31 + 7 * i) % 251));
  const chunks: Parts["chunks"] = [];
  const add = (method: ChunkHeader["method"], raw: Uint8Array, packed: Uint8Array) => {
    const head = {
      method,
      length: raw.length,
      packedLength: packed.length,
      crcPacked: crc32c(packed),
      crc: crc32c(raw),
    };
    chunks.push({ head, packed, raw });
  };
  for (const n of [1, 2]) {
    add("model", text(n), (await coder.pack(text(n)))!);
    if (n === 1) add("bytes", text(n + 2), packBytes(text(n + 2))); // one: it takes most of the time
    add(
      "raw",
      plain.map((byte) => byte ^ n),
      plain.map((byte) => byte ^ n),
    ); // twice the same lengths
    add("brotli", Buffer.alloc(5000 * n), brotliCompressSync(Buffer.alloc(5000 * n)));
  }
  const raw = Buffer.concat(chunks.map(({ raw }) => raw));
  return {
    header: {
      version: 1,
      features: FEATURES.model + FEATURES.bytes1,
      writer: "surprisal 0.1.0",
      model: coder.identity,
    },
    chunks,
    footer: {
      chunks: chunks.map(({ head }) => listed(head)),
      length: raw.length,
      sha256: createHash("sha256").update(raw).digest("hex"),
    },
  };
}

/** A chunk as it lies in the file. */
const record = ({ head, packed }: Parts["chunks"][number]): Buffer =>
  Buffer.concat([chunkBytes(head), packed]);

export const fileOf = ({ header, chunks, footer }: Parts): Buffer =>
  Buffer.concat([headerBytes(header), ...chunks.map(record), footerBytes(footer)]);

const HUGE = [0, 1, 127, 128, 2 ** 14, 2 ** 21, 2 ** 24, 2 ** 25, 2 ** 28 - 1];

/** A name and what it does to the bytes, in place or not. */
type Mutation = readonly [string, (bytes: Buffer, draw: Draw, parts: Parts) => Buffer];

const cut = (bytes: Buffer, from: number, to: number, put: Uint8Array = Buffer.alloc(0)): Buffer =>
  Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(to)]);
/** The file made again with its parts changed: every checksum fits. */
const forged = (parts: Parts, change: (copy: Parts) => void): Buffer => {
  const copy = structuredClone(parts);
  change(copy);
  return fileOf(copy);
};
const patched = (bytes: Buffer, at: number, value: number): Buffer => {
  bytes.writeUInt32LE(value >>> 0, at);
  return bytes;
};

export const MUTATIONS: readonly Mutation[] = [
  [
    "bits flipped",
    (bytes, draw) => {
      for (let n = 1 + below(draw, 6); n > 0; n--) bytes[below(draw, bytes.length)]! ^= 1 << below(draw, 8);
      return bytes;
    },
  ],
  [
    "bytes overwritten",
    (bytes, draw) => {
      const from = below(draw, bytes.length);
      return bytes.fill(below(draw, 256), from, Math.min(bytes.length, from + 1 + below(draw, 40)));
    },
  ],
  ["truncated", (bytes, draw) => bytes.subarray(0, below(draw, bytes.length))],
  ["beginning lost", (bytes, draw) => bytes.subarray(1 + below(draw, bytes.length - 1))],
  [
    "bytes lost",
    (bytes, draw) => {
      const from = below(draw, bytes.length);
      return cut(bytes, from, from + 1 + below(draw, oneOf(draw, [2, 30, 300])));
    },
  ],
  [
    "bytes inserted",
    (bytes, draw) => {
      const at = below(draw, bytes.length);
      return cut(bytes, at, at, noise(draw, 1 + below(draw, oneOf(draw, [2, 30, 300]))));
    },
  ],
  [
    "bytes inserted that look like chunks",
    (bytes, draw) => {
      const at = below(draw, bytes.length);
      return cut(bytes, at, at, Buffer.from("C\u0000C\u0001C\u0003E".repeat(1 + below(draw, 30))));
    },
  ],
  ["something behind the end", (bytes, draw) => Buffer.concat([bytes, noise(draw, 1 + below(draw, 50))])],
  ["the file twice", (bytes) => Buffer.concat([bytes, bytes])],
  [
    "a chunk doubled",
    (bytes, draw, { chunks }) => {
      const chunk = record(oneOf(draw, chunks));
      const at = bytes.indexOf(record(oneOf(draw, chunks)));
      return cut(bytes, at, at, chunk);
    },
  ],
  [
    "chunks change places",
    (_, draw, parts) => forged({ ...parts, chunks: [...parts.chunks].sort(() => draw() - 0.5) }, () => {}),
  ],
  [
    "chunks and the list change places",
    (_, draw, parts) =>
      forged({ ...parts, chunks: [...parts.chunks].sort(() => draw() - 0.5) }, (copy) => {
        copy.footer.chunks = copy.chunks.map(({ head }) => listed(head));
      }),
  ],
  [
    "a chunk left out",
    (bytes, draw, { chunks }) => {
      const chunk = record(oneOf(draw, chunks));
      const at = bytes.indexOf(chunk);
      return cut(bytes, at, at + chunk.length);
    },
  ],
  [
    "length of the header",
    (bytes, draw) => patched(bytes, MAGIC.length, oneOf(draw, [...HUGE, 2 ** 32 - 1])),
  ],
  [
    "length of the footer",
    (bytes, draw) => patched(bytes, bytes.length - 8, oneOf(draw, [...HUGE, 2 ** 32 - 1])),
  ],
  [
    "a field of the header, forged",
    (_, draw, parts) =>
      forged(parts, ({ header }) => {
        const model = header.model!;
        const changes = [
          () => (header.version = below(draw, 256)),
          () => (header.features = oneOf(draw, [0, 1, 4, 2 ** 31, 2 ** 40])),
          () => (header.writer = "x".repeat(below(draw, 2000))),
          () => (header.model = null),
          () => (model.name = "y".repeat(below(draw, 2000))),
          () => (model.sha256 = "00".repeat(32)),
          () => (model.tokenizer = "00".repeat(16)),
          () => (model.vocabularySize = oneOf(draw, HUGE)),
          () => (model.context = oneOf(draw, HUGE)),
          () => (model.keep = oneOf(draw, HUGE)),
          () => (model.start = oneOf(draw, HUGE)),
          () => (model.threads = oneOf(draw, HUGE)),
          () => (model.batchSize = oneOf(draw, HUGE)),
          () => (model.arithmetic = "kernels avx512 on cpu (zen4)"),
          () => (model.engine = "b1"),
        ];
        oneOf(draw, changes)();
      }),
  ],
  [
    "a chunk's header, forged",
    (_, draw, parts) =>
      forged(parts, ({ chunks, footer }) => {
        const { head } = oneOf(draw, chunks);
        const changes = [
          () => (head.method = oneOf(draw, ["raw", "brotli", "bytes", "model"] as const)),
          () => (head.length = oneOf(draw, HUGE)),
          () => (head.packedLength = oneOf(draw, HUGE)),
          () => (head.crcPacked = below(draw, 2 ** 32)),
          () => (head.crc = below(draw, 2 ** 32)),
        ];
        oneOf(draw, changes)();
        if (draw() < 0.5) footer.chunks = chunks.map(({ head }) => listed(head));
      }),
  ],
  [
    "packed bytes, forged",
    (_, draw, parts) =>
      forged(parts, ({ chunks, footer }) => {
        const chunk = oneOf(draw, chunks);
        const { packed, head } = chunk;
        const damage = oneOf(
          draw,
          MUTATIONS.filter(([name]) => /^(bits|bytes|trunc|beginning|something)/.test(name)),
        );
        chunk.packed = damage[1](Buffer.from(packed), draw, parts);
        head.packedLength = chunk.packed.length;
        head.crcPacked = crc32c(chunk.packed);
        footer.chunks = chunks.map(({ head }) => listed(head));
      }),
  ],
  [
    "the footer, forged",
    (_, draw, parts) =>
      forged(parts, ({ footer }) => {
        const list = footer.chunks as ListedChunk[];
        const changes = [
          () => list.pop(),
          () => list.push(list[0]!),
          () => (oneOf(draw, list).length = oneOf(draw, HUGE)),
          () => (oneOf(draw, list).packedLength = oneOf(draw, HUGE)),
          () => (oneOf(draw, list).method = "raw"),
          () => (oneOf(draw, list).check ^= 1),
          () => (footer.length = oneOf(draw, [...HUGE, 2 ** 52])),
          () => (footer.sha256 = "11".repeat(32)),
          () => (footer.chunks = []),
        ];
        oneOf(draw, changes)();
      }),
  ],
  [
    "two files spliced",
    (bytes, draw) => {
      const other = Buffer.from(bytes);
      return Buffer.concat([
        bytes.subarray(0, below(draw, bytes.length)),
        other.subarray(below(draw, bytes.length)),
      ]);
    },
  ],
];

/** Errors that a packed file may end with. */
const REFUSALS: readonly string[] = ["PACKED_DAMAGED", "PACKED_UNSUPPORTED", "ENVIRONMENT_DIFFERS"];
/** Longest that one may take, milliseconds of processor time. */
const MOST_MS = 5000;

/** What came of a mutated file, `wrong`: what should not have. */
export interface Outcome {
  refused: boolean;
  name: string;
  wrong: string | null;
}

/** Mutates the file once and unpacks and salvages it. */
export async function tryMutation(parts: Parts, draw: Draw): Promise<Outcome> {
  const [name, mutate] = oneOf(draw, MUTATIONS);
  const bytes = Buffer.from(mutate(fileOf(parts), draw, parts));
  const before = process.cpuUsage();
  const [unpacked, salvaged] = [await unpackedWrong(parts, bytes), await salvagedWrong(parts, bytes, name)];
  const { user, system } = process.cpuUsage(before);
  const slow = (user + system) / 1000 > MOST_MS ? "it took too long" : null;
  return {
    refused: unpacked === REFUSED,
    name,
    wrong: (unpacked === REFUSED ? null : unpacked) ?? salvaged ?? slow,
  };
}

const REFUSED = "refused";
const coderFor = async () => scriptedCoder();

/** `null`: the right bytes came out. */
async function unpackedWrong(parts: Parts, bytes: Buffer): Promise<string | null> {
  const out: Uint8Array[] = [];
  try {
    for await (const piece of unpack(memorySource(bytes), { coderFor })) out.push(piece);
  } catch (error) {
    return refusal(error) ?? REFUSED;
  }
  const right = Buffer.concat(parts.chunks.map(({ raw }) => raw));
  return Buffer.concat(out).equals(right) ? null : "unpack gave wrong bytes";
}

function refusal(error: unknown): string | null {
  if (!SurprisalError.isInstance(error)) return `an error without a code: ${String(error)}`;
  if (!(ERROR_CODES as readonly string[]).includes(error.code) || !REFUSALS.includes(error.code))
    return `${error.code}: ${error.message}`;
  return error.where ? null : `an error without a place: ${error.message}`;
}

/** `null`: every chunk that lies in the file as it was has come out, and nothing that is no chunk. */
async function salvagedWrong(parts: Parts, bytes: Buffer, name: string): Promise<string | null> {
  const found: { start: number; bytes: Buffer }[] = [];
  try {
    for await (const each of salvage(memorySource(bytes), { coderFor, coderWithoutHeader: coderFor }))
      if (each.bytes) found.push({ start: each.start, bytes: Buffer.from(each.bytes) });
      else {
        const wrong = refusal(each.error);
        if (wrong) return `salvage: ${wrong}`;
      }
  } catch (error) {
    return refusal(error);
  }
  const strange = found.find((each) => !parts.chunks.some(({ raw }) => each.bytes.equals(raw)));
  if (strange) return `salvage gave ${strange.bytes.length} bytes that were never packed`;
  if (name.includes("forged")) return null; // what a forger says of chunks is believed
  for (const chunk of parts.chunks)
    if (bytes.includes(record(chunk)) && !found.some((each) => each.bytes.equals(chunk.raw)))
      return `salvage left out a whole chunk (${chunk.head.method})`;
  return null;
}
