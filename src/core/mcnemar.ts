/** Whether two accuracies over the same questions differ. */

/**
 * McNemar's exact test: of the questions that only one of two answered rightly, each is as likely to be the one's as the other's,
 * if neither is better. Two-sided: twice the smaller tail of the binomial distribution of n = one + other with p = 1/2, at most 1.
 * Source: McNemar 1947, "Note on the sampling error of the difference between correlated proportions"; the exact form as
 * `statsmodels.stats.contingency_tables.mcnemar(exact=True)` and `scipy.stats.binomtest(min, n, 0.5)`.
 * @param one, other how many only this one has right, whole numbers of at least 0.
 * @returns p, 0 ... 1; 1 where there are none.
 */
export function mcNemarExact(one: number, other: number): number {
  const n = one + other;
  const least = Math.min(one, other);
  if (2 * least === n) return 1;
  // ln C(n, k) grows by ln((n - k) / (k + 1)); the largest term of the tail is its last, and is taken out of the sum.
  const terms: number[] = [-n * Math.LN2];
  for (let k = 0; k < least; k++) terms.push(terms[k]! + Math.log((n - k) / (k + 1)));
  const largest = terms[least]!;
  const sum = terms.reduce((total, term) => total + Math.exp(term - largest), 0);
  return Math.min(1, 2 * Math.exp(largest) * sum);
}

/** A mean and its error. */
export interface PairedDifference {
  /** Mean of the differences. */
  mean: number;
  /** Sample standard deviation / sqrt(n); `null` for fewer than two. */
  standardError: number | null;
}

/** The mean of paired differences; what is alike in both cancels in its error. `null` without any. */
export function pairedDifference(differences: readonly number[]): PairedDifference | null {
  const n = differences.length;
  if (n === 0) return null;
  const mean = differences.reduce((sum, value) => sum + value, 0) / n;
  if (n === 1) return { mean, standardError: null };
  const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (n - 1) / n) };
}
