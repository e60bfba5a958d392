/** Levels of a ladder, as the commands of `surprisal route paq` load them. */
import { statSync } from "node:fs";
import { SurprisalError } from "../../core/index.ts";
import { type LanguageModel, LlamaModel } from "../../models/index.ts";
import { type PaqLadder, type PaqLevelFacts, readLadder } from "../../route/index.ts";
import { usage } from "../errors.ts";
import { loadOptions } from "../load-options.ts";
import { option, type Parameter, text } from "../parameters.ts";

export const LADDER: Parameter<string | undefined> = option(text, {
  hint: "FOLDER",
  description: "The ladder, as `surprisal route paq ladder` made it",
});
export const FORM: Parameter<"chat" | "text" | undefined> = option(
  (word, name) => {
    if (word === "chat" || word === "text") return word;
    throw usage(`${name} takes chat or text, not "${word}"`);
  },
  {
    hint: "chat|text",
    description: "A message of the user, or the text as it is (default: a chat where the model takes one)",
  },
);

/** @throws SurprisalError USAGE, FILE_NOT_FOUND, ROUTER_INVALID */
export async function ladderOf(folder: string | undefined): Promise<PaqLadder> {
  if (folder === undefined)
    throw usage("There is no ladder: --ladder FOLDER, which `surprisal route paq ladder` makes");
  return await readLadder(folder);
}

/**
 * All levels have to be there. @throws SurprisalError MODEL_CHANGED, MODEL_UNAVAILABLE
 * @returns what loads one.
 */
export function levelsOf(
  { levels }: PaqLadder,
  given: Parameters<typeof loadOptions>[0],
): (level: PaqLevelFacts) => Promise<LanguageModel> {
  for (const { file, bytes, name } of levels) {
    const now = statSync(file, { throwIfNoEntry: false })?.size;
    if (now === bytes) continue;
    throw new SurprisalError({
      code: now === undefined ? "MODEL_UNAVAILABLE" : "MODEL_CHANGED",
      what:
        now === undefined
          ? `The file of ${name} is missing`
          : `The file of ${name} has ${now} bytes, and had ${bytes} when it was made`,
      where: file,
      wayOut: "Make it again: the same `surprisal route paq ladder` makes what is missing.",
    });
  }
  return ({ name, identity }) =>
    LlamaModel.load(levels.find((level) => level.name === name)!.file, loadOptions(given), {
      name: identity.model?.name ?? name,
      sha256: identity.model?.sha256 ?? null,
    });
}
