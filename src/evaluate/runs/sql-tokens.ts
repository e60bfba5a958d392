/** A query in its parts, as DuckDB's lexer (PostgreSQL's) tells them apart: what is text, and what is a word. */

/** A part of a query. */
export interface Token {
  /** "text": a plain 'text'. "name": a "quoted name". "other": a word or a sign. */
  kind: "text" | "name" | "other";
  /** A word in upper case, or a sign; "" for the other kinds. */
  word: string;
  /** What the quotes hold; "" for "other". */
  text: string;
}

const PART =
  /--[^\r\n]*|(?<comment>\/\*)|'(?<text>(?:[^']|'')*)'?|"(?<name>(?:[^"]|"")*)"?|(?<word>\w[\w$]*)|(?<sign>\S)/g;
/** Before a quote: it may be E'...', U&'...', or a letter of another script. */
const PREFIX = /[\w$&\u0080-\uffff]/;

/**
 * Words are of ASCII letters alone, so that none hides between other letters: more is taken for a word than DuckDB takes, and
 * never less.
 * @returns `null`: it holds texts of other forms (E'...', $$...$$), whose ends other lexers see elsewhere.
 */
export function tokensOf(query: string): Token[] | null {
  const tokens: Token[] = [];
  const part = new RegExp(PART);
  for (let match = part.exec(query); match; match = part.exec(query)) {
    const { comment, text, name, word, sign } = match.groups ?? {};
    if (comment !== undefined) part.lastIndex = endOfComment(query, part.lastIndex);
    else if (text !== undefined) {
      if (PREFIX.test(query[match.index - 1] ?? "")) return null;
      tokens.push({ kind: "text", word: "", text: text.replaceAll("''", "'") });
    } else if (name !== undefined) tokens.push({ kind: "name", word: "", text: name.replaceAll('""', '"') });
    else if (word !== undefined) tokens.push({ kind: "other", word: word.toUpperCase(), text: "" });
    else if (sign === "$") return null;
    else if (sign !== undefined) tokens.push({ kind: "other", word: sign, text: "" });
  }
  return tokens;
}

/** Comments nest. */
function endOfComment(query: string, from: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = from;
  let depth = 1;
  for (let match = mark.exec(query); match; match = mark.exec(query)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return query.length;
}
