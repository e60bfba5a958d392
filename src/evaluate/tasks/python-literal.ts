/**
 * Lists and dictionaries as Python prints them: how RACE stores its problems, and what pandas writes into a CSV where a
 * column holds lists. Lists of numpy stand without commas, and as `array([...], dtype=object)`.
 */

/** Whether the whole text is one literal. */
export function isPythonLiteral(text: string): boolean {
  return read(text) !== null;
}

/** The value, as JSON would have it; tuples are lists. `null` where it is none. */
export function parsePythonLiteral(text: string): unknown {
  return read(text)?.value ?? null;
}

/** [token] brackets, strings and words, with the white space and commas before them. */
const TOKEN =
  /\s*(?:([[\](){}:,])|([rRuUbB]?'(?:[^'\\\n]|\\[\s\S])*'|[rRuUbB]?"(?:[^"\\\n]|\\[\s\S])*")|([A-Za-z_]\w*)|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(=))/y;

interface Reader {
  tokens: string[];
  at: number;
}

function read(text: string): { value: unknown } | null {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  let end = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
    tokens.push(match[0].trimStart());
    end = TOKEN.lastIndex;
  }
  if (tokens.length === 0 || text.slice(end).trim() !== "") return null;
  const reader = { tokens, at: 0 };
  try {
    const value = literalOf(reader);
    return reader.at === tokens.length ? { value } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

const WORDS: Readonly<Record<string, unknown>> = { True: true, False: false, None: null, nan: Number.NaN };

function literalOf(reader: Reader): unknown {
  const token = reader.tokens[reader.at++];
  if (token === undefined) throw new SyntaxError("the end");
  if (token === "[") return listOf(reader, "]");
  if (token === "(") return listOf(reader, ")");
  if (token === "{") return dictionaryOf(reader);
  if (token === "array") return arrayOf(reader);
  if (Object.hasOwn(WORDS, token)) return WORDS[token];
  if (/^[rRuUbB]?['"]/.test(token)) return textOf(token);
  const number = Number(token);
  if (!Number.isNaN(number)) return number;
  throw new SyntaxError(token);
}

function listOf(reader: Reader, close: string): unknown[] {
  const list: unknown[] = [];
  while (reader.tokens[reader.at] !== close) {
    list.push(literalOf(reader));
    if (reader.tokens[reader.at] === ",") reader.at++;
  }
  reader.at++;
  return list;
}

function dictionaryOf(reader: Reader): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  while (reader.tokens[reader.at] !== "}") {
    const key = literalOf(reader);
    if (typeof key !== "string") throw new SyntaxError("a key");
    take(reader, ":");
    entries.push([key, literalOf(reader)]);
    if (reader.tokens[reader.at] === ",") reader.at++;
  }
  reader.at++;
  return Object.fromEntries(entries);
}

/** `array([...], dtype=object)` */
function arrayOf(reader: Reader): unknown {
  take(reader, "(");
  const value = literalOf(reader);
  while (reader.tokens[reader.at] !== ")")
    if (reader.at++ >= reader.tokens.length) throw new SyntaxError("the end");
  reader.at++;
  return value;
}

function take(reader: Reader, token: string): void {
  if (reader.tokens[reader.at++] !== token) throw new SyntaxError(token);
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\x07",
  "0": "\0",
  "\n": "",
};

function textOf(token: string): string {
  const raw = /^[rR]/.test(token);
  const text = token.replace(/^[rRuUbB]/, "").slice(1, -1);
  if (raw) return text;
  return text.replace(
    /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[\s\S])/g,
    (whole, code: string) => {
      if (code.length > 1) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
      return ESCAPES[code] ?? (code === "\\" || code === "'" || code === '"' ? code : whole);
    },
  );
}
