/** A step merged into its neighbour by a model that writes it anew. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { numbersIn } from "../graph/index.ts";
import type { MergeRequest, Merger } from "./merger.ts";

/**
 * What the model is asked. A **reconstruction**: SPIRIT (Cui and others 2025) merges by a model, and its wording is not public.
 */
export const MERGE_PROMPT: string = `Two neighbouring steps of a solution are to become one step.
Keep every number, name and condition that other steps need. Change no result. Add nothing.

Problem: {problem}

Step A: {first}
Step B: {second}

Write only the one step that says both, in the language and form of the steps.`;

/** Options of `rewriteMerger`. */
export interface RewriteOptions {
  /** With {problem}, {first} and {second}. Default `MERGE_PROMPT`. */
  wording?: string | undefined;
  /** Default 256. */
  maxTokens?: number | undefined;
}

/**
 * A merger that asks a model, greedily, in a chat where the model takes one. An answer merges nothing that is empty, cut off, longer
 * than both steps together, or one of them alone, that repeats what was asked, or that has a number which is new.
 * @throws {SurprisalError} INVALID_ARGUMENT, UNSUPPORTED_CAPABILITY
 */
export function rewriteMerger(model: LanguageModel, options: RewriteOptions = {}): Merger {
  const { wording = MERGE_PROMPT, maxTokens = 256 } = options;
  if (!wording.includes("{first}") || !wording.includes("{second}"))
    throw invalidArgument(
      "The wording does not say where the steps stand",
      "wording",
      "Put {first} and {second} into it.",
    );
  if (!model.capabilities.generate)
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: "This model cannot write",
      where: model.identity.name,
    });
  return async ({ prompt, steps, step, into, signal }: MergeRequest) => {
    const [first, second] = step < into ? [steps[step]!, steps[into]!] : [steps[into]!, steps[step]!];
    const parts: Readonly<Record<string, string>> = { problem: prompt.trim(), first, second };
    const asked = wording.replace(/\{(problem|first|second)\}/g, (_, name: string) => parts[name] ?? "");
    const writing = model.generate(
      model.capabilities.chat ? [{ role: "user", content: asked }] : `${asked}\n\n`,
      { maxTokens, signal, ...(model.capabilities.chat ? {} : { stop: ["\n\n"] }) },
    );
    let text = "";
    for await (const record of writing) if (record.part !== "reasoning") text += record.text;
    if (writing.end?.finishReason !== "stop") return null;
    const merged = withoutFrame(text, first + second);
    return isMerge(merged, { first, second, prompt, wording }) ? merged : null;
  };
}

/** An answer without what models put around it: "Here is the merged step:", "Step A:", a fence. */
function withoutFrame(text: string, steps: string): string {
  let merged = text.trim();
  const fenced = /^(?:`{3,}|~{3,})[^\n]*\n([\s\S]*?)\n(?:`{3,}|~{3,})$/.exec(merged);
  if (fenced && !/`{3}|~{3}/.test(steps)) merged = fenced[1]!.trim();
  const [line = "", ...rest] = merged.split("\n");
  if (
    rest.length > 0 &&
    /^(?:(?:sure|certainly|okay|ok|of course|here(?:'s| is)|the (?:merged|combined|one|single))\b|以下|合并|好的).{0,80}[:：]\s*$/iu.test(
      line,
    )
  )
    merged = rest.join("\n").trim();
  return merged.replace(
    /^(?:\*\*)?(?:(?:merged|combined|new) step|step [AB]|合并后的步骤)(?:\*\*)?\s*[:：.](?:\*\*)?\s*/i,
    "",
  );
}

/** Instructions and problems shorter than this may be said again by chance. */
const SHORTEST_ECHO = 16;

/**
 * Whether a text can stand for both steps: not empty, not longer than both, not one of them alone, no echo of what was asked, and
 * without a number that neither the steps nor the problem have.
 */
function isMerge(
  merged: string,
  { first, second, prompt, wording }: { first: string; second: string; prompt: string; wording: string },
): boolean {
  if (merged === "" || merged.length > first.length + second.length + 20) return false;
  if (merged === first.trim() || merged === second.trim()) return false;
  const said = `${first}\n${second}`;
  const asked = [
    prompt.trim(),
    ...wording.split(/\n|\{(?:problem|first|second)\}/).map((line) => line.trim()),
  ];
  if (/(?:^|\s)step [AB]\s*:/i.test(merged) && !/(?:^|\s)step [AB]\s*:/i.test(said)) return false;
  if (asked.some((line) => line.length >= SHORTEST_ECHO && merged.includes(line) && !said.includes(line)))
    return false;
  const known = new Set(numbersIn(`${said}\n${prompt}`).map(({ name }) => name));
  const places = numbersIn(merged);
  const parts = places.filter(
    ({ start, end }) =>
      !places.some(
        (other) => other.start >= start && other.end <= end && other.end - other.start < end - start,
      ),
  ); // 3/4 may be made of a 3 and a 4
  return parts.every(({ name }) => known.has(name));
}
