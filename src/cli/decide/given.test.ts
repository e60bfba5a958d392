/** Files of `surprisal decide` that say one thing twice. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readLabelled, readQuestions } from "./given.ts";

const folder = mkdtempSync(join(tmpdir(), "surprisal-given-"));
afterAll(() => rmSync(folder, { recursive: true }));

function written(text: string): string {
  const file = join(folder, "given");
  writeFileSync(file, text);
  return file;
}

it("refuses questions with a field twice: the choices that came first would be lost", async () => {
  const file = written(
    '[{"type": "choice", "instructions": "A?", "choices": ["a", "b"], "choices": ["c", "d"]}]',
  );
  await expect(readQuestions(file, undefined)).rejects.toThrow(
    expect.objectContaining({
      code: "INVALID_ARGUMENT",
      what: 'The field "choices" is twice in one object',
      where: file,
    }),
  );
});

it("refuses two labels of one question, and names the line", async () => {
  const file = written(
    '{"state": "x", "labels": {"q1": true}}\n{"state": "y", "labels": {"q1": true, "q1": false}}\n',
  );
  const questions = [{ type: "predicate", instructions: "Is it?" }] as const;
  await expect(readLabelled(file, questions, undefined)).rejects.toThrow(
    expect.objectContaining({ what: 'The field "q1" is twice in one object', where: `${file}:2` }),
  );
});
