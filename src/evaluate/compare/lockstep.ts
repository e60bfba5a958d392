/** Several models over one document at the same time, token by token. */
import { SurprisalError } from "../../core/index.ts";
import type { ScoredSpan } from "../../models/index.ts";

/** The same stretch of tokens under every model. */
export interface LockstepPiece {
  /** Document index of its first token. */
  start: number;
  /** Its tokens. */
  length: number;
  /** [models] the span each model is at, and the index in it of the piece's first token. */
  places: readonly { span: ScoredSpan; offset: number }[];
  /** Tokens run by all models together since the piece before. */
  tokensRun: number;
}

/**
 * Walks streams of spans over the same tokens side by side: models with batches of other sizes have spans that begin
 * and end elsewhere, and a span ends when the next one of its stream is asked for. One model computes at a time.
 * @throws SurprisalError ENGINE_FAILED when the streams are not over the same tokens.
 */
export async function* lockstep(
  streams: readonly AsyncIterable<ScoredSpan>[],
): AsyncGenerator<LockstepPiece> {
  const cursors = streams.map((stream) => new Cursor(stream[Symbol.asyncIterator]()));
  try {
    for (;;) {
      let tokensRun = 0;
      for (const cursor of cursors) tokensRun += await cursor.fill();
      const ended = cursors.filter(({ span }) => span === null).length;
      if (ended === cursors.length) return;
      const [first] = cursors;
      if (ended > 0 || cursors.some(({ position }) => position !== first!.position))
        throw new SurprisalError({
          code: "ENGINE_FAILED",
          what: "Two models that carry out the same window plan score different tokens",
        });
      const length = Math.min(...cursors.map(({ remaining }) => remaining));
      yield {
        start: first!.position,
        length,
        places: cursors.map(({ span, offset }) => ({ span: span!, offset })),
        tokensRun,
      };
      for (const cursor of cursors) cursor.offset += length;
    }
  } finally {
    for (const { iterator } of cursors) await iterator.return?.();
  }
}

class Cursor {
  readonly iterator: AsyncIterator<ScoredSpan>;
  span: ScoredSpan | null = null;
  offset = 0;

  constructor(iterator: AsyncIterator<ScoredSpan>) {
    this.iterator = iterator;
  }

  get remaining(): number {
    return this.span!.logprobs.length - this.offset;
  }

  get position(): number {
    return this.span!.start + this.offset;
  }

  /** Goes on to the next span when this one is read; returns the tokens that were run for it. */
  async fill(): Promise<number> {
    let tokensRun = 0;
    while (this.span === null || this.remaining === 0) {
      const { done, value } = await this.iterator.next();
      if (done) {
        this.span = null;
        break;
      }
      this.span = value;
      this.offset = 0;
      tokensRun += value.tokensRun;
    }
    return tokensRun;
  }
}
