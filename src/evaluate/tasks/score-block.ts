/** Items that are scored together. One that cannot be asked never ends the others. */
import { type ErrorCode, SurprisalError } from "../../core/index.ts";
import type { LanguageModel, ScoredText, ScoreRequest } from "../../models/index.ts";
import { requestsThatFit } from "./fit.ts";
import type { BadItem, TaskKind } from "./task.ts";
import {
  type AskedQuestion,
  badText,
  resultBase,
  resultOf,
  sha256Of,
  type TaskResult,
} from "./task-result.ts";

/** An item in its place: a question, or what cannot be asked. */
export type AskedItem = AskedQuestion | { index: number; bad: BadItem };

function isBad(asked: AskedItem): asked is { index: number; bad: BadItem } {
  return "bad" in asked;
}

interface Entry {
  asked: AskedItem;
  requests: readonly ScoreRequest[];
  cutTokens: number;
  /** Why it is not asked. */
  problem: string | null;
}

/** What a model says of one request, and not of itself. */
const OF_ONE_REQUEST: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "CONTEXT_EXCEEDED",
  "NOTHING_TO_SCORE",
  "INVALID_ARGUMENT",
]);

/**
 * One result per item, in order. What the model refuses of an item becomes that item's problem, and the others are asked again
 * without it.
 * @throws SurprisalError whatever else the model throws, with the item's file and line.
 */
export async function* scoreBlock(
  model: LanguageModel,
  kind: TaskKind,
  block: readonly AskedItem[],
  signal: AbortSignal | undefined,
): AsyncGenerator<TaskResult> {
  const entries: Entry[] = [];
  for (const asked of block) entries.push(await entryOf(model, kind, asked));
  let at = 0;
  for (;;) {
    const rest = entries.slice(at).filter(({ problem }) => problem === null);
    try {
      for await (const { entry, answers } of answersTo(model, rest, signal)) {
        for (; entries[at] !== entry; at++) yield refusedResult(kind, entries[at]!);
        at++;
        yield resultOf(kind, entry.asked as AskedQuestion, answers, entry.cutTokens);
      }
      for (; at < entries.length; at++) yield refusedResult(kind, entries[at]!);
      return;
    } catch (error) {
      const culprit = culpritOf(error, rest);
      if (!culprit || !SurprisalError.isInstance(error)) throw error;
      if (!OF_ONE_REQUEST.has(error.code)) throw error.at(culprit.where);
      culprit.entry.problem = `${culprit.choice}${error.what}`;
    }
  }
}

async function entryOf(model: LanguageModel, kind: TaskKind, asked: AskedItem): Promise<Entry> {
  if (isBad(asked)) return { asked, requests: [], cutTokens: 0, problem: asked.bad.problem };
  const { item, prompts, delimiter } = asked;
  const pairs = item.choices.map((choice, i) => ({
    context: prompts[i] ?? prompts[0]!,
    continuation: delimiter + choice,
  }));
  const fitted = await requestsThatFit(model, pairs, (i) =>
    kind === "target" ? "The target" : `Choice ${i}`,
  );
  return { asked, ...fitted };
}

/** Entries with the answers to all their requests. */
async function* answersTo(
  model: LanguageModel,
  entries: readonly Entry[],
  signal: AbortSignal | undefined,
): AsyncGenerator<{ entry: Entry; answers: ScoredText[] }> {
  if (entries.length === 0) return;
  const requests = entries.flatMap((entry) => entry.requests);
  let next = 0;
  let answers: ScoredText[] = [];
  for await (const answer of model.score(requests, { border: "lm-eval", signal })) {
    answers.push(answer);
    const entry = entries[next]!;
    if (answers.length < entry.requests.length) continue;
    yield { entry, answers };
    answers = [];
    next++;
  }
}

/** The model names a request by its number; a person knows the item by its line. */
function culpritOf(
  error: unknown,
  entries: readonly Entry[],
): { entry: Entry; where: string; choice: string } | null {
  if (!SurprisalError.isInstance(error)) return null;
  const request = /^request (\d+)\b/.exec(error.where ?? "")?.[1];
  if (request === undefined) return null;
  let left = Number(request);
  for (const entry of entries) {
    const { length } = entry.requests;
    if (left < length && !isBad(entry.asked)) {
      const { where } = entry.asked.item;
      return {
        entry,
        where: length > 1 ? `${where}, choice ${left}` : where,
        choice: length > 1 ? `Choice ${left}: ` : "",
      };
    }
    left -= length;
  }
  return null;
}

function refusedResult(kind: TaskKind, { asked, problem }: Entry): TaskResult {
  const why = { choices: [], tokensRun: 0, problem: problem! };
  if (!isBad(asked)) return { ...resultBase(kind, asked), ...why };
  const sha256 = sha256Of(badText(asked.bad));
  return {
    kind,
    index: asked.index,
    where: asked.bad.where,
    sha256,
    questionSha256: sha256,
    label: -1,
    ...why,
  };
}
