/** Lossless compression: a model's surprisal as bytes. pack.ts and unpack.ts are where it begins, container/format.ts is the file. */
export { BYTES_MODEL_VERSION, MAX_BYTES_CHUNK, packBytes, unpackBytes } from "./bytes/index.ts";
export { type FoundChunk, findChunks } from "./container/find.ts";
export type { ChunkHeader, Footer, Header, ListedChunk, Method, PackedModel } from "./container/format.ts";
export {
  type LocatedChunk,
  memorySource,
  type PackedSource,
  readChunks,
  readFooter,
  readHeader,
  readPacked,
} from "./container/read.ts";
export {
  type BitAccount,
  type BitSums,
  type BitUse,
  type BreakEven,
  type ChunkBits,
  type ClassBits,
  comparePeers,
  type ExplainOptions,
  type Explanation,
  explainPacked,
  type LineBits,
  type MethodBits,
  type PartBits,
  type PeerOptions,
  type PeerSize,
  type TokenBits,
  WORD_CLASSES,
  type WordClass,
  wordClasses,
  type Yardstick,
  yardsticks,
} from "./explain/index.ts";
export { draftOf, openPacked, type PackedFile, type PackFileOptions, packFile } from "./file.ts";
export type { CodedToken } from "./model/lockstep-coder.ts";
export {
  type CodingOptions,
  type ModelCoder,
  type ModelCoderOptions,
  modelCoder,
} from "./model/model-coder.ts";
export { type PackOptions, type PackProgress, type PackReport, pack } from "./pack.ts";
export {
  type Salvaged,
  type SalvageOptions,
  salvage,
  type UnpackOptions,
  type UnpackReport,
  unpack,
} from "./unpack.ts";
