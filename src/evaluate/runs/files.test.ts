/** A run's folder in which something else stands in the place of a file, as a stranger's may. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TableModel } from "../../models/test/index.ts";
import { evaluate, resumeEvaluation } from "../harness/index.ts";
import { readRun } from "./index.ts";

let above = "";
let folder = "";
beforeEach(async () => {
  above = mkdtempSync(join(tmpdir(), "surprisal-files-"));
  folder = join(above, "run");
  await evaluate({ ...options(), folder }).catch(() => {});
});
afterEach(() => rmSync(above, { recursive: true }));

const options = () => ({
  models: [TableModel.bytes()],
  corpora: [
    {
      ...{ name: "texts", source: "texts", domain: null, rule: { name: "list", source: null } },
      async *documents() {
        yield { name: "one", text: "one two three four" };
      },
    },
  ],
  tokens: true,
});

const posix = describe.skipIf(process.platform === "win32");

posix("a run's folder", () => {
  it.each(["journal.jsonl", "tokens.bin", "tokens.parquet", "log.txt", "run.json"])(
    "with a link for %s is refused, and what it leads to stays as it is",
    async (name) => {
      const file = join(folder, name);
      const own = join(above, "mine");
      rmSync(file, { force: true });
      writeFileSync(own, "mine\n".repeat(1000));
      symlinkSync(own, file);
      for (const attempt of [
        async () => readRun(folder),
        () => resumeEvaluation({ ...options(), folder }),
        () => resumeEvaluation({ ...options(), folder, repair: true }),
      ])
        await expect(attempt()).rejects.toMatchObject({ code: "RUN_DAMAGED", where: file });
      expect(readFileSync(own, "utf8")).toBe("mine\n".repeat(1000));
    },
  );

  it.each(["journal.jsonl", "tokens.bin", "run.json", "lock"])(
    "with a pipe for %s is refused, and not waited for",
    async (name) => {
      const file = join(folder, name);
      rmSync(file, { force: true });
      execFileSync("mkfifo", [file]);
      await expect(resumeEvaluation({ ...options(), folder })).rejects.toMatchObject({
        code: "RUN_DAMAGED",
        where: file,
      });
    },
  );

  it("that is itself reached by a link is read", () => {
    renameSync(folder, join(above, "real"));
    symlinkSync(join(above, "real"), folder);
    expect(readRun(folder).status).toBe("complete");
  });
});

it("damage is mended in the folder that the error names", () => {
  const file = join(folder, "run.json");
  writeFileSync(file, readFileSync(file, "utf8").replace(/"nll": [\d.]+/, '"nll": 1'));
  expect(() => readRun(folder)).toThrow(
    expect.objectContaining({ wayOut: expect.stringContaining(`--resume ${folder} --repair`) }),
  );
});
