/** Helping threads, which exist in the built package only: who reads a row changes no digit, and nobody waits for them. */
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { DivergenceKernel, LogitKernel } from "../src/core/index.ts";
import type { KernelWork, KernelThreads as Threads } from "../src/models/threads/kernel-threads.ts";
import { BUILT, runNode } from "./cli-run.ts";

const url = pathToFileURL(`${BUILT}models/threads/kernel-threads.js`).href;
const { KernelThreads }: typeof import("../src/models/threads/kernel-threads.ts") = await import(url);

const V = 5003;
const ROWS = 300;
const K = 5;
const logits = rowsOf(1);
const others = rowsOf(2);

function rowsOf(seed: number): Float32Array[] {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes
    return 20 * (state / 2 ** 32) - 10;
  };
  return Array.from({ length: ROWS }, () => Float32Array.from({ length: V }, next));
}

/** Runs the same work until threads have done some of it; they are there after a moment. */
async function untilShared(threads: Threads, work: (onTake: () => void) => KernelWork) {
  for (let round = 0, taken = 0; taken === 0; round++) {
    expect(round).toBeLessThan(2000);
    threads.run(work(() => taken++));
    await sleep(10);
  }
}

describe.each([2, 4])("%i threads", (count) => {
  it("read rows to the same bits, each once, in its place", async () => {
    const kernel = await LogitKernel.create(V, K);
    const numbersOf = ({ logprob, rank, entropy, logSumExp, topIds, topLogprobs }: LogitKernel) => [
      ...[logprob, rank, entropy, logSumExp],
      ...[...topIds, ...topLogprobs],
    ];
    const alone = logits.map((row, i) => {
      kernel.row.set(row);
      kernel.analyse(i, K);
      return numbersOf(kernel);
    });
    const threads = KernelThreads.of("logits", count, V, K);
    let found: number[][] = [];
    await untilShared(threads, (onTake) => {
      found = [];
      return {
        count: ROWS,
        k: K,
        job: (at) => ({ rows: [logits[at]!], given: [at] }),
        here: (at) => {
          kernel.row.set(logits[at]!);
          kernel.analyse(at, K);
          found[at] = numbersOf(kernel);
        },
        take: (at, { found: numbers, topIds, topLogprobs }) => {
          expect(found[at]).toBeUndefined();
          onTake();
          found[at] = [...numbers, ...topIds, ...topLogprobs];
        },
      };
    });
    expect(found).toEqual(alone);
  });

  it("measure pairs to the same bits", async () => {
    const kernel = await DivergenceKernel.create(V);
    const measure = (at: number) => {
      kernel.p.set(logits[at]!);
      kernel.q.set(others[at]!);
      kernel.measure(17, 17.5);
      return [kernel.divergence, kernel.topOfP, kernel.topOfQ];
    };
    const alone = logits.map((_, at) => measure(at));
    const threads = KernelThreads.of("divergence", count, V, 0);
    const found: number[][] = [];
    await untilShared(threads, (onTake) => ({
      count: ROWS,
      k: 0,
      job: (at) => ({ rows: [logits[at]!, others[at]!], given: [17, 17.5] }),
      here: (at) => {
        found[at] = measure(at);
      },
      take: (at, { found: numbers }) => {
        onTake();
        found[at] = [...numbers.subarray(0, 3)];
      },
    }));
    expect(found).toEqual(alone);
  });
});

it("what goes wrong with one row leaves nothing for the next ones", async () => {
  const threads = KernelThreads.of("logits", 2, V, 0);
  const ranks: number[] = [];
  const work = (onTake: () => void, wrong: number): KernelWork => ({
    count: ROWS,
    k: 0,
    job: (at) => ({ rows: [logits[at]!], given: [at] }),
    here: (at) => {
      if (at === wrong) throw new Error("wrong");
    },
    take: (at, { found }) => {
      onTake();
      if (at === wrong) throw new Error("wrong");
      ranks[at] = found[1]!;
    },
  });
  await untilShared(threads, (onTake) => work(onTake, -1));
  const before = [...ranks];
  for (const wrong of [0, ROWS >> 1, ROWS - 1]) {
    expect(() => threads.run(work(() => {}, wrong))).toThrow("wrong");
    threads.run(work(() => {}, -1));
    for (const [at, rank] of before.entries()) if (rank !== undefined) expect(ranks[at]).toBe(rank);
  }
});

it("a program ends although its threads are there", async () => {
  const program = `
    import { KernelThreads } from ${JSON.stringify(url)};
    const threads = KernelThreads.of("logits", 2, ${V}, 0);
    const row = new Float32Array(${V});
    let taken = 0;
    for (let round = 0; round < 2000 && taken === 0; round++) {
      threads.run({ count: 64, k: 0, job: () => ({ rows: [row], given: [0] }), here() {}, take: () => taken++ });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log(taken > 0);
  `;
  const { code, stdout, stderr } = await runNode(["--input-type=module", "-e", program]);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "true\n", stderr: "" });
});
