/**
 * A binary arithmetic coder, and what the host calls. The range is [low, high], 32 bits; bytes that both have in common
 * are written, so that no carry ever reaches them.
 */
import { forgetContext, goTo, passOver, place, setKind } from "./contexts.assembly";
import { copyDistance, copyLength, findCopy, forgetCopies, looksRandom } from "./copies.assembly";
import { CODED, DIRTY, END, MATCH_TABLE, PAGE_BITS, SLOT_BYTES, SLOTS, SMALL_END, TEXT } from "./layout.assembly";
import { beginByte, forgetModel, predict, update } from "./model.assembly";
import { makeTables } from "./tables.assembly";

export { copyDistance, copyLength, findCopy, forgetCopies, goTo, looksRandom, passOver, setKind };

/** Where the host finds things, bytes. */
export const CODED_AT: u32 = <u32>CODED;
export const TEXT_AT: u32 = <u32>TEXT;
export const SMALL_END_AT: u32 = <u32>SMALL_END;
export const DIRTY_AT: u32 = <u32>DIRTY;
export const SLOTS_AT: u32 = <u32>SLOTS;
export const SLOT_BYTES_ALL: u32 = <u32>SLOT_BYTES;
export const PAGE: u32 = 1 << <u32>PAGE_BITS;
export const MEMORY: u32 = <u32>END;

let low: u32 = 0;
let high: u32 = 0xffffffff;
let code: u32 = 0;
/** Place in CODED of the next byte. */
let at: u32 = 0;
let reading: bool = false;

/** Tables, and a model that has seen nothing. */
export function initialise(): void {
  makeTables();
  memory.fill(SLOTS, 0, SLOT_BYTES);
  memory.fill(MATCH_TABLE, 0, SMALL_END - MATCH_TABLE);
  forgetModel();
}

/** Begins to write or to read at the beginning of CODED. */
export function beginCoding(read: bool): void {
  reading = read;
  low = 0;
  high = 0xffffffff;
  at = 0;
  code = 0;
  if (read) for (let i = 0; i < 4; i++) code = (code << 8) | load<u8>(CODED + at++);
  forgetContext();
  forgetFlags();
}

/** Bytes of CODED that were written or read. */
export function codedBytes(): u32 {
  return at;
}

/** high - low: with the bytes of CODED, what was coded so far in fractions of a bit. */
export function codedSpread(): u32 {
  return high - low;
}

/** What was in CODED has been taken, or moved to the front: the next byte is at `next`. */
export function continueAt(next: u32): void {
  at = next;
}

/** Codes a bit whose probability to be a one is p / 65536, 1 ... 65535; answers it. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function codeBit(bit: u32, p: u32): u32 {
  const middle = low + <u32>((<u64>(high - low) * <u64>p) >> 16);
  if (reading) bit = code <= middle ? 1 : 0;
  if (bit) high = middle;
  else low = middle + 1;
  while ((low ^ high) >> 24 == 0) {
    if (reading) code = (code << 8) | load<u8>(CODED + at);
    else store<u8>(CODED + at, <u8>(high >> 24));
    at++;
    low <<= 8;
    high = (high << 8) | 255;
  }
  return bit;
}

/** The fewest bytes that end the code, whatever is read behind them. */
export function endCoding(): void {
  for (let bytes: u32 = 0; bytes <= 4; bytes++) {
    const shift = 32 - 8 * bytes;
    const value: u32 = bytes == 0 ? 0 : (high >> shift) << shift;
    if (value < low) continue;
    for (let i: u32 = 0; i < bytes; i++) store<u8>(CODED + at++, <u8>(value >> (24 - 8 * i)));
    return;
  }
}

/** Codes the next n bytes of the text with the model. */
export function codeModelled(n: u32): void {
  for (let i: u32 = 0; i < n; i++) {
    const byte = TEXT + place;
    beginByte();
    let value: u32 = load<u8>(byte);
    for (let k = 7; k >= 0; k--) {
      const bit = codeBit((value >> k) & 1, predict());
      if (reading) value = (value & ~(1 << k)) | (bit << k);
      if (k == 0) store<u8>(byte, <u8>value);
      update(bit);
    }
  }
}

/** Codes n bytes of the text from a place on as they are. */
export function codePlain(from: u32, n: u32): void {
  for (let i: u32 = 0; i < n; i++) store<u8>(TEXT + from + i, <u8>codeNumber(load<u8>(TEXT + from + i), 8));
}

/** Codes a number of so many bits, all values alike; answers it. */
export function codeNumber(value: u32, size: u32): u32 {
  let result: u32 = 0;
  for (let k = <i32>size - 1; k >= 0; k--) result = (result << 1) | codeBit((value >> k) & 1, 32768);
  return result;
}

// Probabilities of the few bits that say what comes next.
const FLAGS: u32 = 8;
const FLAG_P: usize = 64;

function forgetFlags(): void {
  for (let i: u32 = 0; i < FLAGS; i++) store<u16>(FLAG_P + (i << 1), 4096);
}

/** Codes one of the flags, 0 ... 7; they are seldom set, and learn. */
export function codeFlag(flag: u32, bit: u32): u32 {
  const entry = FLAG_P + ((flag & (FLAGS - 1)) << 1);
  const p = <i32>load<u16>(entry);
  const result = codeBit(bit, p);
  store<u16>(entry, <u16>(p + (((result ? 65535 - 512 : 512) - p) >> 3)));
  return result;
}

/** Copies n bytes from a distance; when they overlap, what was copied is copied again. */
export function copyBytes(to: u32, distance: u32, n: u32): void {
  const from = TEXT + to - distance;
  for (let done: u32 = 0; done < n; ) {
    const ready = min(n - done, distance + done);
    memory.copy(TEXT + to + done, from, ready);
    done += ready;
  }
}
