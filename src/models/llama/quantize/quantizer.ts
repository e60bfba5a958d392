/**
 * A quantisation in a process of its own, because llama.cpp maps the input (a constant of its src/llama-quant.cpp): a file that is
 * cut off meanwhile ends the process (SIGBUS), as do assertions of the quantising code, such as weights so large that sums of
 * their squares are infinite (SIGABRT).
 */
import { abortError, SurprisalError } from "../../../core/index.ts";
import { startChild } from "../child.ts";
import { loadLlamaLibrary } from "../library.ts";
import type { LogPiece } from "../log.ts";
import type { ImportanceMatrix } from "./imatrix.ts";
import { NativeQuantizer, type QuantizeOrder, type Quantizer, type QuantizeTarget } from "./native.ts";

/** What the child is told. */
export interface QuantizeChildOrder extends QuantizeOrder {
  output: QuantizeTarget;
}

/** An error with words, of the child's own. */
export type ToldError = Pick<SurprisalError, "code" | "what" | "where" | "wayOut">;

/** What the child says: the log as it comes, then how one order ended. */
export type QuantizeChildWord = { piece: LogPiece } | { status: number } | { error: ToldError };

/**
 * A child, or, where none can be started (from the sources, in a bundle), this process, which then ends with llama.cpp.
 * @param imatrix that of the order, for this process; the child reads its own.
 * @param signal ends the child; the call in this process cannot be left.
 * @throws SurprisalError ENGINE_*, ABORTED
 */
export async function startQuantizer(
  order: QuantizeOrder,
  imatrix: ImportanceMatrix | null,
  signal: AbortSignal | undefined,
): Promise<Quantizer> {
  loadLlamaLibrary(); // what it cannot do here it cannot do there, and says here
  if (signal?.aborted) throw abortError("Quantising", signal);
  let hear: (word: QuantizeChildWord) => void = () => {};
  const child = await startChild<QuantizeChildOrder, QuantizeChildWord>(
    new URL("./quantizer-child.js", import.meta.url),
    { signal, onMessage: (word) => hear(word) },
  );
  if (signal?.aborted) throw abortError("Quantising", signal);
  if (!child) return new NativeQuantizer(order, imatrix);
  return {
    async run(output, onPiece) {
      const answer = new Promise<number>((resolve, reject) => {
        hear = (word) => {
          if ("piece" in word) {
            try {
              onPiece(word.piece);
            } catch (error) {
              reject(error);
              child.kill();
            }
          } else if ("status" in word) resolve(word.status);
          else reject(new SurprisalError(word.error));
        };
        child.ended.then((how) =>
          reject(signal?.aborted ? abortError("Quantising", signal) : died(order.input, how)),
        );
      });
      child.send({ ...order, output });
      return answer;
    },
    end: child.kill,
  };
}

function died(input: string, how: string): SurprisalError {
  return new SurprisalError({
    code: "ENGINE_FAILED",
    what: `llama.cpp ends its process while it quantises this model (${how})`,
    where: input,
    wayOut: how.startsWith("SIGKILL")
      ? "Something killed it, as systems do where memory runs out: close other programs, or give fewer threads."
      : "The file may be damaged (compare its sha256 with its source's), or its weights far too large: BF16 and F32 hold any.",
  });
}
