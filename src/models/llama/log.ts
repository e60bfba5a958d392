/** What llama.cpp says while it works, kept for whoever asks: its reasons when it refuses, its warnings, its plans. */
import koffi from "koffi";
import type { LlamaFunctions } from "./bindings.ts";
import { silence } from "./library.ts";

/** enum ggml_log_level */
export const LOG_INFO = 2;
export const LOG_WARNING = 3;
const LOG_ERROR = 4;
const LOG_CONTINUED = 5;

/** A piece of the log; lines may come in several. */
export interface LogPiece {
  level: number;
  text: string;
}

/** What was said, by level. */
export class LogText {
  readonly #pieces: LogPiece[] = [];

  add(piece: LogPiece): void {
    this.#pieces.push(piece);
  }

  /** All that was said at this level or above it. */
  text(least: number = LOG_ERROR): string {
    return this.#pieces
      .filter(({ level }) => level >= least)
      .map(({ text }) => text)
      .join("");
  }

  /** Errors, on one line and not too long, for a message of ours. */
  get errors(): string {
    return this.text(LOG_ERROR).replaceAll(/\s+/g, " ").trim().slice(0, 500);
  }
}

/** Collects llama.cpp's messages until it is disposed. */
export class LlamaLog extends LogText {
  /** Those of all work under way: llama.cpp has one log and does not say what a message is about. */
  static readonly #open = new Set<LlamaLog>();
  /** Never unregistered: a thread of another model may be about to call it. */
  static #callback: bigint | undefined;
  static #level = 0;
  readonly #functions: LlamaFunctions;
  readonly #least: number;
  readonly #onPiece: ((piece: LogPiece) => void) | undefined;

  /**
   * @param least level of what is kept.
   * @param onPiece told every piece as it comes.
   */
  constructor(functions: LlamaFunctions, least: number = LOG_ERROR, onPiece?: (piece: LogPiece) => void) {
    super();
    this.#functions = functions;
    this.#least = least;
    this.#onPiece = onPiece;
    LlamaLog.#open.add(this);
    LlamaLog.#callback ??= koffi.register(
      LlamaLog.#write,
      koffi.pointer(koffi.proto("void (int level, const char *text, void *data)")),
    );
    functions.llama_log_set(LlamaLog.#callback, null);
  }

  static #write(level: number, text: string): void {
    if (process.env.SURPRISAL_LLAMA_LOG) process.stderr.write(text);
    if (level !== LOG_CONTINUED) LlamaLog.#level = level;
    const piece: LogPiece = { level: LlamaLog.#level, text };
    for (const log of LlamaLog.#open) {
      if (piece.level < log.#least) continue;
      log.add(piece);
      log.#onPiece?.(piece);
    }
  }

  dispose(): void {
    LlamaLog.#open.delete(this);
    if (LlamaLog.#open.size > 0) return;
    if (process.env.SURPRISAL_LLAMA_LOG) this.#functions.llama_log_set(null, null);
    else silence(this.#functions);
  }
}
