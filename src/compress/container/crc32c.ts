/** CRC-32C (Castagnoli 1993, RFC 3720): finds every damage of up to 32 bits in a row, and one in 2^32 of any other. */

const POLYNOMIAL = 0x82f63b78; // reflected
/** [8][256] remainders of a byte with 0 ... 7 bytes behind it: eight bytes are read at once ("slicing by 8"). */
const TABLES = Array.from({ length: 8 }, () => new Int32Array(256));
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  TABLES[0]![byte] = crc;
}
for (let byte = 0; byte < 256; byte++)
  for (let i = 1; i < 8; i++) {
    const before = TABLES[i - 1]![byte]!;
    TABLES[i]![byte] = TABLES[0]![before & 255]! ^ (before >>> 8);
  }
const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

/** @param before of what stands in front, 0 = nothing. @returns 0 ... 2^32 - 1 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    const low = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    crc =
      t7[low & 255]! ^
      t6[(low >>> 8) & 255]! ^
      t5[(low >>> 16) & 255]! ^
      t4[low >>> 24]! ^
      t3[bytes[i + 4]!]! ^
      t2[bytes[i + 5]!]! ^
      t1[bytes[i + 6]!]! ^
      t0[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) crc = t0[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
