import { describe, expect, it, vi } from "vitest";
import { type ProgressOptions, startProgress } from "./progress.ts";

/** A terminal that can be read, and a clock that can be set. */
function setUp(options: Partial<ProgressOptions> = {}, terminal = { isTTY: true, columns: 100 }) {
  const writes: string[] = [];
  const clock = { time: 5000 };
  const stream = { ...terminal, write: (text: string) => writes.push(text) };
  const progress = startProgress({
    label: "scoring",
    unit: "tokens",
    stream,
    now: () => clock.time,
    ...options,
  });
  return { writes, clock, progress };
}
const CLEAR = "\r\u001b[2K";

describe("startProgress", () => {
  it("says nothing in the first second, and nothing at all about a short run", () => {
    const { writes, clock, progress } = setUp();
    clock.time += 999;
    progress.update({ done: 100, total: 200 });
    progress.end();
    expect(writes).toEqual([]);
  });

  it("shows rate, running perplexity and time left", () => {
    const { writes, clock, progress } = setUp();
    clock.time += 2000;
    progress.update({ done: 600, total: 1500, perplexity: 23.59234 });
    expect(writes).toEqual([
      `${CLEAR}scoring  40% 600 of 1,500 tokens  300 tokens/s  perplexity 23.59  3.00 s left`,
    ]);
  });

  it("shows bytes of a resumed download, whose rate counts only what came now", () => {
    const { writes, clock, progress } = setUp({ label: "downloading", unit: "bytes", resumedFrom: 50e6 });
    clock.time += 2000;
    progress.update({ done: 60e6, total: 100e6 });
    expect(writes).toEqual([`${CLEAR}downloading  60% 60 MB of 100 MB  5 MB/s  8.00 s left`]);
  });

  it("works without a total, and before anything is done", () => {
    const { writes, clock, progress } = setUp();
    clock.time += 1000;
    progress.update({ done: 0, total: 10 });
    clock.time += 1000;
    progress.update({ done: 10, total: null });
    expect(writes).toEqual([
      `${CLEAR}scoring  0% 0 of 10 tokens  0.0 tokens/s`,
      `${CLEAR}scoring  10 tokens  5.0 tokens/s`,
    ]);
  });

  it("writes nothing to a terminal that knows no escape sequences", () => {
    vi.stubEnv("TERM", "dumb");
    const { writes, clock, progress } = setUp();
    clock.time += 2000;
    progress.update({ done: 1, total: 2 });
    vi.unstubAllEnvs();
    expect(writes).toEqual([]);
  });

  it("writes at most ten times a second", () => {
    const { writes, clock, progress } = setUp();
    clock.time += 1000;
    for (let i = 0; i < 100; i++) {
      clock.time += 10;
      progress.update({ done: i, total: 100 });
    }
    expect(writes).toHaveLength(10);
  });

  it("removes its line at the end, once", () => {
    const { writes, clock, progress } = setUp({ after: 0 });
    clock.time += 10;
    progress.update({ done: 1, total: 2 });
    progress.end();
    progress.end();
    expect(writes.slice(1)).toEqual([CLEAR]);
  });

  it("writes nothing to what is no terminal", () => {
    const { writes, clock, progress } = setUp({}, { isTTY: false, columns: 80 });
    clock.time += 60_000;
    progress.update({ done: 1, total: 2 });
    progress.end();
    expect(writes).toEqual([]);
  });

  it("keeps to the width of the terminal, and a hostile label harmless", () => {
    const { writes, clock, progress } = setUp(
      { label: "\u001b]0;x\u0007日本語.gguf" },
      { isTTY: true, columns: 12 },
    );
    clock.time += 2000;
    progress.update({ done: 1, total: 2 });
    expect(writes).toEqual([`${CLEAR}␛]0;x␇日本…`]);
  });
});
