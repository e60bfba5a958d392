/** What is known of where a packed file's bits went. Bits everywhere; missing is `null`. */
import type { Method, PackedModel } from "../container/format.ts";
import type { WordClass } from "./word-classes.ts";

/** What a bit of a packed file can be spent on. */
export type BitUse =
  | "surprisal"
  | "wholeNumbers"
  | "checks"
  | "ends"
  | "rounding"
  | "partTable"
  | "bytes"
  | "brotli"
  | "raw"
  | "chunkHeaders"
  | "header"
  | "footer";

/** A line of the account. */
export interface BitAccount {
  use: BitUse;
  /** In words. */
  name: string;
  /**
   * All lines together are 8 times the file's bytes. "rounding", what the coder's bytes are more than the sum of its symbols, may be below 0: the end of a
   * part is counted with 30 bits and gets what the coder's divisions leave over, and zeros at the end are left out. "wholeNumbers" may be below 0, too,
   * by what single precision rounds.
   */
  bits: number;
}

/** Tokens, or bytes in bytes mode, and what they cost. */
export interface BitSums {
  /** Tokens of a model; 0 in bytes mode. */
  tokens: number;
  /** Bytes of the original. */
  bytes: number;
  /** Σ -log2 p. In bytes mode as `codedBits`: its model's probabilities are whole numbers from the beginning. */
  surprisalBits: number;
  /** Σ -log2 of the frequencies that were coded with. */
  codedBits: number;
}

/** Words of a kind. */
export interface ClassBits extends BitSums {
  name: WordClass;
}

/** A line of the text; a token that goes over a line's end belongs to the line where it begins. */
export interface LineBits extends BitSums {
  /** From 1. */
  line: number;
  /** Byte of the original at which it begins. */
  start: number;
  /** How it begins; U+FFFD for what is no UTF-8. */
  text: string;
  /** Bytes of it whose cost is not known one by one: those of chunks packed by brotli or as they are. */
  unknownBytes: number;
}

/** A part of a chunk that the model read by itself. */
export interface PartBits extends BitSums {
  /** Bytes that it takes in the packed file. */
  packedBytes: number;
  checkBits: number;
  endBits: number;
  /** Of its first tokens, which are read without much before them, bits more than as many of the later ones cost; `null`: it is too short to tell. */
  startBits: number | null;
}

/** A chunk of the packed file. */
export interface ChunkBits {
  /** From 0. */
  index: number;
  /** Byte of the original at which it begins. */
  start: number;
  method: Method;
  /** Of the original. */
  bytes: number;
  /** Without its header. */
  packedBytes: number;
  headerBytes: number;
  /** Of a chunk packed by the model. */
  parts: readonly PartBits[];
}

/** All chunks of a method. */
export interface MethodBits {
  method: Method;
  chunks: number;
  bytes: number;
  packedBytes: number;
}

/** Tokens one by one, of the beginning of the file. */
export interface TokenBits {
  /** [n] the token's id; -1: a byte of bytes mode, or a chunk whose bytes' costs are not known one by one. */
  ids: Int32Array;
  /** [n + 1] bytes of the original. */
  byteOffsets: Uint32Array;
  /** [n] NaN = not known. */
  surprisalBits: Float64Array;
  codedBits: Float64Array;
}

/** Where the bits of a packed file went. */
export interface Explanation {
  /** Of the packed file. */
  name: string;
  /** Of the original; characters and words `null` where it is no UTF-8. */
  bytes: number;
  characters: number | null;
  words: number | null;
  sha256: string;
  packedBytes: number;
  /** Tokens; `null` where the model packed none of it. */
  tokens: number | null;
  /** Whether the model packed all of it. */
  isAllModel: boolean;
  model: PackedModel | null;
  accounts: readonly BitAccount[];
  methods: readonly MethodBits[];
  /** Of all chunks packed by the model or in bytes mode. */
  classes: readonly ClassBits[];
  chunks: readonly ChunkBits[];
  /** Lines of the text; what lies behind `detailBytes` counts. */
  lines: number;
  /** Lines within the first `detailBytes`, in their order. */
  firstLines: readonly LineBits[];
  /** Of all lines with at least 8 bytes, those that cost most; at most 20. */
  costliestLines: readonly LineBits[];
  /** The beginning of the original, and its tokens. */
  detail: { text: Uint8Array; tokens: TokenBits };
}

/** In words, in the order in which they are shown. */
export const BIT_USES: readonly (readonly [BitUse, string])[] = [
  ["surprisal", "surprisal of the tokens"],
  ["wholeNumbers", "probabilities as whole numbers"],
  ["checks", "checks of the machine"],
  ["ends", "ends of parts"],
  ["rounding", "rounding of the range coder"],
  ["partTable", "lengths of parts"],
  ["bytes", "bytes mode"],
  ["brotli", "brotli"],
  ["raw", "as it is"],
  ["chunkHeaders", "headers of chunks"],
  ["header", "header, names the model"],
  ["footer", "footer: table, SHA-256"],
];
