/** Items to results: every choice scored, prefixes shared, one result per item in order. */
import { createHash } from "node:crypto";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import type { LanguageModel, ScoredText } from "../../models/index.ts";
import { type FewShot, fewShotPrompter, type Prompter, zeroShot } from "./few-shot.ts";
import type { Task, TaskItem, TaskKind } from "./task.ts";

/** Options of `runTask`. */
export interface RunTaskOptions {
  /** Solved examples in front of every question. Default: none. */
  fewShot?: FewShot | undefined;
  /** Items before this one, counted from 0, are not yielded. Default 0. */
  from?: number | undefined;
  /** Items of the task that count at all, the first ones. Default: all. */
  limit?: number | undefined;
  /**
   * Items that are scored together, at least 1. It fixes how batches are composed, so it is a part of the number:
   * the last bits may differ with another one. Default 256: the beginnings that are shared are run once per block.
   */
  itemsPerBlock?: number | undefined;
  signal?: AbortSignal | undefined;
}

const DEFAULT_ITEMS_PER_BLOCK = 256;

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
  /** Of the tokens after the beginning that all choices share: ln p, nats, and how many they are, at least 1. */
  distinct: { logprob: number | null; tokens: number };
}

/** What a model says about one item. Plain JSON, the same bits after a round trip. */
export interface TaskResult {
  kind: TaskKind;
  /** Number of the item in its task, from 0. */
  index: number;
  /** File and line. */
  where: string;
  /** sha256 of prompt, delimiter, choices and label: tells whether it is still the same question. Lower-case hex. */
  sha256: string;
  /** The right choice. */
  label: number;
  /** [choices] */
  choices: ChoiceScore[];
  /** Tokens run through the model for this item that no earlier item of its block had run already. */
  tokensRun: number;
}

interface PromptedItem {
  index: number;
  item: TaskItem;
  prompt: string;
}

/**
 * Scores the items of a task; results come in order, block by block.
 *
 * Blocks are the items [0, B), [B, 2B), ... whatever `from` is: a run that goes on in the middle of a block runs that
 * block again and yields the rest of it, so its numbers are those of a run that was never interrupted, bit for bit.
 * Within a block the model runs every shared beginning once (`LanguageModel.score`); a row of logits does not depend
 * on padding, so items are not sorted by length.
 * Source of the requests: lm-eval 0.4.13, lm_eval/api/task.py, `construct_requests`.
 * @throws SurprisalError CONTEXT_EXCEEDED and whatever else the model throws, with the item's file and line;
 *   TASK_INVALID, INVALID_ARGUMENT, ABORTED.
 */
export async function* runTask(
  model: LanguageModel,
  task: Task,
  {
    fewShot,
    from = 0,
    limit = Number.POSITIVE_INFINITY,
    itemsPerBlock = DEFAULT_ITEMS_PER_BLOCK,
    signal,
  }: RunTaskOptions = {},
): AsyncGenerator<TaskResult> {
  requireCount(from, "from", 0);
  requireCount(itemsPerBlock, "itemsPerBlock", 1);
  if (limit !== Number.POSITIVE_INFINITY) requireCount(limit, "limit", 0);
  if (from >= limit) return;
  const prompter = fewShot ? await fewShotPrompter(fewShot, signal) : zeroShot;
  for await (const block of blocks(task, prompter, limit, itemsPerBlock, signal)) {
    if (block.at(-1)!.index < from) continue;
    for await (const result of scoreBlock(model, task.kind, block, signal))
      if (result.index >= from) yield result;
  }
}

async function* blocks(
  task: Task,
  prompter: Prompter,
  limit: number,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<PromptedItem[]> {
  let block: PromptedItem[] = [];
  let index = 0;
  for await (const item of task.items({ signal })) {
    block.push({ index, item, prompt: prompter(item) });
    index++;
    if (block.length === size) {
      yield block;
      block = [];
    }
    if (index >= limit) break;
  }
  if (block.length > 0) yield block;
}

async function* scoreBlock(
  model: LanguageModel,
  kind: TaskKind,
  block: readonly PromptedItem[],
  signal: AbortSignal | undefined,
): AsyncGenerator<TaskResult> {
  const requests = block.flatMap(({ item, prompt }) =>
    item.choices.map((choice) => ({ context: prompt, continuation: item.delimiter + choice })),
  );
  let next = 0;
  let answers: ScoredText[] = [];
  try {
    for await (const answer of model.score(requests, { border: "lm-eval", signal })) {
      answers.push(answer);
      const prompted = block[next]!;
      if (answers.length < prompted.item.choices.length) continue;
      yield resultOf(kind, prompted, answers);
      answers = [];
      next++;
    }
  } catch (error) {
    throw atItem(error, block);
  }
}

/** The model names a request by its number; a person knows the item by its line. */
function atItem(error: unknown, block: readonly PromptedItem[]): unknown {
  if (!SurprisalError.isInstance(error)) return error;
  const request = /^request (\d+)$/.exec(error.where ?? "")?.[1];
  if (request === undefined) return error;
  let left = Number(request);
  for (const { item } of block) {
    if (left < item.choices.length)
      return error.at(item.choices.length > 1 ? `${item.where}, choice ${left}` : item.where);
    left -= item.choices.length;
  }
  return error;
}

function resultOf(
  kind: TaskKind,
  { index, item, prompt }: PromptedItem,
  answers: readonly ScoredText[],
): TaskResult {
  const { where, choices, label, delimiter } = item;
  const common = commonBeginning(answers);
  return {
    kind,
    index,
    where,
    sha256: createHash("sha256")
      .update(JSON.stringify([prompt, delimiter, choices, label]))
      .digest("hex"),
    label,
    choices: answers.map(({ logprob, greedy, tokens }, i) => ({
      logprob,
      greedy,
      tokens: tokens.length,
      characters: [...choices[i]!].length,
      bytes: Buffer.byteLength(choices[i]!),
      distinct: {
        logprob: known(tokens.logprobs.subarray(common).reduce((sum, value) => sum + value, 0)),
        tokens: tokens.length - common,
      },
    })),
    tokensRun: answers.reduce((sum, { tokensRun }) => sum + tokensRun, 0),
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

function requireCount(value: number, name: string, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw invalidArgument(
    `${value} is not a number of items`,
    name,
    `Give a whole number of at least ${least}.`,
  );
}
