/**
 * Colours of the pictures.
 *
 * Text has a contrast of at least 4.5 with the page and marks of at least 3 in both schemes (WCAG 2.2 AA). The
 * series colours follow Okabe and Ito, "Color Universal Design" (2008), moved in lightness until they pass; nothing
 * is said by colour alone: series also differ in dash or place, and carry their name.
 */
import { channels, inkOn } from "../text/index.ts";

/** What a picture is painted with: CSS colours. */
export interface Colours {
  page: string;
  ink: string;
  /** Second-rank text. */
  soft: string;
  /** Grid lines. */
  line: string;
  /** Blue. */
  main: string;
  /** Orange; beside `main` it stays apart under every colour blindness, and in lightness. */
  accent: string;
  /** Colours of up to six series. */
  series: readonly string[];
}

/** `auto` follows the reader's preference through CSS variables; the others are fixed, for files on their own. */
export type Theme = "auto" | "light" | "dark";

const LIGHT: Colours = {
  page: "#ffffff",
  ink: "#1d1b20",
  soft: "#5f5b66",
  line: "#e4e1e8",
  main: "#0b5cad",
  accent: "#b84700",
  series: ["#0b5cad", "#b84700", "#00735a", "#8f3f80", "#796000", "#4a4750"],
};

const DARK: Colours = {
  page: "#131116",
  ink: "#e8e5ec",
  soft: "#a7a1b0",
  line: "#2e2a35",
  main: "#6cb2ff",
  accent: "#ff9a5c",
  series: ["#6cb2ff", "#ff9a5c", "#3fcfa2", "#e29ad0", "#e0c14a", "#c8c4cf"],
};

const entries = (colours: Colours): [string, string][] => {
  const { series, ...single } = colours;
  return [
    ...Object.entries(single),
    ...series.map((colour, i): [string, string] => [`series-${i + 1}`, colour]),
  ];
};
const declarations = (colours: Colours): string =>
  entries(colours)
    .map(([name, colour]) => `--chart-${name}:${colour}`)
    .join(";");

/** CSS that gives the variables of the theme `auto` their colours, on `selector` and below it. */
export const themeStyle = (selector: string): string =>
  `${selector}{${declarations(LIGHT)}}
@media screen and (prefers-color-scheme:dark){${selector}{${declarations(DARK)}}}
@media (forced-colors:active){${selector}{--chart-page:Canvas;--chart-ink:CanvasText;--chart-soft:CanvasText;--chart-line:GrayText}}`;

const VARIABLES: Colours = {
  ...(Object.fromEntries(
    entries(LIGHT).map(([name]) => [name, `var(--chart-${name})`]),
  ) as unknown as Colours),
  series: LIGHT.series.map((_, i) => `var(--chart-series-${i + 1})`),
};

export const coloursOf = (theme: Theme): Colours =>
  theme === "light" ? LIGHT : theme === "dark" ? DARK : VARIABLES;

/** Matplotlib's viridis, dark to bright, as sRGB: lightness alone orders it. */
const VIRIDIS = [
  "#440154",
  "#472d7b",
  "#3b528b",
  "#2c728e",
  "#21918c",
  "#28ae80",
  "#5ec962",
  "#addc30",
  "#fde725",
].map(channels);

/** Viridis at `place` 0 (dark) ... 1 (bright), and black or white for text on it, whichever contrasts more (>= 4.5). */
export function viridis(place: number): { fill: string; text: string } {
  const position = Math.min(1, Math.max(0, place)) * (VIRIDIS.length - 1);
  const below = Math.min(VIRIDIS.length - 2, Math.floor(position));
  const mixed = VIRIDIS[below]!.map((channel, i) =>
    Math.round(channel + (position - below) * (VIRIDIS[below + 1]![i]! - channel)),
  );
  const fill = `#${mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
  return { fill, text: inkOn(fill) };
}
