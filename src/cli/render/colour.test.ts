import { describe, expect, it } from "vitest";
import { BITS_PER_SHADE, SHADES, shadeColours, shadeLabel, shadeOf } from "../../report/index.ts";
import { luminance } from "../../text/index.ts";
import { decideBackground, decideColour, shadeSgr } from "./colour.ts";

const pages = ["dark", "light"] as const;
const painted = Array.from({ length: SHADES - 1 }, (_, i) => i + 1);
const contrast = (a: string, b: string) => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
};
/** Entry of xterm's colour cube, 16 ... 231, as "#rrggbb". */
const xterm = (code: number) => {
  const levels = [0, 95, 135, 175, 215, 255];
  const index = [Math.floor((code - 16) / 36), Math.floor((code - 16) / 6) % 6, (code - 16) % 6];
  return `#${index.map((i) => levels[i]!.toString(16).padStart(2, "0")).join("")}`;
};
const isMonotone = (values: number[]) =>
  values.every((value, i) => i === 0 || value > values[i - 1]!) ||
  values.every((value, i) => i === 0 || value < values[i - 1]!);

describe("shades", () => {
  it.each([
    [0, 0],
    [1.99, 0],
    [2, 1],
    [13.99, 6],
    [14, 7],
    [1e9, 7],
    [Number.POSITIVE_INFINITY, 7],
    [null, null],
    [Number.NaN, null],
  ])("%s bits are shade %s", (bits, shade) => {
    expect(shadeOf(bits)).toBe(shade);
  });

  it("are labelled with what they stand for", () => {
    expect(BITS_PER_SHADE).toBe(2);
    expect([0, 1, SHADES - 1].map(shadeLabel)).toEqual(["0–2", "2–4", "14+"]);
  });

  it.each(pages)("have text with a contrast of AA on a %s page", (page) => {
    for (const shade of painted) {
      const { background, text } = shadeColours(shade, page);
      expect(contrast(background, text)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it.each(pages)("are ordered by lightness alone, away from a %s page", (page) => {
    const lightness = painted.map((shade) => luminance(shadeColours(shade, page).background));
    expect(isMonotone(lightness)).toBe(true);
    expect(lightness.at(-1)! > lightness[0]!).toBe(page === "dark");
  });

  it.each(pages)("keep order and contrast in 256 colours on a %s page", (page) => {
    const codes = painted.map((shade) => shadeSgr(shade, "256", page).match(/^48;5;(\d+);38;5;(\d+)$/)!);
    const backgrounds = codes.map(([, background]) => xterm(Number(background)));
    expect(isMonotone(backgrounds.map(luminance))).toBe(true);
    codes.forEach(([, , text], i) => {
      expect(contrast(backgrounds[i]!, xterm(Number(text)))).toBeGreaterThanOrEqual(4.5);
    });
  });

  it("leave an expected token alone, and everything without colours", () => {
    expect(shadeSgr(0, "truecolor", "dark")).toBe("");
    for (const shade of [...painted, null]) expect(shadeSgr(shade, "none", "dark")).toBe("");
  });
});

describe("decideColour", () => {
  const terminal = { isTTY: true };
  const pipe = {};
  it.each<[string, NodeJS.ProcessEnv, { isTTY?: boolean }, string]>([
    ["a pipe", { TERM: "xterm-256color", COLORTERM: "truecolor" }, pipe, "none"],
    ["COLORTERM", { TERM: "xterm-256color", COLORTERM: "truecolor" }, terminal, "truecolor"],
    ["256 by TERM", { TERM: "xterm-256color" }, terminal, "256"],
    ["256 by TERM of another name", { TERM: "screen-256color" }, terminal, "256"],
    ["16 by TERM", { TERM: "xterm" }, terminal, "16"],
    ["a dumb terminal", { TERM: "dumb", COLORTERM: "truecolor" }, terminal, "none"],
    ["NO_COLOR", { NO_COLOR: "1", TERM: "xterm-256color" }, terminal, "none"],
    ["an empty NO_COLOR, which counts as unset", { NO_COLOR: "", TERM: "xterm-256color" }, terminal, "256"],
    ["NO_COLOR against FORCE_COLOR", { NO_COLOR: "1", FORCE_COLOR: "3" }, terminal, "none"],
    ["FORCE_COLOR=0", { FORCE_COLOR: "0", TERM: "xterm-256color" }, terminal, "none"],
    ["FORCE_COLOR=1 in a pipe", { FORCE_COLOR: "1" }, pipe, "16"],
    ["FORCE_COLOR=2 in a pipe", { FORCE_COLOR: "2" }, pipe, "256"],
    ["FORCE_COLOR=3 in a dumb terminal", { FORCE_COLOR: "3", TERM: "dumb" }, terminal, "truecolor"],
  ])("%s", (_, env, stream, depth) => {
    expect(decideColour(env, stream)).toBe(depth);
  });
});

describe("decideBackground", () => {
  it.each([
    [undefined, "dark"],
    ["15;0", "dark"],
    ["0;15", "light"],
    ["0;default;7", "light"],
    ["7;8", "dark"],
    ["nonsense", "dark"],
    ["", "dark"],
  ])("COLORFGBG=%s is %s", (value, background) => {
    expect(decideBackground(value === undefined ? {} : { COLORFGBG: value })).toBe(background);
  });
});
