/** Files written whole or not at all, one lock between processes, and what the disk says in words. */
export { ensureSpace, writeFailure } from "./disk.ts";
export { onInterrupt } from "./interrupt.ts";
export { writeJson } from "./json-file.ts";
export { refuseToWait, withLock } from "./lock.ts";
export { assertWritable, isSameFile, readInput, unwritable, writeWhole } from "./whole.ts";
