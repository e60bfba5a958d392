import { userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { cacheFolder, isOffline } from "./settings.ts";

const folder = resolve("/somewhere");

describe("cacheFolder", () => {
  it("is what SURPRISAL_CACHE says", () => {
    expect(cacheFolder({ SURPRISAL_CACHE: folder, XDG_CACHE_HOME: resolve("/xdg") })).toBe(folder);
  });

  it("follows XDG_CACHE_HOME, but not a relative one, as its specification says", () => {
    expect(cacheFolder({ XDG_CACHE_HOME: folder })).toBe(join(folder, "surprisal"));
    expect(isAbsolute(cacheFolder({ XDG_CACHE_HOME: "relative", HOME: folder }))).toBe(true);
  });

  it("never lies in the working folder when HOME is empty", () => {
    expect(cacheFolder({ HOME: "" }).startsWith(userInfo().homedir)).toBe(true);
  });
});

it("SURPRISAL_OFFLINE is on, off, or an error: never overlooked", () => {
  for (const value of ["1", "on", "YES", "true"]) expect(isOffline({ SURPRISAL_OFFLINE: value })).toBe(true);
  for (const value of ["0", "off", "No", "false", ""])
    expect(isOffline({ SURPRISAL_OFFLINE: value })).toBe(false);
  expect(isOffline({})).toBe(false);
  for (const value of ["y", "maybe", " 1", "2"])
    expect(() => isOffline({ SURPRISAL_OFFLINE: value })).toThrow(/SURPRISAL_OFFLINE=/);
});
