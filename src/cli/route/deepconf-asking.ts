/** How `surprisal route deepconf` samples traces. */
import { car, type RecordsHeader, type RouteRecord, recordTraces } from "../../route/index.ts";
import { usage } from "../errors.ts";
import { openModel } from "../load-options.ts";
import { type Declared, decimal, option, wholeNumber } from "../parameters.ts";
import { identityOf, loadedAs } from "./car-asking.ts";
import { TOKENS } from "./options.ts";
import { type AskedQuestion, type QuestionSet, voteOf } from "./questions.ts";
import { recordInto } from "./recording.ts";
import { oneWording, WORDING, type WordingValues } from "./wording.ts";

export const TRACE_TOKENS = 1024;
const COUNT = wholeNumber(1, 100_000);

/** How a trace is sampled. */
export interface SamplingValues {
  traceTokens: number | undefined;
  temperature: number;
  topP: number;
}

// biome-ignore format: one option a line
export const SAMPLING: Declared<SamplingValues> = {
  traceTokens: TOKENS("Most tokens of a trace", String(TRACE_TOKENS)),
  temperature: option(decimal(0, 100), { hint: "T", description: "Of the sampling", standard: "0.6" }),
  topP: option(decimal(0.0001, 1), { hint: "P", description: "Of the sampling", standard: "0.95" }),
};

/** How the traces of a recording are. */
export interface TracingValues extends SamplingValues, WordingValues {
  traces: number;
  topK: number;
}

// biome-ignore format: one option a line
export const TRACING: Declared<TracingValues> = {
  traces: option(COUNT, { short: "n", hint: "N", description: "Traces of each question; trace i is drawn with the seed plus i", standard: "16" }),
  ...WORDING,
  ...SAMPLING,
  topK: option(wholeNumber(1, 1000), { hint: "K", description: "Alternatives that a token's confidence is over, as many as the source gives", standard: "20" }),
};

type Loading = Parameters<typeof openModel>[0];

/** What is given for recording. */
export interface DeepConfRecording extends TracingValues, Loading {
  seed: number;
  atOnce: number | undefined;
}

/** Samples the traces of a set of questions into a file. */
export async function recordDeepConf(
  given: DeepConfRecording,
  set: QuestionSet,
  file: string,
  resume: boolean,
): Promise<{ header: RecordsHeader; records: readonly RouteRecord[] }> {
  const { traceTokens = TRACE_TOKENS, temperature, topP, topK, traces, seed } = given;
  const instructions = oneWording(set, given);
  await using model = await openModel(given);
  requireAlternatives(model.capabilities.alternatives, model.identity.name);
  return await recordInto({
    file,
    header: {
      paths: [],
      counting: null,
      identity: identityOf(model),
      instructions,
      asked: {
        answer: set.reading,
        traces,
        traceTokens,
        temperature,
        topP,
        topK,
        seed,
        ...loadedAs(given),
      },
    },
    questions: set.questions,
    resume,
    // The traces of a question are written side by side already.
    atOnce: given.atOnce ?? 1,
    quiet: given.quiet,
    record: async ({ isRight, question, ...about }: AskedQuestion) => ({
      ...about,
      question,
      paths: {},
      traces: await recordTraces(model, car.prompt(model, question, "long", { instructions }), {
        n: traces,
        answerOf: voteOf(set.reading),
        isRight: (_, words) => isRight(words),
        topK,
        sampling: { maxTokens: traceTokens, temperature, topP, seed },
      }),
    }),
  });
}

/** @throws SurprisalError USAGE */
export function requireAlternatives(alternatives: number, name: string): void {
  if (alternatives < 1)
    throw usage(
      "The model gives no alternatives, which confidences are made from; `surprisal probe` says what a server gives",
      name,
    );
}
