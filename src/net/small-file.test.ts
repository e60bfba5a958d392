import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readPipSetting } from "./pip-settings.ts";
import { readSmallFile } from "./small-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

it("reads files, and neither a device nor what is far too large nor what is not there", () => {
  const file = join(folder, "pip.conf");
  writeFileSync(file, "[global]\nindex-url = http://index.test/simple\n");
  expect(readSmallFile(file)).toContain("index.test");
  expect(readPipSetting("index-url", { PIP_CONFIG_FILE: file })).toBe("http://index.test/simple");
  truncateSync(file, 2 ** 32); // takes no room: the rest is a hole
  for (const other of [file, "/dev/zero", folder, join(folder, "none")])
    expect(readSmallFile(other)).toBeNull();
});
