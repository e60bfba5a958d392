/** What every reader of an answer has in common, whatever the format. */
import { abortError, SurprisalError, type TokenRecord } from "../../core/index.ts";
import { LoopLeft } from "../generation.ts";
import type { FinishReason, GenerationEnd, Provenance } from "../language-model.ts";
import type { AnswerAssembler, AnswerOptions } from "./answer.ts";
import type { AnswerDoubts } from "./answer-numbers.ts";
import { mostEvents, tooMany } from "./bounds.ts";
import { reportedError, serverError, streamCut } from "./failure.ts";
import type { RemoteAnswer } from "./remote-answer.ts";

export interface AnswerReaderOptions extends AnswerOptions {
  /** Names the server in errors. Default "the server". */
  server?: string | undefined;
}

/** Reads one answer: give it the whole answer, or the events of a stream one by one, as parsed JSON; then `finish`. */
export interface WireReader {
  /**
   * @returns the records that are complete with this.
   * @throws SurprisalError WIRE_MALFORMED; SERVER_ERROR for an error the server reports in its answer. Where something
   *   arrived before it that was not given yet, that is returned, and the error thrown by the next call.
   */
  push(json: unknown): TokenRecord[];
  /** The error that the next call throws; `null` or left out: none. */
  readonly failure?: SurprisalError | null;
  /** The server has said why the answer ended, and how many tokens it has: nothing of it is missing. */
  readonly complete?: boolean;
  /** What has arrived and was not given on, where the connection breaks. */
  interrupt?(): TokenRecord[];
  /**
   * @returns the last records, and what is known at the end.
   * @throws SurprisalError STREAM_CUT when the answer was not complete.
   */
  finish(): FinishedAnswer;
  /** What is known to be wrong so far: all there is to say of an answer that is not read to its end. */
  readonly doubts: AnswerDoubts;
}

export interface FinishedAnswer {
  records: TokenRecord[];
  end: Omit<GenerationEnd, "provenance">;
  /** Left out where the format does not say. */
  probabilities?: Provenance["probabilities"] | undefined;
}

/**
 * Reads an answer as it arrives. One that goes on beyond its bounds is left: what was read is given, partial and with a
 * warning; of one that has given nothing yet that is an error. Leaving the loop ends the request; what is known then is returned
 * as at an end.
 */
export async function* readRecords(
  answer: Pick<RemoteAnswer, "messages" | "tokens" | "where" | "words" | "redact" | "dispose">,
  reader: WireReader,
  signal: AbortSignal | undefined,
): AsyncGenerator<TokenRecord, FinishedAnswer, void> {
  const most = mostEvents(answer.tokens);
  let events = 0;
  let spoken = 0;
  let given = 0;
  let scored = 0;
  let finished: FinishedAnswer | null = null;
  try {
    try {
      for await (const json of answer.messages()) {
        if (++events > most.events) throw tooMany(`${events - 1} events`, answer.tokens, answer.where);
        for (const record of reader.push(json)) {
          if (signal?.aborted) throw abortError("Generating", signal);
          given++;
          if (record.part !== "reasoning" && ++spoken > most.records)
            throw tooMany(`${spoken - 1} records`, answer.tokens, answer.where);
          if (record.logprob !== null) scored++;
          yield record;
        }
        if (reader.failure) throw reader.failure;
      }
      finished = reader.finish();
    } catch (error) {
      if (!SurprisalError.isInstance(error) || error.code === "ABORTED") throw error;
      // Nothing was to come but the mark of the end, [DONE] or the end of the connection.
      const isComplete = error.code === "STREAM_CUT" && reader.complete === true;
      if (!isComplete) {
        for (const record of reader.interrupt?.() ?? []) {
          given++;
          if (record.logprob !== null) scored++;
          yield record;
        }
        if (error.code === "ANSWER_TOO_LONG" && given > 0) return leftEarly(error, scored, reader, answer);
        if (error.code !== "STREAM_CUT" || answer.words === "") throw error;
        throw streamCut(`${error.what}. It ends with the words: ${answer.words}`, answer.where, error);
      }
      finished = reader.finish();
    }
    for (const record of finished.records) yield record;
    return finished;
  } catch (error) {
    if (!(error instanceof LoopLeft)) throw redacted(error, answer);
    if (finished) return finished;
    return { records: [], end: { finishReason: "other", tokens: null, scored, ...reader.doubts } };
  } finally {
    answer.dispose();
  }
}

/** What is known of an answer that was left since it had no end. */
function leftEarly(
  { what, wayOut }: SurprisalError,
  scored: number,
  reader: WireReader,
  answer: Pick<RemoteAnswer, "redact">,
): FinishedAnswer {
  const warnings = [...reader.doubts.warnings, answer.redact(`${what}; the rest was not read. ${wayOut}`)];
  return { records: [], end: { finishReason: "other", tokens: null, scored, partial: true, warnings } };
}

/** A server's words in the middle of an answer may repeat the key. */
function redacted(error: unknown, answer: Pick<RemoteAnswer, "redact">): unknown {
  if (!SurprisalError.isInstance(error)) return error;
  const what = answer.redact(error.what);
  if (what === error.what) return error;
  const { code, where, wayOut } = error;
  return new SurprisalError({ code, what, ...(where && { where }), ...(wayOut && { wayOut }) });
}

/** @throws SurprisalError SERVER_ERROR */
export function throwComplaint(json: unknown, server: string): void {
  const complaint = reportedError(json);
  if (complaint) throw serverError(complaint, server);
}

/** How an answer ended, as far as the server said. */
export interface Ending extends Pick<FinishedAnswer, "probabilities"> {
  /** `null` = it did not end. */
  finishReason: FinishReason | null;
  /** Tokens written, as the server counts them; `null` when it does not say. */
  tokens: number | null;
}

/**
 * A reader that puts the answer together in `answer`.
 * @param push takes what is no complaint of the server.
 * @param ending asked for after the last event.
 * @param flush gives what the format holds back, where nothing more comes.
 */
export function wireReader(
  answer: AnswerAssembler,
  server: string,
  push: (json: unknown) => TokenRecord[],
  ending: () => Ending,
  flush: () => TokenRecord[] = () => [],
): WireReader {
  const rest = () => [...flush(), ...answer.rest()];
  return {
    push(json) {
      if (answer.failure) throw answer.failure;
      const complaint = reportedError(json);
      let records: TokenRecord[] = [];
      try {
        records = push(json);
      } catch (error) {
        if (!SurprisalError.isInstance(error)) throw error;
        answer.failure = error;
      }
      if (complaint) answer.failure = serverError(complaint, server);
      if (!answer.failure) return records;
      // What came before the error, in this message too, is given first.
      const all = [...records, ...rest()];
      if (all.length === 0) throw answer.failure;
      return all;
    },
    finish() {
      if (answer.failure) throw answer.failure;
      const { finishReason, tokens, probabilities } = ending();
      if (finishReason === null)
        throw streamCut("The answer ended before it was complete: it has no finish reason", server);
      const last = flush();
      const finished = answer.finish({ finishReason, tokens });
      return { ...finished, records: [...last, ...finished.records], probabilities };
    },
    interrupt() {
      return answer.failure ? [] : rest();
    },
    get failure() {
      return answer.failure;
    },
    get complete() {
      const { finishReason, tokens } = ending();
      return answer.failure === null && finishReason !== null && tokens !== null;
    },
    get doubts() {
      return answer.doubts;
    },
  };
}
