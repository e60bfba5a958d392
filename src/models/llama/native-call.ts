/** Native functions called on other threads, as promises. */

/**
 * Calls under way at once, in the whole process. koffi refuses the 257th, which would be anybody's; libuv has 4 threads for
 * them (UV_THREADPOOL_SIZE), so more than these only stand in another queue.
 */
const MOST_CALLS = 64;

let running = 0;
const waiting: (() => void)[] = [];

/** koffi's callbacks as promises; calls beyond a number of them wait for their turn, in order. */
export async function call<Result>(
  start: (done: (error: Error | null, result: Result) => void) => void,
): Promise<Result> {
  if (running < MOST_CALLS) running++;
  else await new Promise<void>((resolve) => waiting.push(resolve)); // with the place of one that has ended
  try {
    return await new Promise<Result>((resolve, reject) => {
      start((error, result) => (error ? reject(error) : resolve(result)));
    });
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
