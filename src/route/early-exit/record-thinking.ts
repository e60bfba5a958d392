/** Thinking recorded to its end, with all that a rule might have asked on the way. */
import type { LanguageModel, Prompt } from "../../models/index.ts";
import type { RecordedAnswer, RecordedThinking, ThinkingPlace, ThinkingPlaces } from "../records.ts";
import { countOf, textOf, type WrittenAnswer, writeAnswer } from "../written.ts";
import { firstChoice } from "./certain-run.ts";
import { Paragraphs } from "./paragraphs.ts";
import { answerBehind, probeOf, thoughtOf } from "./places.ts";
import type { ThinkOptions } from "./think.ts";

/** Options of `recordThinking`. */
export interface RecordThinkingOptions extends Pick<ThinkOptions, "think" | "answer" | "signal"> {
  answerOf: (text: string) => string | null;
  /** Whether an answer is right; `null` = it cannot be said. */
  isRight: (answer: string | null, text: string) => boolean | null;
  /** Where it might be ended, and how: `thinkingPlaces()`. */
  places: ThinkingPlaces;
}

/**
 * Has a model think to its end, and asks at every place what it would have said there: the entropy behind the close, a trial
 * answer, and the answer itself. It costs an answer for every place, once; any rule can be replayed on it afterwards.
 * @throws SurprisalError as `LanguageModel.generate`: a server that takes no prefill says so, after the thinking.
 */
export async function recordThinking(
  model: LanguageModel,
  prompt: Prompt,
  { answerOf, isRight, places, think, answer, signal }: RecordThinkingOptions,
): Promise<{ whole: RecordedAnswer; thinking: RecordedThinking }> {
  const alternatives = Math.min(1, model.capabilities.alternatives);
  const whole = await writeAnswer(model, prompt, { maxTokens: 4096, alternatives, ...think, signal });
  const judged = (text: string, { written, prompt: read }: WrittenAnswer): RecordedAnswer => {
    const found = answerOf(text);
    const tokens = { tokens: written, ...(read && { promptTokens: read.tokens }) };
    return { correct: isRight(found, text), ...tokens, text, answer: found };
  };
  const thought = whole.tokens.slice(0, thoughtOf(whole.tokens));
  const paragraphs = new Paragraphs(places.at);
  const ends = thought.flatMap((token, i) => {
    const marks = paragraphs.found(token);
    return marks.length > 0 ? [{ marks, seen: i + 1 }] : [];
  });
  const found: ThinkingPlace[] = [];
  await using probe = ends.length > 0 ? await probeOf(model, prompt) : null;
  for (const [i, { marks, seen }] of ends.entries()) {
    const before = thought.slice(0, seen);
    probe!.read(before.slice(ends[i - 1]?.seen ?? 0));
    const entropy = await probe!.entropyAfter(places.close);
    const { text, logprobs } = await probe!.trial(places.call, places.trial);
    const prefill = `${think?.prefill ?? ""}${textOf(before)}${places.close}`;
    const last = await writeAnswer(model, prompt, { maxTokens: 512, ...answer, prefill, signal });
    found.push({
      marks,
      seen,
      tokens: countOf(before),
      entropy: entropy === null ? null : Math.max(0, entropy),
      trial: { text, logprobs: logprobs.map(atMost0) },
      answer: judged(answerBehind(places.close, last.text), last),
    });
  }
  return {
    whole: { ...judged(whole.text, whole), ms: whole.ms },
    thinking: {
      firstChoices: thought.map((token) => {
        const probability = firstChoice(token);
        return probability === null ? null : atMost0(Math.log(probability));
      }),
      places: found,
    },
  };
}

/** Sums of exponentials round. */
function atMost0(logprob: number | null): number | null {
  return logprob === null || Number.isNaN(logprob) ? null : Math.min(0, logprob);
}
