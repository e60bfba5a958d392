/** Made-up measurements for the tests of the pictures: the same on every run, shaped like real ones. */
import { measureCalibration, reliabilityOverPerplexity } from "../src/calibrate/index.ts";
import {
  accuracyByPerplexity,
  accuracyTokensChart,
  barsChart,
  type CalibrationColumns,
  type CapabilityCell,
  calibrationByRank,
  capabilityMap,
  convergence,
  coursesChart,
  divergencePercentiles,
  type ModelDivergence,
  noiseFloorChart,
  type PerplexityResult,
  type PruningCurveInput,
  perplexityIntervals,
  perplexityTimeChart,
  pruningCurve,
  rankingChart,
  reliabilityDiagram,
  riskCoverageChart,
  sharesChart,
  surprisalAlong,
  surprisalDistribution,
  tokensSavedChart,
  topChoiceReliability,
} from "../src/charts/index.ts";
import { seededRandom } from "../src/core/index.ts";
import type { PageSection } from "../src/report/page/sections.ts";

/** Ways of routing, with a curve that bends. */
const ROUTING = {
  curve: Array.from({ length: 50 }, (_, i) => ({
    kept: i / 49,
    tokens: 24 - (i / 49) * 21,
    accuracy: 0.6 + 0.02 * Math.sin(i / 8) - 0.2 * (i / 49) ** 3,
  })),
  methods: [
    ["always short", 3, 0.42],
    ["always long", 21, 0.595],
    ["random", 13, 0.5],
    ["oracle", 12, 0.66],
    ["router", 17, 0.615],
  ].map(([name, tokens, accuracy]) => ({
    name: String(name),
    tokens: { value: Number(tokens) },
    accuracy: { value: Number(accuracy), low: Number(accuracy) - 0.03, high: Number(accuracy) + 0.03 },
  })),
};

/** Levels of a ladder, the lowest collapsed, and ways of choosing among them. */
const BITS: Parameters<typeof perplexityTimeChart>[0] = {
  tau: 0.05,
  methods: (
    [
      ["always 2-bit", 90, Infinity, 2],
      ["always 4-bit", 110, 0.09, 4],
      ["always 8-bit", 170, 0.004, 8],
      ["always 16-bit", 300, 0, 16],
      ["random", 160, 0.047, 7.5],
      ["length", 165, 0.045, 7.5],
      ["oracle", 140, 0.011, 6.8],
      ["router", 172, 0.021, 7.5],
    ] as const
  ).map(([name, ms, rise, bits]) => ({
    name,
    ms: { value: ms },
    increase: { value: rise, low: 0.8 * rise, high: 1.3 * rise },
    bits,
  })),
};

/** [n] ln p: mostly small surprisals, a tail of large ones, and a text that gets harder in its middle. */
export function madeUpLogprobs(n: number, seed: number = 1, scale: number = 2.1): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: n }, (_, i) => {
    const harder = 1 + 0.7 * Math.exp(-(((i / n - 0.6) / 0.08) ** 2)) - (0.25 * i) / n;
    const draw = -Math.log(1 - random());
    const nats = scale * harder * draw * (random() < 0.35 ? 2 : 0.3);
    return -17 * (1 - Math.exp(-nats / 17)); // no model is surer than that of being wrong
  });
}

function madeUpOffsets(n: number, seed: number = 2): Uint32Array {
  const random = seededRandom(seed);
  const offsets = new Uint32Array(n + 1);
  for (let i = 0; i < n; i++) offsets[i + 1] = offsets[i]! + 1 + Math.floor(7 * random());
  return offsets;
}

/** Ten alternatives per place; the model is surer of its first choice than it should be by `excess`. */
export function madeUpCalibration(n: number, excess: number = 0.12, seed: number = 3): CalibrationColumns {
  const random = seededRandom(seed);
  const k = 10;
  const ranks = new Int32Array(n);
  const logprobs = new Float32Array(n * k);
  for (let i = 0; i < n; i++) {
    const top = 0.05 + 0.94 * random() ** 1.5;
    const shrunk = top * (1 - excess * top);
    let rest = 1;
    const draw = random();
    let reached = 0;
    for (let j = 0; j < k; j++) {
      const probability = j === 0 ? top : rest * 0.45;
      logprobs[i * k + j] = Math.log(probability);
      rest -= probability;
      const true_ = j === 0 ? shrunk : (probability * (1 - shrunk)) / (1 - top);
      if (ranks[i] === 0 && draw < reached + true_) ranks[i] = j + 1;
      reached += true_;
    }
    if (ranks[i] === 0) ranks[i] = k + 1 + Math.floor(500 * random());
  }
  return { ranks, alternatives: { k, logprobs } };
}

const MODEL_NAMES = [
  ["SmolLM2-135M-Instruct Q8_0", 1.04],
  ["SmolLM2-135M-Instruct Q4_1", 1.07],
  ["mini", 1.62],
  ["gemma-3-270m Q4_K_M", 0.99],
  ["Qwen3-0.6B-Base-Instruct-Distilled-and-Renamed-for-Fun F16", 0.9],
  ["Llama-3.2-1B Q8_0", 0.84],
] as const;
const DOMAIN_NAMES = [
  "news",
  "encyclopedia",
  "python code",
  "legal contracts",
  "poetry",
  "mathematics",
  "chat",
  "German prose",
];

export function madeUpMap(models: number, domains: number, missing: number = 0): CapabilityCell[] {
  const random = seededRandom(models * 100 + domains);
  const cells: CapabilityCell[] = [];
  for (let m = 0; m < models; m++) {
    const [name, strength] = MODEL_NAMES[m % MODEL_NAMES.length]!;
    const suffix = m < MODEL_NAMES.length ? "" : ` v${Math.floor(m / MODEL_NAMES.length) + 1}`;
    for (let d = 0; d < domains; d++) {
      const domain = DOMAIN_NAMES[d % DOMAIN_NAMES.length]!;
      const level = 0.7 + 0.13 * (d % DOMAIN_NAMES.length) + 0.02 * Math.floor(d / DOMAIN_NAMES.length);
      const measured = random() >= missing;
      cells.push({
        model: name + suffix,
        domain: d < DOMAIN_NAMES.length ? domain : `${domain} ${Math.floor(d / DOMAIN_NAMES.length) + 1}`,
        bitsPerByte: measured ? level * strength * (0.93 + 0.14 * random()) : null,
        standardError: 0.004 + 0.02 * random(),
      });
    }
  }
  return cells;
}

export const DIVERGENCES: readonly ModelDivergence[] = [
  {
    name: "SmolLM2-135M-Instruct Q4_0",
    mean: 0.0712,
    median: 0.0381,
    p90: 0.163,
    p95: 0.248,
    p99: 0.561,
    p999: 1.62,
    max: 4.9,
  },
  {
    name: "SmolLM2-135M-Instruct Q8_0",
    mean: 0.00093,
    median: 0.00051,
    p90: 0.0021,
    p95: 0.0033,
    p99: 0.0079,
    p999: 0.031,
    max: 0.19,
  },
  {
    name: "SmolLM2-135M-Instruct Q4_K_M",
    mean: 0.0311,
    median: 0.0164,
    p90: 0.071,
    p95: 0.108,
    p99: 0.25,
    p999: 0.81,
    max: 2.7,
  },
  { name: "mini", mean: 2.11, median: 1.71, p90: 4.4, p95: 5.5, p99: 8.1, p999: 11.6, max: 15.3 },
];

export const PERPLEXITIES: readonly PerplexityResult[] = [
  {
    model: "SmolLM2-135M-Instruct Q8_0",
    corpus: "WikiText-2 (test)",
    perplexity: 23.67,
    standardError: 0.21,
  },
  {
    model: "SmolLM2-135M-Instruct Q4_0",
    corpus: "WikiText-2 (test)",
    perplexity: 25.19,
    standardError: 0.23,
  },
  { model: "SmolLM2-135M-Instruct F16", corpus: "WikiText-2 (test)", perplexity: 23.59, standardError: 0.21 },
  { model: "gemma-3-270m", corpus: "WikiText-2 (test)", perplexity: 20.94, standardError: null },
  { model: "mini", corpus: "WikiText-2 (test)", perplexity: null },
  { model: "SmolLM2-135M-Instruct Q8_0", corpus: "python code", perplexity: 4.31, standardError: 0.06 },
  { model: "SmolLM2-135M-Instruct Q4_0", corpus: "python code", perplexity: 4.52, standardError: 0.07 },
  { model: "mini", corpus: "python code", perplexity: 139.2, standardError: 3.1 },
];

const CONVERGENCE = MODEL_NAMES.slice(0, 4).map(([name, scale], i) => ({
  name,
  logprobs: madeUpLogprobs(30_000, 7 + i, 2.1 * scale),
}));

/** A chain of five steps that lost three, beside other ways. */
export const PRUNING: PruningCurveInput = {
  path: [
    { name: "full", steps: 5, tokens: 60, perplexity: 2 },
    { name: "round 1: step 4 removed", steps: 4, tokens: 52, perplexity: 1.98 },
    { name: "round 2: step 1 removed", steps: 3, tokens: 40, perplexity: 2.05 },
    { name: "round 3: step 2 substituted", steps: 2, tokens: 30, perplexity: 2.4 },
  ],
  baselines: [
    { name: "shortest", steps: 2, tokens: 31, perplexity: 3.1 },
    { name: "random, mean of 3", steps: 2.5, tokens: 33, perplexity: 3.4 },
  ],
  draws: [
    { name: "random draw 1", steps: 2, tokens: 31, perplexity: 2.3 },
    { name: "random draw 2", steps: 3, tokens: 35, perplexity: 3.6 },
    { name: "random draw 3", steps: 3, tokens: 33, perplexity: Infinity },
  ],
  limits: [
    { name: "removed up to 1.05 ×", ratio: 1.05 },
    { name: "merged up to 1.25 ×", ratio: 1.25 },
  ],
};

/** One section per kind of picture. */
/** What `measureCalibration` says of 800 made-up answers that are too sure, and of their perplexities. */
function madeUpAnswers() {
  const random = seededRandom(6);
  const scores = Float64Array.from({ length: 800 }, () => Math.sqrt(random()));
  const correct = Array.from(scores, (score) => random() < score ** 2);
  const report = measureCalibration({ scores, correct }, { resamples: 20, simulations: 100 });
  const perplexities = Array.from(scores, (score) => 1 + (2 - score) * 4 * random());
  return { report, perplexity: reliabilityOverPerplexity({ perplexities, correct, confidences: scores }) };
}

export function everySection(): PageSection[] {
  const { report, perplexity } = madeUpAnswers();
  const calibration = { documents: [madeUpCalibration(8000)], name: "SmolLM2-135M-Instruct Q8_0" };
  return [
    { chart: capabilityMap(madeUpMap(4, 8, 0.06)), text: "Every model over every domain." },
    { chart: perplexityIntervals(PERPLEXITIES) },
    { chart: divergencePercentiles(DIVERGENCES, { base: "SmolLM2-135M-Instruct F16" }) },
    {
      chart: surprisalAlong({
        logprobs: madeUpLogprobs(120_000),
        byteOffsets: madeUpOffsets(120_000),
        name: "war-and-peace.txt",
      }),
    },
    {
      heading: "A short text, token by token",
      chart: surprisalAlong({
        logprobs: madeUpLogprobs(90, 5),
        byteOffsets: madeUpOffsets(90),
        name: "demo.txt",
      }),
    },
    {
      chart: surprisalDistribution(
        MODEL_NAMES.slice(0, 3).map(([name, scale], i) => ({
          name,
          logprobs: madeUpLogprobs(20_000, 20 + i, 2.1 * scale),
        })),
      ),
    },
    { chart: calibrationByRank(calibration) },
    { chart: topChoiceReliability(calibration) },
    { chart: convergence(CONVERGENCE) },
    { chart: reliabilityDiagram(report.reliability) },
    {
      chart: rankingChart([
        { name: "p-true", auroc: 0.8, low: 0.7, high: 0.9, n: 40 },
        { name: "mean-nll", auroc: 0.6, low: null, high: null, n: 2 },
      ]),
    },
    {
      chart: coursesChart({
        title: "Conditional entropy by order",
        summary: "What is still open about the next symbol: 2 bits at order 1.",
        x: { label: "order n", type: "log" },
        y: { label: "bits" },
        courses: [
          {
            name: "corrected",
            points: [0, 1, 2, 4].map((x) => ({ x, y: 4 / (x + 1), low: 3.5 / (x + 1), high: 5 / (x + 1) })),
          },
          { name: "band", style: "line", points: [1, 2, 4].map((x) => ({ x, y: 3, low: 2, high: 4 })) },
          { name: "one stretch", style: "faint", points: [1, 2, 4].map((x) => ({ x, y: x })) },
          { name: "nothing", points: [{ x: 1, y: null }] },
        ],
        level: { name: "limit", y: 1, low: 0.8, high: 1.3 },
      }),
    },
    {
      chart: sharesChart({
        title: "Probability of the next token",
        summary: "The most probable tokens behind each prompt.",
        panels: [
          {
            name: "法国的首都是",
            note: "1.2 bits",
            shares: [
              { name: "巴黎", share: 0.8 },
              { name: "⟨0xE5⟩ → 巴", share: 0.1 },
            ],
          },
          { name: "I want to", shares: [{ name: "␣be", share: 0.2 }] },
        ],
      }),
    },
    {
      chart: barsChart({
        title: "Bits per byte",
        summary: "Two ways to write a text down: 1.4 bits per byte, and 3.0.",
        unit: "bits per byte",
        bars: [
          { name: "the model", value: 1.4, own: true },
          { name: "gzip", value: 3, label: "3.0" },
        ],
      }),
    },
    { chart: riskCoverageChart({ points: report.riskCoverage, aurc: report.measures.aurc.value! }) },
    { chart: noiseFloorChart([{ name: "Before", ...report.noiseFloor }]) },
    { chart: accuracyByPerplexity(perplexity.bins) },
    { chart: accuracyTokensChart(ROUTING) },
    { chart: perplexityTimeChart(BITS) },
    { chart: pruningCurve(PRUNING) },
    {
      chart: tokensSavedChart([
        { saved: 0, ratio: 1 },
        { saved: 0.1, ratio: 1.02 },
        { saved: 0.31, ratio: null },
        { saved: 0.35, ratio: 0.97 },
        { saved: 1, ratio: Infinity },
      ]),
    },
    {
      heading: "How this was measured",
      details: [
        ["recipe", "cached · f78621f5"],
        ["corpus", "sha256 0f1e2d3c"],
        ["seed", "0"],
      ],
    },
  ];
}
