import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SurprisalError } from "../core/index.ts";
import { ensureSpace, readFailure, writeFailure } from "./failure.ts";

const system = (code: string) => Object.assign(new Error(`${code}: as the system says it`), { code });
const FILE = join(tmpdir(), "x.json");

describe("what the file system says", () => {
  it.each(["ENOSPC", "EDQUOT"])("%s is a full disk, with figures where they are known", (code) => {
    expect(writeFailure(system(code), FILE)).toMatchObject({
      code: "DISK_FULL",
      what: "The disk is full",
      where: FILE,
      wayOut: "Free some space.",
    });
    expect(
      writeFailure(system(code), FILE, { needed: 2_000_000, wayOutWhenFull: "Another disk." }),
    ).toMatchObject({
      what: expect.stringMatching(/^Not enough room on the disk: 2\.0 MB needed, \d+\.\d MB free$/),
      wayOut: "Another disk.",
    });
  });

  it("is a file that cannot be written, with the way out that the caller names", () => {
    const cause = system("EACCES");
    const options = { subject: "The cache", wayOut: "Elsewhere." };
    expect(writeFailure(cause, FILE, options)).toMatchObject({
      code: "FILE_UNWRITABLE",
      what: "The cache cannot be written: EACCES: as the system says it",
      wayOut: "Elsewhere.",
      cause,
    });
  });

  it.each([
    ["ENOENT", "FILE_NOT_FOUND", "There is no such file"],
    ["EISDIR", "FILE_UNREADABLE", "The file cannot be read: it is a folder"],
    ["EACCES", "FILE_UNREADABLE", "The file cannot be read: EACCES: as the system says it"],
  ])("%s while reading is %s", (code, expected, what) => {
    expect(readFailure(system(code), FILE)).toMatchObject({ code: expected, what, where: FILE });
  });

  it.each([
    ["EFBIG", /larger than this process may write/, /ulimit -f/],
    ["EMFILE", /too many files are open/, /ulimit -n/],
  ])("%s is a limit of the process, whatever way out the caller names", (code, what, wayOut) => {
    const expected = { what: expect.stringMatching(what), wayOut: expect.stringMatching(wayOut) };
    expect(writeFailure(system(code), FILE, { wayOut: "Elsewhere." })).toMatchObject(expected);
    expect(readFailure(system(code), FILE)).toMatchObject(expected);
  });

  it("leaves our own errors as they are", () => {
    const own = new SurprisalError({ code: "ABORTED", what: "It was aborted" });
    expect(readFailure(own, FILE)).toBe(own);
    expect(writeFailure(own, FILE)).toBe(own);
  });

  it("is asked for room before a long work", () => {
    ensureSpace(tmpdir(), 1, "Make room.");
    expect(() => ensureSpace(tmpdir(), 1e18, "Make room.")).toThrow(
      expect.objectContaining({ code: "DISK_FULL", wayOut: "Make room." }),
    );
  });
});
