/** An entropy as a page with pictures. */
import { type Chart, coursesChart, renderSvg, sharesChart } from "../../charts/server.ts";
import { formatCount, formatNumber } from "../../text/index.ts";
import { type EntropyView, nextEntropyText, nextTokenText, showEntropy, toBits } from "../entropy/index.ts";
import { renderPage } from "../page/sections.ts";

/** One HTML page: what there is to say in short, the pictures, then the tables. */
export function entropyPage(view: EntropyView): string {
  const { title, lead, parts } = showEntropy(view);
  const [first, ...rest] = parts.map(({ heading, text, table }) => ({ heading, text, table }));
  return renderPage(title, [first!, ...chartsOf(view).map((chart) => ({ chart })), ...rest], lead);
}

/** Its first picture, as an SVG file. */
export function entropyPicture(view: EntropyView): string {
  return renderSvg(chartsOf(view)[0]!);
}

const bits = (nats: number | null | undefined): number | null =>
  nats === null || nats === undefined ? null : toBits(nats);
const bounds = (interval: { low: number | null; high: number | null } | null | undefined) => ({
  low: bits(interval?.low),
  high: bits(interval?.high),
});

function chartsOf(view: EntropyView): Chart[] {
  switch (view.kind) {
    case "lab":
      return labCharts(view);
    case "next":
      return [
        sharesChart({
          title: "Probability of the next token",
          summary:
            "The most probable tokens behind each prompt, on one scale. The fewer long bars, the fewer real choices.",
          panels: view.prompts.map((next) => ({
            name: next.read === "" ? "(nothing)" : next.read,
            note: nextEntropyText(next),
            shares: next.top.map((token) => ({ name: nextTokenText(token), share: token.probability })),
          })),
        }),
      ];
    case "converge":
      return convergenceCharts(view);
    case "context":
      return contextCharts(view);
    case "cross":
      return [crossChart(view)];
  }
}

function labCharts({ lab, model }: Extract<EntropyView, { kind: "lab" }>): Chart[] {
  const unit = `bits a ${lab.unit.replace(/s$/, "")}`;
  const charts = [
    coursesChart({
      title: "Conditional entropy by order",
      summary: `What is still open about the next symbol once those before it are known. ${
        lab.trustedOrder === null
          ? "No order may be believed: the text is too short."
          : `Up to order ${lab.trustedOrder} there are enough blocks; beyond, the lines fall because the text is too short.`
      }`,
      x: { label: "order n" },
      y: { label: unit },
      courses: [
        { name: "Miller-Madow", key: "miller-madow" as const },
        { name: "Chao-Shen", key: "chao-shen" as const },
        { name: "plain", key: "plugin" as const },
      ].map(({ name, key }) => ({
        name,
        points: lab.blocks.map(({ order, conditional, interval }) => ({
          x: order,
          y: bits(conditional?.[key]),
          ...(key === "plugin" ? bounds(interval) : {}),
        })),
      })),
      level: model
        ? { name: `perplexity of ${model.model}`, y: toBits(model.rate), ...bounds(model.interval) }
        : lab.extrapolated
          ? { name: "extrapolated", y: toBits(lab.extrapolated.limit), ...bounds(lab.extrapolated) }
          : undefined,
    }),
  ];
  if (lab.lempelZiv.some(({ course }) => course.length > 1))
    charts.push(
      coursesChart({
        title: "Universal estimates by length of text",
        summary: "Where a line still moves at its end it has not converged.",
        x: { label: lab.unit, type: "log" },
        y: { label: unit },
        courses: lab.lempelZiv.map(({ method, course, interval }) => ({
          name: method,
          points: course.map(({ symbols, rate }, i) => ({
            x: symbols,
            y: bits(rate),
            ...(i === course.length - 1 ? bounds(interval) : {}),
          })),
        })),
      }),
    );
  if (lab.distances.some(({ pairs }) => pairs > 0))
    charts.push(
      coursesChart({
        title: "Mutual information by distance",
        summary:
          "How much a symbol tells about another one further on. What chance alone would show is dashed; the line is what is left without it.",
        x: { label: "distance d", type: "log" },
        y: { label: "bits" },
        courses: [
          {
            name: "corrected",
            points: lab.distances.map(({ distance, corrected }) => ({ x: distance, y: bits(corrected) })),
          },
          {
            name: "taken off",
            points: lab.distances.map(({ distance, bias }) => ({ x: distance, y: bits(bias) })),
          },
        ],
      }),
    );
  return charts;
}

function convergenceCharts({ convergence }: Extract<EntropyView, { kind: "converge" }>): Chart[] {
  const { points, starts, limit } = convergence;
  const from = points.filter(({ tokens }) => tokens >= 4);
  const { interval } = limit;
  return [
    coursesChart({
      title: "Running perplexity from several starting points",
      summary: `Perplexity of the first N tokens of ${formatCount(starts.length)} stretches of the text. Wherever one begins, it comes to the same number: the dashed line is the fitted limit 2^H, with its interval.`,
      x: { label: "tokens N", type: "log" },
      y: { label: "perplexity", type: "log" },
      courses: [
        {
          name: "mean of the stretches",
          style: "line",
          points: from.map(({ tokens, mean }) => ({ x: tokens, y: Math.exp(mean) })),
        },
        ...starts.map((_, i) => ({
          name: "one stretch",
          style: "faint" as const,
          points: from.map(({ tokens, rates }) => ({ x: tokens, y: Math.exp(rates[i]!) })),
        })),
      ],
      level: {
        name: `limit ${formatNumber(Math.exp(limit.rate), 4)}`,
        y: Math.exp(limit.rate),
        low: interval && Math.exp(interval.low),
        high: interval && Math.exp(interval.high),
      },
    }),
    coursesChart({
      title: "The spread shrinks",
      summary:
        "Standard deviation over the stretches of the bits per token; the dashed line falls as 1/√N, as of independent tokens.",
      x: { label: "tokens N", type: "log" },
      y: { label: "bits", type: "log" },
      courses: [
        {
          name: "spread",
          style: "line",
          points: from.map(({ tokens, spread }) => ({ x: tokens, y: toBits(spread) })),
        },
        {
          name: "1/√N",
          style: "line",
          points: from.map(({ tokens }) => ({
            x: tokens,
            y: toBits(from[0]!.spread) * Math.sqrt(from[0]!.tokens / tokens),
          })),
        },
      ],
    }),
  ];
}

function contextCharts({ worth }: Extract<EntropyView, { kind: "context" }>): Chart[] {
  const { points, enough, tolerance } = worth;
  const longest = points.at(-1)!;
  const most = toBits(longest.rate.value * (1 + tolerance));
  return [
    coursesChart({
      title: "Bits per token by context",
      summary: `The same tokens behind more and more of what stands before them. From ${formatCount(enough)} tokens on the line stays below the dashed one, ${formatNumber(100 * tolerance, 2)}% above the longest context.`,
      x: { label: "tokens of context", type: "log" },
      y: { label: "bits per token" },
      courses: [
        {
          name: "mean surprisal",
          points: points.map(({ context, rate }) => ({
            x: context,
            y: bits(rate.value),
            ...bounds(rate.interval),
          })),
        },
      ],
      level: { name: "enough", y: most },
    }),
    coursesChart({
      title: "Bits that a context saves",
      summary: "Beside no context, in pairs: the mutual information of a token and what stands before it.",
      x: { label: "tokens of context", type: "log" },
      y: { label: "bits per token" },
      courses: [
        {
          name: "saved",
          points: points.map(({ context, saved }) => ({
            x: context,
            y: bits(saved.value),
            ...bounds(saved.interval),
          })),
        },
      ],
    }),
  ];
}

function crossChart({ p, q, cross }: Extract<EntropyView, { kind: "cross" }>): Chart {
  const [own, added] = [toBits(cross.entropyP.value), toBits(cross.divergence.value)];
  const whole = own + added;
  return sharesChart({
    title: "Cross-entropy, taken apart",
    summary: `Of ${formatNumber(whole, 5)} bits per token that ${q} needs where ${p} is right, ${formatNumber(own, 5)} are open in any case and ${formatNumber(added, 3)} are the price of ${q}.`,
    what: "part of the cross-entropy",
    panels: [
      {
        name: `H(p, q) = ${formatNumber(toBits(cross.crossEntropy.value), 5)} bits`,
        shares: [
          { name: "H(p)", share: own / whole },
          { name: "KL(p‖q)", share: added / whole },
        ],
      },
    ],
  });
}
