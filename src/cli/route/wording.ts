/** The wording of questions that are asked in one way: of cascades and of DeepConf. */
import { type CarInstructions, car } from "../../route/index.ts";
import { type Declared, oneOf, option, text } from "../parameters.ts";
import type { QuestionSet } from "./questions.ts";

/** What is given of it. */
export interface WordingValues {
  instruction: string | undefined;
  form: "chat" | "text" | undefined;
}

// biome-ignore format: one option a line
export const WORDING: Declared<WordingValues> = {
  instruction: option(text, { hint: "TEXT", mayBeEmpty: true, description: "What stands behind the question (default: that of the paper for long answers; of --problems, its own)" }),
  form: option(oneOf(["chat", "text"]), { hint: "chat|text", description: "A message of the user, or the text as it is (default: a chat where the model takes one)" }),
};

/** As a wording whose long instruction is the one that is asked with. */
export function oneWording(
  { wording: own }: Pick<QuestionSet, "wording">,
  given: WordingValues,
): CarInstructions {
  const instruction = given.instruction ?? own?.long ?? car.INSTRUCTIONS.long;
  const form = given.form ?? own?.form;
  return {
    short: instruction,
    long: instruction,
    ...(form && { form }),
    ...(own?.examples && { examples: own.examples }),
  };
}
