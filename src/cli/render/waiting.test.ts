import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startWaiting } from "./waiting.ts";

const CLEAR = "\r\u001b[2K";

function terminal(more: { isTTY?: boolean; columns?: number } = {}) {
  const writes: string[] = [];
  const stream = { isTTY: true, columns: 100, ...more, write: (text: string) => writes.push(text) };
  return { writes, stream };
}

describe("startWaiting", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  it("counts the seconds, and removes the line at the end", () => {
    const { writes, stream } = terminal();
    const end = startWaiting("asking http://box:8000\u001b", stream);
    vi.advanceTimersByTime(2500);
    end();
    vi.advanceTimersByTime(2000);
    expect(writes).toEqual([
      `${CLEAR}asking http://box:8000␛  1 s`,
      `${CLEAR}asking http://box:8000␛  2 s`,
      CLEAR,
    ]);
  });

  it("leaves the last column of the terminal free", () => {
    const { writes, stream } = terminal({ columns: 10 });
    const end = startWaiting("asking a server", stream);
    vi.advanceTimersByTime(1000);
    end();
    expect(writes[0]).toBe(`${CLEAR}asking a…`);
  });

  it("says nothing about less than a second, nor to what is no terminal or cannot erase", () => {
    const short = terminal();
    const end = startWaiting("asking", short.stream);
    vi.advanceTimersByTime(999);
    end();
    const pipe = terminal({ isTTY: false });
    const endPipe = startWaiting("asking", pipe.stream);
    vi.stubEnv("TERM", "dumb");
    const dumb = terminal();
    const endDumb = startWaiting("asking", dumb.stream);
    vi.advanceTimersByTime(3000);
    endPipe();
    endDumb();
    expect([short.writes, pipe.writes, dumb.writes]).toEqual([[], [], []]);
  });
});
