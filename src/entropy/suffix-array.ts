/**
 * The suffixes of a sequence in order, and how far neighbours agree: from these every block of every length is counted,
 * and every longest earlier match found, without a hash table. Internal to this room.
 *
 * Sources: Nong, Zhang & Chan 2009, "Linear suffix array construction by almost pure induced-sorting" (SA-IS);
 * Kärkkäinen, Manzini & Puglisi 2009, "Permuted longest-common-prefix array" (Φ); Crochemore & Ilie 2008, "Computing
 * longest previous factor in linear time".
 */

/** @param symbols [n], each 0 ... alphabet-1. @returns [n] where the suffixes begin, smallest suffix first. */
export function suffixArray(symbols: Int32Array, alphabet: number): Int32Array {
  const n = symbols.length;
  const sorted = new Int32Array(n).fill(-1);
  if (n === 0) return sorted;
  if (n === 1) return sorted.fill(0);
  // Twice the symbol, and 1 where the suffix is smaller than the one further on (type S): one look-up for both.
  const typed = alphabet <= 2 ** 15 ? new Uint16Array(n) : new Int32Array(n);
  typed[n - 1] = 2 * symbols[n - 1]!;
  for (let i = n - 2; i >= 0; i--) {
    const [here, there] = [symbols[i]!, symbols[i + 1]!];
    typed[i] = 2 * here + (here < there || (here === there && (typed[i + 1]! & 1) === 1) ? 1 : 0);
  }
  const lms = leftmostSmaller(typed);
  const induce = inducer(typed, alphabet, sorted);
  induce(lms);
  const count = lms.length;
  if (count === 0) return sorted;
  // Names of the stretches between such places, then their order by the same way.
  const numberOf = new Int32Array(n).fill(-1);
  for (let k = 0; k < count; k++) numberOf[lms[k]!] = k;
  const order = new Int32Array(count);
  for (let k = 0, found = 0; k < n; k++)
    if (numberOf[sorted[k]!]! >= 0) order[found++] = numberOf[sorted[k]!]!;
  const names = new Int32Array(count);
  let last = 0;
  for (let k = 1; k < count; k++) {
    if (!isSameStretch(typed, lms, order[k - 1]!, order[k]!)) last++;
    names[order[k]!] = last;
  }
  const orderOfNames = last === count - 1 ? order : suffixArray(names, last + 1);
  induce(orderOfNames.map((number) => lms[number]!));
  return sorted;
}

type Typed = Uint16Array | Int32Array;

/** Where a suffix of type S stands behind one of type L, in order. */
function leftmostSmaller(typed: Typed): Int32Array {
  const isOne = (i: number) => (typed[i]! & 1) === 1 && (typed[i - 1]! & 1) === 0;
  let count = 0;
  for (let i = 1; i < typed.length; i++) if (isOne(i)) count++;
  const places = new Int32Array(count);
  for (let i = 1, k = 0; i < typed.length; i++) if (isOne(i)) places[k++] = i;
  return places;
}

/** What puts all suffixes in order, into `sorted`, once those given are in order. */
function inducer(typed: Typed, alphabet: number, sorted: Int32Array): (lms: Int32Array) => void {
  const n = typed.length;
  // Where the L and the S suffixes of each first symbol begin.
  const starts = new Int32Array(alphabet + 1);
  const startsOfSmaller = new Int32Array(alphabet + 1);
  for (let i = 0; i < n; i++) {
    const symbol = typed[i]! >> 1;
    if ((typed[i]! & 1) === 1) starts[symbol + 1]!++;
    else startsOfSmaller[symbol]!++;
  }
  for (let symbol = 0; symbol < alphabet; symbol++) {
    startsOfSmaller[symbol]! += starts[symbol]!;
    starts[symbol + 1]! += startsOfSmaller[symbol]!;
  }
  const next = new Int32Array(alphabet + 1);
  return (lms) => {
    sorted.fill(-1);
    next.set(startsOfSmaller);
    for (let k = 0; k < lms.length; k++) sorted[next[typed[lms[k]!]! >> 1]!++] = lms[k]!;
    next.set(starts);
    sorted[next[typed[n - 1]! >> 1]!++] = n - 1;
    for (let k = 0; k < n; k++) {
      const at = sorted[k]! - 1;
      if (at < 0) continue;
      const code = typed[at]!;
      if ((code & 1) === 0) sorted[next[code >> 1]!++] = at;
    }
    next.set(starts);
    for (let k = n - 1; k >= 0; k--) {
      const at = sorted[k]! - 1;
      if (at < 0) continue;
      const code = typed[at]!;
      if ((code & 1) === 1) sorted[--next[(code >> 1) + 1]!] = at;
    }
  };
}

/** Whether two stretches from one such place to the next are the same; `left` and `right` are numbers of places. */
function isSameStretch(typed: Typed, lms: Int32Array, left: number, right: number): boolean {
  if (left + 1 >= lms.length || right + 1 >= lms.length) return false; // to the end of the sequence
  const [from, to, end] = [lms[left]!, lms[right]!, lms[left + 1]!];
  if (end - from !== lms[right + 1]! - to) return false;
  for (let i = 0; i <= end - from; i++) if (typed[from + i]! >> 1 !== typed[to + i]! >> 1) return false;
  return true;
}

/** What the suffixes say. */
export interface Suffixes {
  /** [n] beginnings of the suffixes, in order. */
  sorted: Int32Array;
  /** [n] by place in the order: symbols that a suffix has in common with the one before it; 0 of the first. */
  common: Int32Array;
}

/** The suffixes of a sequence in order. @param symbols [n], each 0 ... alphabet-1. */
export function suffixesOf(symbols: Int32Array, alphabet: number): Suffixes {
  const sorted = suffixArray(symbols, alphabet);
  const byPosition = commonByPosition(symbols, sorted, predecessors(sorted));
  return { sorted, common: sorted.map((at) => byPosition[at]!) };
}

/** [n] by position, the suffix before it in the order; -1 of the first. */
function predecessors(sorted: Int32Array): Int32Array {
  const before = new Int32Array(sorted.length);
  for (let k = 0; k < sorted.length; k++) before[sorted[k]!] = k === 0 ? -1 : sorted[k - 1]!;
  return before;
}

/** [n] by position, symbols in common with the suffix before it in the order. */
function commonByPosition(symbols: Int32Array, sorted: Int32Array, before: Int32Array): Int32Array {
  const n = sorted.length;
  const common = new Int32Array(n);
  for (let at = 0, length = 0; at < n; at++) {
    const other = before[at]!;
    if (other < 0) length = 0;
    else
      while (at + length < n && other + length < n && symbols[at + length] === symbols[other + length])
        length++;
    common[at] = length;
    if (length > 0) length--;
  }
  return common;
}

/**
 * [n] by position: the longest stretch that begins there and has begun at an earlier position too, symbols. The two may
 * overlap.
 */
export function longestEarlierMatches({ sorted, common }: Suffixes): Int32Array {
  const n = sorted.length;
  const before = predecessors(sorted);
  const after = new Int32Array(n).fill(-1);
  const shared = new Int32Array(n);
  for (let k = 0; k < n; k++) {
    shared[sorted[k]!] = common[k]!;
    if (k + 1 < n) after[sorted[k]!] = sorted[k + 1]!;
  }
  const longest = new Int32Array(n);
  // From the last position on, each is taken out of the order: its neighbours there are always earlier ones.
  for (let at = n - 1; at >= 0; at--) {
    const [left, right] = [before[at]!, after[at]!];
    const withRight = right < 0 ? 0 : shared[right]!;
    longest[at] = Math.max(shared[at]!, withRight);
    if (right >= 0) {
      shared[right] = Math.min(shared[at]!, withRight);
      before[right] = left;
    }
    if (left >= 0) after[left] = right;
  }
  return longest;
}
