/** Numbers as confidences: on which scale, ranges, "9 out of 10". */
import { type Missing, missing, quoted } from "./extraction.ts";
import type { Mention } from "./mention.ts";
import type { Prepared } from "./prepared.ts";
import { toNumber } from "./rational.ts";
import type { ConfidenceScale } from "./scales.ts";

/** What stands between the ends of a range. */
const TO = /^\s?(?:%|分)?\s?(?:-|–|—|~|to|and|到|至)\s?$/;
const AT_LEAST =
  /(?:>=?|≥|\bat least|\bover|\babove|\bmore than|\bgreater than|至少|超过|高于|大于|不低于)\s?$/i;
const AT_MOST =
  /(?:<=?|≤|\bat most|\bbelow|\bless than|\bunder|\bup to|至多|最多|低于|小于|不到|不超过)\s?$/i;
const OUT_OF = /^\s?(?:分)?\s?\(?(?:times )?(?:out of|of|\/)\s?(?:a (?:possible|maximum) )?$/i;
/** "3 in 4", which are shares only where they say so: "85 in 2020" is none. */
const IN = /^ in $/i;
const CHANCE = /^ ?(?:chance|odds|probability|likelihood|cases|$)/i;

/** A number as a confidence. */
export interface Stated {
  start: number;
  end: number;
  value: number;
  range: readonly [number, number] | null;
  scale: ConfidenceScale | null;
  /** It says itself of how many it is: a percentage, "9 out of 10", 八成. */
  explicit: boolean;
  rule: string;
}

/** A number in a text, as a confidence or why it is none. */
export interface ReadNumber {
  start: number;
  end: number;
  stated: Stated | Missing;
}

export const isMissing = (stated: Stated | Missing): stated is Missing => stated.value === null;

/** Numbers as confidences: ranges and "9 out of 10" joined. */
export function numbersOf(
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
    if (
      second &&
      second.start - first.end < 24 &&
      (OUT_OF.test(between) || isChance(text, first, second, between))
    ) {
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

const isChance = (text: string, first: Mention, second: Mention, between: string): boolean =>
  IN.test(between) &&
  CHANCE.test(text.slice(second.end, second.end + 16)) &&
  first.value !== null &&
  second.value !== null &&
  toNumber(first.value) <= toNumber(second.value);

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
    if (
      /(?:\bnot|n't) (?:\w+ ){0,2}$/i.test(text) &&
      !/\b(?:less|more|under|over|below|above|just|only) $/i.test(text)
    )
      return missing(
        "ambiguous",
        `It denies ${quoted(prepared.place(start, end).text)}, and does not say how sure it is`,
      );
    const isQuoted = text.endsWith("<") && prepared.text[end] === ">"; // <85>
    const range = isQuoted
      ? null
      : atLeast
        ? ([share, 1] as const)
        : AT_MOST.test(text)
          ? ([0, share] as const)
          : null;
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
  if (fraction?.[0] === 50 && fraction[1] === 50) return made(0.5, "even", true); // "50/50"
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
