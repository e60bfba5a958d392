/** Where the bits of a packed file went, and what others would have made of it. */
export { type ExplainOptions, explainPacked } from "./explain.ts";
export type {
  BitAccount,
  BitSums,
  BitUse,
  ChunkBits,
  ClassBits,
  Explanation,
  LineBits,
  MethodBits,
  PartBits,
  TokenBits,
} from "./explanation.ts";
export { comparePeers, type PeerOptions, type PeerSize } from "./peers.ts";
export { WORD_CLASSES, type WordClass, wordClasses } from "./word-classes.ts";
export { type BreakEven, type Yardstick, yardsticks } from "./yardsticks.ts";
