/**
 * Where the bits of a packed file went. The file is unpacked, and what every token cost is heard from the coder itself: nothing is
 * estimated a second time, and a file that does not unpack has no explanation.
 */
import { abortError, textSize } from "../../core/index.ts";
import { unpackingBytes } from "../bytes/index.ts";
import { METHODS, type Method, type PackedModel } from "../container/format.ts";
import {
  type LocatedChunk,
  type PackedSource,
  readChunks,
  readHeader,
  readPacked,
} from "../container/read.ts";
import type { CodedToken } from "../model/lockstep-coder.ts";
import { type ModelCoder, partsOf } from "../model/model-coder.ts";
import { type UnpackOptions, unpack } from "../unpack.ts";
import {
  BIT_USES,
  type BitSums,
  type BitUse,
  type ChunkBits,
  type ClassBits,
  type Explanation,
  type PartBits,
} from "./explanation.ts";
import { LineTally } from "./lines.ts";
import { TokenColumns } from "./tokens.ts";
import { classOfToken, WORD_CLASSES, type WordClass, wordClasses } from "./word-classes.ts";

/** Options of `explainPacked`. */
export interface ExplainOptions extends UnpackOptions {
  /** Bytes of the original whose tokens and lines are kept one by one. Default 1 MiB. */
  detailBytes?: number | undefined;
}

const DEFAULT_DETAIL = 2 ** 20;
/** Tokens of a part that have little before them, and how many later ones it takes to say so. */
const START_TOKENS = 64;

/**
 * Unpacks a file and says where its bits went.
 * @throws SurprisalError as `unpack`
 */
export async function explainPacked(
  source: PackedSource,
  { detailBytes = DEFAULT_DETAIL, coderFor, ...options }: ExplainOptions = {},
): Promise<Explanation> {
  const { header, size: headerBytes } = await readHeader(source);
  const located: LocatedChunk[] = [];
  const chunks = readChunks(source, headerBytes);
  let footerAt = headerBytes;
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) {
      footerAt = value;
      break;
    }
    located.push(value);
  }
  const heard: HeardPart[][] = [];
  const pieces = unpack(source, {
    ...options,
    coderFor: coderFor && (async (model) => listening(await coderFor(model), heard)),
  });
  const tally = new Tally(detailBytes);
  let end = headerBytes;
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) {
      tally.spend("header", 8 * headerBytes);
      tally.spend("footer", 8 * (source.size - footerAt));
      return tally.result({
        name: source.name,
        bytes: value.bytes,
        sha256: value.sha256,
        packedBytes: source.size,
        model: header.model,
      });
    }
    const chunk = located[tally.chunks.length]!;
    const costs = chunk.method === "bytes" ? await costsOfBytes(source, chunk, options.signal) : null;
    tally.add(value, chunk, chunk.at - end, heard.shift() ?? [], costs);
    end = chunk.at + chunk.packedLength;
  }
}

/** What was heard of a part of a chunk. */
interface HeardPart {
  packedBytes: number;
  tokens: (CodedToken & { bytes: number })[];
}

/** A coder whose tokens are written down, chunk by chunk. */
function listening(coder: ModelCoder, heard: HeardPart[][]): ModelCoder {
  return {
    ...coder,
    unpack(packed, length, options) {
      const parts = partsOf(packed, length).map(
        (part): HeardPart => ({ packedBytes: part.length, tokens: [] }),
      );
      heard.push(parts);
      return coder.unpack(packed, length, {
        ...options,
        onToken: (token, bytes) => parts[token.sequence]!.tokens.push({ ...token, bytes: bytes.length }),
      });
    },
  };
}

/** [bytes] what each byte of a chunk cost in bytes mode, bits; of a copy each the same. Its bytes are read a second time for that. */
async function costsOfBytes(
  source: PackedSource,
  chunk: LocatedChunk,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const costs = new Float32Array(chunk.length);
  let at = 0;
  const unpacking = unpackingBytes(await readPacked(source, chunk), chunk.length, (bytes, bits) => {
    costs.fill(bits / bytes, at, at + bytes);
    at += bytes;
  });
  for (const _ of unpacking) {
    if (signal?.aborted) throw abortError("Explaining", signal);
    await new Promise((resume) => setImmediate(resume));
  }
  return costs;
}

const nothing = (): BitSums => ({ tokens: 0, bytes: 0, surprisalBits: 0, codedBits: 0 });

class Tally {
  readonly chunks: ChunkBits[] = [];
  readonly #accounts = new Map<BitUse, number>();
  readonly #classes = new Map<WordClass, BitSums>();
  readonly #lines: LineTally;
  readonly #columns: TokenColumns;
  #isText = true;
  #characters = 0;
  #words = 0;
  /** The last bytes of the chunk before. */
  #before = new Uint8Array(0);

  constructor(detailBytes: number) {
    this.#lines = new LineTally(detailBytes);
    this.#columns = new TokenColumns(detailBytes);
  }

  spend(use: BitUse, bits: number): void {
    this.#accounts.set(use, (this.#accounts.get(use) ?? 0) + bits);
  }

  /** @param costs of a chunk in bytes mode. */
  add(
    raw: Uint8Array,
    chunk: LocatedChunk,
    headerBytes: number,
    heard: readonly HeardPart[],
    costs: Float32Array | null,
  ): void {
    const { index, start, method, packedLength: packedBytes } = chunk;
    this.#measure(raw);
    this.spend("chunkHeaders", 8 * headerBytes);
    const parts = method === "model" ? this.#model(raw, packedBytes, heard) : [];
    if (method !== "model") {
      this.spend(method, 8 * packedBytes);
      if (costs) this.#bytes(raw, costs);
      else this.#unknown(raw);
    }
    this.chunks.push({ index, start, method, bytes: raw.length, packedBytes, headerBytes, parts });
  }

  #measure(raw: Uint8Array): void {
    if (this.#isText) {
      try {
        new TextDecoder("utf-8", { fatal: true }).decode(raw);
      } catch {
        this.#isText = false;
      }
      const joined = Buffer.concat([this.#before, raw]);
      const { characters, words } = textSize(joined, this.#before.length);
      this.#characters += characters;
      this.#words += words;
    }
    this.#before = Uint8Array.from(raw.subarray(-4));
  }

  #model(raw: Uint8Array, packedBytes: number, heard: readonly HeardPart[]): PartBits[] {
    const classes = wordClasses(raw);
    let at = 0;
    const parts = heard.map(({ packedBytes, tokens }): PartBits => {
      const sums = nothing();
      let [checkBits, endBits] = [0, 0];
      const costs: number[] = [];
      for (const { token, bytes, surprisalBits, codedBits, checkBits: check } of tokens) {
        checkBits += check;
        if (token < 0) {
          endBits += codedBits;
          continue;
        }
        costs.push(codedBits);
        const end = at + bytes;
        const piece = raw.subarray(at, end);
        const cost = { tokens: 1, bytes, surprisalBits, codedBits };
        addTo(sums, cost);
        addTo(this.#class(classOfToken(classes, at, end)), cost);
        this.#lines.add(piece, cost);
        if (!this.#columns.isFull) this.#columns.add(piece, token, surprisalBits, codedBits);
        at = end;
      }
      return { ...sums, packedBytes, checkBits, endBits, startBits: startOf(costs) };
    });
    for (const part of parts) {
      this.spend("surprisal", part.surprisalBits);
      this.spend("wholeNumbers", part.codedBits - part.surprisalBits);
      this.spend("checks", part.checkBits);
      this.spend("ends", part.endBits);
      this.spend("rounding", 8 * part.packedBytes - part.codedBits - part.checkBits - part.endBits);
    }
    this.spend("partTable", 8 * (packedBytes - parts.reduce((sum, part) => sum + part.packedBytes, 0)));
    return parts;
  }

  #bytes(raw: Uint8Array, costs: Float32Array): void {
    const classes = wordClasses(raw);
    for (let i = 0; i < raw.length; i++) {
      const bits = costs[i]!;
      const cost = { tokens: 0, bytes: 1, surprisalBits: bits, codedBits: bits };
      addTo(this.#class(WORD_CLASSES[classes[i]!]!), cost);
      const byte = raw.subarray(i, i + 1);
      this.#lines.add(byte, cost);
      if (!this.#columns.isFull) this.#columns.add(byte, -1, bits, bits);
    }
  }

  #unknown(raw: Uint8Array): void {
    this.#lines.add(raw, null);
    if (!this.#columns.isFull) this.#columns.add(raw, -1, Number.NaN, Number.NaN);
  }

  #class(name: WordClass): BitSums {
    let sums = this.#classes.get(name);
    if (!sums) {
      sums = nothing();
      this.#classes.set(name, sums);
    }
    return sums;
  }

  result(
    head: Pick<Explanation, "name" | "bytes" | "sha256" | "packedBytes"> & { model: PackedModel | null },
  ): Explanation {
    this.#lines.end();
    const { chunks } = this;
    const ofMethod = (method: Method) => chunks.filter((chunk) => chunk.method === method);
    const sum = (of: readonly ChunkBits[], key: "bytes" | "packedBytes") =>
      of.reduce((total, chunk) => total + chunk[key], 0);
    const modelChunks = ofMethod("model");
    return {
      ...head,
      characters: this.#isText ? this.#characters : null,
      words: this.#isText ? this.#words : null,
      tokens:
        modelChunks.length === 0
          ? null
          : modelChunks.flatMap(({ parts }) => parts).reduce((total, { tokens }) => total + tokens, 0),
      isAllModel: chunks.length > 0 && modelChunks.length === chunks.length,
      accounts: BIT_USES.flatMap(([use, name]) => {
        const bits = this.#accounts.get(use);
        return bits === undefined ? [] : [{ use, name, bits }];
      }),
      methods: METHODS.toReversed().flatMap((method) => {
        const of = ofMethod(method);
        return of.length === 0
          ? []
          : [{ method, chunks: of.length, bytes: sum(of, "bytes"), packedBytes: sum(of, "packedBytes") }];
      }),
      classes: WORD_CLASSES.flatMap((name): ClassBits[] => {
        const sums = this.#classes.get(name);
        return sums ? [{ name, ...sums }] : [];
      }),
      chunks,
      lines: this.#lines.lines,
      firstLines: this.#lines.first,
      costliestLines: this.#lines.costliest,
      detail: this.#columns.result(),
    };
  }
}

function addTo(sums: BitSums, cost: BitSums): void {
  sums.tokens += cost.tokens;
  sums.bytes += cost.bytes;
  sums.surprisalBits += cost.surprisalBits;
  sums.codedBits += cost.codedBits;
}

/** See `PartBits.startBits`. */
function startOf(costs: readonly number[]): number | null {
  if (costs.length < 2 * START_TOKENS) return null;
  const total = (from: number, end: number) => costs.slice(from, end).reduce((sum, bits) => sum + bits, 0);
  const later = total(START_TOKENS, costs.length) / (costs.length - START_TOKENS);
  return total(0, START_TOKENS) - START_TOKENS * later;
}
