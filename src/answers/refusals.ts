/** Words by which a model declines to say how sure it is. */

const REFUSAL =
  /\bas an? (?:ai|artificial intelligence|language model|large language model)\b|\bi(?:'m| am) (?:not able|unable) to\b|\bi (?:cannot|can't|can not|could not|couldn't|won't|will not|am not going to)\b|\bi (?:do not|don't) (?:have|possess|experience) (?:personal |any |the ability|feelings|emotions|opinions|confidence|a confidence)|\b(?:impossible|not possible) (?:for me )?to (?:assess|determine|say|give|provide)\b|(?:无法|不能|没办法|没法|难以)(?:对[^\n。]{0,12})?(?:评估|判断|确定|给出|提供|回答|估计|打分|评价)|作为(?:一个|一名)?(?:AI|人工智能|语言模型|大语言模型|助手)|我没有(?:个人|自己的|感情|情感|主观|信心程度)|我不会有/gi;

/** @param but what else stands in the text: 不能确定 is a phrase of the table, and declines nothing. */
export function refusalIn(
  text: string,
  but: readonly { start: number; end: number }[],
): { start: number; end: number } | null {
  for (const match of text.matchAll(REFUSAL)) {
    const [start, end] = [match.index, match.index + match[0].length];
    if (!but.some((other) => other.start <= start && end <= other.end)) return { start, end };
  }
  return null;
}
