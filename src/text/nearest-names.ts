/** Known names that a mistyped one may have meant. */
export function nearestNames(word: string, known: readonly string[]): string[] {
  const typed = word.toLowerCase();
  return known.filter((name) => {
    const shared = commonSubsequence(typed, name.toLowerCase());
    return (2 * shared) / (typed.length + name.length) >= 0.7;
  });
}

/** Length of the longest common subsequence. */
function commonSubsequence(a: string, b: string): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const letter of a) {
    const next = [0];
    for (let j = 1; j <= b.length; j++)
      next[j] = letter === b[j - 1] ? row[j - 1]! + 1 : Math.max(row[j]!, next[j - 1]!);
    row = next;
  }
  return row[b.length]!;
}
