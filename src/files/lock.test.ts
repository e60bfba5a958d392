import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SurprisalError } from "../core/index.ts";
import { lockHolder, takeLock, withLock } from "./lock.ts";

describe("the lock between processes", () => {
  let file: string;
  const patient = { onWait: () => {}, signal: undefined };
  const hold = ({ pid, host = hostname() }: { pid: number; host?: string }) =>
    writeFileSync(file, `${pid} ${host}`);
  const refuse = () => {
    throw new SurprisalError({ code: "CACHE_LOCKED", what: "It is held" });
  };
  const deadProcess = () => spawnSync(process.execPath, ["-e", ""]).pid;

  beforeEach(() => {
    file = join(mkdtempSync(join(tmpdir(), "surprisal-")), "x.lock");
  });
  afterEach(() => rmSync(dirname(file), { recursive: true }));

  it("lets one in at a time, and leaves nothing behind", async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
    };
    await Promise.all(Array.from({ length: 8 }, () => withLock(file, patient, work)));
    expect(most).toBe(1);
    expect(readdirSync(dirname(file))).toEqual([]);
  });

  it("is released when the work fails", async () => {
    await expect(withLock(file, patient, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(existsSync(file)).toBe(false);
  });

  it("is taken over from a dead process, by exactly one of those who notice", async () => {
    hold({ pid: deadProcess() });
    let inside = 0;
    await Promise.all(
      Array.from({ length: 8 }, () =>
        withLock(file, patient, async () => {
          expect(++inside).toBe(1);
          await new Promise((resolve) => setTimeout(resolve, 5));
          inside--;
        }),
      ),
    );
    expect(readdirSync(dirname(file))).toEqual([]);
  });

  it("is taken over from another machine only when its heartbeat has stopped", async () => {
    hold({ host: "elsewhere", pid: process.pid });
    const options = { onWait: refuse, signal: undefined };
    await expect(withLock(file, options, async () => {})).rejects.toMatchObject({ code: "CACHE_LOCKED" });
    const past = new Date(Date.now() - 3_600_000);
    utimesSync(file, past, past);
    expect(await withLock(file, options, async () => "in")).toBe("in");
  });

  it("waits for a living process, says so once, and can be told to stop waiting", async () => {
    hold({ pid: process.ppid });
    const seen: number[] = [];
    const controller = new AbortController();
    const waiting = withLock(
      file,
      { onWait: ({ pid }) => seen.push(pid), signal: controller.signal },
      async () => {},
    );
    setTimeout(() => controller.abort(), 500);
    await expect(waiting).rejects.toMatchObject({ code: "ABORTED" });
    expect(seen).toEqual([process.ppid]);
    expect(existsSync(file)).toBe(true);
  });

  it("without a heartbeat is another machine's until somebody removes it", () => {
    hold({ host: "elsewhere", pid: 7 });
    const past = new Date(Date.now() - 3_600_000);
    utimesSync(file, past, past);
    expect(takeLock(file)).toEqual({ holder: { pid: 7, host: "elsewhere" } });
    expect(existsSync(file)).toBe(true);
  });

  it("is not let go of when it is another's by now", () => {
    const taken = takeLock(file);
    hold({ host: "elsewhere", pid: 7 });
    if ("release" in taken) taken.release();
    expect(takeLock(file)).toEqual({ holder: { pid: 7, host: "elsewhere" } });
  });

  it("is refused with the words of whoever wants it where it cannot be made", async () => {
    writeFileSync(file, "");
    const failure = (_: unknown, path: string) => new Error(`no lock ${path}`);
    const inside = join(file, "y.lock");
    await expect(withLock(inside, { ...patient, failure }, async () => {})).rejects.toThrow(
      `no lock ${inside}`,
    );
  });

  it.each<[string, (path: string) => unknown]>([
    ["a folder", (path) => mkdirSync(path)],
    ["no file", (path) => symlinkSync("/dev/zero", path)],
    ["something else", (path) => writeFileSync(path, "x".repeat(2000))],
  ])("that is %s is not waited for, not read, and not removed", (kind, make) => {
    make(file);
    const expected = expect.objectContaining({
      code: "FILE_UNWRITABLE",
      what: `What is to be a lock is ${kind}`,
      where: file,
      wayOut: "Something else put it there: move it away.",
    });
    expect(() => takeLock(file)).toThrow(expected);
    expect(() => lockHolder(file)).toThrow(expected);
    expect(lstatSync(file)).toBeTruthy();
  });
});
