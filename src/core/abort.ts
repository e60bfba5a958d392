/** One listener for each signal, however many calls wait for it: Node warns of a leak from the eleventh on. */
const waiting = new WeakMap<AbortSignal, { acts: Set<{ act: () => void }>; stop: () => void }>();

/**
 * Calls `act` when the signal is aborted; not when it has been already.
 * @returns what calls it off.
 */
export function whenAborted(signal: AbortSignal | undefined, act: () => void): () => void {
  if (!signal || signal.aborted) return () => {};
  const entry = { act };
  const shared = waiting.get(signal) ?? listen(signal);
  shared.acts.add(entry);
  return () => {
    if (shared.acts.delete(entry) && shared.acts.size === 0) shared.stop();
  };
}

function listen(signal: AbortSignal) {
  const acts = new Set<{ act: () => void }>();
  const onAbort = () => {
    stop();
    for (const { act } of acts) act();
  };
  const stop = () => {
    signal.removeEventListener("abort", onAbort);
    waiting.delete(signal);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  const shared = { acts, stop };
  waiting.set(signal, shared);
  return shared;
}
