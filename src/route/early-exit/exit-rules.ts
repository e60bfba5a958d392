/** The rules that end thinking, by name and with their numbers: as they are run, and replayed on records. */
import { type EarlyExit, invalidArgument, type TokenRecord } from "../../core/index.ts";
import type { RecordedThinking, ThinkingPlace, ThinkingPlaces } from "../records.ts";
import { CertainRun, type CertainRunOptions } from "./certain-run.ts";
import { EntropyExit, type EntropyExitOptions } from "./entropy-exit.ts";
import { countedProbe } from "./places.ts";
import type { Probe } from "./probe.ts";
import { TrialExit, type TrialExitOptions } from "./trial-exit.ts";

/** A rule with its numbers. Left out: the defaults of `CertainRun`, `EntropyExit` and `TrialExit`. */
export type ExitSettings =
  | ({ rule: "certain" } & Omit<CertainRunOptions, "part" | "at">)
  | ({ rule: "eat" } & Pick<EntropyExitOptions, "delta" | "alpha" | "warmUp">)
  | ({ rule: "deer" } & Pick<TrialExitOptions, "threshold" | "mean" | "most">);

/** Names of the rules. */
export const EXIT_RULES = ["certain", "eat", "deer"] as const;

/** @throws SurprisalError INVALID_ARGUMENT */
function requireRule(settings: ExitSettings): void {
  const { rule } = settings ?? {};
  if (EXIT_RULES.includes(rule)) return;
  throw invalidArgument(`There is no rule "${String(rule)}"`, "rule", `Give ${EXIT_RULES.join(", ")}.`);
}

/** Whether a rule asks a model. */
export const asksModel = ({ rule }: ExitSettings): boolean => rule !== "certain";

/**
 * A rule for one stream. All of them end it behind the texts of `places.at`, a run of certain tokens too.
 * @param probe for a rule that asks a model; closed by the rule.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function exitOf(
  settings: ExitSettings,
  { at, close, call, trial }: ThinkingPlaces,
  probe: Probe | null,
): EarlyExit {
  requireRule(settings);
  if (settings.rule === "certain") {
    const { probability, run, after } = settings;
    return new CertainRun({ probability, run, after, at });
  }
  if (probe === null)
    throw invalidArgument(
      `The rule ${settings.rule} asks a model`,
      "probe",
      "Give a probe, such as sequenceProbe.",
    );
  if (settings.rule === "eat") {
    const { delta, alpha, warmUp } = settings;
    return new EntropyExit({ probe, delta, alpha, warmUp, every: at, suffix: close });
  }
  const { threshold, mean, most } = settings;
  return new TrialExit({ probe, threshold, mean, most, at, suffix: call, ...trial });
}

/** @throws SurprisalError INVALID_ARGUMENT for numbers that the rule does not take. */
export function checkExit(settings: ExitSettings, places: ThinkingPlaces): void {
  exitOf(settings, places, UNASKED);
}

const UNASKED: Probe = {
  read() {},
  entropyAfter: async () => null,
  trial: async () => ({ text: "", logprobs: [] }),
  async [Symbol.asyncDispose]() {},
};

/** What a rule would have done. */
export interface ReplayedExit {
  /** Where it would have ended the thinking; `null`: nowhere. */
  place: ThinkingPlace | null;
  /** Why. */
  reason: string | null;
  /** Tokens written for its questions, up to there. */
  probeTokens: number;
  /** Of its questions, those that had no number. */
  missing: number;
}

/**
 * Replays a rule on thinking that was recorded to its end: the rule itself, with what was recorded in the place of a model.
 * @param places those of the records' header; with fewer texts in `at`, the rule looks behind those alone.
 */
export async function replayExit(
  { firstChoices, places }: RecordedThinking,
  settings: ExitSettings,
  how: ThinkingPlaces,
): Promise<ReplayedExit> {
  let here: ThinkingPlace | null = null;
  const probe = countedProbe({
    read() {},
    entropyAfter: async () => here!.entropy,
    trial: async () => here!.trial,
    async [Symbol.asyncDispose]() {},
  });
  const exit = exitOf(settings, how, probe);
  const missing = () =>
    exit instanceof CertainRun
      ? exit.unknown
      : exit instanceof EntropyExit || exit instanceof TrialExit
        ? exit.missing
        : 0;
  const byToken = new Map(places.map((place) => [place.seen, place]));
  for (const [i, logprob] of firstChoices.entries()) {
    here = byToken.get(i + 1) ?? null;
    const mark = here?.marks.find((each) => how.at.includes(each)) ?? "";
    const token: TokenRecord = { text: mark, logprob, rank: 1 };
    const verdict = exit.observe(token);
    const { kind, ...more } = "kind" in verdict ? verdict : await verdict;
    if (kind === "stop")
      return {
        place: here,
        reason: "reason" in more ? more.reason : null,
        probeTokens: probe.tokens,
        missing: missing(),
      };
  }
  return { place: null, reason: null, probeTokens: probe.tokens, missing: missing() };
}
