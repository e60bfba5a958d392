/** What a model says after it has thought: reasoning models write their thoughts into the text, between marks. */
import type { Prepared } from "./prepared.ts";

const NAMES = "think|thinking|thought|thoughts|reasoning|scratchpad";
/** DeepSeek, Qwen and others; Kimi; Magistral; and the final channel of gpt-oss. */
const CLOSE = new RegExp(`</(?:${NAMES})>|◁/think▷|\\[/THINK\\]|<\\|channel\\|>final<\\|message\\|>`, "gi");
const OPEN = new RegExp(`<(?:${NAMES})>|◁think▷|\\[THINK\\]|<\\|channel\\|>analysis<\\|message\\|>`, "i");

/**
 * The text behind the last mark that closes a thought, whether or not its opening is there: chat templates swallow that. Where
 * nothing stands behind it, or a thought is never closed, the text before the first thought.
 */
export function spokenOf(prepared: Prepared): Prepared {
  const { text } = prepared;
  let behind = -1;
  for (const match of text.matchAll(CLOSE)) behind = match.index + match[0].length;
  const open = text.search(OPEN);
  if (behind < 0 && open < 0) return prepared;
  if (behind >= 0) {
    const said = text.slice(behind);
    const again = said.search(OPEN);
    if (said.slice(0, again < 0 ? undefined : again).trim() !== "")
      return prepared.slice(behind, again < 0 ? text.length : behind + again);
  }
  return prepared.slice(0, Math.max(0, open));
}
