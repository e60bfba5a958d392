/**
 * Running many sequences that share beginnings, each distinct prefix once.
 *
 * Sorted, sequences that share a prefix are neighbours, and the prefix tree is the list of what each one adds to
 * the one before: no tree has to be built. The tree's tokens are cut into batches; between two batches only the
 * path that the next one continues stays in the cache. So the cache holds at most the longest sequence plus one
 * batch, however many sequences there are.
 */

/** A piece of one path run in a batch: its tokens [from, to). */
interface Segment {
  /** Index of the path in sorted order. */
  path: number;
  from: number;
  to: number;
  /** Tokens [0, inherited) of this path are taken from the path kept in the cache. */
  inherited: number;
}

/** Segments that are decoded in one call. */
interface PrefixBatch {
  /** Of the last path of the batch before, tokens [0, keep) stay in the cache. */
  keep: number;
  segments: Segment[];
}

export interface PrefixSchedule {
  /** Indices of the sequences in sorted order: path p is sequence order[p]. */
  order: Int32Array;
  /** [paths] tokens path p shares with path p-1. */
  shared: Int32Array;
  batches: PrefixBatch[];
  /** Tokens the batches run: the number of nodes of the prefix tree. */
  tokens: number;
}

/**
 * @param sequences token ids to run
 * @param batchTokens most tokens in one batch
 * @param batchSegments most segments in one batch (each needs a sequence id of its own)
 * @param share whether paths can share; if not, each is run in full (a recurrent memory has no parts to share)
 */
export function schedulePrefixes(
  sequences: readonly Int32Array[],
  batchTokens: number,
  batchSegments: number,
  share = true,
): PrefixSchedule {
  const order = Int32Array.from(sequences.keys()).sort(
    (a, b) => compare(sequences[a]!, sequences[b]!) || a - b,
  );
  const shared = new Int32Array(order.length);
  for (let p = 1; share && p < order.length; p++)
    shared[p] = commonPrefix(sequences[order[p - 1]!]!, sequences[order[p]!]!);

  const batches: PrefixBatch[] = [];
  let batch: PrefixBatch | null = null;
  let room = 0;
  let tokens = 0;
  /** Tokens [0, inherited) of the current path are in the cache since before the current batch. */
  let inherited = 0;
  for (let p = 0; p < order.length; p++) {
    const length = sequences[order[p]!]!.length;
    inherited = Math.min(inherited, shared[p]!);
    for (let from = shared[p]!; from < length; ) {
      if (!batch || room === 0 || batch.segments.length === batchSegments) {
        inherited = from; // everything up to here was run before this batch
        batch = { keep: from, segments: [] };
        batches.push(batch);
        room = batchTokens;
      }
      const to = Math.min(length, from + room);
      batch.segments.push({ path: p, from, to, inherited });
      tokens += to - from;
      room -= to - from;
      from = to;
    }
  }
  return { order, shared, batches, tokens };
}

/**
 * For every path the owner of each of its shared tokens: the path in whose segment the token is run.
 * `owner(p, x)` may be asked while paths are visited in order (`visit(p)` first).
 */
export class PathOwners {
  /** Runs of tokens with one owner, along the current path. */
  readonly #runs: { path: number; from: number; to: number }[] = [];

  visit(path: number, shared: number, length: number): void {
    while (this.#runs.length > 0 && this.#runs.at(-1)!.from >= shared) this.#runs.pop();
    const last = this.#runs.at(-1);
    if (last && last.to > shared) last.to = shared;
    if (length > shared) this.#runs.push({ path, from: shared, to: length });
  }

  owner(position: number): number {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#runs[middle]!.from <= position) low = middle;
      else high = middle - 1;
    }
    return this.#runs[low]!.path;
  }
}

function compare(a: Int32Array, b: Int32Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

function commonPrefix(a: Int32Array, b: Int32Array): number {
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a[i] === b[i]) i++;
  return i;
}
