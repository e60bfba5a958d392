/** JSON of whoever answers. */

/** What an index or a hub says is a few levels deep; each level of millions would cost a hundred times its bytes. */
const MOST_LEVELS = 64;
/** The page of a package with a hundred thousand files has as many; 32 MiB of "{}" would take a gigabyte. */
const MOST_VALUES = 2_000_000;

/** @throws Error (SyntaxError) where it is no JSON, nested deeper than any answer is, or more values. */
export function parseJson(text: string): unknown {
  let level = 0;
  let values = 1;
  const MARK = /["[\]{},]/g;
  for (let mark = MARK.exec(text); mark; mark = MARK.exec(text)) {
    if (mark[0] === '"') MARK.lastIndex = endOfString(text, mark.index + 1);
    else if (mark[0] === "]" || mark[0] === "}") level--;
    else {
      values++; // what stands in brackets, or after a comma
      if (mark[0] !== ",") level++;
    }
    if (values > MOST_VALUES) throw new SyntaxError(`it holds more than ${MOST_VALUES} values`);
    if (level > MOST_LEVELS) throw new SyntaxError(`it is nested more than ${MOST_LEVELS} levels deep`);
  }
  const value: unknown = JSON.parse(text);
  return value;
}

function endOfString(text: string, from: number): number {
  for (let at = from; ; ) {
    const close = text.indexOf('"', at);
    if (close < 0) return text.length;
    let before = close;
    while (text.charCodeAt(before - 1) === 0x5c && before > from) before--;
    if ((close - before) % 2 === 0) return close + 1;
    at = close + 1;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A number of bytes. */
export function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
