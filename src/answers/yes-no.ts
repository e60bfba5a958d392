/** Whether a text says yes or no, true or false, right or wrong, 是 or 否, 对 or 错. */
import { type Extraction, missing, within } from "./extraction.ts";
import { type ReadOptions, readable } from "./number-answer.ts";
import { isEcho } from "./placeholder.ts";
import { MASKED, type Prepared } from "./prepared.ts";
import { afterRetraction, type Statement, statementsOf } from "./statements.ts";

/** true: yes, or why neither. */
export type YesNoAnswer = Extraction<boolean>;

interface Verdict {
  start: number;
  end: number;
  value: boolean;
  /** Says nothing but this: "no" may also be an article, 对 a preposition, 是 "is". */
  strong: boolean;
}

/** Both are offered, and none is said. */
const OFFER =
  /\b(?:yes|true|right|correct)\s?(?:or|\/|and)\s?(?:no|false|wrong|incorrect)\b|\(a\)\s?true\b[^\n]{0,12}\n?\s{0,4}\(b\)\s?false\b|是不是|对不对|是否(?!定)|是或否|是\/否|对错|真假|正误|正确与否|对还是错|是还是否|正确还是错误/gi;

const VERDICT =
  /\b(?:(?:not|isn't|is not|n't|never|hardly)\s(?:\w{1,12}\s)?(true|correct|right|accurate|yes))\b|\b(?:(?:not|isn't|is not|n't)\s(?:\w{1,12}\s)?(false|wrong|incorrect))\b|\b(yes|yeah|yep|true|correct|affirmative)\b|\b(no|nope|false|incorrect|wrong|untrue|negative)\b|(不是(?:真|对)的|是[假错]的|是错误的|不(?:完全|太|怎么|大|很|那么)(?:正确|准确|对)|不是(?!(?:假|错|错误)的)|不对|不正确|不准确|并非(?!(?:错误|假|错)的?)|否定的|没错|不错|不会|不能|不可以|没有|否定|否|错误|错|假|不(?=$|[\s，,。.！!]))|(不是(?:假|错|错误)的|并非(?:错误|假|错)的?|是[真对]的|肯定的|是的|对的|正确|准确|肯定|可以|会的|真的|没问题|真|对|是)/gi;

const CHINESE_YES = /^(?:没错|不错|没问题)$/;
const WEAK =
  /^(?:no|right|wrong|correct|negative|没有|不会|不能|不可以|不是|不|真|真的|对|是|可以|肯定|否定|准确|错|假)$/i;
/** A "no" for itself: "No.", "in winter, no". */
const ALONE = /(?:^|[.?!,;:。？！，；：\n])[\s*"'“]{0,4}$/;
const CLOSED = /^[\s*"'”]{0,4}(?:$|[.,;!。，；！\n])|^ (?:in|for|because|since|as)\b/;
/** Words that make no verdict of the one that they hold. */
const DOUBTED =
  /\b(?:no|any|little) (?:evidence|proof|indication|reason) (?:that|to|of)\b[^.,;\n]{0,60}|不能说[^，。,\n]{0,12}/gi;

function verdictsOf(prepared: Prepared, until: number): { verdicts: Verdict[]; prepared: Prepared } {
  const offers = [OFFER, DOUBTED].flatMap((pattern) =>
    [...prepared.text.matchAll(pattern)].map(({ 0: all, index }) => [index, index + all.length] as const),
  );
  offers.sort((a, b) => a[0] - b[0]);
  const cleaned = prepared.masked(offers.filter(([start], i) => i === 0 || start >= offers[i - 1]![1]));
  const verdicts: Verdict[] = [];
  for (const match of cleaned.text.matchAll(VERDICT)) {
    const start = match.index;
    const end = start + match[0].length;
    if (end > until) break;
    const [all, notTrue, notFalse, yes, no, chineseNo, chineseYes] = match;
    const isYes =
      (notFalse ?? yes ?? chineseYes) !== undefined ||
      (chineseNo !== undefined && CHINESE_YES.test(chineseNo));
    const word = (yes ?? no ?? chineseNo ?? chineseYes ?? all)!;
    const strong =
      (notTrue ?? notFalse) !== undefined ||
      !WEAK.test(word) ||
      (/^no$/i.test(word) &&
        ALONE.test(cleaned.text.slice(Math.max(0, start - 6), start)) &&
        CLOSED.test(cleaned.text.slice(end, end + 9)));
    verdicts.push({ start, end, value: isYes, strong });
  }
  return { verdicts, prepared: cleaned };
}

/**
 * Whether a text answers yes or no. What is marked as an answer counts first, the last of it; then the first word; then what is
 * said in words that mean nothing else, if they agree.
 */
export function readYesNo(text: string, options: ReadOptions = {}): YesNoAnswer {
  const { prepared: whole, until } = readable(text, options);
  const { verdicts, prepared } = verdictsOf(whole, until);
  let problem: YesNoAnswer | null = null;
  for (const statement of statementsOf(prepared, until).reverse()) {
    const stated = inStatement(prepared, verdicts, statement);
    if (stated === "nothing") continue;
    if (typeof stated !== "string") {
      const holds = afterRetraction(prepared.text, stated, verdicts, until, (a, b) => a.value === b.value);
      if (holds) return found(prepared, holds, holds === stated ? statement.rule : "correction");
      return missing("ambiguous", "It takes its answer back, and does not say clearly what it is instead");
    }
    problem ??= missing("echo", "It repeats the placeholder of its prompt, and says neither yes nor no");
  }
  if (problem) return problem;
  const [first] = verdicts;
  if (
    first &&
    /^[\s*"'`“(✅❌✓✗✔✘☑]*$/.test(prepared.text.slice(0, first.start)) &&
    isEnded(prepared.text, first)
  )
    return found(prepared, first, "at the beginning");
  if (options.fallback === "none") return missing("nothing", "No words mark an answer");
  const strong = verdicts.filter((verdict) => verdict.strong);
  const last = strong.at(-1);
  if (!last) return missing("nothing", "It says neither yes nor no");
  if (options.fallback !== "last" && strong.some(({ value }) => value !== last.value))
    return missing("ambiguous", "It says both yes and no, and no words mark one as its answer");
  return found(
    prepared,
    last,
    strong.every(({ value }) => value === last.value) ? "only verdict" : "last verdict",
  );
}

const found = (prepared: Prepared, { start, end, value }: Verdict, rule: string): YesNoAnswer => ({
  value,
  ...prepared.place(start, end),
  rule,
});

/** "No, ..." says no; "No one knows" does not. */
function isEnded(text: string, { end, strong }: Verdict): boolean {
  if (strong) return true;
  return /^[\s*"'`”)]*(?:$|[,.;:!?\n，。；！、]|[-–—])/.test(text.slice(end, end + 6));
}

function inStatement(
  prepared: Prepared,
  verdicts: readonly Verdict[],
  { start, end }: Statement,
): Verdict | "nothing" | "echo" {
  const segment = prepared.text.slice(start, end);
  const [first] = within(verdicts, start, end);
  if (!first)
    return segment.includes(MASKED) && isEcho(segment.replace(/^[\s*_`$"]+/, "")) ? "echo" : "nothing";
  const before = prepared.text.slice(start, first.start);
  return /^[\s*_`$"“'({]*(?:(?:that |it |this |the [a-z]{1,20} )?is\s|definitely\s|most likely\s|\\text\{)?$/i.test(
    before,
  )
    ? first
    : "nothing";
}
