/**
 * Arithmetic as it is written by hand, one column a line, so that every line asks for one small fact:
 *
 *     347+86: 7+6=13 gives 3        what is left : one column = its value gives the result so far
 *     34+8: 4+8+1=13 gives 33       the carry is the value without its last digit
 *     3+0: 3+0+1=4 gives 433        the last column gives the result
 *
 * What is left stands at the head of each line, so the digits that a line needs are its own or those of the line
 * before. All operands are integers below 2^53, not negative where it is not said otherwise.
 */

/** Lines, and what they come to. */
export interface Written {
  lines: string[];
  value: number;
}

const withoutLast = (digits: string): string => digits.slice(0, -1) || "0";

/** a + b. */
export function add(a: number, b: number): Written {
  const value = a + b;
  if (a < 10 && b < 10) return { lines: [`${a}+${b}=${value}`], value };
  const columns = Math.max(String(a).length, String(b).length);
  const lines: string[] = [];
  let [left, right, carry, result] = [String(a), String(b), 0, ""];
  for (let column = 1; column <= columns; column++) {
    const [x, y] = [left.at(-1)!, right.at(-1)!];
    const sum = Number(x) + Number(y) + carry;
    result = (column < columns ? String(sum % 10) : String(sum)) + result;
    lines.push(`${left}+${right}: ${x}+${y}${carry ? "+1" : ""}=${sum} gives ${result}`);
    [left, right, carry] = [withoutLast(left), withoutLast(right), Math.floor(sum / 10)];
  }
  return { lines, value };
}

/** a - b for a >= b. A column that borrows is written 4-8=6-10. */
function subtract(a: number, b: number): Written {
  const value = a - b;
  if (a < 10) return { lines: [`${a}-${b}=${value}`], value };
  const columns = String(a).length;
  const lines: string[] = [];
  let [left, right, borrow, result] = [String(a), String(b), 0, ""];
  for (let column = 1; column <= columns; column++) {
    const [x, y] = [left.at(-1)!, right.at(-1)!];
    const difference = Number(x) - Number(y) - borrow;
    const digit = (difference + 10) % 10;
    result = column < columns ? digit + result : String(value);
    const written = difference < 0 ? `${digit}-10` : String(digit);
    lines.push(`${left}-${right}: ${x}-${y}${borrow ? "-1" : ""}=${written} gives ${result}`);
    [left, right, borrow] = [withoutLast(left), withoutLast(right), difference < 0 ? 1 : 0];
  }
  return { lines, value };
}

/** a + b for integers of any sign; a line before the columns settles the sign, as in 4-24=-(24-4). */
export function addSigned(a: number, b: number): Written {
  const value = a + b;
  const [sizeA, sizeB] = [Math.abs(a), Math.abs(b)];
  const sum = `${a}${b < 0 ? "-" : "+"}${sizeB}`;
  if (a >= 0 && b >= 0) return add(a, b);
  if (sizeA < 10 && sizeB < 10) return { lines: [`${sum}=${value}`], value };
  if (a < 0 && b < 0) return { lines: [`${sum}=-(${sizeA}+${sizeB})`, ...add(sizeA, sizeB).lines], value };
  const [larger, smaller] = sizeA >= sizeB ? [sizeA, sizeB] : [sizeB, sizeA];
  const columns = subtract(larger, smaller).lines;
  if (a >= 0 && value >= 0) return { lines: columns, value };
  const difference = `${larger}-${smaller}`;
  return { lines: [`${sum}=${value < 0 ? `-(${difference})` : difference}`, ...columns], value };
}

/** a * by + plus, column by column of `a`; `by` and `plus` are small (at most two digits). */
export function multiply(a: number, by: number, plus: number = 0): Written {
  const value = a * by + plus;
  const more = (carry: number) => (carry ? `+${carry}` : "");
  if (a < 10 || by === 0) return { lines: [`${a}*${by}${more(plus)}=${value}`], value };
  const columns = String(a).length;
  const lines: string[] = [];
  let [left, carry, result] = [String(a), plus, ""];
  for (let column = 1; column <= columns; column++) {
    const x = left.at(-1)!;
    const product = Number(x) * by + carry;
    result = (column < columns ? String(product % 10) : String(product)) + result;
    const head = `${left}*${by}${column === 1 ? more(plus) : ""}`;
    lines.push(`${head}: ${x}*${by}${more(carry)}=${product} gives ${result}`);
    [left, carry] = [withoutLast(left), Math.floor(product / 10)];
  }
  return { lines, value };
}

/** a / by with its remainder, long division from the left; `by` is small (at most two digits). */
export function divide(a: number, by: number): Written & { remainder: number } {
  const [value, remainder] = [Math.floor(a / by), a % by];
  if (value < 10) return { lines: [`${a}/${by}=${value}r${remainder}`], value, remainder };
  const lines: string[] = [];
  const digits = String(a);
  // The first part is the shortest beginning that `by` goes into.
  let end = 1;
  while (Number(digits.slice(0, end)) < by) end++;
  let [part, result] = [Number(digits.slice(0, end)), ""];
  for (; end <= digits.length; end++) {
    const [quotient, rest] = [Math.floor(part / by), part % by];
    result += quotient;
    lines.push(`${part}${digits.slice(end)}/${by}: ${part}/${by}=${quotient}r${rest} gives ${result}`);
    part = rest * 10 + Number(digits.charAt(end));
  }
  return { lines, value, remainder };
}
