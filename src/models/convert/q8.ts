/**
 * Weights in llama.cpp's format Q8_0: blocks of 32, each a scale in half precision and 32 signed bytes.
 *
 * The same bytes as llama.cpp's reference code (`quantize_row_q8_0_ref` in ggml/src/ggml-quants.c), in 32-bit floats
 * throughout, so that they do not depend on the machine.
 */
const BLOCK = 32;
export const BLOCK_BYTES: number = 2 + BLOCK;
const { fround } = Math;

/** @param values finite, a multiple of 32 of them. @returns [values / 32 * 34] */
export function toQ8(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array((values.length / BLOCK) * BLOCK_BYTES);
  const view = new DataView(bytes.buffer);
  for (let block = 0; block * BLOCK < values.length; block++) {
    const from = block * BLOCK;
    let largest = 0;
    for (let i = from; i < from + BLOCK; i++) largest = Math.max(largest, Math.abs(values[i]!));
    const scale = fround(largest / 127);
    const inverse = scale === 0 ? 0 : fround(1 / scale);
    const at = block * BLOCK_BYTES;
    view.setUint16(at, toHalf(scale), true);
    for (let i = 0; i < BLOCK; i++) view.setInt8(at + 2 + i, roundAway(fround(values[from + i]! * inverse)));
  }
  return bytes;
}

/** C's roundf: halves go away from zero. */
const roundAway = (value: number): number => Math.sign(value) * Math.floor(Math.abs(value) + 0.5);

const LARGEST_HALF = 65504;

/** The nearest half-precision number of a float >= 0, ties to even. */
function toHalf(value: number): number {
  if (value > LARGEST_HALF) return 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(value)));
  // Numbers under 2^-14 are multiples of 2^-24, others have eleven bits.
  const units = toEven(value / 2 ** (exponent - 10));
  const carry = units === 2 ** 11 ? 1 : 0; // rounded up to the next power of two
  if (units < 2 ** 10) return units;
  return ((exponent + carry + 15) << 10) | (carry ? 0 : units - 2 ** 10);
}

function toEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
