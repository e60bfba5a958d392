/** New values in a line of JSON, and every other byte of it as it was: numbers, key order, escapes, white space. */

/** A place within a JSON value: keys and indices from the outside in. */
export type JsonPath = readonly (string | number)[];

/** What is to stand in a place. */
export interface Change {
  path: JsonPath;
  value: unknown;
}

/**
 * The line with new values.
 * @param line JSON that JSON.parse reads. @param changes places that are there, none within another.
 * @throws {Error} where there is no such place.
 */
export function spliceJson(line: string, changes: readonly Change[]): string {
  const spans = changes
    .map(({ path, value }) => ({ ...spanOf(line, path), value }))
    .sort((a, b) => a.start - b.start);
  let text = "";
  let at = 0;
  for (const { start, end, value } of spans) {
    text += line.slice(at, start) + JSON.stringify(value);
    at = end;
  }
  return text + line.slice(at);
}

/** Where the value of a path stands. */
function spanOf(json: string, path: JsonPath): { start: number; end: number } {
  let at = blankEnd(json, 0);
  for (const key of path) at = enter(json, at, key);
  return { start: at, end: valueEnd(json, at) };
}

/** Start of a member's or an element's value. @param at start of an object or a list. */
function enter(json: string, at: number, wanted: string | number): number {
  const isList = json[at] === "[";
  let found: number | null = null;
  let index = 0;
  for (let i = blankEnd(json, at + 1); json[i] !== "]" && json[i] !== "}" && i < json.length; ) {
    let key: string | number = index++;
    if (!isList) {
      const end = textEnd(json, i);
      key = String(JSON.parse(json.slice(i, end)));
      i = blankEnd(json, blankEnd(json, end) + 1); // behind the colon
    }
    if (key === wanted) found = i; // of a key that is there twice, JSON.parse takes the last
    i = blankEnd(json, valueEnd(json, i));
    if (json[i] === ",") i = blankEnd(json, i + 1);
  }
  if (found === null) throw new Error(`There is no ${JSON.stringify(wanted)} in the line`);
  return found;
}

function valueEnd(json: string, at: number): number {
  const first = json[at];
  if (first === '"') return textEnd(json, at);
  if (first !== "{" && first !== "[") {
    let end = at;
    while (end < json.length && !/[\s,\]}]/.test(json[end]!)) end++;
    return end;
  }
  let depth = 0;
  for (let i = at; i < json.length; i++) {
    const char = json[i];
    if (char === '"') i = textEnd(json, i) - 1;
    else if (char === "{" || char === "[") depth++;
    else if ((char === "}" || char === "]") && --depth === 0) return i + 1;
  }
  return json.length;
}

/** Behind the closing quotation mark. */
function textEnd(json: string, at: number): number {
  let i = at + 1;
  while (i < json.length && json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
  return i + 1;
}

function blankEnd(json: string, at: number): number {
  let i = at;
  while (i < json.length && " \t\r\n".includes(json[i]!)) i++;
  return i;
}
