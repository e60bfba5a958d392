import { describe, expect, it } from "vitest";
import { levelName, type PaqLadder, type PaqLevel } from "../../route/index.ts";
import { renderLadder } from "./ladder.ts";

const level = (bits: number, reads: number, writes: number): PaqLevel => ({
  bits,
  name: levelName(bits),
  file: `m-${bits}.gguf`,
  type: `Q${bits}`,
  bytes: bits * 1_000_000,
  bitsPerWeight: bits,
  fallbacks: [],
  identity: { model: null, tokenizer: null, wordingSha256: null, recipe: null, kernels: null },
  perplexity: null,
  prefillTokensPerSecond: reads,
  generationTokensPerSecond: writes,
  cacheBytesPerToken: null,
  memoryBytes: null,
});

const ladder = (levels: readonly PaqLevel[]): PaqLadder => ({
  schema: "surprisal.paq-ladder/1",
  source: { name: "m", type: "F16", sha256: "00", isQuantised: false, note: null },
  levels,
  text: null,
  machine: {
    cpu: "a CPU",
    kernels: null,
    engine: null,
    threads: 1,
    memoryBytes: 1,
    date: "2026-11-30T00:00:00Z",
  },
});

describe("a ladder in a terminal", () => {
  it("says which levels are slower than the highest, one or several", () => {
    const shown = renderLadder(ladder([level(2, 1, 1), level(4, 20, 3), level(16, 10, 5)]), [], {});
    expect(shown).toContain("2-bit, 4-bit write more slowly here than 16-bit.");
    expect(shown).toContain("2-bit reads prompts more slowly here than 16-bit.");
    expect(renderLadder(ladder([level(2, 20, 20), level(16, 10, 5)]), [], {})).not.toContain("slowly");
  });
});
