/**
 * What a model needed for each part of a corpus. The parts are the same for every model, whatever its tokens, so that two
 * models can be compared in pairs: what is hard for both is no difference between them.
 */
import { documentBootstrap, type TokenTable } from "../../core/index.ts";

/** A result's numbers, part by part. */
export interface PairedUnits {
  /** What a part is: documents that follow each other, where there are at least ten; else so many bytes in a row. */
  of: "documents" | "bytes";
  /** [parts] Σ -ln p of the scored tokens in each, nats; a token across a border is shared out by its bytes. */
  nats: number[];
  /** [parts] UTF-8 bytes of those tokens. */
  bytes: number[];
}

/** The share of one document: parts from `first` on. */
export interface DocumentUnits {
  first: number;
  nats: number[];
  bytes: number[];
}

/** Of a corpus. */
interface CorpusSize {
  documents: number;
  /** UTF-8. */
  bytes: number;
}

const MOST_PARTS = 128;
/** About a block of the bootstrap over tokens. */
const LEAST_BYTES = 64;
/** With fewer documents the parts are stretches of bytes. */
const LEAST_DOCUMENTS = 10;

const kindOf = ({ documents }: CorpusSize): PairedUnits["of"] =>
  documents >= LEAST_DOCUMENTS ? "documents" : "bytes";

/** Whether the parts of a corpus are documents, whatever their bytes. */
export const hasDocumentUnits = (corpus: CorpusSize): boolean => kindOf(corpus) === "documents";

const lengthOf = ({ bytes }: CorpusSize): number => Math.max(LEAST_BYTES, Math.ceil(bytes / MOST_PARTS));

function partsOf(corpus: CorpusSize): number {
  if (kindOf(corpus) === "documents") return Math.min(corpus.documents, MOST_PARTS);
  return Math.max(1, Math.ceil(corpus.bytes / lengthOf(corpus)));
}

/**
 * @param at index of the document in its corpus, and the byte at which it begins there.
 * @param table its tokens.
 */
export function unitsOfDocument(
  corpus: CorpusSize,
  at: { documentIndex: number; offset: number },
  { length, byteOffsets, logprobs }: Pick<TokenTable, "length" | "byteOffsets" | "logprobs">,
): DocumentUnits {
  const parts = partsOf(corpus);
  if (kindOf(corpus) === "documents") {
    const units = { first: Math.floor((at.documentIndex * parts) / corpus.documents), nats: [0], bytes: [0] };
    for (let i = 0; i < length; i++) {
      if (Number.isNaN(logprobs[i]!)) continue;
      units.nats[0]! -= logprobs[i]!;
      units.bytes[0]! += byteOffsets[i + 1]! - byteOffsets[i]!;
    }
    return units;
  }
  const size = lengthOf(corpus);
  const partAt = (byte: number) => Math.min(parts - 1, Math.floor(byte / size));
  const first = partAt(at.offset);
  const last = partAt(Math.max(at.offset, at.offset + byteOffsets[length]! - 1));
  const units: DocumentUnits = {
    first,
    nats: new Array<number>(last - first + 1).fill(0),
    bytes: new Array<number>(last - first + 1).fill(0),
  };
  for (let i = 0; i < length; i++) {
    if (Number.isNaN(logprobs[i]!)) continue;
    const [start, end] = [at.offset + byteOffsets[i]!, at.offset + byteOffsets[i + 1]!];
    if (start === end) units.nats[Math.min(last, partAt(start)) - first]! -= logprobs[i]!; // BOS: no bytes
    for (let from = start; from < end; ) {
      const part = partAt(from);
      const to = part === parts - 1 ? end : Math.min(end, (part + 1) * size);
      units.nats[part - first]! -= (logprobs[i]! * (to - from)) / (end - start);
      units.bytes[part - first]! += to - from;
      from = to;
    }
  }
  return units;
}

/** All documents of a corpus together; `null` where one has none (it is from an older version). */
export function unitsOfCorpus(
  corpus: CorpusSize,
  documents: Iterable<DocumentUnits | null | undefined>,
): PairedUnits | null {
  const parts = partsOf(corpus);
  const units: PairedUnits = {
    of: kindOf(corpus),
    nats: new Array<number>(parts).fill(0),
    bytes: new Array<number>(parts).fill(0),
  };
  for (const document of documents) {
    if (!document) return null;
    for (const [i, nats] of document.nats.entries()) {
      units.nats[document.first + i]! += nats;
      units.bytes[document.first + i]! += document.bytes[i]!;
    }
  }
  return { ...units, nats: units.nats.map(rounded) };
}

/** Seven digits: enough for an error, and not too long for a file that people open. */
const rounded = (nats: number): number => Number(nats.toPrecision(7));

/** Parts that are needed to say anything. */
const LEAST_PARTS = 8;
const LEVEL = 0.95;

/** A difference in pairs, bits per byte. */
export interface PairedDifference {
  /** b - a: below 0, b needs fewer bits. */
  difference: number;
  standardError: number;
  /** 95 % interval by the bootstrap over parts. */
  low: number;
  high: number;
}

/**
 * Bits per byte of `b` less those of `a` over the same corpus, by the bootstrap over its parts. Each is per byte of what it
 * scored: the first token of a text may carry no number under one recipe.
 * @returns `null` for fewer than eight parts that both scored, or where one is infinite.
 */
export function pairedDifference(a: PairedUnits, b: PairedUnits): PairedDifference | null {
  const bits: number[] = [];
  const bytes: number[] = [];
  for (const [i, own] of a.bytes.entries()) {
    const other = b.bytes[i] ?? 0;
    if (own === 0 || other === 0) continue;
    const size = Math.max(own, other);
    bits.push(((b.nats[i]! / other - a.nats[i]! / own) * size) / Math.LN2);
    bytes.push(size);
  }
  if (bits.length < LEAST_PARTS) return null;
  const bootstrap = documentBootstrap(bits, bytes, { level: LEVEL });
  if (bootstrap === null) return null;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const { standardError, low, high } = bootstrap;
  return { difference: sum(bits) / sum(bytes), standardError, low, high };
}
