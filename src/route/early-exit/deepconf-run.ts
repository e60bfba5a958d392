/** DeepConf online with a model. */
import { type EarlyExit, firstOf, GO_ON, monitorTokens, type TokenRecord } from "../../core/index.ts";
import type { Generation, LanguageModel, Prompt, SampleOptions } from "../../models/index.ts";
import { requireCount } from "../checks.ts";
import type { RecordedTrace } from "../records.ts";
import { countOf, textOf } from "../written.ts";
import { TOP_K, tokenConfidence } from "./confidence.ts";
import {
  type DeepConfExit,
  type DeepConfOptions,
  type DeepConfResult,
  type DeepConfTrace,
  DeepConfVote,
} from "./deepconf.ts";

/** Options of `deepConf`. */
export interface DeepConfRunOptions extends DeepConfOptions {
  /** What a trace says; `null` = nothing that could be voted with. */
  answerOf: (text: string) => string | null;
  /** Of every trace. Default: DeepConf's temperature of 0.6 and top-p of 0.95, at most 1,024 tokens; trace i has the seed `seed + i`. */
  sampling?: Omit<SampleOptions, "n" | "signal"> | undefined;
  /** Traces written at once after the warm-up; consensus is looked at after each of them. Default 4. */
  atOnce?: number | undefined;
  onTrace?: ((trace: DeepConfTrace) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** DeepConf's, but for the length. */
const SAMPLING = { maxTokens: 1024, temperature: 0.6, topP: 0.95 };

/**
 * Answers by a confidence-weighted vote of sampled answers: the warm-up's are written to their end, the later ones are ended
 * where their confidence falls below the bar, and no more are begun once the votes agree. Those that are being written at that
 * moment are aborted, and their tokens counted.
 *
 * The model's alternatives are asked for: of a server that gives fewer than `topK`, the confidences are over those. A source
 * that gives none has no bar: nothing is stopped, no vote has a weight, and the warnings say so.
 * @throws SurprisalError as `LanguageModel.sample`.
 */
export async function deepConf(
  model: LanguageModel,
  prompt: Prompt,
  options: DeepConfRunOptions,
): Promise<DeepConfResult> {
  const { answerOf, sampling, atOnce = 4, onTrace, signal, ...rest } = options;
  requireCount(atOnce, "atOnce", 1);
  const vote = new DeepConfVote(rest);
  const { warmUp, budget, topK } = vote.options;
  const asked = { ...SAMPLING, ...sampling, alternatives: Math.min(topK, model.capabilities.alternatives) };
  const seed = sampling?.seed ?? 0;
  const add = (trace: DeepConfTrace) => {
    vote.add(trace);
    onTrace?.(trace);
  };
  const first = model.sample(prompt, { ...asked, seed, n: warmUp, signal });
  for (const trace of await Promise.all(first.map((each) => written(each, vote, answerOf)))) add(trace);
  let begun = warmUp;
  const agreed = new AbortController();
  const writers = Array.from({ length: Math.max(1, Math.min(atOnce, budget - warmUp)) }, async () => {
    while (begun < budget && vote.ended === null && !agreed.signal.aborted) {
      const controller = new AbortController();
      const { signal: any, letGo } = firstOf(signal, agreed.signal, controller.signal);
      const generation = model.generate(prompt, { ...asked, seed: seed + begun++, signal: any });
      try {
        add(await written(generation, vote, answerOf, { controller, agreed: agreed.signal }));
      } catch (error) {
        agreed.abort(); // the others are not written on for a result that nobody gets
        throw error;
      } finally {
        letGo();
      }
      if (vote.ended === "consensus") agreed.abort();
    }
  });
  const broken = (await Promise.allSettled(writers)).find(({ status }) => status === "rejected");
  if (broken?.status === "rejected") throw broken.reason;
  return vote.result();
}

/** Options of `recordTraces`. */
export interface RecordTracesOptions {
  /** How many. */
  n: number;
  answerOf: (text: string) => string | null;
  /** Whether an answer is right; `null` = it cannot be said. */
  isRight: (answer: string | null, text: string) => boolean | null;
  /** Alternatives that a confidence is over. Default 20. */
  topK?: number | undefined;
  sampling?: DeepConfRunOptions["sampling"];
  signal?: AbortSignal | undefined;
}

/**
 * Samples traces to their end, as records for `replayDeepConf`: which warm-up, window and bar are best can be tried afterwards.
 * @throws SurprisalError as `LanguageModel.sample`.
 */
export async function recordTraces(
  model: LanguageModel,
  prompt: Prompt,
  { n, answerOf, isRight, topK = TOP_K, sampling, signal }: RecordTracesOptions,
): Promise<RecordedTrace[]> {
  const alternatives = Math.min(topK, model.capabilities.alternatives);
  const generations = model.sample(prompt, { ...SAMPLING, ...sampling, alternatives, n, signal });
  return Promise.all(
    generations.map(async (generation) => {
      const tokens: TokenRecord[] = [];
      for await (const token of generation) tokens.push(token);
      const text = textOf(tokens);
      const answer = answerOf(text);
      const confidences = tokens.map((token) => tokenConfidence(token, topK));
      return {
        answer,
        correct: isRight(answer, text),
        tokens: generation.end?.tokens ?? countOf(tokens),
        confidences,
      };
    }),
  );
}

/** Reads a trace to its end, or to the bar. One that is aborted since the votes agree counts as stopped. */
async function written(
  generation: Generation,
  vote: DeepConfVote,
  answerOf: (text: string) => string | null,
  stops?: { controller: AbortController; agreed: AbortSignal },
): Promise<DeepConfTrace> {
  const exit = vote.exit();
  const later = exit === null ? undefined : oneTokenLater(exit);
  const monitored = monitorTokens(generation, { exit: later, controller: stops?.controller });
  const tokens: TokenRecord[] = [];
  let aborted = false;
  try {
    for await (const token of monitored) tokens.push(token);
  } catch (error) {
    if (!stops?.agreed.aborted) throw error;
    aborted = true;
  }
  if (monitored.stoppedBy !== null) tokens.pop(); // it has shown that the trace went on
  const cut = aborted || monitored.stoppedBy !== null;
  return {
    answer: cut ? null : answerOf(textOf(tokens)),
    confidences: tokens.map((token) => tokenConfidence(token, vote.options.topK)),
    tokens: generation.end?.tokens ?? countOf(tokens),
    stopped: cut || later?.isBelow === true,
  };
}

/** Stops at the token after the one that fell below the bar: a trace that comes to its own end there has an answer. */
function oneTokenLater(exit: DeepConfExit): EarlyExit & { readonly isBelow: boolean } {
  let verdict: ReturnType<DeepConfExit["observe"]> = GO_ON;
  return {
    rule: exit.rule,
    get isBelow() {
      return verdict.kind === "stop";
    },
    observe(token) {
      const before = verdict;
      if (before.kind === "continue") verdict = exit.observe(token);
      return before;
    },
  };
}
