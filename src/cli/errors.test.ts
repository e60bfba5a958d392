import { expect, it } from "vitest";
import { SurprisalError } from "../core/index.ts";
import { exitCodeOf, known, partsOf, shownError, shownLines, someFailed, triesAgain } from "./errors.ts";

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

it("says of many lines that a model failed only where one did", () => {
  const failure = (code: "EMPTY_INPUT" | "INVALID_ARGUMENT" | "CONTEXT_EXCEEDED", wayOut?: string) => ({
    error: new SurprisalError({ code, what: "The first", wayOut }),
    where: "a.jsonl:2",
  });
  const about = { done: 1200, noun: "answer", wayOut: "Mend the line.", next: triesAgain("out.jsonl") };
  const lines = someFailed({ failures: [failure("EMPTY_INPUT"), failure("INVALID_ARGUMENT")], ...about });
  expect(lines).toMatchObject({
    code: "CORPUS_MALFORMED",
    what: "2 of 1,200 answers failed; the first with EMPTY_INPUT: The first",
    where: "a.jsonl:2",
    wayOut: "Mend the line. --resume tries what failed again.",
  });
  expect(exitCodeOf(lines)).toBe(1);
  const mixed = [failure("INVALID_ARGUMENT", "Do so."), failure("CONTEXT_EXCEEDED")];
  expect(someFailed({ failures: mixed, ...about, next: triesAgain(undefined) })).toMatchObject({
    code: "MODEL_FAILED",
    wayOut: "Do so.",
  });
  const bug = { error: new TypeError("x"), where: "a" };
  expect(someFailed({ failures: [bug], ...about }).code).toBe("MODEL_FAILED");
});
