/** How `surprisal route car` asks: wording, lengths, which tokens count. */
import { kernelsOf, type LanguageModel } from "../../models/index.ts";
import {
  type AnswerCounting,
  type CarInstructions,
  car,
  type RecordsHeader,
  type RouteRecord,
} from "../../route/index.ts";
import { openModel } from "../load-options.ts";
import { type Declared, flag, oneOf, option, text } from "../parameters.ts";
import { TOKENS } from "./options.ts";
import { type AskedQuestion, answerIn, type QuestionSet } from "./questions.ts";
import { recordInto } from "./recording.ts";

export const SHORT_TOKENS = 64;
export const LONG_TOKENS = 1024;
const AT_ONCE = { process: 8, server: 4 } as const;

const FORMATTING = ["all", "trimmed", "answer"] as const;

/** How both ways are asked. */
export interface CarAskingValues {
  short: string | undefined;
  long: string | undefined;
  form: "chat" | "text" | undefined;
  shortTokens: number | undefined;
  longTokens: number | undefined;
  counting: AnswerCounting["formatting"];
  endToken: boolean;
}

// biome-ignore format: one option a line
export const CAR_ASKING: Declared<CarAskingValues> = {
  short: option(text, { hint: "TEXT", description: "Instruction behind the question for the short answer (default: that of the paper; of --problems, its own)" }),
  long: option(text, { hint: "TEXT", description: "The same for the long one" }),
  form: option(oneOf(["chat", "text"]), { hint: "chat|text", description: "A message of the user, or the text as it is (default: a chat where the model takes one)" }),
  shortTokens: TOKENS("Most tokens of the short answer", String(SHORT_TOKENS)),
  longTokens: TOKENS("Most tokens of the long one", String(LONG_TOKENS)),
  counting: option(oneOf(FORMATTING), { hint: "WHICH", description: "Tokens of the short answer that signals are made from: all, trimmed (no white space at its ends), answer (only those of the answer that is found in it)", standard: "all" }),
  endToken: flag({ description: "Count the end-of-text token too; needs a model in process" }),
};

/** The wording that is asked with. */
function wordingOf(set: QuestionSet, { short, long, form }: CarAskingValues): CarInstructions {
  const own = set.wording;
  return {
    short: short ?? own?.short ?? car.INSTRUCTIONS.short,
    long: long ?? own?.long ?? car.INSTRUCTIONS.long,
    ...((form ?? own?.form) && { form: form ?? own?.form }),
    ...(own?.examples && { examples: own.examples }),
  };
}

type Loading = Parameters<typeof openModel>[0];

/** What is given for recording. */
export interface CarRecording extends CarAskingValues, Loading {
  atOnce: number | undefined;
}

/** Records a set of questions into a file. */
export async function recordCar(
  given: CarRecording,
  set: QuestionSet,
  file: string,
  resume: boolean,
): Promise<{ header: RecordsHeader; records: readonly RouteRecord[] }> {
  await using model = await openModel(given);
  const instructions = wordingOf(set, given);
  const counting: AnswerCounting = {
    endToken: given.endToken ? "counted" : "left out",
    formatting: given.counting,
  };
  const { shortTokens = SHORT_TOKENS, longTokens = LONG_TOKENS } = given;
  const answerOf = answerIn(set.reading);
  return await recordInto({
    file,
    header: {
      paths: ["short", "long"],
      counting,
      identity: identityOf(model),
      instructions,
      asked: { answer: set.reading, shortTokens, longTokens, ...loadedAs(given) },
    },
    questions: set.questions,
    resume,
    atOnce: placesFor(given.atOnce, model),
    quiet: given.quiet,
    record: ({ isRight, question, ...about }: AskedQuestion) =>
      car.record(model, question, {
        ...about,
        isRight: (_, text) => isRight(text),
        answerOf,
        counting,
        instructions,
        short: { maxTokens: shortTokens },
        long: { maxTokens: longTokens },
      }),
  });
}

/** What answered, as far as records tell it from others. */
export const identityOf = ({
  identity,
  settings,
}: LanguageModel): NonNullable<RecordsHeader["identity"]> => ({
  model: { name: identity.name, sha256: identity.sha256 },
  tokenizer: null,
  wordingSha256: null,
  recipe: null,
  kernels: kernelsOf(settings),
});

/** How a model was loaded, as far as it changes its numbers. */
export const loadedAs = ({ exact, cacheType }: Loading): Record<string, unknown> => ({
  ...(exact && { exact }),
  ...(cacheType !== undefined && { cacheType }),
});

/** Answers at once where nothing is said. */
export const placesFor = (atOnce: number | undefined, { execution }: LanguageModel): number =>
  atOnce ?? AT_ONCE[execution.place];
