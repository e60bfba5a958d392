/** Items to results: every choice scored, prefixes shared, one result per item in order. */
import { invalidArgument } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { type FewShot, fewShotHead, type Head, zeroShot } from "./few-shot.ts";
import { type ChatPrompts, inChatTemplate, type PromptMessage, plainText } from "./prompt.ts";
import { type AskedItem, scoreBlock } from "./score-block.ts";
import type { Task, TaskItem } from "./task.ts";
import type { AskedQuestion, TaskResult } from "./task-result.ts";

/** Options of `runTask`. */
export interface RunTaskOptions {
  /** Solved examples in front of every question. Default: none. */
  fewShot?: FewShot | undefined;
  /** Put every prompt into the model's chat template, as lm-eval's `--apply_chat_template`. Default: prompts are plain text. */
  chat?: ChatPrompts | null | undefined;
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

/**
 * Scores the items of a task; results come in order, block by block.
 *
 * Blocks are the items [0, B), [B, 2B), ... whatever `from` is: a run that goes on in the middle of a block runs that
 * block again and yields the rest of it, so its numbers are those of a run that was never interrupted, bit for bit.
 * Within a block the model runs every shared beginning once (`LanguageModel.score`); a row of logits does not depend
 * on padding, so items are not sorted by length.
 *
 * One item never ends the others. A prompt that is too long for the model is cut from the left, as lm-eval does, and its result
 * says by how many tokens; what cannot be asked at all has a result with its `problem`, and no numbers.
 * Source of the requests: lm-eval 0.4.13, lm_eval/api/task.py, `construct_requests`.
 * @throws SurprisalError whatever the model throws, with the item's file and line; UNSUPPORTED_CAPABILITY (no chat template),
 *   TASK_INVALID, INVALID_ARGUMENT, ABORTED.
 */
export async function* runTask(
  model: LanguageModel,
  task: Task,
  {
    fewShot,
    chat,
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
  const head = fewShot ? await fewShotHead(fewShot, signal) : zeroShot;
  const ask = asking(model, task, head, chat ?? null);
  for await (const block of blocks(task, ask, limit, itemsPerBlock, signal)) {
    if (block.at(-1)!.index < from) continue;
    for await (const result of scoreBlock(model, task.kind, block, signal))
      if (result.index >= from) yield result;
  }
}

/** How the requests of an item are written. */
function asking(
  model: LanguageModel,
  { rules, kind }: Task,
  head: Head,
  chat: ChatPrompts | null,
): (item: TaskItem, index: number) => AskedQuestion {
  const render = chat ? inChatTemplate(model, chat) : plainText;
  return (item, index) => {
    const before = head(item);
    const prompts = (item.contexts ?? [item.context]).map((context) => {
      const question: PromptMessage = { role: "user", content: context, after: "" };
      return render([...before, question]);
    });
    const delimiter = chat ? (kind === "target" ? (rules?.answerPrefix ?? "") : "") : item.delimiter;
    return { index, item, prompts, delimiter };
  };
}

async function* blocks(
  task: Task,
  ask: (item: TaskItem, index: number) => AskedQuestion,
  limit: number,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<AskedItem[]> {
  const waiting: AskedItem[] = [];
  let index = 0;
  const items = task.items({ signal, onBad: (bad) => waiting.push({ index: index++, bad }) });
  let done = false;
  while (!done) {
    const { value: item } = await items.next();
    done = item === undefined || index >= limit - 1;
    if (item && index < limit) waiting.push(ask(item, index++));
    while (waiting.length >= size || (done && waiting.length > 0)) {
      const block = waiting.splice(0, size).filter((asked) => asked.index < limit);
      if (block.length > 0) yield block;
    }
  }
  await items.return(undefined);
}

function requireCount(value: number, name: string, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw invalidArgument(
    `${value} is not a number of items`,
    name,
    `Give a whole number of at least ${least}.`,
  );
}
