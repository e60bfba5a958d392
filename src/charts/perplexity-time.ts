/** What fewer bits cost in perplexity, against the time they save: levels alone, and ways of choosing one for each prompt. */
import { ruleY } from "@observablehq/plot";
import { formatNumber, visible } from "../text/index.ts";
import { type Chart, emptyChart } from "./chart.ts";
import { waysPlot } from "./ways.ts";

interface Ends {
  value: number;
  low: number;
  high: number;
}

/** What `perplexityTimeChart` draws; `evaluatePaq` of surprisal/route gives it. */
export interface PerplexityTimeInput {
  /** Largest rise of the perplexity that is allowed, as a share: a line. */
  tau: number;
  /** Ways of choosing; one of the name "router" stands out. */
  methods: readonly {
    name: string;
    /** Perplexity above that of the most bits, as a share; may be infinite. */
    increase: Ends;
    /** Milliseconds per prompt; where one is not known, all are drawn by their bits. */
    ms: Pick<Ends, "value"> | null;
    bits: number;
  }[];
}

/** Rises beyond this many times tau, or 100 %, whichever is more, are said and not drawn: a level that has collapsed. */
const MOST = 5;

/** Mean perplexity above the most bits' against time per prompt (or bits, where no times are known), each way with its interval. */
export function perplexityTimeChart({ tau, methods }: PerplexityTimeInput): Chart {
  const timed = methods.every(({ ms }) => ms !== null);
  const axis = timed ? "milliseconds per prompt" : "bits per prompt";
  const title = timed ? "Perplexity against time" : "Perplexity against bits";
  const columns = ["way", axis, "perplexity above the most bits", "interval"];
  if (methods.length === 0) return emptyChart(title, "There is nothing to compare.", columns);
  const all = methods.map(({ name, increase, ms, bits }) => ({
    name: visible(name),
    x: timed ? ms!.value : bits,
    ...increase,
  }));
  const share = (value: number) => (Number.isFinite(value) ? `${formatNumber(100 * value, 3)} %` : "∞");
  const most = Math.max(1, MOST * tau);
  const rows = all.filter(({ value }) => value <= most);
  const beyond = all.filter((row) => !rows.includes(row));
  const router = rows.find(({ name }) => name === "router");
  const said = router
    ? `The router is ${share(router.value)} above the most bits, with ${formatNumber(router.x, 3)} ${axis}.`
    : "";
  return {
    title,
    summary: `What do fewer bits cost? Further down is better, further left is cheaper. ${said}`.trim(),
    numbers:
      beyond.length === 0
        ? ""
        : `Not drawn: ${beyond.map(({ name, value }) => `${name}, ${share(value)}`).join("; ")}.`,
    table: {
      columns,
      rows: all.map(({ name, x, value, low, high }) => [
        name,
        formatNumber(x, 3),
        share(value),
        `${share(low)} to ${share(high)}`,
      ]),
    },
    key: [
      { sign: "diamond", colour: ({ accent }) => accent, text: "the router, with its interval" },
      { sign: "circle", colour: ({ main }) => main, text: "without a router" },
      { sign: "dashed", colour: ({ soft }) => soft, text: "tau: what is allowed" },
    ],
    draw({ width, colours }) {
      const ends = rows.flatMap(({ low, high, value }) => [low, Math.min(high, most), value]);
      const [lowest, highest] = [Math.min(0, ...ends), Math.max(1.2 * tau, 0.01, ...ends)];
      const room = 0.06 * (highest - lowest);
      const top = highest + room;
      const plot = waysPlot({
        points: rows.map((row) => ({ ...row, high: Math.min(row.high, top) })),
        ...{ width, colours, left: 60, widest: Math.max(...rows.map(({ x }) => x), 1e-9) * 1.05 },
        domain: [lowest - room, top],
        labels: { x: axis, y: "perplexity above the most bits" },
        tickFormat: share,
        below: [ruleY([tau], { stroke: colours.soft, strokeDasharray: "5 4" })],
      });
      return [{ plot }];
    },
  };
}
