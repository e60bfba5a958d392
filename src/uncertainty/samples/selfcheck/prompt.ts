/** SelfCheckGPT by prompt: a model is asked whether a sample supports a sentence of the answer. */
import { abortError, invalidArgument } from "../../../core/index.ts";
import { type ComparingEstimator, cannotSay, defineEstimator, meanOf } from "../estimator-of-samples.ts";
import { notPrepared } from "../similarity/embedding.ts";
import { sentencesOf } from "../text/sentences.ts";

/** The paper's prompt, word for word; line breaks in the context become spaces, as there. */
export function selfCheckPromptText(context: string, sentence: string): string {
  const flat = context.replaceAll("\n", " ");
  return `Context: ${flat}\n\nSentence: ${sentence}\n\nIs the sentence supported by the context above? Answer Yes or No.\n\nAnswer: `;
}

/**
 * 0 for an answer that begins with yes, 1 for no, ½ for anything else. "Not stated" is neither, where selfcheckgpt, which
 * reads two letters, takes it for no.
 * @param as "selfcheckgpt": reads those letters
 */
export function readSupport(answer: string, as?: "selfcheckgpt"): 0 | 0.5 | 1 {
  const plain = answer.trim().toLowerCase();
  if (as === undefined ? /^["'*(]*yes(?!\p{L})/u.test(plain) : plain.startsWith("yes")) return 0;
  return (as === undefined ? /^["'*(]*no(?!\p{L})/u.test(plain) : plain.startsWith("no")) ? 1 : 0.5;
}

/** Options of `selfCheckPrompt`. */
export interface SelfCheckPromptOptions {
  /** Asks a model and gives what it wrote, or a number: 0 = supported ... 1 = not. Its errors come out of `prepare`. */
  ask: (
    prompt: string,
    about: { context: string; sentence: string; signal: AbortSignal | undefined },
  ) => Promise<string | number>;
  /** Default `selfCheckPromptText`. */
  prompt?: ((context: string, sentence: string) => string) | undefined;
  /** Default `sentencesOf`. */
  sentences?: ((text: string) => readonly string[]) | undefined;
  /** "selfcheckgpt": what is written is read as there. */
  as?: "selfcheckgpt" | undefined;
}

/**
 * How far the samples do not support the sentences of the answer, the first that is observed: the mean over samples and
 * sentences of 0 (yes), 1 (no) and ½ (neither), 0 ... 1. One request per sentence and distinct sample.
 */
export function selfCheckPrompt({
  ask,
  prompt = selfCheckPromptText,
  sentences = sentencesOf,
  as: peer,
}: SelfCheckPromptOptions): ComparingEstimator {
  const scores = new Map<string, number>();
  const key = (sentence: string, sample: string) => JSON.stringify([sentence, sample]);
  return defineEstimator({
    method: "selfcheck-prompt",
    variant: peer ? "yes or no, as in selfcheckgpt" : "yes or no",
    needs: ["samples", "calls"],
    least: 2,
    asks: () => null,
    async prepare([answer], next, { signal } = {}) {
      if (answer === undefined) return;
      for (const sentence of sentences(answer)) {
        if (scores.has(key(sentence, next))) continue;
        if (signal?.aborted) throw abortError("Asking whether sentences are supported", signal);
        const said = await ask(prompt(next, sentence), { context: next, sentence, signal });
        const score = typeof said === "number" ? said : readSupport(said, peer);
        if (!(score >= 0 && score <= 1))
          throw invalidArgument(`${score} is no number from 0 (supported) to 1 (not)`, "ask");
        scores.set(key(sentence, next), score);
      }
    },
    begin: () => ({
      say([answer, ...samples]) {
        const parts = sentences(answer!.text);
        if (parts.length === 0) return cannotSay("The answer, which is the first sample, has no sentence.");
        const mean = meanOf(
          parts.map((sentence) =>
            meanOf(
              samples.map(({ text }) => {
                const score = scores.get(key(sentence, text));
                if (score === undefined) throw notPrepared("judged", text);
                return score;
              }),
            ),
          ),
        );
        return { uncertainty: mean, confidence: 1 - mean };
      },
    }),
  });
}
