/**
 * Ctrl-C: undo what is half done, then die of the signal, at once. Waiting for the engine's threads would take as
 * long as the decode call they are in. No handler is installed before there is something to undo, so until then the
 * system ends the process even while JavaScript is busy.
 */
type CleanUp = () => void;

const cleanUps = new Set<CleanUp>();
let installed = false;

/** Calls `cleanUp` (synchronous) if the person interrupts; returns a function that calls it off. */
export function onInterrupt(cleanUp: CleanUp): () => void {
  install();
  cleanUps.add(cleanUp);
  return () => cleanUps.delete(cleanUp);
}

/** Undoes what is half done, as an interruption does: the process is about to end in the middle of its work. */
export function undoUnfinished(): void {
  for (const cleanUp of cleanUps) {
    try {
      cleanUp();
    } catch {
      // the others still have to be undone
    }
  }
}

function install(): void {
  if (installed) return;
  installed = true;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => {
      undoUnfinished();
      process.kill(process.pid, signal); // `once` removed the handler: the default action ends the process
    });
}
