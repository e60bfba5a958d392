/** What is no way of writing, refused by every model in the same words. */
import { checkWellFormed, invalidArgument } from "../core/index.ts";
import { checkMaxTokens } from "./generation.ts";
import type { GenerateOptions } from "./language-model.ts";
import { checkPenalties } from "./penalties.ts";
import { checkSampling } from "./sampling.ts";

/** @throws SurprisalError INVALID_ARGUMENT */
export function checkGenerateOptions(options: GenerateOptions): void {
  const { maxTokens = 256, stop = [], prefill = "", oneOf } = options;
  checkMaxTokens(maxTokens);
  checkSampling(options);
  checkPenalties(options);
  checkTexts("stop", stop);
  checkWellFormed(prefill, "prefill");
  checkWord("whenFull", options.whenFull, ["wait", "refuse"]);
  checkWord("batching", options.batching, ["on", "off"]);
  checkWord("shape", options.shape, [true, false]);
  if (oneOf === undefined) return;
  checkTexts("oneOf", oneOf);
  if (oneOf.length === 0) throw invalidArgument("There is nothing to choose from", "oneOf", "Give a text.");
  const again = oneOf.findIndex((text, i) => oneOf.indexOf(text) < i);
  if (again >= 0) throw invalidArgument("A text is there twice", `oneOf[${again}]`, "Give each once.");
  if (stop.length > 0)
    throw invalidArgument("The texts end by themselves", "stop, oneOf", "Give `stop` or `oneOf`, not both.");
}

function checkTexts(name: string, texts: readonly string[]): void {
  if (!Array.isArray(texts)) throw invalidArgument("This is no list of texts", name, `Give ["..."].`);
  for (const [i, text] of texts.entries()) {
    if (typeof text !== "string" || text === "")
      throw invalidArgument("This is an empty text, or none", `${name}[${i}]`, "Leave it out.");
    checkWellFormed(text, `${name}[${i}]`);
  }
}

function checkWord<Word extends string | boolean>(
  name: string,
  word: Word | undefined,
  allowed: readonly Word[],
): void {
  if (word === undefined || allowed.includes(word)) return;
  throw invalidArgument(`"${word}" is not a value of ${name}`, name, `Use one of ${allowed.join(", ")}.`);
}
