/** Every model's answer to a question, as a record. */
import type { RecordedAnswer, RouteRecord } from "../records.ts";
import type { CascadeModel } from "./run.ts";

/** Options of `cascade.record`. */
export interface CascadeRecordOptions {
  id: string;
  /** Whether an answer is right; `null` = it cannot be said. */
  isRight: (answer: string | null, text: string) => boolean | null | Promise<boolean | null>;
  /** What an answer says. Default: its text. */
  answerOf?: ((text: string) => string | null) | undefined;
  group?: string | undefined;
  kind?: string | undefined;
  rewordingOf?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Asks all models, one after the other. @throws whatever a model throws: half a record is none. */
export async function recordCascade(
  models: readonly CascadeModel[],
  question: string,
  { id, isRight, answerOf, group, kind, rewordingOf, signal }: CascadeRecordOptions,
): Promise<RouteRecord> {
  const paths: [string, RecordedAnswer][] = [];
  for (const model of models) {
    const start = performance.now();
    const { text, tokens, promptTokens, signals } = await model.ask(question, { signal });
    const ms = performance.now() - start;
    const answer = answerOf ? answerOf(text) : text.trim();
    const correct = await isRight(answer, text);
    const read = promptTokens === null ? {} : { promptTokens };
    paths.push([model.name, { correct, tokens, ...read, ms, text, answer, signals }]);
  }
  return {
    id,
    ...(group !== undefined && { group }),
    ...(kind !== undefined && { kind }),
    question,
    ...(rewordingOf !== undefined && { rewordingOf }),
    paths: Object.fromEntries(paths),
  };
}
