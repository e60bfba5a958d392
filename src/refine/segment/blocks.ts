/** A text as lines and as blocks that are never cut: fenced code, tables, displayed formulas. */

/** A line with its line break, or a block of several. */
export interface Block {
  kind: "text" | "code" | "table" | "formula";
  /** UTF-16 code units from the beginning of the text. */
  start: number;
  end: number;
}

const FENCE = /^\s{0,3}(`{3,}|~{3,})/;
const TABLE_ROW = /^\s*\|.*\|\s*$/;
const TABLE_RULE = /^\s*\|?\s*:?-{3,}:?\s*(?:\|\s*:?-{3,}:?\s*)*\|?\s*$/;
const HAS_COLUMNS = /\S\s*\|\s*\S/;
/** Opening marks of displayed formulas, with what closes them. */
const FORMULAS = [
  { open: /^\s*\$\$/, close: /\$\$\s*\S{0,1}\s*$/, both: /^\s*\$\$[^$]+\$\$/ },
  { open: /^\s*\\\[/, close: /\\\]\s*\S{0,1}\s*$/, both: /\\\[.*\\\]/ },
  { open: /^\s*\\begin\{(?:align|equation|gather|array|cases)/, close: /\\end\{/, both: /\\end\{/ },
];

/** Lines, and blocks of them, one behind the other without a gap. A fence or formula without an end goes to the end of the text. */
export function blocksOf(text: string): Block[] {
  const lines = linesOf(text);
  const line = (i: number) => text.slice(lines[i]!.start, lines[i]!.end).replace(/[\r\n]+$/, "");
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length; ) {
    const { kind, to } = blockAt(line, i, lines.length);
    blocks.push({ kind, start: lines[i]!.start, end: lines[to - 1]!.end });
    i = to;
  }
  return blocks;
}

/** The block that begins with line i, up to line `to` (not included). */
function blockAt(line: (i: number) => string, i: number, count: number): { kind: Block["kind"]; to: number } {
  const first = line(i);
  const fence = FENCE.exec(first)?.[1];
  if (fence) {
    const closes = new RegExp(`^\\s{0,3}${fence[0]}{${fence.length},}\\s*$`);
    return { kind: "code", to: endBy((text) => closes.test(text), line, i + 1, count) };
  }
  if (isTable(line, i, count)) {
    let to = i + 1;
    while (
      to < count &&
      (TABLE_ROW.test(line(to)) || HAS_COLUMNS.test(line(to)) || TABLE_RULE.test(line(to)))
    )
      to++;
    return { kind: "table", to };
  }
  const formula = FORMULAS.find(({ open }) => open.test(first));
  if (formula) {
    if (formula.both.test(first)) return { kind: "formula", to: i + 1 };
    return { kind: "formula", to: endBy((text) => formula.close.test(text), line, i + 1, count) };
  }
  return { kind: "text", to: i + 1 };
}

/** Two rows with bars at both ends, or a head over a rule. */
function isTable(line: (i: number) => string, i: number, count: number): boolean {
  if (i + 1 >= count) return false;
  const [head, next] = [line(i), line(i + 1)];
  if (TABLE_ROW.test(head) && TABLE_ROW.test(next)) return true;
  return HAS_COLUMNS.test(head) && TABLE_RULE.test(next) && next.includes("|");
}

/** Behind the first line from `from` on that closes the block. */
function endBy(
  closes: (text: string) => boolean,
  line: (i: number) => string,
  from: number,
  count: number,
): number {
  for (let i = from; i < count; i++) if (closes(line(i))) return i + 1;
  return count;
}

/** Lines with their line breaks: \n, \r\n or \r. */
function linesOf(text: string): { start: number; end: number }[] {
  const lines: { start: number; end: number }[] = [];
  for (const { 0: found, index } of text.matchAll(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g))
    lines.push({ start: index, end: index + found.length });
  return lines;
}
