/** HellaSwag (Zellers et al. 2019) as lm-evaluation-harness and llama.cpp prepare it. */

import { pythonTrim } from "../../core/index.ts";

/**
 * Removes what is left in the data of WikiHow's markup: `[title]` becomes the end of a sentence, anything else in
 * square brackets nothing.
 * Source: `preprocess` in lm_eval/tasks/hellaswag/utils.py, lm-eval 0.4.13, line by line.
 */
export function preprocessHellaSwag(text: string): string {
  return pythonTrim(text)
    .replaceAll(" [title]", ". ")
    .replace(/\[[^\n]*?\]/g, "") // Python's "." is anything but a newline
    .replaceAll("  ", " ");
}

/**
 * Python's `str.capitalize()`: the first character in title case, **the rest in lower case**, so "He runs to Tom"
 * becomes "He runs to tom". That is in lm-eval's contexts, and so in its numbers.
 * (For a handful of digraphs such as U+01C6, title case is not upper case; JavaScript has no function for it.)
 */
function pythonCapitalize(text: string): string {
  const [first = ""] = text;
  const upper = first.toUpperCase();
  const [head = "", ...tail] = upper; // "ß" is "SS" in upper case and "Ss" in title case
  return head + tail.join("").toLowerCase() + text.slice(first.length).toLowerCase();
}

/** The context of a row of the original data. Source: `process_docs` in the same file. */
export function hellaSwagContext(activity: string, contextA: string, contextB: string): string {
  return preprocessHellaSwag(`${activity}: ${contextA} ${pythonCapitalize(contextB)}`);
}
