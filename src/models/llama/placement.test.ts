import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import type { LlamaLibrary } from "./library.ts";
import { placeModel } from "./placement.ts";

const cpu = { name: "CPU", description: "a processor", kind: "cpu", freeBytes: 1, totalBytes: 1 } as const;
const library = { devices: [cpu], cpuBuild: null, origin: "here" } as unknown as LlamaLibrary;

describe("threads", () => {
  const threads = (fileBytes: number, options = {}) =>
    placeModel(options, library, { fileBytes, vocabularySize: 4096 }).context.threads;

  it("are one for a small model, else as many as cores, at most 16, unless the person says otherwise", () => {
    expect(threads(8e6)).toBe(1);
    expect(threads(100e6)).toBe(Math.min(availableParallelism(), 16));
    expect([threads(8e6, { threads: 3 }), threads(100e6, { threads: 3 })]).toEqual([3, 3]);
  });
});
