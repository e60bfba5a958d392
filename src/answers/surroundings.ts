/** Whether a Chinese numeral is a number or a part of a word: 一 in 一个 and in 一定. */

/** 第三 is a place in a row. */
export const ORDINAL: RegExp = /第$/;

const HAN = /\p{Script=Han}/u;
/** What is counted by a number before it. */
const COUNTED = "个只条张本人岁次度分名位棵辆件台套页支元块角米克吨升斤天年月日周秒公千厘毫倍种";

/** Words that are no amount, though they begin as one does. */
const WORDS =
  /^(?:十分|万分|百分|千万|万一|万岁|一定|一样|一些|一般|一起|一直|一旦|一切|一下|一点|一会|一边|一共|一致|一方|一面|一部|一种|一个|一次)/;

/** One character among others counts only where something counted follows. @param one it is one character. */
export function isLoneNumeral(text: string, start: number, end: number, one: boolean): boolean {
  if (WORDS.test(text.slice(start, start + 2))) return true;
  if (!one) return false;
  const before = text.charAt(start - 1);
  const after = text.charAt(end);
  if (after !== "" && COUNTED.includes(after)) return false;
  return HAN.test(before) || HAN.test(after);
}
