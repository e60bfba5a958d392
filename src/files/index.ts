/** Files written whole or not at all, one lock between processes, and what the disk says in words. */
export { ensureSpace, readFailure, writeFailure } from "./failure.ts";
export { MOST_INPUT_BYTES, readInput } from "./input.ts";
export { onInterrupt } from "./interrupt.ts";
export { type LockHolder, takeLock, type WithLockOptions, withLock } from "./lock.ts";
export { replaceFile, writeJson } from "./replace.ts";
export { assertWritable, isSameFile, writeWhole } from "./whole.ts";
