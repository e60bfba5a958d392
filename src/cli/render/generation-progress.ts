/** How far the answers to many prompts have come, in one line. */
import { formatCount, formatDuration, formatRate } from "../../text/index.ts";

export interface GenerationProgress {
  /** Prompts that are done, of so many. */
  prompts: number;
  totalPrompts: number;
  /** Answers written in this run, of so many that were missing. */
  answers: number;
  missing: number;
  /** Tokens written in this run. */
  tokens: number;
  /** Since the first was asked for, milliseconds. */
  ms: number;
}

export function generationProgress(progress: GenerationProgress): string {
  const { prompts, totalPrompts, answers, missing, tokens, ms } = progress;
  const left = answers === 0 ? null : (ms * (missing - answers)) / answers;
  return [
    `generating  ${formatCount(prompts)} of ${formatCount(totalPrompts)} prompts`,
    ...(missing > totalPrompts ? [`${formatCount(answers)} of ${formatCount(missing)} answers`] : []),
    ...(tokens > 0 && ms > 0 ? [formatRate((1000 * tokens) / ms, "tokens")] : []),
    ...(left === null || left <= 0 ? [] : [`${formatDuration(left)} left`]),
  ].join("  ");
}
