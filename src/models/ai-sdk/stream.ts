/** From parts as they are made to a stream of them. */

/**
 * A stream that asks for a part only when one is wanted.
 * @param cancel ends what `parts` waits for, so that it can return.
 */
export function streamOf<Part>(
  parts: AsyncGenerator<Part, void, void>,
  cancel: (reason: unknown) => unknown,
): ReadableStream<Part> {
  return new ReadableStream<Part>(
    {
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel(reason) {
        await cancel(reason);
        await parts.return();
      },
    },
    { highWaterMark: 0 },
  );
}
