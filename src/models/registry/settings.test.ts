import { userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { cacheFolder } from "./settings.ts";

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
