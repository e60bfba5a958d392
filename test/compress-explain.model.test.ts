/** `surprisal compress --explain` as it is started: the account adds up to the file that is there. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { runCommand } from "./cli-run.ts";

const folder = mkdtempSync(join(tmpdir(), "surprisal-explain-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = (name: string) => join(folder, name);
const text =
  "It is a truth universally acknowledged, that a single man in possession of a good fortune must be in want of a wife.\nHowever little known the feelings of Mr. Darcy may be, in 1813 nobody asked.\n";
writeFileSync(path("letter.txt"), text);
const run = (...args: string[]) =>
  runCommand(["compress", path("letter.txt"), "--force", ...args], { folder });

describe("surprisal compress --explain", () => {
  it.each([
    ["by the model", []],
    ["in bytes mode", ["--bytes"]],
  ])("--json and --html, %s", async (_, options) => {
    const { code, stdout, stderr } = await run(
      "--explain",
      "--json",
      "--html",
      path("bits.html"),
      ...options,
    );
    expect([code, stderr]).toEqual([0, ""]);
    const [file] = JSON.parse(stdout).files;
    const size = readFileSync(path("letter.txt.surp")).length;
    const { accounts, yardsticks, tokenBits, lines, modelBytes } = file.explanation;
    const bits = accounts.reduce((sum: number, row: { bits: number }) => sum + row.bits, 0);
    expect(bits).toBeCloseTo(8 * size, 6);
    expect(file.packedBytes).toBe(size);
    expect(lines).toBe(2);
    const of = (name: string) => yardsticks.find((row: { name: string }) => row.name === name);
    expect(of("gzip -9").bytes).toBe(gzipSync(text, { level: 9 }).length);
    expect(of("this file").bytes).toBe(size);
    expect(tokenBits.byteOffsets.at(-1)).toBe(Buffer.byteLength(text));
    expect(modelBytes === null).toBe(options.length > 0);
    expect(readFileSync(path("bits.html"), "utf8")).toContain("universally");
  });

  it("on the screen; not without the check, and not as one page of two files", async () => {
    const { code, stdout } = await run("--explain", "--bytes");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /letter\.txt\.surp: .*\n[\s\S]*Where the bits go\n[\s\S]*By kind of word\n[\s\S]*gzip -9/,
    );
    expect((await run("--explain", "--no-verify")).stderr).toContain("--no-verify");
    expect((await run(path("letter.txt"), "--html", path("x.html"))).stderr).toContain(
      "--html is the page of one file",
    );
  });
});
