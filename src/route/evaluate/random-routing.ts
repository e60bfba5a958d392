/** Routing by chance, at the same rate, in closed form. */

/**
 * Chance that random routing would do at least as well: of all ways to send k of n questions the long way, the share whose sum
 * of right answers is not below the router's. Exact: the questions are of three kinds (the long way mends the answer, spoils it,
 * changes nothing), and how many of each are drawn is hypergeometric.
 * @param mends questions that only the long answer has right.
 * @param spoils questions that only the short answer has right.
 * @param n questions.
 * @param k questions that the router sends the long way.
 * @param gained right answers that the router has above always answering short.
 */
export function randomRoutingPValue(
  mends: number,
  spoils: number,
  n: number,
  k: number,
  gained: number,
): number {
  const logFactorials = new Float64Array(n + 1);
  for (let i = 2; i <= n; i++) logFactorials[i] = logFactorials[i - 1]! + Math.log(i);
  const logChoose = (from: number, some: number) =>
    logFactorials[from]! - logFactorials[some]! - logFactorials[from - some]!;
  const rest = n - mends - spoils;
  const all = logChoose(n, k);
  let sum = 0;
  for (let mended = Math.max(0, k - rest - spoils); mended <= Math.min(mends, k); mended++)
    for (
      let spoilt = Math.max(0, k - mended - rest);
      spoilt <= Math.min(spoils, k - mended, mended - gained);
      spoilt++
    )
      sum += Math.exp(
        logChoose(mends, mended) + logChoose(spoils, spoilt) + logChoose(rest, k - mended - spoilt) - all,
      );
  return Math.min(1, sum);
}
