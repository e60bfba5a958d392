/** What a model says about one item: the record that a run keeps. */
import { createHash } from "node:crypto";
import type { ScoredText } from "../../models/index.ts";
import type { BadItem, TaskItem, TaskKind } from "./task.ts";

/** How likely one choice is. */
export interface ChoiceScore {
  /** ln p(choice | prompt), nats; -Infinity at probability 0; `null` when the source did not say. */
  logprob: number | null;
  /** The model would have written it itself, token for token; `null` when the source did not say. */
  greedy: boolean | null;
  /** Tokens of the choice, its delimiter's among them. */
  tokens: number;
  /** Unicode code points of the choice, without its delimiter. */
  characters: number;
  /** UTF-8 bytes of the choice, without its delimiter. */
  bytes: number;
  /**
   * Of the tokens after the beginning that all choices share: ln p, nats, and how many they are, at least 1. Where contexts
   * differ and the choice is one text, of all its tokens but the last, as in llama.cpp's `winogrande_score`.
   */
  distinct: { logprob: number | null; tokens: number };
}

/** What a model says about one item. Plain JSON, the same bits after a round trip. */
export interface TaskResult {
  kind: TaskKind;
  /** Number of the item in its task, from 0. */
  index: number;
  /** File and line. */
  where: string;
  /** What the set calls it. */
  id?: string | undefined;
  /** sha256 of prompt, delimiter, choices and label: tells whether it is still the same question. Lower-case hex. */
  sha256: string;
  /** sha256 of the question alone, the same whatever the examples, template and model; runs of older versions lack it. */
  questionSha256?: string | undefined;
  /** The right choice; -1 where it is not known (`problem`). */
  label: number;
  /** [choices]; none where it could not be asked. */
  choices: ChoiceScore[];
  /** Tokens run through the model for this item that no earlier item of its block had run already. */
  tokensRun: number;
  /** Tokens that were cut off the prompt's beginning, of the choice that lost most; left out: none. */
  cutTokens?: number | undefined;
  /**
   * UTF-8 bytes of the choices that lie in a token with the end of the context, and are not scored, as in lm-eval (its border
   * rule); left out: none.
   */
  lostBytes?: number | undefined;
  /** Why it could not be asked; it counts in no number. Left out: it was. */
  problem?: string | undefined;
}

/** An item with the text that the model reads. */
export interface AskedQuestion {
  index: number;
  item: TaskItem;
  /** One, or one for each choice. */
  prompts: readonly string[];
  /** Between a prompt and a choice. */
  delimiter: string;
}

/** A question, whatever is put in front of it, as one text. */
export function questionText({
  context,
  contexts,
  choices,
  label,
  delimiter,
  description,
}: TaskItem): string {
  const more = contexts || description !== undefined ? [contexts ?? null, description ?? null] : [];
  return JSON.stringify([context, choices, label, delimiter, ...more]);
}

/** Stands for the text of a question that there is none of. */
export function badText({ problem }: BadItem): string {
  return JSON.stringify({ problem });
}

/** Lower-case hex. */
export function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What every result of an item says, answered or not. */
export function resultBase(
  kind: TaskKind,
  { index, item, prompts, delimiter }: AskedQuestion,
): Omit<TaskResult, "choices" | "tokensRun"> {
  const { where, id, choices, label } = item;
  const prompt = prompts.length === 1 ? prompts[0]! : prompts;
  const sha256 = sha256Of(JSON.stringify([prompt, delimiter, choices, label]));
  return {
    kind,
    index,
    where,
    ...(id !== undefined && { id }),
    sha256,
    questionSha256: sha256Of(questionText(item)),
    label,
  };
}

/** @param cutTokens off the prompt's beginning. */
export function resultOf(
  kind: TaskKind,
  question: AskedQuestion,
  answers: readonly ScoredText[],
  cutTokens: number,
): TaskResult {
  const { choices, contexts } = question.item;
  const common = contexts ? 0 : commonBeginning(answers);
  const lostBytes = answers.reduce((sum, { border }) => sum + (border?.lost.bytes ?? 0), 0);
  return {
    ...resultBase(kind, question),
    choices: answers.map(({ logprob, greedy, tokens }, i) => {
      const end = contexts ? Math.max(1, tokens.length - 1) : tokens.length;
      return {
        logprob,
        greedy,
        tokens: tokens.length,
        characters: [...choices[i]!].length,
        bytes: Buffer.byteLength(choices[i]!),
        distinct: {
          logprob: known(tokens.logprobs.subarray(common, end).reduce((sum, value) => sum + value, 0)),
          tokens: end - common,
        },
      };
    }),
    tokensRun: answers.reduce((sum, { tokensRun }) => sum + tokensRun, 0),
    ...(cutTokens > 0 && { cutTokens }),
    ...(lostBytes > 0 && { lostBytes }),
  };
}

/**
 * Tokens with which all choices begin, but never all tokens of one (llama.cpp reads past the end then). Counted from
 * the end of the context; that the context's own tokens depend on the choice happens only without a delimiter.
 */
function commonBeginning(answers: readonly ScoredText[]): number {
  if (answers.length < 2) return 0;
  const [first, ...others] = answers.map(({ tokens }) => tokens.ids);
  const most = Math.min(...answers.map(({ tokens }) => tokens.length)) - 1;
  let common = 0;
  while (common < most && others.every((ids) => ids[common] === first![common])) common++;
  return common;
}

/** Missing is `null`. A choice of probability 0 is an answer: -Infinity. */
function known(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
