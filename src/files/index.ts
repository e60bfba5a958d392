/** Files written whole or not at all, names from outside, one lock between processes, and what the disk says in words. */
export { ensureSpace, readFailure, writeFailure } from "./failure.ts";
export { makeFolder } from "./folders.ts";
export { MOST_INPUT_BYTES, type ReadInputOptions, readInput, sayThatItWaits } from "./input.ts";
export { onInterrupt, undoUnfinished } from "./interrupt.ts";
export { type LockHolder, lockFile, lockHolder, takeLock, type WithLockOptions, withLock } from "./lock.ts";
export { fileBelow, fileIn, nameFault, pathFault, sameFile, unsafeName } from "./names.ts";
export { replaceFile, writeJson } from "./replace.ts";
export { assertWritable, identityOf, isSameFile, writeWhole } from "./whole.ts";
