/** Lossless compression: a model's surprisal as bytes. */
export { RangeDecoder, RangeEncoder } from "./coder/range-coder.ts";
export { type LockstepRows, packTokens, unpackTokens } from "./model/lockstep-coder.ts";
