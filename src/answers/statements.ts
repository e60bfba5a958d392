/**
 * Where a text says its answer: in a box, behind "####", behind words such as "the final answer is" or 答案是. Of several, the
 * last counts: what is said later takes earlier words back.
 */
import { boxesOf, undressed } from "./boxed.ts";
import { within } from "./extraction.ts";
import type { Prepared } from "./prepared.ts";

/** How an answer is marked. */
type MarkerRule = "boxed" | "####" | "final answer" | "answer";

/** A place where an answer is said. */
export interface Statement {
  rule: MarkerRule;
  /** Offsets in the prepared text of what follows the marker: to the end of its line, or of the next one if the line is empty. */
  start: number;
  end: number;
  /** "The answer is not ...", "cannot be determined": what follows is no answer. "not 5 but 6" is "6", and not denied. */
  denied: boolean;
}

/** Between a marker and its answer: spaces, emphasis, quotes, LaTeX's dollar. */
const GAP = /[\s*_`$"“”「」']{0,12}/y;
const MARKERS: readonly (readonly [MarkerRule, RegExp])[] = [
  ["####", /####[ \t]{0,3}(?=[$€£¥]?[-–−]?[$€£¥]?[\d.½\\(A-Za-z\u4e00-\u9fff])/g],
  [
    "final answer",
    /(?:(?<![A-Za-z])(?:final[ _-]?|finally,? the )answer(?![A-Za-z])|最终答案|最后答案|最终结果|最后结果)[^\n.:：=。]{0,60}?(?:(?:\b(?:is|are|be)\b|n't\b|是|为)(?:\s?[:：])?|[:：]|=|(?=\*\*\s{0,3}\n)|(?=\n))/gi,
  ],
  [
    "answer",
    /(?:(?<![A-Za-z])(?:answer|solution|result|ans)s?(?![A-Za-z])[^\n.:：=。]{0,60}?(?:(?:\b(?:is|are|be)\b|n't\b)(?:\s?[:：])?|[:：]|=)|(?:答案|结果|答|解(?!析))[^\n。:：=]{0,20}?(?:[:：]|】|(?:是|为|等于)(?:\s?[:：])?|=|应该选|选)|(?:所以|因此|故|应)(?:应?该?)选择?|(?:^|\n)[#*_ ]{1,8}answer[*_ ]{0,8}(?=\n))/gi,
  ],
];

/** A new question that the model goes on with by itself: what follows is no part of the answer. */
const RUN_ON = /\n[ \t]{0,4}(?:question|q|human|user|problem|问题|问|题目)\s?\d{0,3}\s?[:：]/i;

/** Where the answer ends because the model goes on with a question of its own. */
export function endOfAnswer(text: string): number {
  const first = text.search(/\S/);
  if (first < 0) return text.length;
  const match = RUN_ON.exec(text.slice(first));
  return match ? first + match.index : text.length;
}

/** All statements up to `until`, in order of where they end. */
export function statementsOf(prepared: Prepared, until: number): Statement[] {
  const { text } = prepared;
  const found: Statement[] = [];
  for (const box of boxesOf(text))
    if (box.close <= until) found.push({ rule: "boxed", ...undressed(prepared, box), denied: false });
  const finals = new Set<number>();
  for (const [rule, marker] of MARKERS)
    for (const match of text.matchAll(marker)) {
      const behind = match.index + match[0].length;
      if (behind > until) break;
      if (rule === "final answer") finals.add(behind);
      if (rule === "answer" && finals.has(behind)) continue; // "final answer is" also reads as "answer is"
      const end = endOfLine(text, behind, until);
      if (end === null) continue;
      const isDenied =
        DENYING.test(match[0].slice(-24)) ||
        NOT_KNOWN.test(text.slice(Math.max(0, match.index - 24), match.index));
      found.push({ rule, ...heldTo(text, behind, end, isDenied) });
    }
  return found.sort((a, b) => a.start - b.start || RANK[a.rule] - RANK[b.rule]);
}

/** At the end of a marker. */
const DENYING =
  /(?:\bnot|\bcannot|\bnever|n't)(?: \w+)?(?: be)?\s?[:：]?$|(?:不|不可能|不会|不应该?|并非)(?:是|为|等于)$/i;
/** Before a marker. */
const NOT_KNOWN =
  /(?:\b(?:not|n't|cannot|unable to) (?:\w+ )?(?:know|have|find|give|determine|sure of)|不知道|没有|无法(?:给出|确定)) ?(?:the |an |any |a )?(?:correct |right |final )?$|don't (?:know|have) (?:the |an )$/i;
/** At the beginning of what follows. */
const NOT =
  /^[\s*_`$"“']{0,8}(?:(?:definitely|certainly|probably|clearly|obviously|simply|actually) )?(?:not\b|neither\b|不是|并非|不等于)/i;
/** "not 5 but 6", "不是3，而是4" */
const BUT =
  /\b(?:but(?: rather)?|rather|instead)\b(?: (?:it )?is)?|[,;] ?it(?:'s| is)\b|而是|[，,；] ?(?:应该|应)?是/i;

/** What is said behind words that deny: what follows "but", if anything does. */
function heldTo(
  text: string,
  start: number,
  end: number,
  isDenied: boolean,
): Pick<Statement, "start" | "end" | "denied"> {
  const segment = text.slice(start, end);
  if (!isDenied && !NOT.test(segment)) return { start, end, denied: false };
  const but = BUT.exec(segment);
  return but
    ? { start: start + but.index + but[0].length, end, denied: false }
    : { start, end, denied: true };
}

const RETRACTION =
  /(?:\b(?:wait|hold on|oops|scratch that|correction|sorry|my (?:mistake|bad)|on second thoughts?|i (?:made|see|found) (?:a|an|my|the) (?:\w+ )?(?:mistake|error))\b|(?<=[.!?…;,—–(\n][ *]{0,3})(?:(?:actually|i mean(?:t)?)\b(?=[\s,.;:!—–-])|no\b(?=[\s,;:—–-])))(?:[\s,.;:!…—–-]+(?:wait|no(?=[,;:…—–-])|sorry|actually|hold on)\b)*(?=[\s,.;:!…—–-])[\s,.;:!…—–-]*|(?<=[。，,.！!？?；…\n ] {0,3}|^)(?:不对|等等|等一下|更正|不好意思|抱歉|(?:我)?[算写搞弄]错了?|不(?=[，,]))[，,。！!：:\s]*(?:(?:我)?[算写搞弄]错了?[，,。！!：:\s]*)?/gi;

/** Where the last words between `from` and `until` end that take back what was said, such as "wait, no"; `null`: there are none. */
function takenBack(text: string, from: number, until: number): number | null {
  let behind: number | null = null;
  const after = text.slice(from, Math.min(until, from + REACH));
  for (const match of after.matchAll(RETRACTION)) behind = from + match.index + match[0].length;
  return behind;
}
/** A correction comes soon. */
const REACH = 2000;

/** What may stand between "wait, no" and the right answer. */
const INSTEAD =
  /^[\s*_`$"'“(,:：，]*(?:(?:it|that|this|(?:the|my) (?:\w+ )?(?:answer|result|value|option|choice))?(?:'s|\s?(?:is|was|should|must|would|will|be|have|been|actually|in fact|rather))*(?:make (?:it|that))?(?:i mean(?:t)?)?|(?:正确)?(?:答案|结果)?(?:应该?|而)?(?:是|为|选))[\s*_`$"'“(:：]*$/i;

/**
 * What holds of an answer and what is said after it: the answer itself, what takes its place, or `null` where it is taken back and
 * what takes its place is not clear.
 * @param items of the same kind, in order
 */
export function afterRetraction<T extends { start: number; end: number }>(
  text: string,
  answer: T,
  items: readonly T[],
  until: number,
  isSame: (a: T, b: T) => boolean,
): T | null {
  const back = takenBack(text, answer.end, until);
  if (back === null) return answer;
  const later = within(items, back, Math.min(until, back + REACH));
  const [first] = later;
  if (!first) return answer;
  if (later.every((each) => isSame(each, first)) && INSTEAD.test(text.slice(back, first.start))) return first;
  return isSame(later.at(-1)!, answer) ? answer : null;
}

/** Of two at one place the box, then the more explicit words, come last. */
const RANK: Readonly<Record<MarkerRule, number>> = { answer: 0, "final answer": 1, "####": 2, boxed: 3 };
/** An answer is not longer. */
const MOST = 300;

/** End of the line that the answer behind a marker is on; `null`: nothing follows. */
function endOfLine(text: string, behind: number, until: number): number | null {
  GAP.lastIndex = behind;
  const start = behind + (GAP.exec(text)?.[0].length ?? 0);
  if (start >= until) return null;
  const most = Math.min(until, start + MOST);
  const line = text.slice(start, most).indexOf("\n");
  return line < 0 ? most : start + line;
}
