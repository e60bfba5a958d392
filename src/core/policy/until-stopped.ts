/** A stream that is ended from outside, before its own end. */

/**
 * The items of a source up to the one that `isLast` says, at once or later. Before that one is given on, `onStop` is called and the source is
 * told to return. An error of the source comes through, unless the stop caused it.
 */
export async function* untilStopped<Item>(
  items: AsyncIterable<Item>,
  isLast: (item: Item) => boolean | Promise<boolean>,
  onStop: () => void,
): AsyncGenerator<Item, undefined, undefined> {
  const source = items[Symbol.asyncIterator]();
  let open = true;
  try {
    for (;;) {
      open = false; // whoever fails or ends has closed itself
      const { done, value } = await source.next();
      if (done) return;
      open = true;
      const last = isLast(value);
      if (!(typeof last === "boolean" ? last : await last)) {
        yield value;
        continue;
      }
      open = false;
      onStop();
      const closed = closeQuietly(source);
      yield value;
      await closed;
      return;
    }
  } finally {
    if (open) await source.return?.();
  }
}

/** The stream was ended on purpose: that the source complains about it is no error. */
async function closeQuietly(source: AsyncIterator<unknown>): Promise<void> {
  try {
    await source.return?.();
  } catch {}
}
