/** Levels of confidence: "high", 较高. They say something only behind a marker or as a whole text. */

/** Levels that say something only behind a marker, with this project's own numbers. */
const LEVELS: Readonly<Record<string, number>> = {
  "extremely high": 0.95,
  "very high": 0.95,
  high: 0.85,
  medium: 0.5,
  moderate: 0.5,
  low: 0.2,
  "very low": 0.05,
  "extremely low": 0.05,
  极高: 0.95,
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
  极低: 0.05,
};
const LEVEL =
  /[\s*_"'`]{0,6}(?:((?:extremely|very) (?:high|low)|high|medium|moderate|low)(?![A-Za-z])|(极高|非常高|很高|较高|高|中等|中|较低|低|很低|非常低|极低))/iy;
/** "moderate to high" and 中高 are no one level. */
const GOES_ON = /^(?:[ -]?(?:to|or|\/|and)[ -]?(?:high|medium|moderate|low|very)|[高低中等])/i;

/** A level of the table. */
export interface Level {
  start: number;
  end: number;
  value: number;
}

/** The level that stands at `from`, marks aside; `null`: none. */
export function levelAt(text: string, from: number): Level | null {
  LEVEL.lastIndex = from;
  const match = LEVEL.exec(text);
  if (!match) return null;
  const end = LEVEL.lastIndex;
  if (GOES_ON.test(text.slice(end, end + 16))) return null;
  const word = match[1] ?? match[2]!;
  return { start: end - word.length, end, value: LEVELS[word.toLowerCase()]! };
}
