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

/**
 * A signal that is aborted with the first of several. AbortSignal.any would do, but leaves something behind in each of them at
 * every call (Node 20 to 22), which a signal that lives as long as its program gathers.
 * @returns with what lets go of them; call it when the work is over.
 */
export function firstOf(...signals: (AbortSignal | undefined)[]): { signal: AbortSignal; letGo: () => void } {
  const given = signals.filter((signal) => signal !== undefined);
  if (given.length === 1) return { signal: given[0]!, letGo: () => {} };
  const controller = new AbortController();
  const aborted = given.find((signal) => signal.aborted);
  if (aborted) {
    controller.abort(aborted.reason);
    return { signal: controller.signal, letGo: () => {} };
  }
  const off = given.map((signal) => whenAborted(signal, () => controller.abort(signal.reason)));
  return {
    signal: controller.signal,
    letGo() {
      for (const callOff of off) callOff();
    },
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
