/** The confidence that a text states: "85.5", "90/100", "9 out of 10", 八成, "very confident", a range, or a refusal. */
import { type Extraction, type Missing, missing, quoted, within } from "./extraction.ts";
import type { Mention } from "./mention.ts";
import { type ReadOptions, readable } from "./number-answer.ts";
import { mentionsOf } from "./numbers.ts";
import { type PhraseMention, phrasesOf } from "./phrase-mentions.ts";
import { MASKED, type Prepared } from "./prepared.ts";
import { toNumber } from "./rational.ts";
import { refusalIn } from "./refusals.ts";

/** A scale: its smallest and its largest number. */
export interface ConfidenceScale {
  min: number;
  max: number;
}

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

/** Scales as texts name them: not confidences themselves. */
const NAMED_SCALE =
  /(?:\bscale\s(?:of|from)\s|\bfrom\s|\bbetween\s|\brange\s(?:of|from)\s|从|在)?\b(0|0\.0|1)\s?%?\s?(?:to|and|-|–|~|到|至)\s?(1|1\.0|5|7|10|100)\b\s?%?(?:\s?(?:之间|分))?|满分(?:为|是)?\s?(5|10|100)\s?分?/gi;
const MARKER =
  /\b(?:confidence|probability|certainty|likelihood|score|rating|P1)\b(?:\s(?:level|score|rating|value|estimate|that[^\n.:]{0,60}?|in[^\n.:]{0,60}?|of[^\n.:\d]{0,40}?))?[\s*_"'`)]{0,6}(?:is|are|would be|at|:|=|：)|(?:信心程度|信心水平|信心指数|信心分数|信心|置信度|把握|概率|可能性|确定程度|评分|得分|分数|打分)[^\n。:：\d]{0,12}?(?:[:：]|是|为|约|有|=)/gi;
/** What stands between the ends of a range. */
const TO = /^\s?(?:%|分)?\s?(?:-|–|—|~|to|and|到|至)\s?$/;
const AT_LEAST =
  /(?:>=?|≥|\bat least|\bover|\babove|\bmore than|\bgreater than|至少|超过|高于|大于|不低于)\s?$/i;
const AT_MOST =
  /(?:<=?|≤|\bat most|\bbelow|\bless than|\bunder|\bup to|至多|最多|低于|小于|不到|不超过)\s?$/i;
const OUT_OF = /^\s?(?:分)?\s?(?:out of|of|\/)\s?(?:a (?:possible|maximum) )?$/i;

interface Stated {
  start: number;
  end: number;
  value: number;
  range: readonly [number, number] | null;
  scale: ConfidenceScale | null;
  /** It says itself of how many it is: a percentage, "9 out of 10", 八成. */
  explicit: boolean;
  rule: string;
}

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
  const phrases = phrasesOf(prepared.text).filter(({ end }) => end <= until);
  const numbers = numbersOf(prepared, outsideOf(phrases, mentions), scale);
  const marked = markedNumber(prepared, numbers, until);
  if (marked) return marked;
  const level = markedLevel(prepared, until);
  if (level) return level;
  const explicit = numbers.filter((each) => isMissing(each.stated) || each.stated.explicit);
  for (const list of [explicit, phrases.length > 0 ? [] : numbers]) {
    if (list.length === 0) continue;
    return agreed(prepared, list);
  }
  const phrase = agreedPhrase(prepared, phrases);
  const refusal = refusalIn(prepared.text, phrases);
  if (refusal && (phrase === null || phrase.value === null || !isMarked(prepared, phrases)))
    return missing("refusal", `It declines: ${quoted(prepared.place(refusal.start, refusal.end).text)}`);
  if (phrase) return phrase;
  if (numbers.length > 0) return agreed(prepared, numbers);
  if (prepared.text.includes(MASKED))
    return missing("echo", "It repeats its prompt, and states no confidence");
  return missing("nothing", "It states no confidence");
}

/** Mentions that are no part of a phrase, such as 一半 of 可能性略大于一半. Both rise. */
function outsideOf(phrases: readonly PhraseMention[], mentions: readonly Mention[]): Mention[] {
  let next = 0;
  return mentions.filter(({ start, end }) => {
    while (next < phrases.length && phrases[next]!.end <= start) next++;
    const phrase = phrases[next];
    return phrase === undefined || phrase.start > start || phrase.end < end;
  });
}

interface ReadNumber {
  start: number;
  end: number;
  stated: Stated | Missing;
}

const isMissing = (stated: Stated | Missing): stated is Missing => stated.value === null;

function scalesIn({ text }: Prepared): { start: number; end: number; scale: ConfidenceScale }[] {
  return [...text.matchAll(NAMED_SCALE)].map((match) => {
    const [all, min, max, full] = match;
    const scale = full === undefined ? { min: Number(min), max: Number(max) } : { min: 0, max: Number(full) };
    return { start: match.index, end: match.index + all.length, scale };
  });
}

/** Numbers as confidences: ranges and "9 out of 10" joined. */
function numbersOf(
  prepared: Prepared,
  mentions: readonly Mention[],
  scale: ConfidenceScale | null,
): ReadNumber[] {
  const { text } = prepared;
  const found: ReadNumber[] = [];
  for (let i = 0; i < mentions.length; i++) {
    const first = mentions[i]!;
    const second = mentions[i + 1];
    const between = second ? text.slice(first.end, Math.min(second.start, first.end + 24)) : "";
    if (second && second.start - first.end < 24 && OUT_OF.test(between)) {
      found.push({ start: first.start, end: second.end, stated: shareOf(prepared, first, second) });
      i++;
    } else if (second && second.start - first.end < 24 && TO.test(between)) {
      found.push({ start: first.start, end: second.end, stated: rangeOf(prepared, first, second, scale) });
      i++;
    } else if (!first.lone)
      found.push({ start: first.start, end: first.end, stated: one(prepared, first, scale) });
  }
  return found;
}

function shareOf(prepared: Prepared, first: Mention, second: Mention): Stated | Missing {
  const { start, end } = { start: first.start, end: second.end };
  if (!first.value || !second.value) return notANumber(prepared, start, end);
  const [part, all] = [toNumber(first.value), toNumber(second.value)];
  if (all <= 0 || part < 0 || part > all) return outside(prepared, start, end, `0 ... ${all}`);
  return { start, end, value: part / all, range: null, scale: null, explicit: true, rule: "of a whole" };
}

function rangeOf(
  prepared: Prepared,
  first: Mention,
  second: Mention,
  scale: ConfidenceScale | null,
): Stated | Missing {
  const low = one(prepared, inUnitOf(first, second), scale);
  const high = one(prepared, second, scale);
  if (isMissing(low)) return low;
  if (isMissing(high)) return high;
  const [start, end] = [first.start, second.end];
  if (low.value > high.value)
    return missing("ambiguous", `${quoted(prepared.place(start, end).text)} is no range: its ends fall`);
  return {
    ...high,
    start,
    end,
    value: (low.value + high.value) / 2,
    range: [low.value, high.value],
    rule: "range",
  };
}

/** "80-90 %" and 八到九成: the first end is counted as the second is. */
function inUnitOf(first: Mention, second: Mention): Mention {
  if (first.written === null) return first;
  const { n, d } = first.written;
  if (second.unit === "%" && first.unit !== "%") return { ...first, unit: "%", value: { n, d: 100n * d } };
  if (second.form !== "chinese-tenths" || first.form === "chinese-tenths") return first;
  return { ...first, form: "chinese-tenths", value: { n, d: 10n * d } };
}

const notANumber = (prepared: Prepared, start: number, end: number): Missing =>
  missing("ambiguous", `${quoted(prepared.place(start, end).text)} is not one number that can be told`);

const outside = (prepared: Prepared, start: number, end: number, scale: string): Missing =>
  missing("outside", `${quoted(prepared.place(start, end).text)} lies outside ${scale}`);

/** One number on its scale. */
function one(prepared: Prepared, mention: Mention, scale: ConfidenceScale | null): Stated | Missing {
  const { start, end, value, unit, form, fraction } = mention;
  if (value === null) return notANumber(prepared, start, end);
  const x = toNumber(value);
  const made = (
    share: number,
    rule: string,
    explicit: boolean,
    used: ConfidenceScale | null = null,
  ): Stated | Missing => {
    if (!(share >= 0 && share <= 1))
      return outside(prepared, start, end, used ? `${used.min} ... ${used.max}` : "0 ... 1");
    const text = prepared.text.slice(Math.max(0, start - 16), start);
    const atLeast =
      AT_LEAST.test(text) ||
      /^\s?\+/.test(prepared.text.slice(end, end + 2)) ||
      prepared.text.startsWith("以上", end);
    const range = atLeast ? ([share, 1] as const) : AT_MOST.test(text) ? ([0, share] as const) : null;
    return {
      start,
      end,
      value: range ? (range[0] + range[1]) / 2 : share,
      range,
      scale: used,
      explicit,
      rule,
    };
  };
  if (unit === "%" || unit === "‰") return made(x, "percent", true);
  if (form === "chinese-tenths") return made(x, "tenths", true);
  if (fraction !== null || form === "chinese-fraction") return made(x, "of a whole", true);
  const hasPoint = form === "decimal" || form === "decimal-comma";
  if (scale === null) {
    if (x === 0 || (hasPoint && x > 0 && x <= 1)) return made(x, "probability", false, UNIT);
    if (x > 10 || x < 0) return made(x / 100, "of 100", false, HUNDRED);
    return missing(
      "ambiguous",
      `${quoted(prepared.place(start, end).text)} may be of 1, of 10 or of 100: no scale is named`,
    );
  }
  // Nobody means less than one percent by a number with decimals below 1.
  if (scale.max >= 10 && hasPoint && x > 0 && x <= 1) return made(x, "probability", false, UNIT);
  if (scale.max === 1 && x > 10 && x <= 100) return made(x / 100, "of 100", false, HUNDRED);
  return made((x - scale.min) / (scale.max - scale.min), "on the scale", false, scale);
}

const UNIT: ConfidenceScale = { min: 0, max: 1 };
const HUNDRED: ConfidenceScale = { min: 0, max: 100 };
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

/** Levels that say something only behind a marker, with this project's own numbers. */
const LEVELS: Readonly<Record<string, number>> = {
  "very high": 0.95,
  high: 0.85,
  medium: 0.5,
  moderate: 0.5,
  low: 0.2,
  "very low": 0.05,
  非常高: 0.95,
  很高: 0.9,
  较高: 0.75,
  高: 0.85,
  中等: 0.5,
  中: 0.5,
  较低: 0.3,
  低: 0.2,
  很低: 0.1,
  非常低: 0.05,
};
const LEVEL =
  /[\s*_"'`]{0,6}(?:(very high|high|medium|moderate|low|very low)(?![A-Za-z])|(非常高|很高|较高|高|中等|中|较低|低|很低|非常低))/iy;

/** "Confidence: high". */
function markedLevel(prepared: Prepared, until: number): StatedConfidence | null {
  let found: StatedConfidence | null = null;
  for (const marker of prepared.text.matchAll(MARKER)) {
    LEVEL.lastIndex = marker.index + marker[0].length;
    const match = LEVEL.exec(prepared.text);
    if (!match || LEVEL.lastIndex > until) continue;
    const word = (match[1] ?? match[2]!).toLowerCase();
    const end = LEVEL.lastIndex;
    found = {
      value: LEVELS[word]!,
      ...prepared.place(end - word.length, end),
      rule: "marked, level",
      range: null,
      scale: null,
    };
  }
  return found;
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
