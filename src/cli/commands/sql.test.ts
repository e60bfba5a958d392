import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import sql from "./sql.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-sql-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** What a person reads, lines. */
async function said(query: string): Promise<string[]> {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  await sql.run!([query, "--runs", folder]);
  const text = write.mock.calls.map(([chunk]) => String(chunk)).join("");
  write.mockRestore();
  return text.trimEnd().split("\n");
}

it("has numbers to the right and names to the left", async () => {
  const query = "select * from (values (1, 'a', null), (20, 'bb', 'x')) as t(number, name, mixed)";
  expect(await said(query)).toEqual(["number  name  mixed", "     1  a", "    20  bb    x"]);
});

it("shows many rows, in time that grows with them", async () => {
  const lines = await said("select range as number, 'row ' || range as name from range(150000)");
  expect(lines).toHaveLength(150_001);
  expect(lines[1]).toBe("     0  row 0");
  expect(lines.at(-1)).toBe("149999  row 149999");
}, 20_000);
