/** What a step is for, by its first words: PIR prunes only steps that do not carry the solution forward. */

/**
 * As PIR (Xiao and others 2025, arXiv 2505.19187) classes them: "progressive" steps carry the solution; the others are functional.
 */
export const STEP_PURPOSES = ["progressive", "verification", "multi-method", "error-correction"] as const;
/** One of STEP_PURPOSES. */
export type StepPurpose = (typeof STEP_PURPOSES)[number];

const CUES: readonly [StepPurpose, RegExp][] = [
  [
    "error-correction",
    /^(?:\W*)(?:wait|hold on|hmm|oops|actually,? (?:no|that)|no,|that(?:'s| is) (?:not right|wrong)|i made a mistake|let me (?:fix|correct)|correction)\b|^\W*(?:等等|不对|等一下|我算错|更正|纠正)/iu,
  ],
  [
    "verification",
    /^\W*(?:(?:let(?:'s| us| me)|to|we (?:can|should)|i(?:'ll| will| should)|now|just)\s+)?(?:(?:quickly|also|double|now)[- ]?\s*)*(?:check|verif\w+|re-?check|double-?check\w*|confirm|sanity|make sure|plug\w* (?:it |this |that )?back)\b|^\W*(?:(?:让我们?|我们|来|再)*)(?:检查|验证|验算|检验|核对|代回)/iu,
  ],
  [
    "multi-method",
    /^\W*(?:alternatively|another (?:way|method|approach)|(?:a )?(?:different|second) (?:way|method|approach)|we (?:can|could) also|or,? we could|let(?:'s| me) try (?:another|a different))\b|^\W*(?:另一种|另外一种|换一种|或者可以|也可以用|还可以)/iu,
  ],
];

/**
 * The purpose that a step's beginning says. A **reconstruction**: PIR has a large model class the steps; these are cues in
 * English and Chinese, and a step without one is progressive, so that it stays.
 */
export function stepPurpose(text: string): StepPurpose {
  const bare = text.trimStart().replace(/^(?:step\s*\d+\s*[:.]|\d+[.)、]|第.{1,3}步[:：]?|[-*]\s)\s*/iu, "");
  return CUES.find(([, cue]) => cue.test(bare))?.[0] ?? "progressive";
}
