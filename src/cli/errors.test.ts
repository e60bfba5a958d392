import { expect, it } from "vitest";
import { SurprisalError } from "../core/index.ts";
import { known, partsOf, shownError, shownLines } from "./errors.ts";

it.each([
  "WebAssembly.instantiate(): Out of memory: Cannot allocate Wasm memory for new instance",
  "Array buffer allocation failed",
  "ENOMEM: not enough memory, read",
])("%s is no bug of ours", (message) => {
  expect(partsOf(known(new RangeError(message)))).toMatchObject({
    code: "OUT_OF_MEMORY",
    what: `There is not enough memory: ${message}`,
    wayOut: expect.stringContaining("ulimit -v"),
  });
});

it("leaves our own errors, and what nobody knows", () => {
  const own = new SurprisalError({ code: "DISK_FULL", what: "out of memory cards" });
  const other = new TypeError("x is not a function");
  expect(known(own)).toBe(own);
  expect(known(other)).toBe(other);
  expect(partsOf(other).code).toBe("INTERNAL");
});

it("shows a text that would speak to the terminal, line by line", () => {
  const error = new Error("no \u001b]0;x\u0007 file\nat \u202ex\u009b31m");
  for (const shown of [shownError(error), shownLines(error.stack!)]) {
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(shown).toContain("\n");
  }
});
