/** Words for how likely something is, with the number that each stands for and where that number is from. */

/** Where a phrase's number is from. */
export type PhraseSource =
  /** Tian et al. 2023, "Just Ask for Calibration", arXiv 2305.14975, as LM-Polygraph 0.7 has it: medians of a survey. */
  | "tian-2023"
  /** Kent 1964, "Words of Estimative Probability": the CIA's scale. */
  | "kent-1964"
  /** uqlm 0.6, judge.py: "not sure" is one half. */
  | "uqlm"
  /** This project's, put between those of the others by sense; the Chinese ones by their English counterparts. No survey stands behind it. */
  | "ours";

/** A phrase and its probability. */
export interface ConfidencePhrase {
  phrase: string;
  language: "en" | "zh";
  /** 0 ... 1 */
  probability: number;
  source: PhraseSource;
}

const list = (
  language: "en" | "zh",
  source: PhraseSource,
  phrases: Readonly<Record<string, number>>,
): ConfidencePhrase[] =>
  Object.entries(phrases).map(([phrase, probability]) => ({ phrase, language, probability, source }));

/** The expressions that Tian et al. let a model choose from, in their order; "We Beleive" is spelled so in LM-Polygraph. */
export const TIAN_EXPRESSIONS: Readonly<Record<string, number>> = {
  "Almost Certain": 0.95,
  "Highly Likely": 0.9,
  "Very Good Chance": 0.8,
  "We Believe": 0.75,
  Probably: 0.7,
  Probable: 0.7,
  Likely: 0.7,
  "Better than Even": 0.6,
  "About Even": 0.5,
  "Probably Not": 0.25,
  "We Doubt": 0.2,
  Unlikely: 0.2,
  "Little Chance": 0.1,
  "Chances Are Slight": 0.1,
  Improbable: 0.1,
  "Highly Unlikely": 0.05,
  "Almost No Chance": 0.02,
};

/** The Chinese scale that a model is given to choose from: the counterparts of Tian's expressions. */
export const CHINESE_EXPRESSIONS: Readonly<Record<string, number>> = {
  几乎肯定: 0.95,
  极有可能: 0.9,
  很有可能: 0.8,
  比较有可能: 0.7,
  可能性略大于一半: 0.6,
  可能性各半: 0.5,
  不太可能: 0.2,
  可能性很小: 0.1,
  极不可能: 0.05,
  几乎不可能: 0.02,
};

/** How much, with the numbers that "sure", "likely" and "unsure" have then. */
const DEGREES: Readonly<Record<string, readonly [sure: number, likely: number, unsure: number]>> = {
  Absolutely: [1, 0.95, 0.1],
  Completely: [1, 0.95, 0.1],
  Totally: [1, 0.95, 0.1],
  Fully: [1, 0.95, 0.1],
  Entirely: [1, 0.95, 0.1],
  Extremely: [0.95, 0.95, 0.1],
  Highly: [0.9, 0.9, 0.2],
  Very: [0.9, 0.9, 0.2],
  Quite: [0.8, 0.8, 0.3],
  Pretty: [0.8, 0.8, 0.3],
  Fairly: [0.75, 0.75, 0.3],
  Reasonably: [0.75, 0.75, 0.35],
  Relatively: [0.7, 0.7, 0.35],
  Moderately: [0.6, 0.6, 0.4],
  Somewhat: [0.6, 0.6, 0.4],
  Slightly: [0.4, 0.55, 0.45],
  "A little": [0.4, 0.55, 0.45],
  "A bit": [0.4, 0.55, 0.45],
};

/** "Fairly certain" and the like; those that another source or line of the table has are left to it. */
function withDegrees(taken: readonly ConfidencePhrase[]): ConfidencePhrase[] {
  const known = new Set(taken.map(({ phrase }) => phrase.toLowerCase()));
  const made: Record<string, number> = {};
  const round = (x: number): number => Math.round(100 * x) / 100;
  for (const [degree, [sure, likely, unsure]] of Object.entries(DEGREES)) {
    for (const word of ["certain", "sure", "confident"]) made[`${degree} ${word}`] = sure;
    made[`${degree} likely`] = made[`${degree} probable`] = likely;
    made[`${degree} unlikely`] = made[`${degree} improbable`] = round(1 - likely);
    for (const word of ["unsure", "uncertain"]) made[`${degree} ${word}`] = unsure;
  }
  return list("en", "ours", made).filter(({ phrase }) => !known.has(phrase.toLowerCase()));
}

const TABLE: readonly ConfidencePhrase[] = [
  ...list("en", "tian-2023", { ...TIAN_EXPRESSIONS, "We Beleive": 0.75 }),
  ...list("en", "kent-1964", {
    Certain: 1,
    "Almost certainly": 0.93,
    "Almost certainly not": 0.07,
    "Chances about even": 0.5,
    Impossible: 0,
  }),
  ...list("en", "uqlm", {
    "Not sure": 0.5,
    "Not certain": 0.5,
    Unsure: 0.5,
    Uncertain: 0.5,
  }),
  ...list("en", "ours", {
    "Absolutely certain": 1,
    "Completely certain": 1,
    "Absolutely sure": 1,
    "Completely sure": 1,
    "100% sure": 1,
    "Extremely confident": 0.95,
    "Highly confident": 0.9,
    "Very confident": 0.9,
    "Very sure": 0.9,
    "Very certain": 0.95,
    "Very likely": 0.9,
    "Quite confident": 0.8,
    "Pretty confident": 0.8,
    "Fairly confident": 0.75,
    "Reasonably confident": 0.75,
    "Pretty sure": 0.8,
    "Fairly sure": 0.75,
    Confident: 0.8,
    Sure: 0.8,
    "High confidence": 0.85,
    "Moderately confident": 0.6,
    "Somewhat confident": 0.6,
    "Medium confidence": 0.5,
    "Moderate confidence": 0.5,
    "Low confidence": 0.2,
    "Not very confident": 0.3,
    "Not too confident": 0.3,
    "Not so confident": 0.3,
    "Not confident": 0.25,
    "Not very sure": 0.4,
    "Not so sure": 0.4,
    "Not entirely sure": 0.5,
    "Not completely sure": 0.6,
    "Not very likely": 0.2,
    "Not likely": 0.2,
    "Very unlikely": 0.1,
    "Very unsure": 0.2,
    "Not at all confident": 0.05,
    "Not at all sure": 0.1,
    "Not at all certain": 0.1,
    "Not entirely confident": 0.5,
    "Not completely confident": 0.5,
    "Not fully confident": 0.5,
    "Not entirely certain": 0.5,
    "Not completely certain": 0.6,
    "Not 100% sure": 0.6,
    "Not 100% certain": 0.6,
    "Not that confident": 0.3,
    "Not very certain": 0.4,
    "Not too sure": 0.4,
    "More likely than not": 0.6,
    "As likely as not": 0.5,
    "Less likely than not": 0.4,
    "Equally likely": 0.5,
    "Fifty-fifty": 0.5,
    "Full confidence": 1,
    "Complete confidence": 1,
    "Very high confidence": 0.95,
    "Very low confidence": 0.05,
    "Little confidence": 0.2,
    "No confidence": 0.05,
    "No idea": 0.05,
  }),
  ...list("zh", "ours", {
    ...CHINESE_EXPRESSIONS,
    完全确定: 1,
    完全肯定: 1,
    绝对确定: 1,
    百分之百确定: 1,
    几乎确定: 0.95,
    十分有信心: 0.9,
    非常有信心: 0.9,
    非常自信: 0.9,
    非常确定: 0.95,
    非常肯定: 0.95,
    信心很高: 0.85,
    很有信心: 0.85,
    很确定: 0.85,
    很有把握: 0.85,
    非常有把握: 0.9,
    比较有信心: 0.75,
    比较确定: 0.75,
    比较有把握: 0.75,
    有信心: 0.8,
    有把握: 0.8,
    确定: 0.8,
    极有可能: 0.9,
    很可能: 0.8,
    大概率: 0.8,
    可能: 0.6,
    一般: 0.5,
    不太确定: 0.4,
    不确定: 0.5,
    不能确定: 0.5,
    没有把握: 0.25,
    没把握: 0.25,
    不太有信心: 0.3,
    不太有把握: 0.3,
    没有信心: 0.2,
    无信心: 0.2,
    毫无信心: 0.05,
    无把握: 0.25,
    没什么把握: 0.2,
    没什么信心: 0.2,
    没有多大把握: 0.2,
    把握不大: 0.3,
    信心不大: 0.3,
    信心不高: 0.3,
    信心较低: 0.3,
    信心较高: 0.75,
    信心一般: 0.5,
    有一定把握: 0.6,
    有一定信心: 0.6,
    有点信心: 0.6,
    有些把握: 0.6,
    相当有把握: 0.85,
    相当有信心: 0.85,
    相当确定: 0.85,
    挺有把握: 0.8,
    挺有信心: 0.8,
    挺确定: 0.8,
    十足的把握: 1,
    十足把握: 1,
    不是很确定: 0.4,
    不是很有信心: 0.3,
    不是很有把握: 0.3,
    不是很肯定: 0.4,
    不太肯定: 0.4,
    不很确定: 0.4,
    不完全确定: 0.5,
    不十分确定: 0.5,
    不是非常确定: 0.5,
    五五开: 0.5,
    对半开: 0.5,
    一半一半: 0.5,
    信心不足: 0.3,
    信心很低: 0.1,
    不可能: 0,
    毫无把握: 0.05,
    完全没有信心: 0.05,
    完全不确定: 0.2,
  }),
];

/** All phrases that are read. */
export const CONFIDENCE_PHRASES: readonly ConfidencePhrase[] = [...TABLE, ...withDegrees(TABLE)];
