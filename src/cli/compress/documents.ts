/** What --json prints of packed files. */
import type { Packed } from "./packing.ts";
import type { Source } from "./places.ts";

/** Bits of the packed file per byte of the original; `null` of nothing. */
export const bitsPer = (packedBytes: number, count: number | null): number | null =>
  count ? (8 * packedBytes) / count : null;

/** @param packed `null`: --resume found the file there. */
export function packedDocument(packed: Packed | null, { file }: Source): object {
  if (packed === null) return { input: file, alreadyThere: true };
  const { explanation: _, ...rest } = packed;
  const { bytes, packedBytes, characters } = rest;
  return {
    ...rest,
    ratio: bytes > 0 ? bytes / packedBytes : null,
    bitsPerByte: bitsPer(packedBytes, bytes),
    bitsPerCharacter: bitsPer(packedBytes, characters),
  };
}
