/** The surface forms of true and false. */
import type { LanguageModel } from "../../models/index.ts";

/** Words for true and false that are summed, in both cases and under the letters of the prompt. */
export const TRUE_FORMS: readonly string[] = [
  "True",
  "true",
  "TRUE",
  "A",
  "(A)",
  "(A) True",
  "A) True",
  "True.",
  "Yes",
];
export const FALSE_FORMS: readonly string[] = [
  "False",
  "false",
  "FALSE",
  "B",
  "(B)",
  "(B) False",
  "B) False",
  "False.",
  "No",
];

/** What all forms come to behind a prompt, each with its end; what is run is less, as some begin alike. */
export async function tokensOfForms(model: LanguageModel): Promise<number> {
  let total = 0;
  for (const form of [...TRUE_FORMS, ...FALSE_FORMS])
    total += (await model.tokenize(` ${form}`)).ids.length + 1;
  return total;
}

/** No other form is its beginning. */
export const isShortest = (form: string): boolean =>
  ![...TRUE_FORMS, ...FALSE_FORMS].some((other) => other !== form && form.startsWith(other));
