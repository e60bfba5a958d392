/**
 * The wordings, each with its source. Those of papers and tools are theirs to the letter, odd spacing and spelling included:
 * a number depends on them.
 */
import { CHINESE_EXPRESSIONS, TIAN_EXPRESSIONS } from "../../answers/index.ts";
import type { ChatMessage } from "../../models/index.ts";
import { REPLY, type Wording } from "./wording.ts";

const user = (content: string): ChatMessage => ({ role: "user", content });
const system = (content: string): ChatMessage => ({ role: "system", content });
const reply: ChatMessage = { role: REPLY, content: "" };
/** The question and the answer as they were said. */
const DIALOGUE: readonly ChatMessage[] = [user("{question}"), { role: "assistant", content: "{answer}" }];

/** A wording that asks for a number, and the scale that it asks on. */
export interface NumberWording extends Wording {
  scale: { min: number; max: number };
  /** Tokens that a reply may have. */
  maxTokens: number;
}

const HUNDRED = { min: 0, max: 100 };
const UNIT = { min: 0, max: 1 };
const TIAN = "Tian et al. 2023, arXiv 2305.14975, as LM-Polygraph 0.7 has it (examples/configs/instruct)";

/** Name of a wording that asks for a number. */
export type NumberWordingName =
  | "confidence-en"
  | "confidence-zh"
  | "tian-2s"
  | "xiong-self-probing"
  | "truthtorchlm";

/** Wordings that ask for a number about the answer that was given. */
export const NUMBER_WORDINGS: Readonly<Record<NumberWordingName, NumberWording>> = {
  /** The mission's R15: it begins with the words that are quoted there, and asks for its 0 to 100. */
  "confidence-en": {
    name: "confidence-en",
    language: "en",
    source: 'the question of R15 ("How confident are you", 0-100); the rest is ours',
    messages: [
      ...DIALOGUE,
      user(
        "How confident are you in the above answer? Give a score from 0 to 100. Reply with the number only.",
      ),
    ],
    cue: "Score:",
    scale: HUNDRED,
    maxTokens: 32,
  },
  "confidence-zh": {
    name: "confidence-zh",
    language: "zh",
    source: "the question of R15 (请评估你对上述答案的信心程度, 0-100); the rest is ours",
    messages: [...DIALOGUE, user("请评估你对上述答案的信心程度，给出 0-100 的分数。只回答数字。")],
    cue: "分数：",
    scale: HUNDRED,
    maxTokens: 32,
  },
  /** "Verb. 2S top-1": the second of two steps. */
  "tian-2s": {
    name: "tian-2s",
    language: "en",
    source: `${TIAN}: verb_2s_top1`,
    messages: [
      ...DIALOGUE,
      user(
        "Provide the probability that your guess is correct. Give ONLY the probability, no other words or explanation.\n\nFor example:\n\nProbability: <the probability between 0.0 and 1.0 that your guess is correct, without any extra commentary whatsoever; just the probability!>",
      ),
    ],
    cue: "Probability:",
    scale: UNIT,
    maxTokens: 32,
  },
  "xiong-self-probing": {
    name: "xiong-self-probing",
    language: "en",
    source:
      "Xiong et al. 2024, arXiv 2306.13063; MiaoXiong2320/llm-uncertainty 78a5d2f, query_self_probing.py",
    messages: [
      user(
        "Question: {question}\nPossible Answer:{answer}\nQ: How likely is the above answer to be correct? Please first show your reasoning concisely and then answer with the following format:\n```Confidence: [the probability of answer {answer} to be correct, not the one you think correct, please only include the numerical number]%```",
      ),
    ],
    cue: "",
    scale: HUNDRED,
    maxTokens: 256,
  },
  truthtorchlm: {
    name: "truthtorchlm",
    language: "en",
    source: "TruthTorchLM b433074, templates.py: VC_SYSTEM_PROMPT, VC_USER_PROMPT",
    messages: [
      system("You are a helpful, respectful and honest confidence estimator."),
      user(
        "You will be provided with a question and a corresponding answer that you generated. Your task is to evaluate your confidence in the accuracy of the provided answer. The confidence indicates how likely you think your answer is true.\n\nThe output must be a single number between 0 and 100:\n- 100 indicates maximum confidence.\n- 0 indicates no confidence.\n\nOutput format: Only the number, without any additional text or explanation.\n\nQuestion: {question}\nGenerated Answer: {answer}\n\nYour confidence score:",
      ),
    ],
    cue: "",
    scale: HUNDRED,
    maxTokens: 32,
  },
};

/** Name of a wording that asks for guesses. */
export type GuessWordingName = "tian-1s-top1" | "tian-1s-topk";

/** Wordings for k guesses with a probability each: the model answers the question anew. */
export const GUESS_WORDINGS: Readonly<Record<GuessWordingName, Wording>> = {
  "tian-1s-top1": {
    name: "tian-1s-top1",
    language: "en",
    source: `${TIAN}: verb_1s_top1`,
    messages: [
      user(
        "Provide your best guess and the probability that it is correct (0.0 to 1.0) for the following question. Give ONLY the guess and probability, no other words or explanation. For example:\n\nGuess: <most likely guess, as short as possible; not a complete sentence, just the guess!>\nProbability: <the probability between 0.0 and 1.0 that your guess is correct, without any extra commentary whatsoever; just the probability!>\n\nThe question is: {question}",
      ),
    ],
    cue: "",
  },
  "tian-1s-topk": {
    name: "tian-1s-topk",
    language: "en",
    source: `${TIAN}: verb_1s_topk`,
    messages: [
      user(
        "Provide your {k} best guesses and the probability that each is correct (0.0 to 1.0) for the following question. Give ONLY the guesses and probabilities, no other words or explanation. For example:\n\nG1: <first most likely guess, as short as possible; not a complete sentence, just the guess!>\nP1: <the probability between 0.0 and 1.0 that G1 is correct, without any extra commentary whatsoever; just the probability!>\n...\nG{k}: <{k}-th most likely guess, as short as possible; not a complete sentence, just the guess!>\nP{k}: <the probability between 0.0 and 1.0 that G{k} is correct, without any extra commentary whatsoever; just the probability!>\n\nThe question is: {question}",
      ),
    ],
    cue: "",
  },
};

const expressions = (scale: Readonly<Record<string, number>>): string => Object.keys(scale).join("\n");

/** Name of a wording that asks for a phrase. */
export type LinguisticWordingName = "linguistic-en" | "linguistic-zh";

/** Wordings for a phrase of a scale, about the answer that was given. */
export const LINGUISTIC_WORDINGS: Readonly<Record<LinguisticWordingName, Wording>> = {
  "linguistic-en": {
    name: "linguistic-en",
    language: "en",
    source: `${TIAN}: the expressions of ling_1s, asked as a second step; the words around them are ours`,
    messages: [
      ...DIALOGUE,
      user(
        `Describe how likely it is that your answer is correct as one of the following expressions:\n\n${expressions(TIAN_EXPRESSIONS)}\n\nGive ONLY the expression, no other words or explanation.`,
      ),
    ],
    cue: "Confidence:",
  },
  "linguistic-zh": {
    name: "linguistic-zh",
    language: "zh",
    source: "ours, after Tian et al. 2023",
    messages: [
      ...DIALOGUE,
      user(
        `请从下列说法中选出一个，说明你的答案正确的可能性有多大：\n\n${expressions(CHINESE_EXPRESSIONS)}\n\n只回答其中一个说法。`,
      ),
    ],
    cue: "可能性：",
  },
};

/** Name of a wording that asks for a review first. */
export type ReviewWordingName = "review-en" | "review-zh";

/** Wordings in two steps: the model looks for faults, then says how confident it still is. */
export const REVIEW_WORDINGS: Readonly<Record<ReviewWordingName, Wording>> = {
  "review-en": {
    name: "review-en",
    language: "en",
    source: "ours",
    messages: [
      ...DIALOGUE,
      user(
        "Review your answer above critically. Check each fact and each step, and list the flaws you find, or say that you find none. Do not answer again.",
      ),
      reply,
      user(
        "Taking these flaws into account: how confident are you that your answer is correct? Give a score from 0 to 100. Reply with the number only.",
      ),
    ],
    cue: "Score:",
  },
  "review-zh": {
    name: "review-zh",
    language: "zh",
    source: "ours",
    messages: [
      ...DIALOGUE,
      user(
        "请严格检查你上面的答案，逐一核对每个事实和步骤，列出你发现的问题；如果没有问题，请说明。不要重新作答。",
      ),
      reply,
      user("考虑到这些问题，你对上述答案的信心程度是多少？给出 0-100 的分数。只回答数字。"),
    ],
    cue: "分数：",
  },
};
