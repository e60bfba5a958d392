/**
 * Where a text says its answer: in a box, behind "####", behind words such as "the final answer is" or 答案是. Of several, the
 * last counts: what is said later takes earlier words back.
 */
import { boxesOf, undressed } from "./boxed.ts";
import type { Prepared } from "./prepared.ts";

/** How an answer is marked. */
type MarkerRule = "boxed" | "####" | "final answer" | "answer";

/** A place where an answer is said. */
export interface Statement {
  rule: MarkerRule;
  /** Offsets in the prepared text of what follows the marker: to the end of its line, or of the next one if the line is empty. */
  start: number;
  end: number;
}

/** Between a marker and its answer: spaces, emphasis, quotes, LaTeX's dollar. */
const GAP = /[\s*_`$"“”「」']{0,12}/y;
const MARKERS: readonly (readonly [MarkerRule, RegExp])[] = [
  ["####", /####[ \t]{0,3}(?=[$€£¥]?[-–−]?[$€£¥]?[\d.½\\(A-Za-z\u4e00-\u9fff])/g],
  [
    "final answer",
    /(?:\bfinal(?:ly,? the)? answer\b|最终答案|最后答案|最终结果|最后结果)[^\n.:：=。]{0,60}?(?:(?:\bis\b|\bare\b|\bbe\b|是|为)(?:\s?[:：])?|[:：]|=|(?=\*\*\s{0,3}\n)|(?=\n))/gi,
  ],
  [
    "answer",
    /(?:\b(?:answer|solution|result|ans)\b[^\n.:：=。]{0,60}?(?:(?:\bis\b|\bare\b|\bbe\b)(?:\s?[:：])?|[:：]|=)|(?:答案|结果|答|解)[^\n。:：=]{0,20}?(?:[:：]|(?:是|为|等于)(?:\s?[:：])?|=|应该选|选)|(?:所以|因此|故|应)(?:应?该?)选择?|(?:^|\n)[#*_ ]{1,8}answer[*_ ]{0,8}(?=\n))/gi,
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
    if (box.close <= until) found.push({ rule: "boxed", ...undressed(prepared, box) });
  const finals = new Set<number>();
  for (const [rule, marker] of MARKERS)
    for (const match of text.matchAll(marker)) {
      const behind = match.index + match[0].length;
      if (behind > until) break;
      if (rule === "final answer") finals.add(behind);
      if (rule === "answer" && finals.has(behind)) continue; // "final answer is" also reads as "answer is"
      const end = endOfLine(text, behind, until);
      if (end !== null) found.push({ rule, start: behind, end });
    }
  return found.sort((a, b) => a.start - b.start || RANK[a.rule] - RANK[b.rule]);
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
