/** Percentages: parts of a whole that do not make it, and shares of more than the whole. Growth of 120 % is fine. */
import { type Found, type Prepared, quote, type RunningRule, type SentenceRule } from "./rule.ts";

const PERCENT = /(?<![\d.,\u2013-])(\d{1,4}(?:\.\d{1,4})?)\s?(?:%|\uff05|percent\b|per cent\b)/giu;
/** The parts that follow are all there are. */
const WHOLE =
  /\b(?:(?:divided|split|broken down|breaks down)\s(?:into|between|among|as follows|up|equally)|consists? of|(?:made up|composed) of|comprises|breakdown)\b|分为|分成|划分为|由以下|构成(?:如下|为|：)/iu;
/** The parts are said to be the whole. */
const TOTAL =
  /(?:\btotal(?:l?ing| of)?|\baltogether|\badding up to|\bsum(?:s|ming)? to|合计|共计|总计|总和为)[^\d]{0,8}100\s?(?:%|\uff05|percent|per cent)/iu;
/** Parts that overlap, figures that are rounded, changes: no sum is claimed. */
const NO_SUM =
  /\b(?:rounding|rounded|do(?:es)? not add|don't add|not sum|overlap\w*|multiple (?:answers|choices|responses)|more than one|up from|down from|compared (?:with|to)|increase\w*|decrease\w*|rose|fell|grew|of which|of whom)\b|四舍五入|多选|可多选|重叠|其中又|增长|下降|上升/iu;
const CHANGE_BEFORE =
  /\b(?:by|from|than|to|up|down|plus|minus|over|under)\s$|[+\u2212-]$|(?:增长|下降|提高|降低|上升|减少)(?:了|到|至)?\s?$/iu;

interface Percent {
  start: number;
  end: number;
  value: number;
  decimals: number;
}

const percentsIn = (text: string): Percent[] =>
  [...text.matchAll(PERCENT)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    value: Number(match[1]),
    decimals: match[1]!.split(".")[1]?.length ?? 0,
  }));

/** Parts of a whole within a sentence. */
export const percentageSums: SentenceRule = ({ own }) => {
  if (!/[%\uff05]|per ?cent/i.test(own) || NO_SUM.test(own)) return [];
  const whole = WHOLE.exec(own);
  const total = TOTAL.exec(own);
  if (!whole && !total) return [];
  const from = whole?.index ?? 0;
  const totalEnd = total ? total.index + total[0].length : -1;
  const parts = percentsIn(own).filter(
    ({ start, end }) =>
      start >= from &&
      end !== totalEnd &&
      !(total && start > total.index && start < totalEnd) &&
      !CHANGE_BEFORE.test(own.slice(Math.max(0, start - 8), start)),
  );
  return sumOf(parts, true);
};

/** Parts that are many, or fewer than two, are no list of parts. */
function sumOf(parts: readonly Percent[], isWhole: boolean): Found[] {
  if (parts.length < 2 || parts.some(({ value }) => value >= 100)) return [];
  const sum = parts.reduce((total, { value }) => total + value, 0);
  // Each part may have been rounded by half of its last place.
  const rounding = parts.reduce((total, { decimals }) => total + 0.5 * 10 ** -decimals, 1e-9);
  const excess = sum - 100;
  if (Math.abs(excess) <= rounding || (excess < 0 && (!isWhole || sum < 50))) return [];
  const shown = Number(sum.toFixed(2));
  const because = `The parts make ${shown} %, not 100 %.`;
  return [
    {
      kind: "percentages-do-not-sum",
      start: parts[0]!.start,
      end: parts.at(-1)!.end,
      strength: 0.8,
      because,
      details: { sum: shown },
    },
  ];
}

const LIST_LINE = /^\s*(?:[-*\u2022+]|\d{1,2}[.)、])\s/;

/** Parts of a whole as lines of a list, below a line that says that they are all. */
export class PercentageLists implements RunningRule {
  #isOpen = false;
  #parts: Percent[] = [];

  see({ own, start, isCode }: Prepared): Found[] {
    const isLine = !isCode && LIST_LINE.test(own.slice(0, 40));
    if (isLine && this.#isOpen) {
      const [first, ...rest] = percentsIn(own);
      if (first && rest.length === 0 && !NO_SUM.test(own)) {
        this.#parts.push({ ...first, start: start + first.start, end: start + first.end });
        return [];
      }
      this.#isOpen = false;
      this.#parts = [];
      return [];
    }
    if (own.trim() === "") return [];
    const found = this.finish();
    this.#isOpen = !isCode && /[:\uff1a]\s*$/.test(own.slice(-20)) && WHOLE.test(own) && !NO_SUM.test(own);
    return found;
  }

  finish(): Found[] {
    const parts = this.#isOpen ? this.#parts : [];
    this.#isOpen = false;
    this.#parts = [];
    return sumOf(parts, true);
  }
}

const PEOPLE =
  "people|persons|respondents|participants|students|pupils|voters|members|patients|women|men|adults|children|users|customers|employees|workers|households|residents|citizens|subjects|teachers|americans|countries|cases|schools|companies|votes";
const ABOVE = new RegExp(
  String.raw`(?<![\d.,])(\d{3,5}(?:\.\d{1,2})?)\s?(?:%|percent\b|per cent\b)\sof\s(?:all\s|the\s|our\s|its\s|these\s|those\s){0,2}(?:\p{L}{3,14}\s)?(?:${PEOPLE})\b`,
  "giu",
);
const CHANCE =
  /\b(?:probability|chance|likelihood|accuracy|precision|recall)\s(?:of|is|was|at)\s(?:about\s|around\s|roughly\s)?(\d{3,5}(?:\.\d{1,2})?)\s?(?:%|percent\b|per cent\b)/giu;
const CHINESE_ABOVE =
  /(?<![\d.,])(\d{3,5}(?:\.\d{1,2})?)\s?[%\uff05]的(?:受访者|被调查者|学生|人口?|居民|员工|患者|用户|选民|参与者|女性|男性|成年人|儿童|家庭|公司|学校|顾客)|(?:概率|准确率|可能性|及格率|合格率|出勤率)(?:是|为|达到?|高达|约为?){0,2}(\d{3,5}(?:\.\d{1,2})?)\s?[%\uff05]/gu;
const FIGURATIVE =
  /\b(?:give|gave|giving|capacity|more than|increase|growth|grew|rise|rose|compared|not|cannot|impossible|error|never)\b|不可能|不能|错误|增长|相当于/iu;

/** More than all of a number of people, or a probability above 1. */
export const percentagesAbove: SentenceRule = ({ own }) => {
  if (!/\d{3}\s?(?:[%\uff05]|per)|\d\.\d{1,2}\s?(?:[%\uff05]|per)/.test(own) || FIGURATIVE.test(own))
    return [];
  return [...own.matchAll(ABOVE), ...own.matchAll(CHANCE), ...own.matchAll(CHINESE_ABOVE)].flatMap(
    (match): Found[] => {
      const value = Number(match[1] ?? match[2]);
      if (value <= 100) return [];
      const because = `${quote(match[0])} is more than there can be.`;
      return [
        {
          kind: "percentage-above-100",
          start: match.index,
          end: match.index + match[0].length,
          strength: 0.8,
          because,
        },
      ];
    },
  );
};
