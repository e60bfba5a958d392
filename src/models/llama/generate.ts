/** Writing on from a prompt, one record per token. */
import { emptyTable, SurprisalError, type TokenRecord, tokenRecord } from "../../core/index.ts";
import { promptTooLong } from "../generation.ts";
import type { GenerateOptions, PromptRun } from "../language-model.ts";
import { MarkedReasoning } from "../reasoning-marks.ts";
import { type WritingSource, type Written, writeTokens } from "../write-tokens.ts";
import type { Run } from "./job.ts";
import type { WhenFull } from "./places.ts";
import type { RowReader } from "./row-reader.ts";
import type { LlamaSequence } from "./sequence.ts";
import type { LlamaVocabulary } from "./vocabulary.ts";

/** A prompt that has been run, and the sequence that holds it. */
export class HeldPrompt implements AsyncDisposable {
  readonly ids: ArrayLike<number>;
  readonly sequence: LlamaSequence;
  /** What it took to run it. */
  run: PromptRun;

  private constructor(ids: ArrayLike<number>, sequence: LlamaSequence, run: PromptRun) {
    this.ids = ids;
    this.sequence = sequence;
    this.run = run;
  }

  /**
   * @param sequence an empty one, which is disposed with this, also when this fails.
   * @throws SurprisalError CONTEXT_EXCEEDED: the prompt alone does not fit.
   */
  static async run(ids: ArrayLike<number>, sequence: LlamaSequence, options: WhenFull): Promise<HeldPrompt> {
    try {
      const run = await extend(sequence, ids, options);
      if (SurprisalError.isInstance(run))
        throw sequence.isTooLong(ids.length) ? promptTooLong(ids.length, run) : run;
      return new HeldPrompt(ids, sequence, { tokens: ids.length, shared: run.shared });
    } catch (error) {
      await sequence[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** For another answer, which has to run nothing. */
  async fork(options: WhenFull): Promise<HeldPrompt> {
    const { ids, sequence, run } = this;
    this.run = { tokens: ids.length, shared: ids.length }; // the first says what was run
    return new HeldPrompt(ids, await sequence.fork(options), run);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sequence[Symbol.asyncDispose]();
  }
}

/** Writes on as `writeTokens` does. @param options checked. */
export async function* generateTokens(
  { ids, sequence }: HeldPrompt,
  reader: RowReader,
  vocabulary: LlamaVocabulary,
  options: GenerateOptions,
): AsyncGenerator<TokenRecord, Written, void> {
  const distribution = new Float32Array(vocabulary.size); // of one token after the other
  const source: WritingSource = {
    pieces: vocabulary,
    distribution: () => reader.distribution(sequence.logits(), distribution),
    logits: () => sequence.logits(),
    extend: async (id) => !SurprisalError.isInstance(await extend(sequence, [id], options)),
    record(id, distribution, alternatives) {
      const bytes = vocabulary.piece(id);
      const table = emptyTable(Int32Array.of(id), Uint32Array.of(0, bytes.length), alternatives);
      reader.read(distribution, id, table, 0, alternatives);
      return tokenRecord(table, 0, bytes, (other) => vocabulary.piece(other));
    },
    shape: () => reader.shape(),
  };
  return yield* writeTokens(source, ids, options, new MarkedReasoning(endOf(ids, vocabulary)));
}

/** @returns what says that the context is full. */
async function extend(
  sequence: LlamaSequence,
  ids: ArrayLike<number>,
  { whenFull = "wait", signal }: WhenFull,
): Promise<Run | SurprisalError> {
  try {
    return await sequence.run(ids, { whenFull, signal });
  } catch (error) {
    const isFull = SurprisalError.isInstance(error) && error.code === "CONTEXT_EXCEEDED";
    if (isFull && (whenFull === "refuse" || sequence.isTooLong(ids.length))) return error;
    throw error; // also who waited in vain: the answer is not over
  }
}

/** Tokens of the prompt's end in which a template may have opened the thinking. */
const LONGEST_MARK = 16;

function endOf(prompt: ArrayLike<number>, vocabulary: LlamaVocabulary): string {
  const ids = Array.from(prompt).slice(-LONGEST_MARK);
  return ids.map((id) => new TextDecoder().decode(vocabulary.piece(id))).join("");
}
