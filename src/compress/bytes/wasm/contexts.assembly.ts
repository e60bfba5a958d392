/** What the model knows before a byte: the bytes before it, words, and the longest match; and where the slots are. */
import {
  CONTEXTS,
  DIRTY,
  HASH,
  MATCH_ENTRIES,
  MATCH_TABLE,
  PAGE_BITS,
  SLOT,
  SLOT_BYTES,
  SLOTS,
  TEXT,
} from "./layout.assembly";

/** The last four bytes, and the four before them; the newest is the lowest. */
export let recent: u32 = 0;
export let older: u32 = 0;
/** Place of the next byte in the text. */
export let place: u32 = 0;

let word: u32 = 0;
let word1: u32 = 0;
let word2: u32 = 0;
let word3: u32 = 0;
export let wordLength: u32 = 0;
/** Classes of the last bytes, two bits each. */
export let classes: u32 = 0;
let lineStart: u32 = 0;

/** Bytes that agree with the text at `matchPlace`, 0 without a match; and the byte that follows there. */
export let matchLength: u32 = 0;
let matchPlace: u32 = 0;
export let expected: u32 = 0;

/** 0: text; 1: anything. */
export let kind: u32 = 0;

export function setKind(value: u32): void {
  kind = value;
}

/** As after nothing. */
export function forgetContext(): void {
  recent = 0;
  older = 0;
  word = 0;
  word1 = 0;
  word2 = 0;
  word3 = 0;
  wordLength = 0;
  classes = 0;
  matchLength = 0;
  expected = 0;
}

export function goTo(at: u32): void {
  place = at;
  lineStart = at;
}

/** Passes over bytes that were coded as a copy, or as they are: the last of them are the context of the next. */
export function passOver(bytes: u32): void {
  const end = place + bytes;
  const seen = min<u32>(bytes, 256);
  forgetContext();
  goTo(end - seen);
  for (let at = end - seen; at < end; at++) takeByte(load<u8>(TEXT + at));
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function mix(a: u32, b: u32): u32 {
  let h = a * 0x9e3779b1 + b * 0x85ebca77 + 0x165667b1;
  h ^= h >> 15;
  h *= 0x2c1b3c6d;
  return h ^ (h >> 13);
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function setHash(i: u32, a: u32, b: u32): void {
  store<u32>(HASH + (i << 2), mix(a + i * 0x3c6ef35f, b));
}

/** 0: letters, 1: digits and bytes of no ASCII, 2: white space, 3: the rest. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function classOf(byte: u32): u32 {
  if ((byte | 32) - 97 < 26 || byte >= 128) return 0;
  if (byte - 48 < 10) return 1;
  if (byte <= 32) return 2;
  return 3;
}

/** The byte at `place` is known: all contexts move on. */
export function takeByte(byte: u32): void {
  older = (older << 8) | (recent >> 24);
  recent = (recent << 8) | byte;
  place++;

  const kindOfByte = classOf(byte);
  classes = (classes << 2) | kindOfByte;
  if (kindOfByte == 0) {
    const lower = byte - 65 < 26 ? byte + 32 : byte;
    word = (word + lower + 1) * 0x2f0b4c47;
    word ^= word >> 17;
    wordLength++;
  } else if (wordLength != 0) {
    word3 = word2;
    word2 = word1;
    word1 = word;
    word = 0;
    wordLength = 0;
  }
  if (byte == 10) {
    lineStart = place;
  }
  followMatch(byte);
}

function followMatch(byte: u32): void {
  if (matchLength != 0 && expected == byte) {
    if (matchLength < 65535) matchLength++;
    matchPlace++;
  } else matchLength = 0;
  const entry = MATCH_TABLE + (<usize>(mix(recent, older & 0xffff) >> 14) << 2);
  if (matchLength == 0) {
    matchPlace = load<u32>(entry);
    if (matchPlace != 0) {
      let length: u32 = 0;
      while (length < matchPlace && length < 400) {
        if (load<u8>(TEXT + matchPlace - length - 1) != load<u8>(TEXT + place - length - 1)) break;
        length++;
      }
      matchLength = length < 5 ? 0 : length;
    }
  }
  store<u32>(entry, place);
  expected = matchLength != 0 ? load<u8>(TEXT + matchPlace) : 0;
}

/** Hashes of the contexts of the next byte, and its first slots. */
export function chooseContexts(): void {
  const last = recent & 0xff;
  setHash(0, 0, 0);
  setHash(1, last, 0);
  setHash(2, recent & 0xffff, 0);
  setHash(3, recent & 0xffffff, 0);
  setHash(4, recent, 0);
  setHash(5, recent, older & 0xff);
  setHash(6, recent, older & 0xffff);
  if (kind == 0) {
    const between = wordLength == 0 ? last : 0;
    const now = mix(word, between);
    setHash(7, now, 0);
    setHash(8, now, word1);
    setHash(9, now, mix(word1, word2));
    setHash(10, now, word2 + 0x1234567);
    setHash(11, now, mix(7, classes & 0xffff));
  } else {
    const column = min<u32>(place - lineStart, 255);
    setHash(7, recent & 0xff00, 1);
    setHash(8, recent & 0xff0000, 2);
    setHash(9, recent & 0xffff00, 3);
    setHash(10, recent & 0xf0f0f0f0, older & 0xf0f0);
    setHash(11, recent & 0xff0000ff, column & 3);
  }
  for (let i: u32 = 0; i < CONTEXTS; i++) findSlot(i, load<u32>(HASH + (i << 2)));
}

/** The slots of the second half of the byte; `half` is its first half with a one before it. */
export function chooseSecondHalf(half: u32): void {
  for (let i: u32 = 0; i < CONTEXTS; i++) findSlot(i, mix(load<u32>(HASH + (i << 2)), half));
}

/** Of three places the one with this check, or else the one whose first state has seen least, emptied. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function findSlot(i: u32, hash: u32): void {
  const check: u32 = hash & 0xff;
  const first = <usize>(hash >> 4) & (SLOT_BYTES - 16);
  let slot = SLOTS + first;
  if (load<u8>(slot) != check) {
    const second = SLOTS + (first ^ 16);
    const third = SLOTS + (first ^ 32);
    if (load<u8>(second) == check) slot = second;
    else if (load<u8>(third) == check) slot = third;
    else {
      if (load<u8>(second, 1) < load<u8>(slot, 1)) slot = second;
      if (load<u8>(third, 1) < load<u8>(slot, 1)) slot = third;
      v128.store(slot, i32x4.splat(0));
      store<u8>(slot, <u8>check);
    }
  }
  store<u8>(DIRTY + ((slot - SLOTS) >> PAGE_BITS), 1);
  store<u32>(SLOT + (i << 2), <u32>slot);
}

/** For mixers. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function matchBucket(): u32 {
  if (matchLength == 0) return 0;
  return min<u32>(15, 1 + (32 - clz(matchLength)) + (matchLength >= 24 ? 1 : 0));
}
