/** A thread with a kernel of its own: what `KernelThreads` starts. */
import { parentPort, workerData } from "node:worker_threads";
import { DivergenceKernel, LogitKernel } from "../../core/index.ts";
import { FAILED, IDLE, NUMBERS, type SharedRows, WORK } from "./shared-rows.ts";

const shared = workerData as SharedRows;
const { vocabularySize: size, maxAlternatives, state, counts, given, found } = shared;
const work = shared.kind === "logits" ? await readsRows() : await measuresPairs();
parentPort!.postMessage("ready");
// It ends when it is ended: between its jobs it sleeps.
for (;;) {
  Atomics.wait(state, 0, IDLE);
  let next = IDLE;
  try {
    for (let i = 0; i < counts[0]!; i++) work(i);
  } catch {
    next = FAILED; // the main thread does it itself, and meets what this one met
  }
  Atomics.compareExchange(state, 0, WORK, next);
  Atomics.notify(state, 0);
}

function row(index: number): Float32Array {
  return shared.logits.subarray(index * size, (index + 1) * size);
}

async function readsRows(): Promise<(i: number) => void> {
  const kernel = await LogitKernel.create(size, maxAlternatives);
  return (i) => {
    const k = counts[1]!;
    kernel.row.set(row(i));
    kernel.analyse(given[i * NUMBERS]!, k);
    found.set([kernel.logprob, kernel.rank, kernel.entropy, kernel.logSumExp], i * NUMBERS);
    shared.topIds.set(kernel.topIds.subarray(0, k), i * maxAlternatives);
    shared.topLogprobs.set(kernel.topLogprobs.subarray(0, k), i * maxAlternatives);
  };
}

async function measuresPairs(): Promise<(i: number) => void> {
  const kernel = await DivergenceKernel.create(size);
  return (i) => {
    kernel.p.set(row(2 * i));
    kernel.q.set(row(2 * i + 1));
    kernel.measure(given[i * NUMBERS]!, given[i * NUMBERS + 1]!);
    found.set([kernel.divergence, kernel.topOfP, kernel.topOfQ], i * NUMBERS);
  };
}
