/** From answers to figures: accuracy, log loss, AUROC, calibration error, flips, each with its interval. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  auroc,
  crossCalibrated,
  fitCalibration,
  fitPlatt,
  fitTemperature,
  groupFolds,
  measureCalibration,
  optionScores,
  tallyOf,
  temperedProbabilities,
  topLabelPairs,
} from "surprisal/calibrate";
import { SETS } from "./tasks.mjs";

const FOLDS = { folds: 5, seed: 0 };
const LEVEL = 0.95;
/** Of reports whose intervals nobody reads: what is shown has its interval by `resampled`. The noise floor has 1,000 simulations. */
const QUICK = { resamples: 2 };
/** What each item was asked by. */
export const RULES = ["sum", "mean", "pmi", "label", "label, 2 orders"];

/**
 * Figures of every model and set in a folder that `ask` wrote.
 * @param {{ out: string, resamples: number }} given
 */
export function figuresOf({ out, resamples }) {
  const models = readdirSync(out, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, about: JSON.parse(readFileSync(join(out, name, "about.json"), "utf8")) }))
    .sort((a, b) => a.about.model.parameters - b.about.model.parameters);
  return models.map(({ name, about }) => ({
    name,
    about,
    sets: Object.keys(SETS).map((set) =>
      setFigures(set, rowsOf(join(out, name, `${set}.jsonl`)), {
        resamples,
        simulations: Math.max(20, resamples),
        seed: 0,
        level: LEVEL,
      }),
    ),
  }));
}

const rowsOf = (file) =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

function setFigures(set, all, options) {
  const rows = all.filter(({ error }) => error === undefined);
  const { type, standard } = SETS[set];
  const labels = rows.map(({ label }) => label);
  const groups = rows.map(({ group }) => group);
  const isPredicate = type === "predicate";
  const yes = labels.filter((label) => label === 0).length / rows.length;
  const uniform = mean(rows.map(({ tokens }) => Math.log(tokens.length)));
  const shared = {
    rows,
    labels,
    groups,
    isPredicate,
    /** Accuracy without looking: of the more frequent answer, or of a drawn option. */
    chance: isPredicate ? Math.max(yes, 1 - yes) : mean(rows.map(({ tokens }) => 1 / tokens.length)),
    baseRate: isPredicate ? -yes * Math.log(yes) - (1 - yes) * Math.log(1 - yes) : uniform,
    options,
  };
  const rules = Object.fromEntries(RULES.map((rule) => [rule, ruleFigures(rule, shared)]));
  return {
    set,
    standard,
    isPredicate,
    n: rows.length,
    tooLong: all.length - rows.length,
    groups: new Set(groups).size,
    chance: shared.chance,
    baseRate: shared.baseRate,
    rules,
    againstLabel: resampled(
      groups,
      rows.map((_, i) => rules[standard].right[i] - rules.label.right[i]),
      options,
    ),
    orders: ordersFigures(rows),
  };
}

function ruleFigures(rule, shared) {
  const { rows, labels, groups, isPredicate, baseRate, options } = shared;
  const logprobs = rows.map(({ answers }) => answers[rule].scores);
  const answers = { logprobs, labels, groups };
  const raw = logprobs.map((scores) => temperedProbabilities(scores, 1));
  const { before, after, artefact } = fitCalibration(answers, { ...QUICK, ...FOLDS, leastPerClass: 1 });
  const calibrated = outOfFold(answers);
  const loss = (probabilities) => probabilities.map((row, i) => -Math.log(row[labels[i]]));
  const pairs = topLabelPairs({ probabilities: raw, labels });
  return {
    right: pairs.correct.map(Number),
    accuracy: resampled(groups, pairs.correct.map(Number), options),
    /** Of the confidence, for right answers. */
    auroc: resampledAuroc({ ...pairs, groups }, options),
    before,
    after,
    temperature: artefact.parameters.temperature,
    optionsBefore: optionScores({ probabilities: raw, labels }),
    optionsAfter: optionScores({ probabilities: calibrated, labels }),
    /** Log loss after calibration less that of the base rate, nats an answer. */
    gain: resampled(
      groups,
      loss(calibrated).map((value) => value - baseRate),
      options,
    ),
    yes: isPredicate ? yesFigures(raw, shared) : null,
    optionMass: quantiles(rows.map(({ answers }) => answers[rule].optionMass)),
    fewestOfAClass: Math.min(before.right, before.n - before.right),
  };
}

/** The probability of yes as a score of its own: what it knows whatever it leans to, and what a curve with an offset makes of it. */
function yesFigures(raw, { labels, groups, baseRate, options }) {
  const pairs = { scores: raw.map(([yes]) => yes), correct: labels.map((label) => label === 0), groups };
  const platt = crossCalibrated(pairs, fitPlatt, FOLDS);
  const losses = platt.scores.map((p, i) => -Math.log(labels[i] === 0 ? p : 1 - p));
  return {
    auroc: resampledAuroc(pairs, options),
    saidYes: mean(pairs.scores.map((p) => Number(p > 0.5))),
    platt: measureCalibration(platt, QUICK),
    plattRight: mean(platt.scores.map((p, i) => Number(p > 0.5 === (labels[i] === 0)))),
    plattGain: resampled(
      groups,
      losses.map((value) => value - baseRate),
      options,
    ),
  };
}

/** Probabilities of each question by the temperature of the other folds: those of `fitCalibration`'s `after`. */
function outOfFold({ logprobs, labels, groups }) {
  const folds = groupFolds(groups, FOLDS);
  const found = new Array(labels.length);
  for (let fold = 0; fold < FOLDS.folds; fold++) {
    const others = labels.map((_, i) => i).filter((i) => folds[i] !== fold);
    const { temperature } = fitTemperature({
      logprobs: others.map((i) => logprobs[i]),
      labels: others.map((i) => labels[i]),
    });
    for (const i of labels.keys())
      if (folds[i] === fold) found[i] = temperedProbabilities(logprobs[i], temperature);
  }
  return found;
}

function ordersFigures(rows) {
  const flips = rows.map(({ answers }) => answers["label, 2 orders"].flipRate);
  /** In one order, how often each letter is chosen and how often it is right. */
  const letters = (choose) => {
    const counts = [];
    for (const row of rows) counts[choose(row)] = (counts[choose(row)] ?? 0) + 1;
    return Array.from(counts, (count = 0) => count / rows.length);
  };
  return {
    flipRate: mean(flips),
    /** Questions whose two orders do not agree. */
    disagree: mean(flips.map((rate) => Number(rate > 0))),
    chosen: letters(({ answers, places }) => places[top(answers.label.scores)]),
    rightLetter: letters(({ label, places }) => places[label]),
  };
}

/** Mean with its percentile interval over resampled groups. */
function resampled(groups, values, options) {
  const units = membersOf(groups).map((members) => ({
    sum: members.reduce((sum, i) => sum + values[i], 0),
    n: members.length,
  }));
  const means = drawn(units, options, (picked) => {
    let [sum, n] = [0, 0];
    for (const unit of picked) {
      sum += unit.sum;
      n += unit.n;
    }
    return sum / n;
  });
  return { value: mean(values), ...intervalOf(means, options) };
}

/** The same of the AUROC; `null` where all are right or all are wrong. */
function resampledAuroc({ scores, correct, groups }, options) {
  const of = (those) =>
    auroc(tallyOf({ scores: those.map((i) => scores[i]), correct: those.map((i) => correct[i]) }));
  const again = drawn(membersOf(groups), options, (picked) => of(picked.flat()));
  return {
    value: of([...groups.keys()]),
    ...intervalOf(
      again.filter((value) => value !== null),
      options,
    ),
  };
}

function membersOf(groups) {
  const members = new Map();
  for (const [i, group] of groups.entries()) members.set(group, [...(members.get(group) ?? []), i]);
  return [...members.values()];
}

function drawn(units, { resamples, seed }, valueOfSample) {
  const random = lehmer(seed + 1);
  return Array.from({ length: resamples }, () =>
    valueOfSample(units.map(() => units[Math.floor(random() * units.length)])),
  );
}

function intervalOf(values, { level }) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q) => sorted[Math.round(q * (sorted.length - 1))];
  return { low: at((1 - level) / 2), high: at((1 + level) / 2) };
}

/** Lehmer's generator with the multiplier of Park and Miller. */
function lehmer(seed) {
  let state = (seed * 69_621) % 2_147_483_647 || 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const top = (values) => values.indexOf(Math.max(...values));

function quantiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] };
}
