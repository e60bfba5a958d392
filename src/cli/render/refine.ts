/** What refining came to, in a terminal: totals and their spread, chains with bars, the curve, and what it has to be better than. */
import type {
  DatasetReport,
  DemonstrationReport,
  RefinedSample,
  RefineReport,
  UnrefinedSample,
} from "../../refine/index.ts";
import {
  countsText,
  fateOf,
  importanceWords,
  REASONS,
  ratioOf,
  ratioText,
  savedShare,
  savedText,
  stepsOfPattern,
  stepsOfSample,
  worseText,
} from "../../report/index.ts";
import {
  formatCount,
  formatNumber,
  formatPlural,
  formatProbability,
  shorten,
  visible,
  wrapWords,
} from "../../text/index.ts";
import { bar } from "./bar.ts";
import { painter } from "./paint.ts";
import { chainLines, curveLines, fitted, type RefineSpace } from "./refine-chain.ts";

/** Where it is shown. */
export interface RefinementScreen {
  /** `null` = no terminal: lines are not broken. */
  columns: number | null;
  colour: boolean;
}

/** Samples of a data set that are shown step by step. */
const MOST_SAMPLES = 3;
const MOST_UNREFINED = 5;
const LONGEST_NAME = 40;
const TENTHS = 10;

/** A report of either kind; ends with a line break. */
export function renderRefinement(report: RefineReport, { columns, colour }: RefinementScreen): string {
  const space: RefineSpace = { columns, paint: painter({ colour: colour ? "16" : "none" }) };
  const blocks = report.mode === "fs" ? demonstrationBlocks(report, space) : datasetBlocks(report, space);
  const words = [
    ...importanceWords(report),
    ...(report.reconstructed.length > 0
      ? ["Reconstructed, not the publication's:", ...report.reconstructed.map((each) => `– ${visible(each)}`)]
      : []),
  ];
  const all = [...blocks, words.flatMap((each) => wrapped(each, space).map(space.paint.faint))];
  return `${all
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

/** Any text that is safe to show, in lines. */
const wrapped = (text: string, { columns }: RefineSpace): string[] =>
  columns === null ? [text] : wrapWords(text, columns);

/** `name   value`, the value wrapped beside its name. */
function fields(rows: readonly (readonly [name: string, value: string])[], space: RefineSpace): string[] {
  const { columns, paint } = space;
  const room = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.flatMap(([name, value]) =>
    wrapped(value, { columns: columns === null ? null : Math.max(20, columns - room), paint }).map(
      (line, i) => `${paint.faint((i === 0 ? name : "").padEnd(room))}${line}`,
    ),
  );
}

function heading(text: string, { columns, paint }: RefineSpace): string {
  return paint.bold(columns === null ? text : shorten(text, columns - 1));
}

function datasetBlocks(report: DatasetReport, space: RefineSpace): string[][] {
  const { samples, source, model, method } = report;
  const title = `Refined: ${visible(source)} · ${method === "spirit" ? "SPIRIT-FT" : method} with ${visible(model.name)}`;
  const [only] = samples;
  if (samples.length === 1 && only?.outcome === "refined")
    return [[heading(title, space)], ...sampleBlocks(only, report, space, true)];
  const refined = samples.filter((sample): sample is RefinedSample => sample.outcome === "refined");
  const unrefined = samples.filter((sample): sample is UnrefinedSample => sample.outcome !== "refined");
  const changed = refined.filter(({ steps }) => steps.some(({ fate }) => fate !== "kept"));
  const shown = changed.slice(0, MOST_SAMPLES);
  return [
    [heading(title, space), ...totalFields(report, space)],
    histogram(refined, space),
    totalWays(report, space),
    unrefinedLines(unrefined, report, space),
    ...shown.flatMap((sample) => sampleBlocks(sample, report, space, false)),
    shown.length < changed.length
      ? wrapped(
          `... and ${formatPlural(changed.length - shown.length, "further sample")} that became shorter.`,
          space,
        )
      : [],
  ];
}

function totalFields({ totals, notWritten = [] }: DatasetReport, space: RefineSpace): string[] {
  const { samples, refined, changed, kept, dropped, steps, tokens, cut, chainChange, answerChange } = totals;
  const ratio = (change: typeof chainChange) =>
    change === null ? "–" : `${ratioText(Math.exp(change.mean))} times (ln ${worseText(change)} nats)`;
  return fields(
    [
      [
        "samples",
        [
          formatCount(samples),
          `${formatCount(refined)} weighed`,
          `${formatCount(changed)} shorter`,
          ...(kept > 0 ? [`${formatCount(kept)} left as ${kept === 1 ? "it was" : "they were"}`] : []),
          ...(dropped > 0 ? [`${formatCount(dropped)} left out`] : []),
          ...(notWritten.length > 0 ? [`${formatCount(notWritten.length)} not written`] : []),
        ].join(", "),
      ],
      [
        "tokens",
        `${formatCount(tokens.before)} → ${formatCount(tokens.after)} (${savedText(tokens)})${cut === null ? "" : `; of a sample ${formatProbability(cut.mean)}${cut.standardError === null ? "" : ` ± ${(100 * cut.standardError).toFixed(1)}`} on average`}`,
      ],
      [
        "steps",
        `${formatCount(steps.before)} → ${formatCount(steps.after)} (${formatCount(steps.removed)} removed, ${formatCount(steps.merged)} merged)`,
      ],
      ["perplexity", `${ratio(chainChange)}, of steps and answer`],
      ["answer's", ratio(answerChange)],
    ],
    space,
  );
}

/** How many samples became how much shorter. */
function histogram(refined: readonly RefinedSample[], space: RefineSpace): string[] {
  const saved = refined.flatMap(({ tokens }) => savedShare(tokens) ?? []);
  if (saved.length === 0) return [];
  const placeOf = (share: number) =>
    share <= 0 ? 0 : Math.min(TENTHS, Math.max(1, Math.ceil(share * TENTHS - 1e-9)));
  const counts = Array.from(
    { length: TENTHS + 1 },
    (_, place) => saved.filter((share) => placeOf(share) === place).length,
  );
  const [first, last] = [counts.findIndex((n) => n > 0), counts.findLastIndex((n) => n > 0)];
  const rows = counts.slice(first, last + 1).map((n, i) => {
    const place = first + i;
    const name = place === 0 ? "nothing" : `${10 * (place - 1)} to ${10 * place}%`;
    return { name, n, picture: bar(n / Math.max(...counts), 24) };
  });
  return fitted(
    rows,
    [
      ["tokens saved", ({ name }) => name],
      ["samples", ({ n }) => formatCount(n)],
      ["", ({ picture }) => picture],
    ],
    (column) => column !== 1,
    space,
  );
}

function totalWays({ totals: { baselines } }: DatasetReport, space: RefineSpace): string[] {
  if (baselines === null) return [];
  const { rows, samples, draws } = baselines;
  const lines = fitted(
    rows,
    [
      ["way", ({ name }) => visible(name)],
      ["steps", ({ steps }) => decimals(steps)],
      ["tokens", ({ tokens }) => decimals(tokens)],
      ["perplexity", ({ chainPerplexity }) => formatNumber(chainPerplexity)],
      ["worse by, nats", ({ chainWorse }) => worseText(chainWorse)],
      ["answer's", ({ answerPerplexity }) => formatNumber(answerPerplexity)],
      ["worse by", ({ answerWorse }) => worseText(answerWorse)],
    ],
    (column) => column === 0,
    space,
  );
  const words = `Means of ${formatPlural(samples, "sample")}, random of ${formatPlural(draws, "draw")} each, all with at least as many tokens as the first; ± one standard error over samples.`;
  return [...lines, ...wrapped(words, space).map(space.paint.faint)];
}

const decimals = (value: number | null): string =>
  value === null || Number.isInteger(value) ? formatCount(value) : value.toFixed(1);

function unrefinedLines(
  samples: readonly UnrefinedSample[],
  report: DatasetReport,
  space: RefineSpace,
): string[] {
  if (samples.length === 0) return [];
  const reasons = report.totals.reasons.map(
    ({ code, count }) => `${formatCount(count)} ${REASONS[code] ?? code}`,
  );
  return [
    heading(`${formatPlural(samples.length, "sample")} not refined`, space),
    ...wrapped(visible(reasons.join("; ")), space),
    ...samples.slice(0, MOST_UNREFINED).flatMap((sample) => {
      return wrapped(
        `– ${nameOf(sample)}: ${fateOf(sample, report)}. ${shorten(visible(sample.message), 200)} (${visible(sample.code)})`,
        space,
      );
    }),
    ...(samples.length > MOST_UNREFINED
      ? [`  ... and ${formatCount(samples.length - MOST_UNREFINED)} more`]
      : []),
  ];
}

const nameOf = ({ id, where }: Pick<RefinedSample, "id" | "where">): string =>
  [
    ...(id === null ? [] : [shorten(visible(String(id)), LONGEST_NAME)]),
    shorten(visible(where), LONGEST_NAME, "end"),
  ].join(" · ");

/** @param whole also the curve, and the ways that it has to be better than. */
function sampleBlocks(
  sample: RefinedSample,
  { measure }: DatasetReport,
  space: RefineSpace,
  whole: boolean,
): string[][] {
  const { steps, tokens, before, after, rounds, stopped, warnings, baselines, draws = [] } = sample;
  const left = steps.filter(({ now }) => now !== null).length;
  const change = (a: number, b: number) => `${formatNumber(a)} → ${formatNumber(b)}`;
  const key = measure === "answer" ? "answerPerplexity" : "chainPerplexity";
  const times = ` (${ratioText(ratioOf(sample, measure))} times${measure === "rest" ? " of what stands behind what went" : ""})`;
  const facts = fields(
    [
      ["steps", `${formatCount(steps.length)} → ${formatCount(left)} (${countsText(steps)})`],
      ["tokens", `${formatCount(tokens.before)} → ${formatCount(tokens.after)} (${savedText(tokens)})`],
      [
        "perplexity",
        `${change(before.chainPerplexity, after.chainPerplexity)}${measure === "chain" ? times : ""}, of steps and answer${measure === "rest" ? times : ""}`,
      ],
      [
        "answer's",
        `${change(before.answerPerplexity, after.answerPerplexity)}${measure === "answer" ? times : ""}`,
      ],
      ["ended", visible(stopped)],
      ...warnings.map((warning) => ["warning", visible(warning)] as const),
    ],
    space,
  );
  return [
    [heading(nameOf(sample), space), ...facts],
    chainLines(stepsOfSample(sample, measure), space),
    ...(whole && rounds.length > 0
      ? [
          curveLines(
            { steps: steps.length, tokens: tokens.before, perplexity: before[key] },
            rounds,
            measure,
            space,
          ),
        ]
      : []),
    ...(whole && baselines !== null
      ? [
          waysLines(
            baselines.map((row) => ({ ...row, perplexity: row[key] })),
            draws.map((draw) => draw[key]),
            after[key],
            space,
          ),
        ]
      : []),
  ];
}

/** Ways to cut, and how the single random draws are spread. @param reached what they have to be better than */
function waysLines(
  rows: readonly { name: string; steps: number; tokens: number | null; perplexity: number }[],
  draws: readonly number[],
  reached: number,
  space: RefineSpace,
): string[] {
  if (rows.length === 0) return [];
  const lines = fitted(
    rows,
    [
      ["way", ({ name }) => visible(name)],
      ["steps", ({ steps }) => decimals(steps)],
      ["tokens", ({ tokens }) => decimals(tokens)],
      ["perplexity", ({ perplexity }) => formatNumber(perplexity)],
    ],
    (column) => column === 0,
    space,
  );
  if (draws.length === 0) return lines;
  const better = draws.filter((perplexity) => perplexity <= reached).length;
  const spread = `Random draws: ${formatNumber(Math.min(...draws))} to ${formatNumber(Math.max(...draws))}, ${formatCount(better)} of ${formatCount(draws.length)} as low as ${formatNumber(reached)}.`;
  return [...lines, ...wrapped(spread, space)];
}

function demonstrationBlocks(report: DemonstrationReport, space: RefineSpace): string[][] {
  const { source, model, demonstrations, calibration, steps, tokens, perplexity, rounds, stopped } = report;
  const { baselines, draws = [] } = report;
  const left = steps.filter(({ fate }) => fate === "kept").length;
  const last = rounds.at(-1);
  return [
    [
      heading(`Refined: ${visible(source)} · SPIRIT-FS with ${visible(model.name)}`, space),
      ...fields(
        [
          [
            "demonstrations",
            `${formatCount(demonstrations.length)}, tried on ${formatPlural(calibration, "question")}`,
          ],
          ["steps of each", `${formatCount(steps.length)} → ${formatCount(left)} (${countsText(steps)})`],
          ["tokens", `${formatCount(tokens.before)} → ${formatCount(tokens.after)} (${savedText(tokens)})`],
          [
            "perplexity",
            `${formatNumber(perplexity.before)} → ${formatNumber(perplexity.after)}${last ? ` (${ratioText(last.ratio)} times)` : ""}, of the questions`,
          ],
          ["ended", visible(stopped)],
        ],
        space,
      ),
    ],
    chainLines(stepsOfPattern(report), space),
    rounds.length > 0
      ? curveLines(
          { steps: steps.length, tokens: tokens.before, perplexity: perplexity.before },
          rounds,
          report.measure,
          space,
        )
      : [],
    waysLines(
      baselines,
      draws.map((draw) => draw.perplexity),
      perplexity.after,
      space,
    ),
  ];
}
