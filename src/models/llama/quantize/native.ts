/** The native call of a quantisation: it ends its process where an assertion of llama.cpp's quantising code does not hold. */
import { withExitGuard } from "../exit-guard.ts";
import type { QuantizeParams } from "../layout.ts";
import { loadLlamaLibrary } from "../library.ts";
import { LlamaLog, LOG_INFO, type LogPiece } from "../log.ts";
import { call } from "../native-call.ts";
import type { ImportanceMatrix } from "./imatrix.ts";
import { QuantizeMemory, type TensorTypeRule } from "./memory.ts";

/** What of llama.cpp's parameters is no address; what is left out is its default. */
export type QuantizeSettings = Partial<
  Omit<
    QuantizeParams,
    "dry_run" | "imatrix" | "kv_overrides" | "tt_overrides" | "prune_layers" | "max_buf_size"
  >
>;

/** What is made of which file, as it can be told to another process. */
export interface QuantizeOrder {
  /** Absolute path of the model, the first part of one that is split. */
  input: string;
  settings: QuantizeSettings;
  rules: readonly TensorTypeRule[];
  /** `path`: absolute. `file`: as the person named it. `mostBytes`: see `mostImatrixBytes`. */
  imatrix: { path: string; file: string; mostBytes: number } | null;
}

/** Where to; `null`: only say in the log what would be made. */
export type QuantizeTarget = string | null;

/** Carries out an order: first dry, then in earnest. */
export interface Quantizer {
  /**
   * @param output absolute.
   * @param onPiece told what llama.cpp says, from LOG_INFO on, as it comes.
   * @returns llama.cpp's status, 0 = done.
   * @throws what `onPiece` throws.
   */
  run(output: QuantizeTarget, onPiece: (piece: LogPiece) => void): Promise<number>;
  /** Frees memory, ends the child. Call it in any case. */
  end(): void;
}

/** In this process. */
export class NativeQuantizer implements Quantizer {
  readonly #order: QuantizeOrder;
  readonly #memory: QuantizeMemory;

  constructor(order: QuantizeOrder, imatrix: ImportanceMatrix | null) {
    this.#order = order;
    this.#memory = new QuantizeMemory(imatrix, order.rules);
  }

  async run(output: QuantizeTarget, onPiece: (piece: LogPiece) => void): Promise<number> {
    const { functions } = loadLlamaLibrary();
    const { input, settings } = this.#order;
    const params: QuantizeParams = {
      ...functions.llama_model_quantize_default_params(),
      ...settings,
      dry_run: output === null,
      imatrix: this.#memory.imatrix,
      kv_overrides: this.#memory.overrides,
      tt_overrides: this.#memory.tensorTypes,
    };
    let failure: { error: unknown } | undefined;
    const log = new LlamaLog(functions, LOG_INFO, (piece) => {
      try {
        if (!failure) onPiece(piece);
      } catch (error) {
        failure = { error };
      }
    });
    const status = await withExitGuard(() =>
      call<number>((done) => functions.llama_model_quantize.async(input, output ?? "", params, done)),
    ).finally(() => log.dispose());
    if (failure) throw failure.error;
    return status;
  }

  end(): void {
    this.#memory.release();
  }
}
