/**
 * The stack that native calls run on. koffi gives each call one of its own, of 128 KiB for calls on a worker thread;
 * llama.cpp expects what the system gives its threads, 8 MiB. Its tokenizers match words with std::regex, which calls
 * itself once per character: on 128 KiB a row of 400 letters, digits or spaces ends the process.
 */
import koffi from "koffi";

/** The most that koffi allows. It is reserved, and costs memory only as far as it is used. */
const STACK_BYTES = 16 * 2 ** 20;
/** Measured with every tokenizer of llama.cpp 0.5.0 on x64: 369 and 1,100 bytes a character; the rest is margin. */
const STACK_BYTES_PER_CHARACTER = 1600;

/** To be called before the first library is loaded. */
export function growNativeStack(): void {
  try {
    koffi.config({ sync_stack_size: STACK_BYTES, async_stack_size: STACK_BYTES });
  } catch {
    // The program uses koffi already and its settings stand; `longestMatch` follows them.
  }
}

/** Characters that one word may have for llama.cpp's regular expressions to match it on the stack there is. */
export function longestMatch(): number {
  const { sync_stack_size, async_stack_size } = koffi.config() as Record<string, number>;
  return Math.floor(Math.min(sync_stack_size!, async_stack_size!) / STACK_BYTES_PER_CHARACTER);
}
