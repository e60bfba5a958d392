/** Labels by which steps are referred to: "by step 2", "from (1)", "rule 3 says", "由步骤2", "式(1)". */
import { numberOf } from "../segment/index.ts";

const KINDS: readonly [kind: string, words: RegExp][] = [
  ["step", /\b(?:steps?)\s*#?\s*(\d{1,3})\b/giu],
  ["step", /第\s*(\d{1,3}|[一二三四五六七八九十]{1,3})\s*步|步骤\s*(\d{1,3}|[一二三四五六七八九十]{1,3})/gu],
  [
    "rule",
    /\b(?:[Rr]ules?|[Ff]acts?|[Pp]remises?)\s*#?\s*(\d{1,3}|[A-Z])\b|(?:规则|事实|前提)\s*(\d{1,3}|[一二三四五六七八九十]{1,3})/gu,
  ],
  [
    "equation",
    /\b(?:equations?|eqs?\.?|formulas?)\s*\(?(\d{1,3})\)?|(?:方程|等式|公式|式)\s*[(（]?(\d{1,3}|[一二三四五六七八九十])[)）]?/giu,
  ],
  ["lemma", /\b(?:[Ll]emma|[Cc]laim|[Tt]heorem|[Cc]ase|[Aa]ssumption)\s*(\d{1,3}|[A-Z])\b/gu],
];
/** "... (1)" at the end of a line numbers what stands before it; "(1)" elsewhere refers to it. */
const TAG = /[(（](\d{1,2})[)）]/gu;
const TAG_AT_END = /\s[(（](\d{1,2})[)）]\s*[.。]?\s*$/u;
/** The number that begins a step is no number of its reasoning. */
const NUMBERING =
  /^\s*(?:#{1,6}\s+|[-*+>]\s+)?(?:\*\*|__)?(?:steps?\s*#?\d{1,3}|第\s*\S{1,3}\s*步|步骤\s*\S{1,2}|[(（]\d{1,3}[)）]|\d{1,3}(?:[.)](?!\d)|[、．]))\s*[:：.]?/iu;

/** Labels of a step. */
export interface Labels {
  /** Those it sets up: its own number, "Rule 1:", "... (1)". */
  own: string[];
  /** Those it mentions, its own not among them. */
  labels: string[];
  /** The text with spaces in the place of labels, so that their numbers are not taken for values. As long as the text. */
  plain: string;
}

/** @param number what the step is numbered by; `null` = it is not. */
export function labelsOf(text: string, number: number | null): Labels {
  const own: string[] = [];
  const labels = new Set<string>();
  let plain = text;
  const blank = (start: number, end: number) => {
    plain = plain.slice(0, start) + " ".repeat(end - start) + plain.slice(end);
  };
  let behind = 0;
  if (number !== null) {
    own.push(`step ${number}`);
    if (/^\s*[(（]\d/.test(text)) own.push(`equation ${number}`); // "(1)" is how it is referred to
    behind = NUMBERING.exec(text)?.[0].length ?? 0;
    blank(0, behind);
  }
  const tag = TAG_AT_END.exec(plain);
  if (tag) {
    own.push(`equation ${tag[1]}`);
    blank(tag.index, plain.length);
  }
  const body = plain;
  for (const [kind, words] of KINDS)
    for (const match of body.matchAll(words)) {
      const label = `${kind} ${labelNumber((match[1] ?? match[2])!)}`;
      // "Rule 1: ..." sets the rule up; in the middle of a sentence it refers to it.
      const begins =
        body
          .slice(behind, match.index)
          .trim()
          .replace(/^(?:\*\*|__)/, "") === "" &&
        /^(?:\*\*|__)?\s*[:：.(（]/.test(body.slice(match.index + match[0].length));
      if (begins) own.push(label);
      else labels.add(label);
      blank(match.index, match.index + match[0].length);
    }
  for (const { 1: found, index, 0: all } of plain.matchAll(TAG)) {
    // f(2) and 3(4) are mathematics.
    if (
      /[\w)]\s*$/.test(plain.slice(0, index)) &&
      !/\b(?:from|by|in|into|using|and|with|of|to)\s*$/i.test(plain.slice(0, index))
    )
      continue;
    if (/^\s*[-+*/^=]/.test(plain.slice(index + all.length)) || /[-+*/^=]\s*$/.test(plain.slice(0, index)))
      continue;
    labels.add(`equation ${found}`);
    blank(index, index + all.length);
  }
  for (const label of own) labels.delete(label);
  return { own, labels: [...labels], plain };
}

const labelNumber = (text: string): string => `${numberOf(text) ?? text}`;
