/** From rows to figures: how well measures find what was planted, and accuracy behind fewer and fewer steps. */
import { join } from "node:path";
import { compareRankings } from "surprisal/calibrate";
import { FILLERS } from "./filler.mjs";
import { mcNemar, mean, pearson, resampled, spearman, wilson } from "./numbers.mjs";
import { PATTERNS } from "./patterns.mjs";
import { readRows } from "./rows.mjs";

const BASELINE = "its own ln p (baseline)";

/** What a step is worth by each measure; higher = needed more. The last asks how surprising the step itself is, and needs no removal. */
export const MEASURES = [
  ...["answer", "chain", "rest"].flatMap((scope) => [
    { name: `${scope}, mean`, isMean: true, of: (step) => step[scope][0] },
    { name: `${scope}, total`, isMean: false, of: (step) => step[scope][1] },
  ]),
  // What the chain loses in all, less what the rest loses, is the step's own -ln p.
  { name: BASELINE, isMean: true, of: ({ chain, rest }) => chain[1] - rest[1] },
];

export function figuresOf({ out, resamples }) {
  const filled = readRows(join(out, "filler.jsonl"));
  const tasks = Object.keys(PATTERNS)
    .map((name) => taskOf(out, name, resamples))
    .filter((each) => each !== null);
  return { filler: filled.length > 0 ? fillerFigures(filled, resamples) : null, tasks };
}

/** AUROC of every measure, pooled over the steps of all chains, whole chains resampled; by kind, and within tasks and difficulties. */
function fillerFigures(rows, resamples) {
  const kinds = Object.keys(FILLERS);
  const cells = (key) => [...new Set(rows.map((row) => row[key]))];
  return {
    chains: rows.length,
    warned: rows.filter(({ kinds: all }) => Object.values(all).some(({ warnings }) => warnings > 0)).length,
    kinds: Object.fromEntries(kinds.map((kind) => [kind, ranked(rows, kind, resamples)])),
    byTask: Object.fromEntries(
      cells("task").map((task) => [
        task,
        Object.fromEntries(
          kinds.map((kind) => [
            kind,
            ranked(
              rows.filter((row) => row.task === task),
              kind,
              2,
            ),
          ]),
        ),
      ]),
    ),
    byDifficulty: Object.fromEntries(
      cells("difficulty").map((difficulty) => [
        difficulty,
        Object.fromEntries(
          kinds.map((kind) => [
            kind,
            ranked(
              rows.filter((row) => row.difficulty === difficulty),
              kind,
              2,
            ),
          ]),
        ),
      ]),
    ),
  };
}

function ranked(rows, kind, resamples) {
  const steps = rows.flatMap(({ id, kinds }) => kinds[kind].steps.map((step) => ({ ...step, id })));
  const methods = Object.fromEntries(
    // compareRankings takes uncertainties: lower = surer that the step is needed.
    MEASURES.map(({ name, of }) => [name, steps.map((step) => (of(step) === null ? null : -of(step)))]),
  );
  const compared = compareRankings(
    { methods, correct: steps.map(({ isNeeded }) => isNeeded), groups: steps.map(({ id }) => id) },
    { resamples, seed: 21 },
  );
  return {
    steps: compared.n,
    needed: compared.right,
    // What taking steps out adds to looking at them.
    removal: Object.fromEntries(
      compared.differences
        .filter(({ second }) => second === BASELINE)
        .map(({ first, measures }) => [first, measures.auroc]),
    ),
    measures: Object.fromEntries(
      MEASURES.map(({ name, of }) => [
        name,
        { auroc: compared.methods[name].auroc, last: lastShare(rows, kind, of) },
      ]),
    ),
  };
}

/** Share of chains in which every step that is not needed is less important than every one that is. */
function lastShare(rows, kind, of) {
  const isLast = ({ kinds }) => {
    const size = (step) => of(step) ?? Number.POSITIVE_INFINITY;
    const { steps } = kinds[kind];
    const needed = Math.min(...steps.filter(({ isNeeded }) => isNeeded).map(size));
    return steps.every((step) => step.isNeeded || size(step) < needed);
  };
  return rows.filter(isLast).length / rows.length;
}

/** Accuracy, tokens and perplexity of every set of demonstrations that is done, and what they say of each other. */
function taskOf(out, name, resamples) {
  const sets = readRows(join(out, name, "sets.jsonl"));
  const answers = new Map();
  for (const row of readRows(join(out, name, "answers.jsonl")))
    answers.set(row.key, [...(answers.get(row.key) ?? []), row]);
  const full = new Map(
    (answers.get(`full ${PATTERNS[name].steps} 0`) ?? []).map((row) => [row.question, row]),
  );
  if (full.size === 0) return null;
  const points = sets
    .map((set) => pointOf(set, answers.get(set.key) ?? [], full, resamples))
    .filter(({ n }) => n === full.size);
  return {
    ...{ name, ...PATTERNS[name] },
    rounds: readRows(join(out, name, "rounds.jsonl")),
    n: full.size,
    points,
    against: againstRandom(points, resamples),
    correlations: correlationsOf(points, resamples),
  };
}

function pointOf(set, rows, full, resamples) {
  const right = rows.filter((row) => row.right).length;
  const order = [...full.keys()];
  const own = new Map(rows.map((row) => [row.question, row]));
  const pairs = order
    .filter((question) => own.has(question))
    .map((question) => [own.get(question), full.get(question)]);
  const differences = pairs.map(([a, b]) => Number(a.right) - Number(b.right));
  return {
    ...set,
    n: rows.length,
    accuracy: right / rows.length,
    interval: wilson(right, rows.length),
    tokens: mean(rows.map(({ tokens }) => tokens)),
    unfinished: rows.filter(({ finishReason }) => finishReason === "length").length,
    unread: rows.filter(({ given }) => given === null).length,
    right: order.map((question) => Number(own.get(question)?.right ?? false)),
    lessFull: {
      value: mean(differences),
      ...resampled(differences, mean, resamples),
      p: mcNemar(differences.filter((d) => d > 0).length, differences.filter((d) => d < 0).length),
    },
  };
}

/** SPIRIT less the mean of the random draws with as many steps, questions resampled. */
function againstRandom(points, resamples) {
  return points
    .filter(({ way }) => way === "spirit" || way === "removal" || way === "shortest")
    .flatMap((point) => {
      const draws = points.filter(({ way, steps }) => way === "random" && steps === point.steps);
      if (draws.length === 0) return [];
      const differences = point.right.map((own, i) => own - mean(draws.map(({ right }) => right[i])));
      return [
        {
          ...{ way: point.way, steps: point.steps, draws: draws.length },
          random: {
            accuracy: mean(draws.map(({ accuracy }) => accuracy)),
            tokens: mean(draws.map(({ tokens }) => tokens)),
          },
          each: draws.map(({ accuracy }) => accuracy),
          value: mean(differences),
          ...resampled(differences, mean, resamples),
        },
      ];
    });
}

/** Perplexity against accuracy, of all sets and of those of one way; sets resampled. */
function correlationsOf(points, resamples) {
  const groups = {
    "all sets": () => true,
    SPIRIT: ({ way }) => way === "full" || way === "spirit",
    random: ({ way }) => way === "random",
  };
  return Object.entries(groups).flatMap(([name, isIn]) =>
    ["chain", "chainNll", "answer"].flatMap((measure) => {
      const pairs = points.filter(isIn).map(({ perplexity, accuracy }) => [perplexity[measure], accuracy]);
      if (pairs.length < 4) return [];
      return [
        {
          ...{ name, measure, sets: pairs.length },
          r: { value: pearson(pairs), ...resampled(pairs, pearson, resamples) },
          rho: { value: spearman(pairs), ...resampled(pairs, spearman, resamples) },
        },
      ];
    }),
  );
}
