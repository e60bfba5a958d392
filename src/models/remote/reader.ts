/** What every reader of an answer has in common, whatever the format. */
import { abortError, SurprisalError, type TokenRecord } from "../../core/index.ts";
import { LoopLeft } from "../generation.ts";
import type { FinishReason, GenerationEnd, Provenance } from "../language-model.ts";
import type { AnswerAssembler, AnswerOptions } from "./answer.ts";
import type { AnswerDoubts } from "./answer-numbers.ts";
import type { RemoteAnswer } from "./client.ts";
import { complaintIn, quotationOf, serverError, streamCut } from "./failure.ts";

export interface AnswerReaderOptions extends AnswerOptions {
  /** Names the server in errors. Default "the server". */
  server?: string | undefined;
}

/** Reads one answer: give it the whole answer, or the events of a stream one by one, as parsed JSON; then `finish`. */
export interface WireReader {
  /**
   * @returns the records that are complete with this.
   * @throws SurprisalError WIRE_MALFORMED; SERVER_ERROR for an error the server reports in its answer.
   */
  push(json: unknown): TokenRecord[];
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

/** Reads an answer as it arrives. Leaving the loop ends the request; what is known then is returned as at an end. */
export async function* readRecords(
  answer: RemoteAnswer,
  reader: WireReader,
  signal: AbortSignal | undefined,
): AsyncGenerator<TokenRecord, FinishedAnswer, void> {
  let scored = 0;
  let finished: FinishedAnswer | null = null;
  try {
    for await (const json of answer.messages())
      for (const record of reader.push(json)) {
        if (signal?.aborted) throw abortError("Generating", signal);
        if (record.logprob !== null) scored++;
        yield record;
      }
    finished = reader.finish();
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

/** A server's words in the middle of an answer may repeat the key. */
function redacted(error: unknown, answer: RemoteAnswer): unknown {
  if (!SurprisalError.isInstance(error)) return error;
  const what = answer.redact(error.what);
  if (what === error.what) return error;
  const { code, where, wayOut } = error;
  return new SurprisalError({ code, what, ...(where && { where }), ...(wayOut && { wayOut }) });
}

/** @throws SurprisalError SERVER_ERROR */
export function throwComplaint(json: unknown, server: string): void {
  if (typeof json !== "object" || json === null) return;
  const { error, object } = json as Record<string, unknown>;
  if ((error === undefined || error === null) && object !== "error") return; // vLLM once wrote {object: "error"}
  throw serverError(complaintIn(json) ?? { message: quotationOf(error), field: null }, server);
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
 * @param ending asked for once, after the last event.
 */
export function wireReader(
  answer: AnswerAssembler,
  server: string,
  push: (json: unknown) => TokenRecord[],
  ending: () => Ending,
): WireReader {
  return {
    push(json) {
      throwComplaint(json, server);
      return push(json);
    },
    finish() {
      const { finishReason, tokens, probabilities } = ending();
      if (finishReason === null)
        throw streamCut("The answer ended before it was complete: it has no finish reason", server);
      return { ...answer.finish({ finishReason, tokens }), probabilities };
    },
    get doubts() {
      return answer.doubts;
    },
  };
}
