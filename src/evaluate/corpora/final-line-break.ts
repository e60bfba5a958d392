/**
 * llama.cpp's tools take one line feed off the end of what `-f FILE` holds, before anything is encoded
 * (common/arg.cpp, the option --file: `if (params.prompt.back() == '\n') params.prompt.pop_back()`); of CR LF the CR stays.
 * So a file under the recipe "llama.cpp" is scored without it. A string is scored as it is, whatever the recipe.
 */

/** What is said of it, where a rule or a note has to. */
export const FINAL_LINE_BREAK_OFF = "one final line feed taken off, as llama.cpp does with a file";

/** @param recipe name of the recipe that will score; `undefined`: one of no name. */
export function takesFinalLineBreakOff(recipe: string | null | undefined): boolean {
  return recipe === "llama.cpp";
}

/** A text without the one line feed it may end with. */
export function withoutFinalLineBreak(text: string): string {
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}
