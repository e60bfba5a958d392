/** What a person should know of a task's results: what was cut, what was lost, and what could not be asked. */
import { formatPlural } from "../../text/index.ts";
import type { TaskResult } from "../tasks/index.ts";

/** One sentence each. */
export function taskNotes(results: readonly TaskResult[]): string[] {
  const cut = results.filter(({ cutTokens = 0 }) => cutTokens > 0);
  const refused = results.filter(({ problem }) => problem !== undefined);
  const of = `of ${formatPlural(results.length, "question")}`;
  const notes: string[] = [];
  if (cut.length > 0) {
    const most = cut.reduce((longest, one) => (one.cutTokens! > longest.cutTokens! ? one : longest));
    notes.push(
      `${cut.length} ${of} went beyond the model's context and lost their beginning, as in lm-eval (most: ${formatPlural(most.cutTokens!, "token")}, ${most.where}).`,
    );
  }
  const lost = results.filter(({ lostBytes = 0 }) => lostBytes > 0);
  if (lost.length > 0)
    notes.push(
      `in ${lost.length} ${of} a token lies across the border of context and choice; what it holds of the choice is not scored, as in lm-eval (first: ${lost[0]!.where}).`,
    );
  const [first] = refused;
  if (first)
    notes.push(
      `${refused.length} ${of} could not be asked and count in nothing (first: ${first.where}: ${first.problem}).`,
    );
  return notes;
}
