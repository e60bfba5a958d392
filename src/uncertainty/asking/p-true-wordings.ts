/** The prompts of P(True), each as its source has it. */
import type { Wording } from "./wording.ts";

/** Which P(True). */
export type PTrueVariant =
  /** p(true) / (p(true) + p(false)), each summed over its surface forms. */
  | "normalised"
  /** -ln p("True") of one token, not normalised: LM-Polygraph 0.7. */
  | "lm-polygraph"
  /** p of the first token that is written if it begins "true", 1 - p if "false", else nothing: uqlm 0.6. */
  | "uqlm"
  /** p(" A") behind a prompt with the candidate answers, few-shot if examples are given: Kadavath et al. 2022, as jlko/semantic_uncertainty. */
  | "kadavath";

/** Names of the variants. */
export const P_TRUE_VARIANTS: readonly PTrueVariant[] = ["normalised", "lm-polygraph", "uqlm", "kadavath"];

/** The prompt of each variant of P(True), with its source. */
export const P_TRUE_WORDINGS: Readonly<Record<PTrueVariant, Wording>> = {
  normalised: {
    name: "p-true",
    language: "en",
    source: "Kadavath et al. 2022, arXiv 2207.05221, without samples",
    messages: [
      {
        role: "user",
        content:
          "Question: {question}\nProposed Answer: {answer}\n\nIs the proposed answer:\n (A) True\n (B) False\nThe proposed answer is:",
      },
    ],
    cue: "Answer:",
  },
  "lm-polygraph": {
    name: "p-true-lm-polygraph",
    language: "en",
    source: "LM-Polygraph 0.7, stat_calculators/prompt.py: PromptCalculator",
    messages: [
      {
        role: "user",
        content:
          "Question: {question}\n Possible answer:{answer}\n Is the possible answer:\n (A) True\n (B) False\n The possible answer is:",
      },
    ],
    cue: "",
  },
  uqlm: {
    name: "p-true-uqlm",
    language: "en",
    source: "uqlm 7bd5ed4, white_box/p_true.py",
    messages: [
      {
        role: "system",
        content:
          '\nYour task is to determine whether a given answer to a question is correct.\n\nGuidelines for your evaluation:\n- Do NOT penalize phrasing differences\n- Respond with EXACTLY one word: "True" or "False"\n- Answer "True" if the response is correct\n- Answer "False" if the response is incorrect\n- Do not explain your reasoning or provide any additional commentary\n',
      },
      {
        role: "user",
        content:
          "\n    Question: {question}\n    {candidates}\n    Proposed Answer: {answer}\n\n    Is the proposed answer to the question true or false? Answer with only one word true/false.\n\n    True or False:\n        ",
      },
    ],
    cue: "",
  },
  kadavath: {
    name: "p-true-kadavath",
    language: "en",
    source: "jlko/semantic_uncertainty a8d9aa8, uncertainty_measures/p_true.py",
    messages: [
      {
        role: "user",
        content:
          "{shots}Question: {question}\nBrainstormed Answers: {brainstormed}Possible answer: {answer}\nIs the possible answer:\nA) True\nB) False\nThe possible answer is:",
      },
    ],
    cue: "",
  },
};
