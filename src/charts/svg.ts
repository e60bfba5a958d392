/** From a picture to SVG. */
import { plot } from "@observablehq/plot";
import { invalidArgument } from "../core/index.ts";
import { type Chart, FONT_SIZE, type KeyEntry, type KeyScale, type Panel } from "./chart.ts";
import { type ChartDocument, type ChartElement, element, serialise } from "./dom.ts";
import { cutToPixels, pixelWidth, shortenToPixels } from "./pixels.ts";
import { type Colours, coloursOf, type Theme, themeStyle } from "./theme.ts";

/** Options of `drawChart` and `renderSvg`. */
export interface SvgOptions {
  /** Where the elements are made. Default: the browser's; `surprisal/charts` in Node brings one of its own. */
  document?: ChartDocument | undefined;
  /** Default `auto`; fix it for a file that other programs than browsers show. */
  theme?: Theme | undefined;
  /** Pixels, at least 240. Default 720. A capability map may come out wider. */
  width?: number | undefined;
  /** Whether the title is drawn above the picture. Default true. */
  heading?: boolean | undefined;
  /** Begins the ids in it; two pictures of one page need different ones. Default "chart". */
  id?: string | undefined;
}

/** Space above and below rows of the key, pixels. */
const ROW = 20;
const MARGIN = 12;
const FAMILY =
  'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","Liberation Sans",Arial,sans-serif';

/**
 * A picture as an SVG element: role img, title and desc, a key, the panels.
 * @throws SurprisalError INVALID_ARGUMENT when there is no document, or the width or the id is not allowed.
 */
export function drawChart(chart: Chart, options: SvgOptions = {}): ChartElement {
  const { theme = "auto", width: asked = 720, heading = true, id = "chart" } = options;
  if (!(asked >= 240 && asked <= 10_000))
    throw invalidArgument(`${asked} is not allowed here`, "width", "Give 240 to 10000 pixels.");
  if (!/^[A-Za-z][\w-]*$/.test(id))
    throw invalidArgument("This is no id", "id", "Give letters, digits and -, a letter first.");
  const document = options.document ?? (globalThis as { document?: ChartDocument | undefined }).document;
  if (!document)
    throw invalidArgument(
      "There is no document to draw in",
      "document",
      "In Node, import surprisal/charts (it brings one), or pass the `document` of linkedom or jsdom.",
    );
  const colours = coloursOf(theme);
  const make = (name: string, attributes: Record<string, string | number> = {}, text?: string) =>
    element(document, name, attributes, text);

  const panels = chart
    .draw({ width: asked, colours })
    .map((panel) => ({ ...panel, drawn: drawPanel(panel, document, colours) }));
  const width = Math.max(asked, ...panels.map(({ drawn }) => Number(drawn.getAttribute("width"))));
  const parts: ChartElement[] = [];
  let y = heading ? MARGIN : 0;
  const line = (text: string, attributes: Record<string, string | number>) => {
    parts.push(make("text", { x: 0, y: y + 14, fill: colours.ink, ...attributes }, text));
    y += 22;
  };
  if (heading)
    for (const row of wrap(chart.title, asked, 15)) line(row, { "font-size": 15, "font-weight": 650 });
  if (chart.key.length > 0 && panels.length > 0) {
    const key = drawKey(chart.key, Math.min(width, asked), colours, make);
    key.group.setAttribute("transform", `translate(0,${y})`);
    parts.push(key.group);
    y += key.height;
  }
  if (panels.length === 0) line("No numbers to draw.", { fill: colours.soft });
  for (const { heading: name, drawn } of panels) {
    if (name !== undefined) {
      y += 6;
      line(shortenToPixels(name, width, 13), { "font-size": 13, "font-weight": 650 });
    }
    drawn.setAttribute("y", String(y));
    parts.push(drawn);
    y += Number(drawn.getAttribute("height"));
  }
  const height = Math.ceil(y + (heading ? MARGIN : 0));
  const side = heading ? MARGIN : 0;
  const svg = make("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    class: "chart",
    role: "img",
    "aria-labelledby": `${id}-title`,
    "aria-describedby": `${id}-desc`,
    width: width + 2 * side,
    height,
    viewBox: `${-side} 0 ${width + 2 * side} ${height}`,
    "font-family": FAMILY,
    "font-size": FONT_SIZE,
    fill: colours.ink,
  });
  svg.append(
    make("title", { id: `${id}-title` }, chart.title),
    make("desc", { id: `${id}-desc` }, `${chart.summary} ${chart.numbers}`.trim()),
  );
  if (heading) {
    if (theme === "auto") svg.append(make("style", {}, themeStyle(".chart")));
    svg.append(make("rect", { x: -side, width: width + 2 * side, height, fill: colours.page }));
  }
  svg.append(...parts);
  return svg;
}

/** A picture as SVG text, a file of its own; the same bytes in Node and in browsers. Errors as `drawChart`. */
export const renderSvg = (chart: Chart, options: SvgOptions = {}): string =>
  serialise(drawChart(chart, options));

function drawPanel({ plot: options }: Panel, document: ChartDocument, colours: Colours): ChartElement {
  const drawn = plot({
    ...options,
    document: document as never,
    figure: false,
    className: "plot",
  }) as unknown as ChartElement;
  for (const child of [...drawn.childNodes] as ChartElement[])
    if (child.localName === "style") child.remove();
  unlabel(drawn);
  drawn.setAttribute("font-size", String(FONT_SIZE));
  drawn.setAttribute("font-family", FAMILY);
  drawn.setAttribute("fill", colours.ink);
  drawn.setAttribute("overflow", "visible");
  return drawn;
}

/** Plot names its groups for screen readers, which a part of an image must not. */
function unlabel(drawn: ChartElement): void {
  drawn.removeAttribute("aria-label");
  for (const child of drawn.childNodes) if (child.nodeType === 1) unlabel(child as ChartElement);
}

type Make = (name: string, attributes?: Record<string, string | number>, text?: string) => ChartElement;

/** The key in rows: each entry as wide as its text. */
function drawKey(entries: Chart["key"], width: number, colours: Colours, make: Make) {
  const group = make("g");
  let [x, y] = [0, 0];
  for (const entry of entries) {
    const isScale = "fills" in entry;
    const rows = isScale ? [] : wrap(entry.text, width - 28, FONT_SIZE);
    const size = isScale
      ? pixelWidth(`${entry.low}${entry.high}`, FONT_SIZE) + 16 * entry.fills.length + 12
      : 28 + Math.max(...rows.map((row) => pixelWidth(row, FONT_SIZE)));
    if (x > 0 && x + size > width) [x, y] = [0, y + ROW];
    const placed = make("g", { transform: `translate(${Math.round(x)},${y})` });
    placed.append(...(isScale ? scale(entry, colours, make) : keyEntry(entry, rows, colours, make)));
    group.append(placed);
    x += size + 18;
    // An entry of several rows has them to itself.
    if (rows.length > 1) [x, y] = [width, y + (ROW - 4) * (rows.length - 1)];
  }
  return { group, height: y + ROW + 6 };
}

function scale({ fills, low, high }: KeyScale, colours: Colours, make: Make): ChartElement[] {
  const start = pixelWidth(low, FONT_SIZE) + 6;
  const swatches = fills.map((fill, i) =>
    make("rect", { x: start + 16 * i, y: 3, width: 16, height: 12, fill }),
  );
  return [
    make("text", { y: 14, fill: colours.soft }, low),
    ...swatches,
    make("text", { x: start + 16 * fills.length + 6, y: 14, fill: colours.soft }, high),
  ];
}

/** Outlines of the signs for points, about the middle (0, 0). */
const SIGNS: Readonly<Record<string, string>> = {
  circle: "M-4.5,0A4.5,4.5,0,1,1,4.5,0A4.5,4.5,0,1,1,-4.5,0Z",
  ring: "M-4,0A4,4,0,1,1,4,0A4,4,0,1,1,-4,0Z",
  diamond: "M0,-6.5L4,0L0,6.5L-4,0Z",
  square: "M-4,-4H4V4H-4Z",
  triangle: "M0,-5.5L5,3.5H-5Z",
  plus: "M-5.5,0H5.5M0,-5.5V5.5",
  times: "M-4,-4L4,4M-4,4L4,-4",
};
const OPEN = new Set(["plus", "times", "ring"]);
const DASHES: Readonly<Record<string, string>> = { dashed: "6 4", dotted: "2 3" };

function keyEntry(
  { sign, colour, opacity = 1 }: KeyEntry,
  rows: readonly string[],
  colours: Colours,
  make: Make,
) {
  const stroke = colour(colours);
  const open = { fill: "none", stroke, "stroke-width": 2 };
  let drawn: ChartElement;
  if (sign === "band" || sign === "bar" || sign === "outline")
    drawn = make("rect", {
      x: 1,
      y: 3,
      width: 20,
      height: 12,
      ...(sign === "outline" ? open : { fill: stroke, "fill-opacity": opacity }),
    });
  else if (sign in SIGNS)
    drawn = make("path", {
      d: SIGNS[sign]!,
      transform: "translate(11,9)",
      ...(OPEN.has(sign) ? open : { fill: stroke }),
    });
  else
    drawn = make("path", {
      d: "M0,9H22",
      ...open,
      "stroke-width": sign === "thin" ? 1 : 2,
      ...(DASHES[sign] && { "stroke-dasharray": DASHES[sign] }),
    });
  return [
    drawn,
    ...rows.map((row, i) => make("text", { x: 28, y: 14 + (ROW - 4) * i, fill: colours.soft }, row)),
  ];
}

/** A text in rows of at most `width` pixels, broken at spaces. */
function wrap(text: string, width: number, size: number): string[] {
  const rows: string[] = [];
  for (const word of text.split(" ")) {
    const longer = rows.length === 0 ? word : `${rows.at(-1)} ${word}`;
    if (rows.length > 0 && pixelWidth(longer, size) <= width) rows[rows.length - 1] = longer;
    else rows.push(cutToPixels(word, width, size));
  }
  return rows.length > 4 ? [...rows.slice(0, 3), `${rows[3]} …`] : rows;
}
