/** Drawing from a source of numbers in [0, 1), such as core's `seededRandom`. */

/** An integer in [least, most]. */
export function integer(random: () => number, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

/** An integer in [-most, -least] or [least, most]. */
export function signed(random: () => number, least: number, most: number): number {
  const size = integer(random, least, most);
  return random() < 0.5 ? -size : size;
}

export function pick<T>(random: () => number, items: ArrayLike<T>): T {
  return items[integer(random, 0, items.length - 1)]!;
}

/** Fisher-Yates on a copy. */
export function shuffled<T>(random: () => number, items: readonly T[]): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = integer(random, 0, i);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
