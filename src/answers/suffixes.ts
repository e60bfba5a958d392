/** What stands behind a number and belongs to it: shares, scales, units, the ending of a place in a row. */

/** What stands behind a number. */
export interface Suffix {
  end: number;
  unit: string | null;
  divides: bigint | null;
  multiplies: bigint | null;
  ordinal: boolean;
}

const SHARE =
  /\s?(?:(%|percent(?:age points?)?(?![A-Za-z])|per cent(?![A-Za-z])|pct(?![A-Za-z]))|(‰|per ?mille?(?![A-Za-z])|permil(?:le)?(?![A-Za-z])))/iy;
const SCALE =
  /[ -](hundreds?|thousands?|lakhs?|millions?|crores?|billions?|trillions?)(?![A-Za-z])|([kK])(?![A-Za-z])/y;
const MONEY_SCALE = /([mMbB])n?(?![A-Za-z])/y;
const ORDINAL = /(?:st|nd|rd|th)(?![A-Za-z])/y;
const UNIT =
  /\s?(kg|mg|g|km\/h|mph|km|cm|mm|m|ms|s|min|h|ft|in(?! \d)|lb|lbs|oz|L|l|ml|kWh|W|V|A|Hz|Pa|J|K|°C|°F|°|℃|dollars?|cents?|euros?|pounds?|yuan|USD|EUR|GBP|CNY|RMB|JPY|meters?|metres?|kilometers?|kilometres?|miles?|feet|inches|hours?|minutes?|seconds?|days?|weeks?|months?|years?|degrees?|dozens?|€|£|¥|₹)(?![A-Za-z])(?:[23](?!\d))?|\s?(平方米|平方公里|立方米|公里|千米|厘米|毫米|千克|公斤|毫克|毫升|美元|欧元|人民币|小时|分钟|秒|天|周|个月|年|月|日|元|块|角|米|克|吨|升|斤|个|只|条|张|本|人|岁|次|度|分|名|位|棵|辆|件|台|套|页|支)/y;

const SCALES: Readonly<Record<string, bigint>> = {
  hundred: 100n,
  thousand: 10n ** 3n,
  lakh: 10n ** 5n,
  million: 10n ** 6n,
  crore: 10n ** 7n,
  billion: 10n ** 9n,
  trillion: 10n ** 12n,
  k: 10n ** 3n,
  m: 10n ** 6n,
  b: 10n ** 9n,
};

const match = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

/** @returns `null`: nothing of the kind. @param isMoney a currency stands before the number: "5M" is five million of it. */
export function behind(text: string, at: number, isMoney: boolean = false): Suffix | null {
  const plain = { divides: null, multiplies: null, ordinal: false };
  const share = match(SHARE, text, at);
  if (share)
    return share[1]
      ? { ...plain, end: at + share[0].length, unit: "%", divides: 100n }
      : { ...plain, end: at + share[0].length, unit: "‰", divides: 1000n };
  const ordinal = match(ORDINAL, text, at);
  if (ordinal) return { ...plain, end: at + ordinal[0].length, unit: null, ordinal: true };
  const scale = match(SCALE, text, at) ?? (isMoney ? match(MONEY_SCALE, text, at) : null);
  const end = scale ? at + scale[0].length : at;
  const multiplies = scale ? SCALES[(scale[1]?.replace(/s$/i, "") ?? scale[2]!).toLowerCase()]! : null;
  const unit = match(UNIT, text, end);
  if (!scale && !unit) return null;
  return { ...plain, end: unit ? end + unit[0].length : end, unit: unit ? unit[0].trim() : null, multiplies };
}
