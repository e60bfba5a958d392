/** Chains as few-shot prompts, in plain text or in a model's chat form, and answers read from what it wrote. */
import { parseOutput } from "surprisal/problems";
import { reasoningChain } from "surprisal/refine";

/** How a question, its chain and the next question stand one behind the other. */
export const FORMS = {
  plain: {
    instruction: "",
    question: (text) => `Question: ${text}\n`,
    end: "",
    between: "\n\n",
    stop: ["\n\n", "Question:"],
  },
  chat: {
    instruction: "<|im_start|>system\nYou solve problems step by step, as the examples do.<|im_end|>\n",
    question: (text) => `<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`,
    end: "<|im_end|>",
    between: "\n",
    stop: ["\n\n"],
  },
};

const FRAME = "Answer: ";

/** A chain as the library has it. @param steps texts, a line each. */
export function chainOf({ question, answer }, steps, form) {
  const { question: asked, end } = FORMS[form];
  return reasoningChain({ prompt: asked(question), reasoning: steps, frame: FRAME, answer: answer + end });
}

/** The answer that a model wrote, or `null`. */
export const answerOf = (text) => parseOutput(text).answer?.replace(/\.$/, "") ?? null;
