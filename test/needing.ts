/** Tests of what is not everywhere. Where it is missing they skip, under a name that says why: the summary prints it. */
import { describe, it, type TestFunction } from "vitest";

/** @param missing what is missing, in a few words; `null` or false: nothing. */
export function needing(missing: string | null | false): {
  describe: (name: string, body: () => void) => void;
  it: (name: string, body: TestFunction, timeout?: number) => void;
} {
  const named = (name: string) => (missing ? `${name} (skipped: ${missing})` : name);
  return {
    describe: (name, body) => describe.skipIf(missing)(named(name), body),
    it: (name, body, timeout) =>
      it.skipIf(missing)(named(name), timeout === undefined ? {} : { timeout }, body),
  };
}

/** Most of what a system is asked for here is asked of Linux. */
export const LINUX_ONLY: string | false = process.platform !== "linux" && "needs Linux";
export const NOT_WINDOWS: string | false = process.platform === "win32" && "not for Windows";
/** A small file system that becomes full or read-only is made by mounting one. */
export const NO_MOUNTS: string | false =
  LINUX_ONLY || (process.getuid?.() !== 0 && "needs root, to mount a small disk");
/** Why what was made from SmolLM2 is missing, or false. */
export const withoutModel = (path: string | null): string | false =>
  path === null && "SmolLM2 is not in the cache: npm run models";
