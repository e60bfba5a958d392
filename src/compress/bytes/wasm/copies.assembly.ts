/** Long repeats, and what nothing can be made of: found before the model is asked. Only the packer looks. */
import { CODED, CODED_BYTES, COPY_ENTRIES, COPY_TABLE, TEXT } from "./layout.assembly";

/** Blocks of this many bytes, aligned in the text, are remembered by their hash. */
const BLOCK: u32 = 256;
/** A repeat shorter than this is left to the model: its place costs as much as the model does. */
const SHORTEST: u32 = 1024;
const FACTOR: u32 = 0x2c9277b5;

export let copyLength: u32 = 0;
export let copyDistance: u32 = 0;
/** Bytes up to here are in the table. */
let entered: u32 = 0;

export function forgetCopies(start: u32): void {
  memory.fill(COPY_TABLE, 0, COPY_ENTRIES * 4);
  copyLength = 0;
  copyDistance = 0;
  entered = start;
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function entryOf(hash: u32): usize {
  return COPY_TABLE + (<usize>((hash ^ (hash >> 15)) * 0x9e3779b1) >> 16 << 2);
}

function hashOf(at: u32): u32 {
  let hash: u32 = 0;
  for (let i: u32 = 0; i < BLOCK; i++) hash = (hash + load<u8>(TEXT + at + i) + 1) * FACTOR;
  return hash;
}

/** How many bytes from `at` on, before `end`, are those from `earlier` on. */
function agreement(at: u32, earlier: u32, end: u32): u32 {
  let n: u32 = 0;
  while (at + n + 8 <= end) {
    const difference = load<u64>(TEXT + at + n) ^ load<u64>(TEXT + earlier + n);
    if (difference != 0) return n + (<u32>ctz(difference) >> 3);
    n += 8;
  }
  while (at + n < end && load<u8>(TEXT + at + n) == load<u8>(TEXT + earlier + n)) n++;
  return n;
}

/**
 * The next repeat in [from, end) of something since `start`: answers its place, and sets its length and distance; `end`
 * when there is none.
 */
export function findCopy(start: u32, from: u32, end: u32): u32 {
  if (end - from < SHORTEST) return end;
  if (copyDistance != 0 && copyDistance <= from - start) {
    copyLength = agreement(from, from - copyDistance, end);
    if (copyLength >= SHORTEST) return from;
  }
  let highest: u32 = FACTOR; // FACTOR^(BLOCK + 1): what the byte that leaves is multiplied by, one step on
  for (let i: u32 = 0; i < BLOCK; i++) highest *= FACTOR;
  let hash = hashOf(from);
  for (let at = from; at + BLOCK < end; at++) {
    const entry = entryOf(hash);
    const earlier = load<u32>(entry);
    if (earlier != 0 && earlier < at && load<u64>(TEXT + earlier) == load<u64>(TEXT + at)) {
      const length = agreement(at, earlier, end);
      if (length >= SHORTEST) {
        copyLength = length;
        copyDistance = at - earlier;
        return at;
      }
    }
    if ((at - start) % BLOCK == 0 && at >= entered) {
      store<u32>(entry, at);
      entered = at + BLOCK;
    }
    const leaves = <u32>load<u8>(TEXT + at) + 1;
    hash = (hash + load<u8>(TEXT + at + BLOCK) + 1) * FACTOR - leaves * highest;
  }
  return end;
}

/**
 * Whether n >= 4096 bytes look like noise: all values equally frequent, and no three bytes come again more often than
 * by chance. A wrong answer costs bytes, never the text.
 */
export function looksRandom(from: u32, n: u32): bool {
  const seen = CODED + CODED_BYTES / 2; // the half that a slice does not reach: 65,536 u32, and 256 u32
  const counts = seen + 65536 * 4;
  memory.fill(seen, 0, 65536 * 4 + 1024);
  let again: u32 = 0;
  for (let i: u32 = 0; i < n; i++) {
    const at = TEXT + from + i;
    const count = counts + (<usize>load<u8>(at) << 2);
    store<u32>(count, load<u32>(count) + 1);
    if (i + 3 > n) continue;
    const three = load<u32>(at) & 0xffffff;
    const entry = seen + (<usize>((three * 0x9e3779b1) >> 16) << 2);
    if (load<u32>(entry) == three + 1) again++;
    store<u32>(entry, three + 1);
  }
  if (again * 64 > n) return false;
  let squares: u64 = 0;
  for (let i = 0; i < 256; i++) {
    const count = <u64>load<u32>(counts + (i << 2));
    squares += count * count;
  }
  // n² / 256 + n for noise; a thirtieth more is 0.02 bits per byte that a model could win.
  const noise = (<u64>n * n) / 256 + n;
  return squares <= noise + noise / 30;
}
