/** Both answers to a question, as a record: what a router is fitted to and judged by. */
import type { LanguageModel } from "../../models/index.ts";
import { type AnswerCounting, DEFAULT_COUNTING } from "../answer-signals.ts";
import type { RecordedAnswer, RouteRecord } from "../records.ts";
import type { WrittenAnswer } from "../written.ts";
import { CAR_INSTRUCTIONS, type CarRunOptions, writeLong, writeShort } from "./run.ts";

/** Options of `car.record`: as a router will ask, and what is known of the question. */
export interface CarRecordOptions extends Omit<CarRunOptions, "strict"> {
  id: string;
  /** Whether an answer is right; `null` = it cannot be said. */
  isRight: (answer: string | null, text: string) => boolean | null | Promise<boolean | null>;
  /** Which tokens of the short answer its signals are made from. Default: all but the end of text. */
  counting?: AnswerCounting | undefined;
  group?: string | undefined;
  kind?: string | undefined;
  rewordingOf?: string | undefined;
}

/**
 * Has a model write both answers, whatever a router would decide.
 * @throws SurprisalError as `LanguageModel.generate`.
 */
export async function recordCar(
  model: LanguageModel,
  question: string,
  { id, isRight, counting = DEFAULT_COUNTING, group, kind, rewordingOf, ...given }: CarRecordOptions,
): Promise<RouteRecord> {
  const options = { ...given, instructions: given.instructions ?? CAR_INSTRUCTIONS };
  const recorded = async (written: WrittenAnswer): Promise<RecordedAnswer> => {
    const { text, prompt } = written;
    const answer = options.answerOf ? options.answerOf(text) : text.trim();
    const correct = await isRight(answer, text);
    const tokens = { tokens: written.written, ...(prompt && { promptTokens: prompt.tokens }) };
    return { correct, ...tokens, ms: written.ms, text, answer };
  };
  const short = await writeShort(model, question, counting, options);
  const long = await writeLong(model, question, options);
  return {
    id,
    ...(group !== undefined && { group }),
    ...(kind !== undefined && { kind }),
    question,
    ...(rewordingOf !== undefined && { rewordingOf }),
    paths: {
      short: { ...(await recorded(short.answer)), signals: short.signals },
      long: await recorded(long),
    },
  };
}
