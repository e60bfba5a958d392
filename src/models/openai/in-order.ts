/** Several requests at once, their answers in order. */
import { firstOf } from "../../core/index.ts";

/**
 * Runs up to `width` items at a time and yields the results in the order of the items. Leaving the loop early, or an
 * error, aborts what is under way.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item>,
  width: number,
  run: (item: Item, index: number, signal: AbortSignal) => Promise<Result>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Result> {
  const stop = new AbortController();
  const { signal: either, letGo } = firstOf(signal, stop.signal);
  const running: Promise<Result>[] = [];
  let index = 0;
  try {
    for (const item of items) {
      const result = run(item, index++, either);
      result.catch(() => {}); // it is awaited below, in its turn
      running.push(result);
      if (running.length >= width) yield await running.shift()!;
    }
    while (running.length > 0) yield await running.shift()!;
  } finally {
    stop.abort();
    letGo();
  }
}
