/** Thinking that is ended early, and the answer behind it. */
import {
  type EarlyExit,
  firstOf,
  GO_ON,
  monitorTokens,
  type PolicyEvent,
  type TokenRecord,
} from "../../core/index.ts";
import type { GenerateOptions, LanguageModel, Prompt } from "../../models/index.ts";
import { countOf, textOf, type WrittenAnswer, writeAnswer } from "../written.ts";

/** Options of `thinkThenAnswer`. */
export interface ThinkOptions {
  /** Ends the thinking, and is not asked about the answer of a model that has ended it itself. It is closed at the end. */
  exit: EarlyExit;
  /** What is written for the model where the thinking is ended: closes it, and calls for the answer. Default "\n</think>\n\n". */
  close?: string | undefined;
  /** Of the thinking, as of an answer that nobody ends. Default: greedy, at most 4,096 tokens. */
  think?: Omit<GenerateOptions, "signal"> | undefined;
  /** Of the answer behind it. Default: greedy, at most 512 tokens. */
  answer?: Omit<GenerateOptions, "signal" | "prefill"> | undefined;
  onToken?: ((token: TokenRecord) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Thought and answered. */
export interface ThoughtAnswer {
  /** What follows the thinking; where nobody ended it, what the model wrote of itself. */
  text: string;
  /** The whole: what was written first, `close`, and the answer behind it. */
  whole: string;
  /** Why the thinking was ended; `null`: the model came to its own end. */
  stoppedBy: PolicyEvent | null;
  /** Tokens written, those of probes not among them. */
  tokens: number;
  /** Of these, before the end of the thinking. */
  thought: number;
  /** The answer behind; `null`: nobody ended the thinking. */
  answer: WrittenAnswer | null;
}

/**
 * Has a model think, ends that where a rule says so, and has it answer from there on: what it wrote and `close` are the prefill
 * of the answer, so a model in process reads them from its cache. The source is aborted at the stop; one that cannot be writes
 * on, unread.
 * @throws SurprisalError as `LanguageModel.generate`: a server that takes no prefill says so, after the thinking.
 */
export async function thinkThenAnswer(
  model: LanguageModel,
  prompt: Prompt,
  options: ThinkOptions,
): Promise<ThoughtAnswer> {
  const { exit, close = "\n</think>\n\n", think, answer, onToken, signal } = options;
  const controller = new AbortController();
  const { signal: either, letGo } = firstOf(signal, controller.signal);
  try {
    const written = model.generate(prompt, { maxTokens: 4096, ...think, signal: either });
    const monitored = monitorTokens(written, { exit: whileThinking(exit), controller });
    const tokens: TokenRecord[] = [];
    for await (const token of monitored) {
      tokens.push(token);
      onToken?.(token);
    }
    const thought = textOf(tokens);
    const { stoppedBy } = monitored;
    const count = countOf(tokens);
    if (stoppedBy === null)
      return {
        text: textOf(tokens, "answer"),
        whole: thought,
        stoppedBy,
        tokens: count,
        thought: count,
        answer: null,
      };
    const prefill = `${think?.prefill ?? ""}${thought}${close}`;
    const last = await writeAnswer(model, prompt, { maxTokens: 512, ...answer, prefill, signal }, onToken);
    const { text, written: more } = last;
    return {
      text,
      whole: thought + close + text,
      stoppedBy,
      tokens: count + more,
      thought: count,
      answer: last,
    };
  } finally {
    letGo();
  }
}

/** Asks a rule until the model has ended its thinking itself: the tokens of `thoughtOf`. */
function whileThinking(exit: EarlyExit): EarlyExit {
  let [thinks, answers] = [false, false];
  return {
    rule: exit.rule,
    observe(token) {
      if (token.part === "reasoning") thinks = true;
      else if (thinks) answers = true;
      return answers ? GO_ON : exit.observe(token);
    },
    async close() {
      await exit.close?.();
    },
  };
}
