/**
 * Memory that was freed, given back to the system.
 *
 * glibc keeps what is freed for the next one who asks, and the buffers of a context (tens to hundreds of MB) leave gaps
 * that the next context, of another size, does not fit into: 10 calls at a time took a process with a 7 MB model from 85 to 330 MiB,
 * without anything being lost. malloc_trim gives the gaps back: 130 MiB, in 20 ms on another thread.
 */
import koffi from "koffi";
import { call } from "./native-call.ts";

/** Pause between something being freed and the memory being given back, milliseconds: often more is freed. */
const QUIET_MS = 500;

let trim: ReturnType<ReturnType<typeof koffi.load>["func"]> | null | undefined;
let isDue = false;

/** To be called after much was freed. Where the system's allocator is not glibc's there is nothing to do. */
export function giveBackMemory(): void {
  if (trim === undefined) trim = findTrim();
  if (isDue || trim === null) return;
  isDue = true;
  setTimeout(() => {
    void call<number>((done) => trim!.async(0, done))
      .catch(() => {})
      .finally(() => {
        isDue = false;
      });
  }, QUIET_MS).unref();
}

function findTrim(): ReturnType<ReturnType<typeof koffi.load>["func"]> | null {
  if (process.platform !== "linux") return null;
  try {
    return koffi.load("libc.so.6").func("int malloc_trim(size_t pad)");
  } catch {
    return null; // musl
  }
}
