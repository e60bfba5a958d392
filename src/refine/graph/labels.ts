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
/** How far is looked around a label. */
const TAG_REACH = 16;
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
  const behind = number === null ? 0 : (NUMBERING.exec(text)?.[0].length ?? 0);
  if (number !== null) own.push(`step ${number}`, `equation ${number}`); // "by (2)" may mean it
  const tag = TAG_AT_END.exec(text.slice(-TAG_REACH));
  const end = tag ? text.length - tag[0].length : text.length;
  if (tag) own.push(`equation ${tag[1]}`);
  const body = blanked(text, [
    [0, behind],
    [end, text.length],
  ]);
  const places: Place[] = [];
  for (const [kind, words] of KINDS)
    for (const match of body.matchAll(words)) {
      const label = `${kind} ${labelNumber((match[1] ?? match[2])!)}`;
      const [start, stop] = [match.index, match.index + match[0].length];
      // "Rule 1: ..." sets the rule up; in the middle of a sentence it refers to it.
      const isFirst = start - behind < TAG_REACH && /^\s*(?:\*\*|__)?\s*$/.test(body.slice(behind, start));
      if (isFirst && /^(?:\*\*|__)?\s*[:：.(（]/.test(body.slice(stop, stop + TAG_REACH))) own.push(label);
      else labels.add(label);
      places.push([start, stop]);
    }
  const unnamed = blanked(body, places);
  const tags: Place[] = [];
  for (const { 1: found, index, 0: all } of unnamed.matchAll(TAG)) {
    const before = unnamed.slice(Math.max(0, index - TAG_REACH), index);
    const after = unnamed.slice(index + all.length, index + all.length + TAG_REACH);
    // f(2), 3(4) and (5)+1 are mathematics.
    if (/[\w)]\s*$/.test(before) && !/\b(?:from|by|in|into|using|and|with|of|to)\s*$/i.test(before)) continue;
    if (/^\s*[-+*/^=]/.test(after) || /[-+*/^=]\s*$/.test(before)) continue;
    labels.add(`equation ${found}`);
    tags.push([index, index + all.length]);
  }
  for (const label of own) labels.delete(label);
  return { own, labels: [...labels], plain: blanked(unnamed, tags) };
}

/** Where a label stands: from, up to. */
type Place = readonly [start: number, end: number];

/** Spaces in the place of stretches. They may overlap. */
function blanked(text: string, places: readonly Place[]): string {
  let result = "";
  let at = 0;
  for (const [start, end] of [...places].sort(([a], [b]) => a - b)) {
    if (end <= at) continue;
    const from = Math.max(start, at);
    result += text.slice(at, from) + " ".repeat(end - from);
    at = end;
  }
  return result + text.slice(at);
}

const labelNumber = (text: string): string => `${numberOf(text) ?? text}`;
