/** Options that the commands of `surprisal route` share, in the same words. */
import { REWORDINGS, type Rewording } from "../../route/index.ts";
import { CONTEXT_SIZE, LOAD_OPTIONS } from "../load-options.ts";
import {
  type Declared,
  decimal,
  flag,
  oneOf,
  option,
  optionalArgument,
  type Parameter,
  repeated,
  text,
  wholeNumber,
} from "../parameters.ts";
import { MODEL_DESCRIPTION, MOST_MIB, QUIET } from "../shared-options.ts";
import { PROBLEM_SETS, type QuestionsGiven, READINGS, type Reading } from "./questions.ts";

export const SEEDS: number = 2 ** 31 - 1;
const MOST_TOKENS = 1_000_000;
/** A share strictly between 0 and 1. */
export const SHARE: (text: string, name: string) => number = decimal(0.0001, 0.9999);

export const MODEL: Parameter<string | undefined> = option(text, {
  short: "m",
  description: MODEL_DESCRIPTION,
});
export const ANSWER: Parameter<Reading | undefined> = option(oneOf(READINGS), {
  hint: "KIND",
  description: `What an answer is: ${READINGS.join(", ")} (what follows "Answer:"); by default as the right answers are`,
});
export const TOKENS = (description: string, standard?: string): Parameter<number | undefined> =>
  option(wholeNumber(1, MOST_TOKENS), {
    hint: "N",
    description: standard === undefined ? description : `${description} (default: ${standard})`,
  });

// biome-ignore format: one option a line
export const QUESTION_OPTIONS: Declared<QuestionsGiven> = {
  questions: optionalArgument('Questions with their answers: JSONL with "question" and "answer" a line; - for standard input'),
  problems: option(oneOf(PROBLEM_SETS), { hint: "SET", description: "Questions that are built in: lab (what the lab model was trained for; its test split), mixed (sums and products, with one example)" }),
  count: option(wholeNumber(1, 100_000), { hint: "N", description: "How many of --problems (default: 400)" }),
  seed: option(wholeNumber(0, SEEDS), { hint: "N", description: "Of --problems, and of everything that is drawn", standard: "0" }),
  answer: ANSWER,
  reword: repeated<Rewording>(oneOf(REWORDINGS), { hint: "HOW", description: `Ask every question in other words too, so that flips are counted: ${REWORDINGS.join(", ")}; may be given several times` }),
  maxMib: MOST_MIB,
};

interface AskingValues {
  atOnce: number | undefined;
  quiet: boolean;
}

// biome-ignore format: one option a line
/** Of commands that ask a model many questions. */
export const ASKING_OPTIONS: Declared<AskingValues> & typeof CONTEXT_SIZE & typeof LOAD_OPTIONS = {
  atOnce: option(wholeNumber(1, 256), { hint: "N", description: "Questions that are asked side by side (default: 8; of a server and of cascades: 4; deepconf and exit in process: 1); times are true with 1 alone" }),
  quiet: QUIET,
  ...CONTEXT_SIZE,
  ...LOAD_OPTIONS,
};

interface PictureValues {
  resamples: number;
  level: number;
  svg: string | undefined;
  html: string | undefined;
}

// biome-ignore format: one option a line
/** Of `eval`. */
export const PICTURE_OPTIONS: Declared<PictureValues> = {
  resamples: option(wholeNumber(100, 100_000), { hint: "N", description: "Resamples of the paired bootstrap", standard: "1000" }),
  level: option(decimal(0.01, 0.999), { hint: "SHARE", description: "Coverage of the intervals", standard: "0.95" }),
  svg: option(text, { hint: "FILE", description: "Also write the picture: accuracy against tokens" }),
  html: option(text, { hint: "FILE", description: "Also write a page with the picture and all numbers" }),
};

export const OUT: Parameter<string | undefined> = option(text, {
  short: "o",
  hint: "FILE",
  description: "Write the records into this file, as they are done",
});
export const RESUME: Parameter<boolean> = flag({
  description: "Go on with the file of --out: what it has is kept",
});
export const ARTEFACT: Parameter<string | undefined> = option(text, {
  short: "a",
  hint: "FILE",
  description: "The router, as `fit` wrote it",
});
export const STRICT: Parameter<boolean> = flag({
  description: "Another model, wording or kernels than the router was fitted to is an error, not a warning",
});
export const REPLAY: Parameter<string | undefined> = option(text, {
  hint: "FILE",
  description: "Judge these records, without a model",
});
export const RECORDS: Parameter<string | undefined> = option(text, {
  hint: "FILE",
  description: "Without --replay: record the questions into this file first, or go on with it",
});
