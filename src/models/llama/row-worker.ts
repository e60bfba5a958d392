/** A thread that reads rows of logits: what `RowThreads` starts. */
import { parentPort, workerData } from "node:worker_threads";
import { LogitKernel } from "../../core/index.ts";
import { FAILED, IDLE, NUMBERS, type SharedRows, WORK } from "./row-sharing.ts";

const shared = workerData as SharedRows;
const { vocabularySize: size, maxAlternatives, state, job } = shared;
const kernel = await LogitKernel.create(size, maxAlternatives);
parentPort!.postMessage("ready");
// It ends when it is ended: between its jobs it sleeps.
for (;;) {
  Atomics.wait(state, 0, IDLE);
  let next = IDLE;
  try {
    read();
  } catch {
    next = FAILED; // the main thread reads the rows itself, and meets what this one met
  }
  Atomics.compareExchange(state, 0, WORK, next);
  Atomics.notify(state, 0);
}

function read(): void {
  const [count, k] = [job[0]!, job[1]!];
  for (let i = 0; i < count; i++) {
    kernel.row.set(shared.logits.subarray(i * size, (i + 1) * size));
    kernel.analyse(job[2 + i]!, k);
    shared.numbers.set([kernel.logprob, kernel.rank, kernel.entropy, kernel.logSumExp], i * NUMBERS);
    shared.topIds.set(kernel.topIds.subarray(0, k), i * maxAlternatives);
    shared.topLogprobs.set(kernel.topLogprobs.subarray(0, k), i * maxAlternatives);
  }
}
