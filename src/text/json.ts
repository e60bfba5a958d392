/**
 * What JSON.parse does not do.
 *
 * JSON has no Infinity: after a token of probability 0 a perplexity is the text "Infinity", as in protobuf's JSON, and
 * that token's ln p "-Infinity". `null` says only that there is no number.
 */

/** For JSON.stringify. */
export function infinityAsText(_key: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY ? String(value) : value;
}

/**
 * What is a number and never a text, and infinite where a token had probability 0, or where exp of finite nats passes
 * 1.8e308. A model, a document or a column may be called "Infinity" too.
 */
const NUMBERS = /nll|perplexity|logprob|^bitsPer|^standardError$|^(value|low|high)$/i;

/** For JSON.parse. */
export function infinityFromText(key: string, value: unknown): unknown {
  if ((key === "interval" || key === "nats") && Array.isArray(value)) return value.map(fromText);
  return NUMBERS.test(key) ? fromText(value) : value;
}

function fromText(value: unknown): unknown {
  return value === "Infinity" || value === "-Infinity" ? Number(value) : value;
}

/**
 * A key that one object has twice, of which JSON.parse keeps the last in silence; `null`: there is none.
 * @param json a text that JSON.parse reads.
 */
export function repeatedKey(json: string): string | null {
  const open: (Set<string> | null)[] = []; // keys of the objects around; null: a list
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === "{") open.push(new Set());
    else if (char === "[") open.push(null);
    else if (char === "}" || char === "]") open.pop();
    else if (char === '"') {
      const end = endOfText(json, i);
      const keys = open.at(-1);
      if (keys && isKey(json, end)) {
        const quoted = json.slice(i, end + 1);
        const key = quoted.includes("\\") ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
        if (keys.has(key)) return key;
        keys.add(key);
      }
      i = end;
    }
  }
  return null;
}

/** Place of the quotation mark that ends the text which begins with the one at `start`. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let escapes = 0;
    while (json[end - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return end;
  }
  return json.length;
}

/** Whether a colon follows the text that ends at `end`. */
function isKey(json: string, end: number): boolean {
  let next = end + 1;
  while (" \t\r\n".includes(json[next] ?? "x")) next++;
  return json[next] === ":";
}
