/** The longest common subsequence of two lists of words, which ROUGE-L counts. */

/** Bits of a limb: the sum of two limbs and a carry is still a 32-bit integer. */
const LIMB = 30;
const MASK = 0x3fffffff;

/**
 * Its length: bit-parallel (Hyyrö 2004, "Bit-parallel LCS-length computation revisited"), 30 words of `a` at a time. Two texts of m and n
 * words cost m·n / 30 steps.
 */
export function longestCommon(a: readonly string[], b: readonly string[]): number {
  const inB = new Set(b);
  const shared = a.filter((word) => inB.has(word)); // what only one has is in no common subsequence
  const limbs = Math.ceil(shared.length / LIMB);
  const places = new Map<string, Int32Array>();
  for (const [i, word] of shared.entries()) {
    const mask = places.get(word) ?? new Int32Array(limbs);
    places.set(word, mask);
    mask[Math.floor(i / LIMB)]! |= 1 << (i % LIMB);
  }
  const row = new Int32Array(limbs).fill(MASK);
  for (const word of b) {
    const mask = places.get(word);
    if (!mask) continue;
    let carry = 0;
    for (let k = 0; k < limbs; k++) {
      const all = row[k]!;
      const here = mask[k]!;
      const sum = (all + (all & here) + carry) | 0;
      carry = sum >> LIMB;
      row[k] = (sum & MASK) | (all & ~here);
    }
  }
  let length = 0;
  for (let i = 0; i < shared.length; i++)
    if ((row[Math.floor(i / LIMB)]! & (1 << (i % LIMB))) === 0) length++;
  return length;
}
