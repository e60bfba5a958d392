/**
 * Bytes mode: lossless packing of any bytes with integers only, the same on every machine. A model that mixes contexts
 * of one to six bytes and of words (docs/compression.md) predicts every bit; an arithmetic coder writes what is left.
 */
export { BYTES_MODEL_VERSION, MAX_BYTES_CHUNK } from "./format.ts";
export { BYTES_MEMORY } from "./instance.ts";
export { packBytes, packingBytes } from "./pack.ts";
export { unpackBytes, unpackingBytes } from "./unpack.ts";
