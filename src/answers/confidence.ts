/** The confidence that a text states: "85.5", "90/100", "9 out of 10", 八成, "very confident", a range, or a refusal. */
import { type Extraction, type Missing, missing, quoted, within } from "./extraction.ts";
import { levelAt } from "./levels.ts";
import type { Mention } from "./mention.ts";
import { isWhole, type ReadOptions, readable } from "./number-answer.ts";
import { mentionsOf } from "./numbers.ts";
import { type PhraseMention, phrasesOf } from "./phrase-mentions.ts";
import { MASKED, type Prepared } from "./prepared.ts";
import { refusalIn } from "./refusals.ts";
import { type ConfidenceScale, scalesIn } from "./scales.ts";
import { isMissing, numbersOf, type ReadNumber, type Stated } from "./stated-numbers.ts";

/** Options of `readConfidence`. */
export interface ReadConfidenceOptions extends Omit<ReadOptions, "fallback"> {
  /**
   * The scale that was asked for. Default: unknown, so that a bare number from 1 to 10 is ambiguous, unless the text names a
   * scale.
   */
  scale?: ConfidenceScale | undefined;
}

/** What is known of a confidence beside its value. */
export interface ConfidenceFacts {
  /** Of a range such as "80-90 %" or "at least 90 %": its ends; `value` is their middle. `null`: one number. */
  range: readonly [low: number, high: number] | null;
  /** The scale that a bare number was read on; `null`: it says itself of how many it is, or is a phrase. */
  scale: ConfidenceScale | null;
}

/** A confidence, 0 ... 1, or why there is none. */
export type StatedConfidence = Extraction<number, ConfidenceFacts>;

const MARKER =
  /\b(?:confidence|probability|certainty|likelihood|score|rating|P1)\b(?:\s(?:level|score|rating|value|estimate|that[^\n.:]{0,60}?|in[^\n.:]{0,60}?|of[^\n.:\d]{0,40}?))?[\s*_"'`)]{0,6}(?:is|are|would be|at|:|=|：)|(?:信心程度|信心水平|信心指数|信心分数|信心|置信度|把握|概率|可能性|确定程度|评分|得分|分数|打分)[^\n。:：\d]{0,12}?(?:[:：]|是|为|约|有|=|(?=\s?\d))/gi;
/** "The probability that a die shows 6" is none that an answer is right. */
const OF_SOMETHING =
  /\s(?:that|of|in)\s(?!.*\b(?:answer|guess|response|solution|correct|right|true|above|it|this|my)\b)/i;

/**
 * The confidence that a text states. A number behind a word such as "Confidence:" or 置信度 counts first, the last of them; then
 * one that says of how many it is; then the only number; then a phrase of the table. Two that differ are ambiguous, and a number
 * outside its scale is refused.
 */
export function readConfidence(text: string, options: ReadConfidenceOptions = {}): StatedConfidence {
  const { prepared: whole, until } = readable(text, options);
  const named = scalesIn(whole);
  const prepared = whole.masked(named.map(({ start, end }) => [start, end] as const));
  const scale = named.at(-1)?.scale ?? options.scale ?? null; // what the text names is what it means
  const mentions = mentionsOf(prepared).filter(({ end, ordinal }) => end <= until && !ordinal);
  const said = phrasesOf(prepared.text).filter(({ end }) => end <= until);
  const phrases = said.filter(({ denied }) => !denied);
  const numbers = withoutOthers(prepared.text, numbersOf(prepared, outsideOf(phrases, mentions), scale));
  const marked = markedNumber(prepared, numbers, until);
  if (marked) return marked;
  const level = markedLevel(prepared, until);
  if (level) return level;
  const line = firstLine(prepared, numbers, until);
  if (line) return published(prepared, line.stated);
  const explicit = numbers.filter((each) => isMissing(each.stated) || each.stated.explicit);
  for (const list of [explicit, phrases.length > 0 ? [] : numbers]) {
    if (list.length === 0) continue;
    return agreed(prepared, list);
  }
  const beside = numbers.find(({ start }) =>
    phrases.some(({ end }) => /^ ?\($/.test(prepared.text.slice(end, start))),
  );
  if (beside) return published(prepared, beside.stated); // "Very high (95)"
  const phrase = agreedPhrase(prepared, phrases);
  const refusal = refusalIn(prepared.text, phrases);
  const isAnswered =
    phrase !== null &&
    phrase.value !== null &&
    (isMarked(prepared, phrases) || isInstead(prepared.text, refusal, phrase));
  if (refusal && !isAnswered)
    return missing("refusal", `It declines: ${quoted(prepared.place(refusal.start, refusal.end).text)}`);
  if (phrase) return phrase;
  if (numbers.length > 0) return agreed(prepared, numbers);
  const [denied] = said.filter((each) => each.denied);
  if (denied)
    return missing("ambiguous", `It denies ${quoted(denied.phrase)}, and does not say how sure it is`);
  if (prepared.text.includes(MASKED))
    return missing("echo", "It repeats its prompt, and states no confidence");
  return missing("nothing", "It states no confidence");
}

/** Without what stands in one sentence behind a probability of something else. */
function withoutOthers(text: string, numbers: readonly ReadNumber[]): readonly ReadNumber[] {
  const others = [...text.matchAll(MARKER)].filter(([marker]) => OF_SOMETHING.test(marker));
  if (others.length === 0) return numbers;
  const left = new Set(numbers);
  for (const { 0: marker, index } of others) {
    const behind = index + marker.length;
    const sentence =
      /^[^\n。]*?(?:[.!?](?=\s|$)|\n|。|$)/.exec(text.slice(behind, behind + REACH))?.[0].length ?? 0;
    for (const each of within(numbers, behind, behind + sentence)) left.delete(each);
  }
  return [...left];
}

/** "I cannot give a number, but I am very confident." */
const isInstead = (text: string, refusal: { end: number } | null, phrase: { start: number }): boolean =>
  refusal === null ||
  (phrase.start > refusal.end && /\b(?:but|however)\b|但|不过/i.test(text.slice(refusal.end, phrase.start)));

/** A number that the first line is, with other lines behind it: an answer and its explanation. */
function firstLine({ text }: Prepared, numbers: readonly ReadNumber[], until: number): ReadNumber | null {
  const [first] = numbers;
  if (!first || text.slice(0, first.start).trim().length > 3) return null;
  const rest = text.slice(first.end, until);
  const isLine = /^[\s*_`"'.。分)]{0,6}\n\s*\S/.test(rest.slice(0, 40));
  return isLine && !numbers.some(({ start }) => start > first.end && isLineStart(text, start)) ? first : null;
}

const isLineStart = (text: string, at: number): boolean =>
  /\n[\s*_]{0,4}$/.test(text.slice(Math.max(0, at - 5), at));

/** Mentions that are no part of a phrase, such as 一半 of 可能性略大于一半. Both rise. */
function outsideOf(phrases: readonly PhraseMention[], mentions: readonly Mention[]): Mention[] {
  let next = 0;
  return mentions.filter(({ start, end }) => {
    while (next < phrases.length && phrases[next]!.end <= start) next++;
    const phrase = phrases[next];
    return phrase === undefined || phrase.start > start || phrase.end < end;
  });
}

/** A confidence stands no further behind its marker. */
const REACH = 80;

/** The number behind the last marker that has one. */
function markedNumber(
  prepared: Prepared,
  numbers: readonly ReadNumber[],
  until: number,
): StatedConfidence | null {
  let found: StatedConfidence | null = null;
  for (const marker of prepared.text.matchAll(MARKER)) {
    if (OF_SOMETHING.test(marker[0])) continue;
    const behind = marker.index + marker[0].length;
    const line = prepared.text.slice(behind, Math.min(until, behind + REACH)).search(/\S\s*\n/);
    const inside = within(numbers, behind, line < 0 ? Math.min(until, behind + REACH) : behind + line + 1);
    const explicit = inside.filter(({ stated }) => !isMissing(stated) && stated.explicit);
    const list = explicit.length > 0 ? explicit : inside;
    const [first] = list;
    if (!first) continue;
    const isNext = /^[\s*_"'`$(]{0,8}(?:about |around |approximately |roughly |约|大约|大概)?$/.test(
      prepared.text.slice(behind, first.start),
    );
    found = isNext ? published(prepared, first.stated, "marked, ") : agreed(prepared, list, "marked, ");
  }
  return found;
}

/** "Confidence: high", or "High" alone. */
function markedLevel(prepared: Prepared, until: number): StatedConfidence | null {
  const { text } = prepared;
  let found: { start: number; end: number; value: number; rule: string } | null = null;
  for (const marker of text.matchAll(MARKER)) {
    const level = levelAt(text, marker.index + marker[0].length);
    if (level && level.end <= until) found = { ...level, rule: "marked, level" };
  }
  const alone = found ? null : levelAt(text, 0);
  if (alone && isWhole(prepared, until, alone.start, alone.end)) found = { ...alone, rule: "level" };
  if (!found) return null;
  const { start, end, value, rule } = found;
  return { value, ...prepared.place(start, end), rule, range: null, scale: null };
}

/** Of several numbers: what they agree on. */
function agreed(prepared: Prepared, list: readonly ReadNumber[], prefix: string = ""): StatedConfidence {
  const last = list.at(-1)!.stated;
  const values = new Set(list.map(({ stated }) => stated.value));
  if (values.size === 1) return published(prepared, last, prefix);
  const readable = list.filter(({ stated }) => !isMissing(stated));
  if (readable.length === 0) return published(prepared, last, prefix);
  return missing("ambiguous", `It states ${list.length} numbers, and not which is its confidence`);
}

function published(prepared: Prepared, stated: Stated | Missing, prefix: string = ""): StatedConfidence {
  if (isMissing(stated)) return stated;
  const { value, start, end, rule, range, scale } = stated;
  return { value, ...prepared.place(start, end), rule: prefix + rule, range, scale };
}

function agreedPhrase(prepared: Prepared, phrases: readonly PhraseMention[]): StatedConfidence | null {
  const last = phrases.at(-1);
  if (!last) return null;
  if (phrases.some(({ probability }) => probability !== last.probability))
    return missing(
      "ambiguous",
      `It says ${phrases.map(({ phrase }) => quoted(phrase)).join(" and ")}`.slice(0, 300),
    );
  const { start, end, probability, source } = last;
  return {
    value: probability,
    ...prepared.place(start, end),
    rule: `phrase, ${source}`,
    range: null,
    scale: null,
  };
}

/** The phrase stands where a confidence was to stand. */
const isMarked = ({ text }: Prepared, phrases: readonly PhraseMention[]): boolean =>
  phrases.some(({ start }) =>
    /(?:confidence|信心程度|置信度)[\s*]{0,3}(?:is|[:：=是为])[\s*]{0,3}$/i.test(
      text.slice(Math.max(0, start - 24), start),
    ),
  );
