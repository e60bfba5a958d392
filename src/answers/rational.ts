/** Numbers as they are written, without rounding: quotients of whole numbers. */

/** n / d with d > 0, not necessarily in lowest terms. */
export interface Rational {
  n: bigint;
  d: bigint;
}

/** More digits than this, or a larger exponent, is no number that anyone means; a double could not hold it either. */
const MOST_DIGITS = 300;

export const whole = (n: bigint | number): Rational => ({ n: BigInt(n), d: 1n });

/** "12.50", ".5" and "12" of digits and at most one point; `null`: too long. */
export function decimal(digits: string): Rational | null {
  if (digits.length > MOST_DIGITS) return null;
  const point = digits.indexOf(".");
  if (point < 0) return whole(BigInt(digits));
  const behind = digits.slice(point + 1);
  return { n: BigInt(digits.slice(0, point) + behind), d: 10n ** BigInt(behind.length) };
}

export const add = (a: Rational, b: Rational): Rational => ({ n: a.n * b.d + b.n * a.d, d: a.d * b.d });
export const times = (a: Rational, b: Rational): Rational => ({ n: a.n * b.n, d: a.d * b.d });
export const negative = ({ n, d }: Rational): Rational => ({ n: -n, d });

/** Whether they are one number, in lowest terms or not. */
export const areEqual = (a: Rational, b: Rational): boolean =>
  a.d === b.d ? a.n === b.n : a.n * b.d === b.n * a.d;

/** a / b; `null` where b is 0. */
export function over(a: Rational, b: Rational): Rational | null {
  if (b.n === 0n) return null;
  return b.n < 0n ? { n: -a.n * b.d, d: -a.d * b.n } : { n: a.n * b.d, d: a.d * b.n };
}

/** a to a whole power; `null`: too large, or 0 to a negative power. */
export function power(a: Rational, exponent: number): Rational | null {
  const size = Math.abs(exponent);
  const digits = Math.max(String(a.n).length, String(a.d).length);
  if (!Number.isSafeInteger(exponent) || size * digits > 2 * MOST_DIGITS) return null;
  const raised = { n: a.n ** BigInt(size), d: a.d ** BigInt(size) };
  return exponent < 0 ? over(whole(1), raised) : raised;
}

export function toNumber({ n, d }: Rational): number {
  return Number(n) / Number(d);
}

/** "3/4", "-12": equal for equal numbers. */
export function canonical({ n, d }: Rational): string {
  let [a, b] = [n < 0n ? -n : n, d];
  while (b !== 0n) [a, b] = [b, a % b];
  return d === a ? String(n / a) : `${n / a}/${d / a}`;
}
