/** Operations one after the other, in the order they were asked for. */
export class Queue {
  #tail: Promise<unknown> = Promise.resolve();

  run<Result>(operation: () => Result | Promise<Result>): Promise<Result> {
    const result = this.#tail.then(operation);
    this.#tail = result.catch(() => {});
    return result;
  }
}
