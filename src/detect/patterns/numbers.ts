/** Numbers that the documents have another value for: what is neither there, nor rounded, converted or worked out from there. */
import type { WrittenDate } from "./calendar.ts";
import { type Context, type ContextQuantity, plain, topicsOf } from "./context.ts";
import { type Quantity, quantitiesIn } from "./quantities.ts";
import { type Found, quote, type SentenceRule } from "./rule.ts";

const ABOUT =
  /\b(?:about|around|approximately|approx\.?|roughly|nearly|almost|some|over|under|more than|less than|at least|up to|close to|just|circa|ca\.)\s*(?:[$€£¥])?$|(?:约|大约|近|将近|超过|左右|不到|接近|达)\s*$/iu;
/** Words of a number that was worked out. */
const DERIVED =
  /\b(?:per|each|every|average|mean|times|twice|ratio|percent|percentage|total|altogether|combined|together|sum|difference|more|less|fewer|left|remain\w*|later|earlier|after|before|between|until|times|half|twice|double|old|aged|ago|annual\w*|yearly|monthly|weekly|daily|hourly|quarterly|longer|shorter|higher|lower|gap|running|rise|increase|drop|fell|grew)\b|[%\uff05×=]|平均|每|倍|共|总|合计|相差|多|少|剩|后|前|比|差|岁/iu;
/** Of a number that was given for one stretch of time and is said for another: 300 a month are 3,600 a year. */
const PERIODS =
  /\b(?:a|an|per|each|every)\s(?:hour|day|week|month|quarter|year)\b|\b(?:hourly|daily|weekly|monthly|quarterly|yearly|annual\w*)\b|[\u6bcf\u5e74\u6708\u5468\u65e5\u5929]/iu;
const PERIODS_OF = [
  12,
  52,
  365,
  360,
  30,
  24,
  7,
  60,
  4,
  1 / 12,
  1 / 52,
  1 / 365,
  1 / 360,
  1 / 30,
  1 / 24,
  1 / 7,
  1 / 60,
  1 / 4,
];
/** With more numbers than this, some pair of them makes nearly every number: a pair has to be spoken of. */
const FEW = 30;
const MOST_OF_A_CLASS = 150;
const MOST_LOOKED_AT = 40;
/** A calculation before a number: its operator stands between digits. */
const RESULT =
  /[\d)%][^\d=\n]{0,20}[-+*/\u00d7\u00f7\u2212\u22c5x][^=\n]{0,40}[=\u2248]\s?[$\u20ac\u00a3\u00a5]?\s?$/u;
/** What is only said, not claimed of the documents' world. */
const SUPPOSED = /\b(?:if|suppose|imagine|assume|for example|e\.g\.|such as)\b|如果|假如|假设|例如|比如/iu;

export const numbersInContext: SentenceRule = ({ prose, text }, context) => {
  if (!context || context.documents === 0 || context.quantities.length + context.dates.length === 0)
    return [];
  if (/^\s*\|/.test(text) && context.quantities.length === 0) return [];
  const { quantities, dates } = quantitiesIn(withoutCitations(prose));
  if (quantities.length === 0 && dates.length === 0) return [];
  const isSupposed = SUPPOSED.test(prose);
  let topics: Set<string> | null = null;
  // Once, and not for each of its numbers.
  const speaks: Speaks = { ofDerived: DERIVED.test(prose), ofPeriods: PERIODS.test(prose) };
  const found: Found[] = [];
  for (const quantity of quantities) {
    // Whether "9 * 2 = $18" is right is the affair of arithmetic; from here on the answer may speak of the 18.
    if (RESULT.test(prose.slice(Math.max(0, quantity.start - 60), quantity.start))) {
      context.workedOut.add(quantity.value).add(quantity.written);
      continue;
    }
    if (context.workedOut.has(quantity.value)) continue;
    if (quantity.class === null || isSupported(quantity, context, prose, speaks)) continue;
    const same = context.byClass.get(quantity.class);
    if (!same || same.length === 0) continue;
    topics ??= topicsOf(prose);
    const { nearest, overlap } = nearestOf(quantity, same, context, topics);
    // A plain "3 things" in a text of many numbers is the answer's own count more often than not.
    if (Math.abs(quantity.value) <= 3 && overlap < 2) continue;
    found.push({
      kind: "number-not-in-context",
      start: quantity.start,
      end: quantity.end,
      strength: (overlap >= 2 ? 0.9 : 0.6) * (isSupposed ? 0.5 : 1),
      because: `${quote(quantity.text)} is not in the context; ${nearest.document} has ${quote(nearest.text)}.`,
      details: { nearest: nearest.text, document: nearest.document },
    });
  }
  return [...found, ...datesNotIn(dates, found, context, prose)];
};

/** The years of citations are the citations' affair, and figures in brackets name sources. */
const withoutCitations = (text: string): string =>
  text.replace(
    /\[\d{1,3}(?:[,\u2013-]\s?\d{1,3}){0,8}\]|[(（][^()（）\n]{0,80}?(?:19|20)\d\d[a-z]?[)）]/g,
    (match) => (/\p{L}/u.test(match) || /^[([（]\d/.test(match) ? "\ufffc".repeat(match.length) : match),
  );

/** What its sentence speaks of. */
interface Speaks {
  ofDerived: boolean;
  ofPeriods: boolean;
}

function isSupported(quantity: Quantity, context: Context, sentence: string, speaks: Speaks): boolean {
  const { value, written, start } = quantity;
  if (context.values.has(value) || context.values.has(written)) return true;
  const same = (context.byClass.get(quantity.class!) ?? []).slice(0, MOST_OF_A_CLASS);
  const about =
    ABOUT.test(sentence.slice(Math.max(0, start - 16), start)) ||
    /^\s?(?:or so|左右|多|余|ish\b)/.test(sentence.slice(quantity.end, quantity.end + 6));
  for (const other of same) {
    const distance = Math.abs(other.value - value);
    if (distance <= roundingOf(quantity, other)) return true;
    if (about && distance <= 0.05 * Math.abs(other.value)) return true;
  }
  return isWorkedOut(quantity, same, context, speaks);
}

/** How far apart they may be: by the answer's last place, if that is no coarser than a twentieth, and by conversion of units. */
function roundingOf(quantity: Quantity, other: Quantity): number {
  if (quantity.class === "year") return 0;
  const size = Math.abs(other.value);
  const isConverted =
    Math.abs(quantity.value - quantity.written) > 1e-12 !== Math.abs(other.value - other.written) > 1e-12;
  return Math.max(Math.min(quantity.rounding, 0.05 * size), isConverted ? 0.005 * size : 0) + 1e-9 * size;
}

/** Sums and differences of numbers of one kind; products, ratios and shares of any, where the sentence speaks of such. */
function isWorkedOut(
  quantity: Quantity,
  same: readonly ContextQuantity[],
  context: Context,
  { ofDerived, ofPeriods }: Speaks,
): boolean {
  const { value, written, rounding } = quantity;
  const close = (result: number): boolean =>
    Math.abs(result - value) <= Math.max(1e-9 * Math.abs(value), Math.min(rounding, 0.02 * Math.abs(value)));
  if (quantity.class !== "year" && (ofDerived || same.length <= FEW)) {
    if (context.pairs(quantity.class!).has(plain(value))) return true;
    // A sum that was rounded: 482 and 513 are about 1,000, and 634 less 332.9 is 301.
    if (rounding > 1 || same.some((each) => !Number.isInteger(each.value)))
      for (const [i, a] of same.slice(0, FEW).entries())
        for (const b of same.slice(i + 1, FEW))
          if (close(a.value + b.value) || close(Math.abs(a.value - b.value))) return true;
  }
  if (/^(?:noun:years?|age or years|duration)$|^%$/.test(quantity.class!)) {
    // A year more where both ends count.
    const gaps = context.pairs("year");
    if (gaps.has(plain(written)) || gaps.has(plain(written + 1))) return true;
  }
  if (ofPeriods && same.some((each) => PERIODS_OF.some((times) => close(each.value * times)))) return true;
  if (!ofDerived) return false;
  const years = context.byClass.get("year") ?? [];
  const all = context.quantities.slice(0, MOST_LOOKED_AT);
  if (quantity.class === "year")
    return years.slice(0, MOST_LOOKED_AT).some((year) =>
      all.some((n) => {
        const years = n.class === "months" ? n.written / 12 : n.written;
        const apart = Math.abs(Math.abs(value - year.value) - years);
        // Months that begin within a year end in this one or the next.
        return n.class !== "year" && (n.class === "months" ? apart < 1 : apart < 1e-9);
      }),
    );
  // A sum of all of a kind.
  if (same.length > 2 && close(same.reduce((sum, each) => sum + each.value, 0))) return true;
  const apart = Math.max(0.5 * 10 ** -decimalsOf(written), 1e-9 * written);
  const roundly = (result: number): boolean => Math.abs(result - written) <= apart;
  for (const a of all)
    for (const b of all) {
      if (a === b || b.written === 0) continue;
      const ratio = a.written / b.written;
      if (
        roundly(a.written * b.written) ||
        roundly(ratio) ||
        (isLike(a, b) && (roundly(100 * ratio) || roundly(100 * (ratio - 1)) || roundly(100 * (1 - ratio))))
      )
        return true;
      if (
        a.class === "%" &&
        (roundly((a.written / 100) * b.written) ||
          roundly((1 - a.written / 100) * b.written) ||
          roundly((1 + a.written / 100) * b.written))
      )
        return true;
    }
  return quantity.class === "%" && all.some((a) => a.class === "%" && roundly(100 - a.written));
}

/** Of what a share may be: two numbers of a kind, or of which one is named after nothing; never a percentage of anything else. */
const isLike = (a: Quantity, b: Quantity): boolean =>
  a.class === b.class || (a.class !== "%" && b.class !== "%" && (a.class === null || b.class === null));

const decimalsOf = (value: number): number =>
  Number.isInteger(value) ? 0 : Math.min(6, String(value).split(".")[1]?.length ?? 0);

/** The one whose sentence speaks of the same things; of equals the closest. */
function nearestOf(
  { value }: Quantity,
  same: readonly ContextQuantity[],
  context: Context,
  topics: ReadonlySet<string>,
): { nearest: ContextQuantity; overlap: number } {
  let best: { nearest: ContextQuantity; overlap: number } | null = null;
  for (const nearest of same.slice(0, MOST_LOOKED_AT)) {
    const overlap = context.overlap(topics, nearest.sentence);
    if (
      best === null ||
      overlap > best.overlap ||
      (overlap === best.overlap && Math.abs(nearest.value - value) < Math.abs(best.nearest.value - value))
    )
      best = { nearest, overlap };
  }
  return best!;
}

/** Dates of the answer that the documents have with another day or month. */
function datesNotIn(
  dates: readonly WrittenDate[],
  found: readonly Found[],
  context: Context,
  text: string,
): Found[] {
  const said = new Set(found.map(({ start }) => start));
  return dates.flatMap((date): Found[] => {
    const { start, end, year, month, day } = date;
    for (let at = start; at < end; at++) if (said.has(at)) return []; // its year is another
    const isSame = (other: WrittenDate): boolean =>
      other.month === month &&
      other.day === day &&
      (year === null || other.year === null || other.year === year);
    if (context.dates.some(isSame)) return [];
    const near =
      context.dates.find((other) => year !== null && other.year === year) ??
      context.dates.find((other) => year === null && other.month === month);
    if (!near) return [];
    const because = `${quote(text.slice(start, end))} is not in the context; ${near.document} has ${quote(near.text)}.`;
    return [
      {
        kind: "number-not-in-context",
        start,
        end,
        strength: 0.7,
        because,
        details: { nearest: near.text, document: near.document },
      },
    ];
  });
}
