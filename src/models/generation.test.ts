import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../core/index.ts";
import { completeEnd, generationOf, LoopLeft } from "./generation.ts";
import type { GenerationEnd, Provenance } from "./language-model.ts";

const TOKEN: TokenRecord = { text: "x", logprob: -1 };
const END = completeEnd("stop", 3, {} as Provenance);

type Source = AsyncGenerator<TokenRecord, GenerationEnd, void>;

async function* loop(log: string[]): Source {
  try {
    for (let i = 0; i < 3; i++) yield TOKEN;
    return END;
  } finally {
    log.push("closed");
  }
}

async function* list(log: string[]): Source {
  try {
    yield* [TOKEN, TOKEN, TOKEN];
    return END;
  } finally {
    log.push("closed");
  }
}

async function* doubting(log: string[]): Source {
  try {
    yield* loop(log);
  } catch (error) {
    if (!(error instanceof LoopLeft)) throw error;
    return { ...END, partial: true, warnings: ["Some were lost."] };
  }
  return END;
}

describe("generationOf", () => {
  it.each([
    { source: loop, doubts: null },
    { source: list, doubts: null },
    { source: doubting, doubts: { partial: true, warnings: ["Some were lost."] } },
  ])(
    "$source.name: a loop that is left closes the source, and has its doubts in place of an end",
    async ({ source, doubts }) => {
      const log: string[] = [];
      const left = generationOf(source(log));
      for await (const _ of left) break;
      expect([left.end, left.doubts, log]).toEqual([null, doubts, ["closed"]]);
      expect(await left.next()).toEqual({ done: true, value: undefined });

      const read = generationOf(source([]));
      for await (const _ of read);
      await read.return?.();
      expect([read.end, read.doubts]).toEqual([END, null]);

      const unread = generationOf(source([]));
      await unread.return?.();
      expect([unread.end, unread.doubts]).toEqual([null, null]);
    },
  );

  it("gives on what goes wrong while the source is closed", async () => {
    async function* failing(): Source {
      try {
        yield TOKEN;
        return END;
      } finally {
        await Promise.reject(new Error("stuck"));
      }
    }
    const left = generationOf(failing());
    await left.next();
    await expect(left.return?.()).rejects.toThrow("stuck");
  });
});
