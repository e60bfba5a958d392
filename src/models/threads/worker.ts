/** A thread with a kernel of its own: what `KernelThreads` starts. */
import { parentPort, workerData } from "node:worker_threads";
import koffi from "koffi";
import { DivergenceKernel, LogitKernel } from "../../core/index.ts";
import { FAILED, IDLE, NUMBERS, PLACE, type SharedRows, WORK } from "./shared-rows.ts";

const shared = workerData as SharedRows;
const { vocabularySize: size, maxAlternatives, state, counts, places, given, found } = shared;
/** Those of the buffers seen last, by address: a view costs more than a look. */
const views = new Map<bigint, ArrayBuffer>();
const MOST_VIEWS = 8;
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

/** [V] row `index`, in the main thread's memory or llama.cpp's, which stays as it is until this thread is done. */
function row(index: number): Float32Array {
  const [address, bytes, offset] = places.subarray(index * PLACE, (index + 1) * PLACE);
  return new Float32Array(viewOf(address!, Number(bytes)), Number(offset), size);
}

function viewOf(address: bigint, bytes: number): ArrayBuffer {
  const known = views.get(address);
  if (known?.byteLength === bytes) return known;
  if (views.size >= MOST_VIEWS) views.clear();
  const view = koffi.view(address, bytes);
  views.set(address, view);
  return view;
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
