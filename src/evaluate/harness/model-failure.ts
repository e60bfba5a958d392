/** Whose failure it is: the model's, the caller's, or that of everything else. */
import { SurprisalError } from "../../core/index.ts";
import type { Executor } from "./engines.ts";

/** What went wrong in a model, not in a corpus or on the disk: the other models can go on. */
export class ModelFailure extends Error {}

/** What the caller's own handler threw, while a model was at work or not. */
export class HandlerFailure extends Error {}

/** Calls a handler of the caller's. @throws HandlerFailure */
export function callHandler<Told>(handler: ((told: Told) => void) | undefined, told: Told): void {
  try {
    handler?.(told);
  } catch (cause) {
    throw new HandlerFailure("", { cause });
  }
}

const FATAL: readonly string[] = ["ABORTED", "DISK_FULL", "FILE_UNWRITABLE", "RUN_MISMATCH"];

/** @throws ModelFailure with what the model threw; other people's failures as they are. */
export async function modelWork<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const ours = SurprisalError.isInstance(error);
    if (error instanceof HandlerFailure || signal?.aborted || (ours && FATAL.includes(error.code)))
      throw error;
    throw new ModelFailure("", { cause: error });
  }
}

/** An executor whose failures are the model's. */
export function withModelFailures(executor: Executor, signal: AbortSignal | undefined): Executor {
  return {
    get slots() {
      return executor.slots; // grows as workers join
    },
    run: (shard, options) => modelWork(() => executor.run(shard, options), signal),
    [Symbol.asyncDispose]: () => executor[Symbol.asyncDispose](),
  };
}
