import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readJournal } from "./journal.ts";

describe("a file of samples, read again", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const kept = (index: number, message = "m") => ({
    ...{ type: "answer", prompt: index },
    report: { outcome: "kept", index, id: null, where: `f:${index + 1}`, code: "EMPTY_INPUT", message },
  });
  const write = (...rows: object[]) => {
    const file = join(folder, "f.samples.jsonl");
    const content = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    writeFileSync(file, content);
    return { file, content };
  };

  it("is the same line by line, also where a line is longer than what is read at once", () => {
    const rows = [kept(1), kept(0, "é".repeat(3e6)), { type: "error", prompt: 2 }, kept(3)];
    const { file, content } = write(...rows);
    const { reports, sha256 } = readJournal(file);
    expect([...reports.keys()].sort()).toEqual([0, 1, 3]);
    expect(reports.get(0)).toEqual(kept(0, "é".repeat(3e6)).report);
    expect(sha256).toBe(createHash("sha256").update(content).digest("hex"));
  });

  it.each<[name: string, report: unknown]>([
    ["nothing", {}],
    ["no report", undefined],
    ["another sample's", kept(5).report],
    ["no steps", { ...kept(1).report, outcome: "refined" }],
    ["another fate", { ...kept(1).report, outcome: "lost" }],
  ])("says where a line is not what became of its sample: %s", (_, report) => {
    const { file } = write(kept(0), { type: "answer", prompt: 1, report });
    expect(() => readJournal(file)).toThrow(
      expect.objectContaining({ code: "RUN_DAMAGED", where: `${file}:2` }),
    );
  });
});
