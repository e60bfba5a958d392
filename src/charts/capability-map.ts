/** Capability map: models × domains. */
import { axisX, axisY, cell, type PlotOptions, text } from "@observablehq/plot";
import { invalidArgument, quantileOf } from "../core/index.ts";
import {
  errorStyle,
  formatList,
  formatNumber,
  formatPerplexity,
  formatPlural,
  formatWithError,
  inSentence,
  isNumber,
  isPerplexityName,
  perplexityAndError,
  visible,
} from "../text/index.ts";
import { boundsOf } from "./bins.ts";
import { type Chart, type DrawingSpace, emptyChart, FONT_SIZE, NARROW, type Panel } from "./chart.ts";
import { beyond, type ColourScale, colourScale, placeOn } from "./colour-scale.ts";
import { pixelWidth, shortenTogether } from "./pixels.ts";
import { viridis } from "./theme.ts";

/** One model on one domain. */
export interface CapabilityCell {
  model: string;
  domain: string;
  /** `null` = not measured. */
  bitsPerByte: number | null;
  /** Of bitsPerByte; `null` = unknown. */
  standardError?: number | null | undefined;
  /**
   * How the model stands in the domain by differences in pairs: the best, not told apart from the best, or behind it.
   * Left out of every cell: the smallest number is the best. Left out of some: nothing is said there.
   */
  standing?: "best" | "tied" | "behind" | null | undefined;
}

/** Options of `capabilityMap`. */
export interface CapabilityMapOptions {
  /**
   * What the cells hold, if it is something else; less has to be better. Wide errors of what has "perplexity" in its name are
   * intervals on the log scale. Default "bits per byte".
   */
  measure?: string | undefined;
  /** `sorted`: best model and easiest domain first; `given`: as they occur in the cells. Default `sorted`. */
  order?: "sorted" | "given" | undefined;
}

interface Cell {
  model: number;
  domain: number;
  value: number;
  error: number | null;
  best: boolean;
  /** Not told apart from the best. */
  tied: boolean;
}

/**
 * Every model over every domain: the number in every cell, its shade from dark (many bits) to bright (few). The best
 * few numbers far from all others, which would leave these one colour, are beyond the scale and marked (`colourScale`). The best
 * model of a domain has a diamond, bold figures and a frame; those that cannot be told from it have an open diamond. The longer of the two lists runs downwards.
 * @throws SurprisalError INVALID_ARGUMENT when a model and a domain occur together twice.
 */
export function capabilityMap(cells: readonly CapabilityCell[], options: CapabilityMapOptions = {}): Chart {
  const { measure = "bits per byte", order = "sorted" } = options;
  const title = `Capability map: ${visible(measure)} by model and domain`;
  if (cells.length === 0) return emptyChart(title, "There are no models and domains.", ["domain"]);
  const { models, domains, at } = arrange(cells, order);
  const isDecided = cells.some(({ standing }) => standing !== undefined);
  const found = domains.flatMap((_, domain) => cellsOfDomain(domain, models, at(domain), isDecided));
  const scale = colourScale(found.map(({ value }) => value));
  const isBeyond = (value: number) => scale !== null && beyond(scale, value) !== 0;
  const byPlace = new Map(found.map((cell) => [`${cell.model},${cell.domain}`, cell]));
  const format = isPerplexityName(measure) ? formatPerplexity : formatWithError;
  const written = (cell: Cell | undefined) =>
    cell === undefined
      ? "–"
      : `${format(cell.value, cell.error)}${isBeyond(cell.value) ? " ↕" : ""}${models.length > 1 ? sign(cell, " ") : ""}`;
  const ties = domains.filter((_, domain) => found.some((cell) => cell.domain === domain && cell.tied));

  const wins = models.map((_, model) => found.filter((cell) => cell.model === model && cell.best).length);
  const means = domains.map((_, domain) => average(found.filter((cell) => cell.domain === domain)));
  const outside = found.filter(({ value }) => isBeyond(value)).length;
  const missing = models.length * domains.length - found.length;
  const extreme = (value: number) => inSentence(domains[means.indexOf(value)]!);
  const finiteMeans = boundsOf(means);
  return {
    title,
    summary: [
      `${capitalised(measure)} of ${formatPlural(models.length, "model")} over ${formatPlural(domains.length, "domain")}: less is better.`,
      models.length > 1 &&
        wins.some((won) => won > 0) &&
        `Best: ${formatList(models.flatMap((name, i) => (wins[i]! > 0 ? [`${inSentence(name)} in ${wins[i]} of ${domains.length}`] : [])))}.`,
      models.length > 1 && ties.length > 0 && `Not told apart in ${formatList(ties.map(inSentence))}.`,
      finiteMeans &&
        domains.length > 1 &&
        `On average ${extreme(finiteMeans[0])} is the easiest domain (${formatNumber(finiteMeans[0], 3)}) and ${extreme(finiteMeans[1])} the hardest (${formatNumber(finiteMeans[1], 3)}).`,
      outside > 0 &&
        `${formatPlural(outside, "number")} far from the others ${outside === 1 ? "is" : "are"} beyond the scale of colours.`,
      missing > 0 && `${formatPlural(missing, "cell")} not measured.`,
    ]
      .filter(Boolean)
      .join(" "),
    numbers: domains
      .map(
        (name, domain) =>
          `${inSentence(name)}: ${formatList(
            models.map(
              (model, i) =>
                `${inSentence(model)} ${
                  byPlace.has(`${i},${domain}`)
                    ? written(byPlace.get(`${i},${domain}`))
                        .replace(" ↕", " (beyond the scale of colours)")
                        .replace(" ◆", " (best)")
                        .replace(" ◇", " (tied)")
                    : "not measured"
                }`,
            ),
          )}.`,
      )
      .join(" "),
    table: {
      columns: ["domain", ...models.map(visible)],
      rows: domains.map((name, domain) => [
        visible(name),
        ...models.map((_, model) => written(byPlace.get(`${model},${domain}`))),
      ]),
    },
    key: [
      ...(scale && (scale.high > scale.low || outside > 0)
        ? [
            {
              fills: Array.from({ length: 9 }, (_, i) => viridis(1 - i / 8).fill),
              low: `better ${scale.isCut[0] ? "≤ " : ""}${formatNumber(scale.low, 3)}`,
              high: `${scale.isCut[1] ? "≥ " : ""}${formatNumber(scale.high, 3)} worse`,
            },
          ]
        : []),
      ...(outside > 0
        ? [
            {
              sign: "outline" as const,
              colour: ({ ink }: { ink: string }) => ink,
              text: "↕ beyond the scale of colours, which would press all others together",
            },
          ]
        : []),
      ...(models.length > 1
        ? [
            {
              sign: "diamond" as const,
              colour: ({ ink }: { ink: string }) => ink,
              text: isDecided
                ? "best model of a domain, by the difference in pairs; ◇ not told apart"
                : "best model of a domain",
            },
          ]
        : []),
      ...(missing > 0
        ? [{ sign: "outline" as const, colour: ({ soft }: { soft: string }) => soft, text: "– not measured" }]
        : []),
    ],
    draw: (space) => drawMap(space, models, domains, byPlace, { scale, isLog: isPerplexityName(measure) }),
  };
}

const capitalised = (text: string): string => visible(text).replace(/^./u, (first) => first.toUpperCase());

const sign = ({ best, tied }: Cell, before: string): string =>
  best ? `${before}◆` : tied ? `${before}◇` : "";

/** The numbers of a domain; where nobody has decided it, the smallest, and all equal to it, are its best. */
function cellsOfDomain(
  domain: number,
  models: readonly string[],
  row: ReadonlyMap<string, CapabilityCell>,
  isDecided: boolean,
): Cell[] {
  const cells = models.flatMap((name, model) => {
    const { bitsPerByte: value = null, standardError: error = null, standing } = row.get(name) ?? {};
    const [best, tied] = [standing === "best", standing === "tied"];
    return isNumber(value) ? [{ model, domain, value, error, best, tied }] : [];
  });
  if (isDecided) return cells;
  const least = boundsOf(cells.map(({ value }) => value))?.[0];
  return cells.map((cell) => ({ ...cell, best: cell.value === least }));
}

const average = (cells: readonly { value: number }[]): number => {
  const finite = cells.filter(({ value }) => Number.isFinite(value));
  return finite.reduce((sum, { value }) => sum + value, 0) / finite.length;
};

function arrange(cells: readonly CapabilityCell[], order: "sorted" | "given") {
  const rows = new Map<string, Map<string, CapabilityCell>>();
  const models = new Set<string>();
  for (const entry of cells) {
    const row = rows.get(entry.domain) ?? new Map<string, CapabilityCell>();
    if (row.has(entry.model))
      throw invalidArgument(
        "A model has two numbers for one domain",
        `${visible(entry.model)} over ${visible(entry.domain)}`,
        "Give one cell per model and domain.",
      );
    rows.set(entry.domain, row.set(entry.model, entry));
    models.add(entry.model);
  }
  const at = (list: readonly string[]) => (domain: number) => rows.get(list[domain]!)!;
  const names = [...models];
  const domains = [...rows.keys()];
  if (order === "given") return { models: names, domains, at: at(domains) };

  // Each number as its distance from the domain's mean, so that a model that skipped the hard domains is not the best.
  const value = (model: string, domain: string) => rows.get(domain)!.get(model)?.bitsPerByte ?? Number.NaN;
  const domainMean = new Map(
    domains.map((domain) => [domain, average(names.map((model) => ({ value: value(model, domain) })))]),
  );
  const modelMean = new Map(
    names.map((model) => [
      model,
      average(domains.map((domain) => ({ value: value(model, domain) - domainMean.get(domain)! }))),
    ]),
  );
  const by = (means: ReadonlyMap<string, number>) => (a: string, b: string) => {
    const [x, y] = [means.get(a)!, means.get(b)!];
    return Number.isNaN(x) || Number.isNaN(y) ? Number(Number.isNaN(x)) - Number(Number.isNaN(y)) : x - y;
  };
  names.sort(by(modelMean));
  domains.sort(by(domainMean));
  return { models: names, domains, at: at(domains) };
}

/** So many decimals for all cells that a middling error shows two digits. */
function decimalsOf(cells: readonly Cell[]): number {
  const errors = cells
    .flatMap(({ error }) => (isNumber(error) && error > 0 ? [error] : []))
    .sort((a, b) => a - b);
  const largest = boundsOf(cells.map(({ value }) => value))?.[1] ?? 1;
  const middling = errors.length > 0 ? quantileOf(errors, 0.5) : largest / 500;
  return Math.min(4, Math.max(0, 1 - Math.floor(Math.log10(middling || 1))));
}

const fixed = (value: number, decimals: number): string =>
  Math.abs(value) < 1e5 ? value.toFixed(decimals) : formatNumber(value, 3);

/** A number and its error, the error with its sign. */
function figuresOf(
  { value, error }: Cell,
  decimals: number,
  isLog: boolean,
): [value: string, error: string | null] {
  const style = isLog ? errorStyle(value, error) : "plus-minus";
  if (style === "interval" || style === "useless") return perplexityAndError(value, error);
  return [fixed(value, decimals), isNumber(error) ? `± ${fixed(error, decimals)}` : null];
}

/** Room of a name beside its row, and of a slanted one above its column, pixels. */
const LONGEST_NAME = { wide: 220, narrow: 104 };
const SLANT = -40;

function drawMap(
  { width: asked, colours }: DrawingSpace,
  models: readonly string[],
  domains: readonly string[],
  cells: ReadonlyMap<string, Cell>,
  { scale, isLog }: { scale: ColourScale | null; isLog: boolean },
): Panel[] {
  const domainsDown = domains.length > models.length;
  const [down, across] = domainsDown ? [domains, models] : [models, domains];
  const longest = LONGEST_NAME[asked < NARROW ? "narrow" : "wide"];
  const widest = (names: readonly string[], most: number) =>
    Math.max(...shortenTogether(names, most, FONT_SIZE).map((name) => pixelWidth(name, FONT_SIZE)));
  const rowNames = widest(down, longest) + 12;
  const decimals = decimalsOf([...cells.values()]);
  const all = down.flatMap((_, y) =>
    across.map((_, x) => {
      const cell = cells.get(domainsDown ? `${x},${y}` : `${y},${x}`);
      const [value, error] = cell ? figuresOf(cell, decimals, isLog) : ["–", null];
      return {
        x,
        y,
        cell,
        best: models.length > 1 && cell?.best === true,
        tied: models.length > 1 && cell?.tied === true,
        value,
        error,
        outside: cell && scale ? beyond(scale, cell.value) : 0,
        shade: viridis(cell && scale ? 1 - placeOn(scale, cell.value) : 0),
      };
    }),
  );
  const figures = (entry: (typeof all)[number], separator: string) =>
    `${entry.outside === 0 ? "" : "↕ "}${entry.best ? "◆ " : entry.tied ? "◇ " : ""}${entry.value}${entry.error === null ? "" : separator + entry.error}`;
  const oneLine = Math.max(...all.map((entry) => pixelWidth(figures(entry, " "), 12))) + 16;
  const stacked =
    Math.max(
      ...all.map((entry) => pixelWidth(figures(entry, "\n").split("\n")[0]!, 12)),
      ...all.map(({ error }) => pixelWidth(error ?? "", 12)),
    ) + 14;
  const hasErrors = all.some(({ error }) => error !== null);
  const room = (asked - rowNames) / across.length;
  const inOneLine = !hasErrors || room >= oneLine;
  const cellWidth = Math.min(150, Math.max(room, inOneLine ? oneLine : stacked));
  const cellHeight = inOneLine ? 26 : 38;
  // Names that fit over their column stand upright there; longer ones slant.
  const slanted = across.some((name) => pixelWidth(visible(name), FONT_SIZE) > cellWidth - 6);
  const columnNames = widest(across, slanted ? longest : cellWidth);
  const namesAcross = shortenTogether(across, slanted ? longest : cellWidth, FONT_SIZE);
  const namesDown = shortenTogether(down, longest, FONT_SIZE);
  const rise = Math.sin((-SLANT * Math.PI) / 180);
  const marginTop = slanted ? columnNames * rise + 24 : 26;
  const overhang = slanted
    ? Math.max(0, columnNames * Math.cos((-SLANT * Math.PI) / 180) - cellWidth / 2 + 4)
    : 0;
  const needed = rowNames + across.length * cellWidth + overhang;
  const title = ({ x, y, value, error }: (typeof all)[number]) =>
    `${visible(down[y]!)}, ${visible(across[x]!)}: ${value}${error === null ? "" : ` ${error}`}`;
  const indices = (names: readonly string[]) => names.map((_, i) => i);
  return [
    {
      plot: {
        width: Math.ceil(needed),
        height: Math.ceil(marginTop + down.length * cellHeight + 2),
        marginLeft: rowNames,
        marginTop,
        marginRight: overhang,
        marginBottom: 2,
        x: { domain: indices(across), padding: 0, label: null },
        y: { domain: indices(down), padding: 0, label: null },
        marks: [
          axisX({
            anchor: "top",
            tickSize: 0,
            tickPadding: slanted ? 8 : 10,
            tickFormat: (i: number) => namesAcross[i]!,
            ...(slanted && { tickRotate: SLANT, textAnchor: "start" }),
          }),
          axisY({
            tickSize: 0,
            tickFormat: (i: number) => namesDown[i]!,
            tickPadding: 8,
          }),
          cell(
            all.filter((entry) => entry.cell),
            { x: "x", y: "y", inset: 1, rx: 2, fill: (entry) => entry.shade.fill, title },
          ),
          cell(
            all.filter((entry) => !entry.cell),
            {
              x: "x",
              y: "y",
              inset: 2.5,
              rx: 2,
              fill: "none",
              stroke: colours.soft,
              strokeDasharray: "3 3",
              title,
            },
          ),
          cell(
            all.filter(({ outside }) => outside !== 0),
            {
              x: "x",
              y: "y",
              inset: 3.5,
              rx: 2,
              fill: "none",
              stroke: (entry) => entry.shade.text,
              strokeDasharray: "2 3",
            },
          ),
          cell(
            all.filter(({ best }) => best),
            { x: "x", y: "y", inset: 1.5, rx: 2, fill: "none", stroke: colours.ink, strokeWidth: 2.5 },
          ),
          ...[true, false].map((best) =>
            text(
              all.filter((entry) => entry.best === best),
              {
                x: "x",
                y: "y",
                text: (entry: (typeof all)[number]) => figures(entry, inOneLine ? " " : "\n"),
                fill: (entry: (typeof all)[number]) => (entry.cell ? entry.shade.text : colours.soft),
                lineHeight: 1.15,
                fontSize: 12,
                fontVariant: "tabular-nums",
                ...(best && { fontWeight: 700 }),
              },
            ),
          ),
        ],
        color: { type: "identity" },
      } satisfies PlotOptions,
    },
  ];
}
