/** SPIRIT-FS from samples: a few-shot prompt, refined, beside what it has to be better than. */
import { invalidArgument, SurprisalError, seededRandom } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { chainText, type ReasoningChain, reasoningText, withoutSteps } from "../chain.ts";
import {
  type CalibrationQuestion,
  type PruneCandidate,
  type RefineDemonstrationsOptions,
  type RefinedDemonstrations,
  refineDemonstrations,
} from "../prune/index.ts";
import { partOf } from "../score/measure.ts";
import { addParts, type ChainRequest, scoreChains } from "../score/score-chains.ts";
import { segment } from "../segment/index.ts";
import type { DemonstrationReport } from "./report.ts";
import type { AskOptions, ReasoningSample, SampleRow } from "./sample.ts";

/** Options of `refinePrompt`. */
export interface RefinePromptOptions extends RefineDemonstrationsOptions, Pick<AskOptions, "by"> {
  /** Random draws of the baseline, at least 1. Default 20. */
  draws?: number | undefined;
  /** Of the first draw. Default 0. */
  seed?: number | undefined;
  /** Name of the file, for the report. */
  source?: string | undefined;
  /** What stands in the report as settings. */
  settings?: Readonly<Record<string, unknown>> | undefined;
}

/** Samples with their names, for errors. */
interface Named {
  where: string;
  chain: ReasoningChain;
}

/**
 * A chain as it stands in a few-shot prompt: question, reasoning, answer as plain text, of a chat the last question.
 * @throws {SurprisalError} what is wrong with the row.
 */
export function demonstrationOf(
  { sample, where }: SampleRow,
  { by }: Pick<AskOptions, "by"> = {},
): ReasoningChain {
  if (sample instanceof SurprisalError) throw sample;
  const { reasoning, frame, answer } = sample;
  const question = questionOf(sample);
  if (question === null)
    throw invalidArgument(
      "There is no question in the chat",
      where,
      "Give the question as a message of the user.",
    );
  const cut =
    typeof reasoning === "string"
      ? reasoning === ""
        ? { lead: "", steps: [] }
        : segment(reasoning, { by })
      : { lead: "", steps: reasoning.map((text) => ({ text, separator: "\n", kind: "text" as const })) };
  return {
    prompt: (/\s$/.test(question) ? question : `${question}\n`) + sample.head,
    ...{ lead: cut.lead, steps: cut.steps, frame, answer: answer + sample.tail.trimEnd() },
  };
}

function questionOf({ asked }: ReasoningSample): string | null {
  if (typeof asked === "string") return asked;
  const last = asked.findLast(({ role }) => role === "user")?.content;
  return typeof last === "string" ? last : null;
}

/**
 * Refines demonstrations on calibration questions, and scores the baselines on the same questions: all steps, the shortest first, and
 * random draws, each with at least as many tokens.
 * @throws {SurprisalError} as `refineDemonstrations`, naming the line.
 */
export async function refinePrompt(
  model: LanguageModel,
  {
    demonstrations,
    calibration,
  }: { demonstrations: readonly SampleRow[]; calibration: readonly SampleRow[] },
  options: RefinePromptOptions = {},
): Promise<DemonstrationReport> {
  const [shown, asked] = [demonstrations, calibration].map((rows) =>
    rows.map((row): Named => ({ where: row.where, chain: demonstrationOf(row, options) })),
  ) as [Named[], Named[]];
  checkCorresponding([...shown, ...asked.filter(({ chain }) => chain.steps.length > 0)]);
  let first: readonly PruneCandidate[] | null = null;
  const set = { demonstrations: chainsOf(shown), calibration: chainsOf(asked) };
  const refined = await refineDemonstrations(model, set, {
    ...options,
    onCandidates: (candidates) => {
      first ??= candidates;
      options.onCandidates?.(candidates);
    },
  });
  const importances = new Map(
    (first as readonly PruneCandidate[] | null)?.map(({ step, ratio }) => [step, ratio]),
  );
  const compared = await baselinesOf(model, set, refined, options);
  return {
    ...{ mode: "fs", source: options.source ?? "demonstrations", model: model.identity },
    ...{ settings: options.settings ?? {}, reconstructed: refined.reconstructed, measure: refined.measure },
    text: refined.text,
    fullText: shownBefore(set.demonstrations, options),
    demonstrations: shown.map(({ where, chain }, i) => ({
      ...{ where, steps: textsOf(chain), now: textsOf(refined.demonstrations[i]!) },
    })),
    calibration: asked.length,
    steps: refined.steps.map((step) => ({
      ...step,
      text: shown[0]!.chain.steps[step.step]!.text,
      importance: importances.get(step.step) ?? null,
    })),
    rounds: refined.rounds.map(({ candidates: _, ...round }) => round),
    ...{ stopped: refined.stopped, perplexity: refined.perplexity, tokens: refined.tokens },
    baselines: compared.rows,
    ...(compared.draws && { draws: compared.draws }),
    tokensRun: refined.tokensRun + compared.tokensRun,
  };
}

const chainsOf = (named: readonly Named[]): ReasoningChain[] => named.map(({ chain }) => chain);
const textsOf = ({ steps }: ReasoningChain): string[] => steps.map(({ text }) => text);

/** As `refineDemonstrations` does, with the lines' own names. */
function checkCorresponding(all: readonly Named[]): void {
  const [first] = all;
  if (first === undefined) return; // what reads them says so
  const wanted = first.chain.steps.length;
  const other = all.find(({ chain }) => chain.steps.length !== wanted);
  if (other === undefined) return;
  const count = other.chain.steps.length;
  throw invalidArgument(
    `It has ${count} steps, and ${first.where} has ${wanted}: step ${Math.min(count, wanted) + 1} has no counterpart`,
    other.where,
    "SPIRIT-FS takes the same step out of all: give chains whose steps correspond one by one, or refine each by itself (--mode ft).",
  );
}

function shownBefore(
  demonstrations: readonly ReasoningChain[],
  { instruction = "", between = "\n\n" }: RefinePromptOptions,
): string {
  return instruction + demonstrations.map((chain) => chainText(chain) + between).join("");
}

interface Compared extends Pick<DemonstrationReport, "draws"> {
  rows: DemonstrationReport["baselines"];
  tokensRun: number;
}

async function baselinesOf(
  model: LanguageModel,
  { demonstrations, calibration }: { demonstrations: ReasoningChain[]; calibration: CalibrationQuestion[] },
  refined: RefinedDemonstrations,
  options: RefinePromptOptions,
): Promise<Compared> {
  const { draws = 20, seed = 0 } = options;
  if (!Number.isInteger(draws) || draws < 1)
    throw invalidArgument(`${draws} is no number of draws`, "draws", "Give an integer of at least 1.");
  const count = demonstrations[0]!.steps.length;
  const without = (removed: ReadonlySet<number>) => (chain: ReasoningChain) => ({
    ...chain,
    steps: withoutSteps(chain.steps, (step) => removed.has(step)),
  });
  const sizeOf = async (removed: ReadonlySet<number>) =>
    tokensOf(model, demonstrations.map(without(removed)));
  const lengths = [...Array(count).keys()].map((step) =>
    demonstrations.reduce((sum, { steps }) => sum + steps[step]!.text.length, 0),
  );
  const least = refined.demonstrations[0]!.steps.length;
  /** Takes steps out in this order as long as no less is left than the refined prompt has. */
  const cut = async (order: readonly number[]): Promise<Set<number>> => {
    const removed = new Set<number>();
    for (const step of order) {
      if (count - removed.size <= 1) break;
      const next = new Set([...removed, step]);
      const size = await sizeOf(next);
      const isEnough =
        refined.tokens.after === null || size === null
          ? count - next.size >= least
          : size >= refined.tokens.after;
      if (isEnough) removed.add(step);
    }
    return removed;
  };
  const steps = [...Array(count).keys()];
  const sets: Set<number>[] = [await cut(steps.toSorted((a, b) => lengths[a]! - lengths[b]! || a - b))];
  for (let draw = 0; draw < draws; draw++) sets.push(await cut(shuffled(steps, seed + draw)));
  const distinct = [...new Map(sets.map((set) => [keyOf(set), set])).values()];
  const hasSteps = calibration.some((chain) => chain.steps.length > 0);
  const requests = distinct.flatMap((removed) => {
    const before = shownBefore(demonstrations.map(without(removed)), options);
    return calibration.map((chain, i): ChainRequest => {
      const question = hasSteps ? without(removed)(chain) : chain;
      return { ...question, before, where: `calibration question ${i + 1}` };
    });
  });
  const scores = await scoreChains(model, requests, options);
  const perplexities = new Map(
    distinct.map((set, i) => {
      const own = scores.slice(i * calibration.length, (i + 1) * calibration.length);
      const { nll, tokens } = addParts(own.map((score) => partOf(score, refined.measure)));
      return [keyOf(set), nll / tokens];
    }),
  );
  const rowOf = async (name: string, set: Set<number>) => ({
    ...{
      name,
      steps: count - set.size,
      tokens: await sizeOf(set),
      perplexity: Math.exp(perplexities.get(keyOf(set))!),
    },
  });
  const random = await Promise.all(sets.slice(1).map((set) => rowOf("", set)));
  const mean = (of: (row: (typeof random)[number]) => number) =>
    random.reduce((sum, row) => sum + of(row), 0) / draws;
  return {
    rows: [
      { name: "full", steps: count, tokens: refined.tokens.before, perplexity: refined.perplexity.before },
      { name: "spirit", steps: least, tokens: refined.tokens.after, perplexity: refined.perplexity.after },
      await rowOf("shortest", sets[0]!),
      {
        name: `random, mean of ${draws}`,
        steps: mean((row) => row.steps),
        tokens: random.some(({ tokens }) => tokens === null) ? null : mean(({ tokens }) => tokens!),
        perplexity: Math.exp(mean(({ perplexity }) => Math.log(perplexity))),
      },
    ],
    draws: random.map(({ name: _, ...draw }) => draw),
    tokensRun: scores.reduce((sum, { tokensRun }) => sum + tokensRun, 0),
  };
}

const keyOf = (set: ReadonlySet<number>): string => [...set].sort((a, b) => a - b).join(",");

function shuffled(steps: readonly number[], seed: number): number[] {
  const random = seededRandom(seed);
  return steps
    .map((step) => ({ step, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ step }) => step);
}

async function tokensOf(model: LanguageModel, chains: readonly ReasoningChain[]): Promise<number | null> {
  if (!model.capabilities.tokenize) return null;
  let tokens = 0;
  for (const chain of chains) tokens += (await model.tokenize(reasoningText(chain))).ids.length;
  return tokens;
}
