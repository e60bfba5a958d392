/** From answers and what was said of them to figures: correlation, AUROC, calibration error, gain over the mean NLL, cost. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readAnswer } from "surprisal/answers";
import {
  compareRankings,
  crossCalibrated,
  fitPlatt,
  measureRanking,
  noiseFloor,
  tallyOf,
} from "surprisal/calibrate";
import {
  answerDisagreement,
  byAnswer,
  estimateSamples,
  selfConsistency,
  semanticEntropy,
  similarityBy,
} from "surprisal/uncertainty";
import { ASKED, rowsOf, SAMPLES } from "./ask.mjs";
import { KINDS, SETS } from "./sets.mjs";

/** What everything is compared with. */
export const BASELINE = "mean NLL";
/** Of one pass, by the name in the tables: the library's method, and the probability that its number is, where it is one. */
const ONE_PASS = {
  [BASELINE]: ["mean-nll", (nll) => Math.exp(-nll)],
  "sequence log-probability": ["sequence-logprob", (nll) => Math.exp(-nll)],
  "least probability": ["min-probability", (uncertainty) => 1 - uncertainty],
  "mean token entropy": ["mean-token-entropy", null],
  margin: ["margin", (uncertainty) => 1 - uncertainty],
};
const BY_SAMPLES = {
  "samples that agree with the answer": (uncertainty) => 1 - uncertainty,
  "self-consistency": (uncertainty) => 1 - uncertainty,
  "semantic entropy, discrete": null,
};
const BINS = { binning: "equal-mass", bins: "cube-root" };
const FOLDS = { folds: 5, seed: 0 };
/** Fewer right or wrong answers are no ground for an AUROC: docs/calibration.md asks for 30. */
export const FEWEST = 10;

/** Figures of every model in a folder that `ask` wrote, and every set. */
export async function figuresOf({ out, resamples }) {
  const names = readdirSync(out, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const models = names
    .map(({ name }) => ({ name, about: JSON.parse(readFileSync(join(out, name, "about.json"), "utf8")) }))
    .sort((a, b) => b.about.model.parameters - a.about.model.parameters);
  const cells = [];
  for (const { name, about } of models)
    for (const set of Object.keys(SETS)) {
      const file = join(out, name, `${set}.jsonl`);
      if (existsSync(file))
        cells.push({ model: name, about, set, ...(await cellOf(rowsOf(file), set, resamples)) });
    }
  return { models, cells };
}

async function cellOf(rows, set, resamples) {
  const parts = grouped(rows, ({ part }) => part);
  const answers = parts.get("answer");
  const byId = new Map(answers.map((answer) => [answer.id, answer]));
  const scored = [
    ...(set === "arithmetic" ? [byKindAlone(answers)] : []),
    ...onePass(answers),
    ...(parts.has("samples") ? await bySamples(parts.get("samples"), byId, set) : []),
    ...Object.keys(ASKED)
      .filter((name) => parts.has(name))
      .map((name) => ({ name, kind: "asked", rows: parts.get(name), cost: costOf(parts.get(name)) })),
  ];
  const known = answers.filter(({ right }) => right).length;
  return {
    n: answers.length,
    right: known,
    unread: answers.filter(({ unread }) => unread !== undefined).length,
    kinds: kindsOf(answers),
    chance: mean(answers.map(({ options }) => (options === undefined ? 0 : 1 / options))),
    same: mostCommon(answers.map(({ answer }) => answer)),
    methods: scored.map((method) => figuresOfMethod(method, byId, resamples)),
  };
}

/** What a guess at how hard each kind is, made before any answer was seen, says without any model: the order in sets.mjs. */
function byKindAlone(answers) {
  const rows = answers.map(({ id, kind }) => ({ id, uncertainty: KINDS.indexOf(kind), confidence: null }));
  return { name: "kind of sum alone, no model", kind: "no model", cost: null, rows };
}

function onePass(answers) {
  return Object.entries(ONE_PASS).map(([name, [method, probability]]) => ({
    name,
    kind: "one pass",
    cost: { calls: 0, read: 0, written: 0, cpu: 0 },
    rows: answers.map(({ id, onePass }) => {
      const uncertainty = onePass[method];
      return {
        id,
        uncertainty,
        confidence: uncertainty === null || probability === null ? null : probability(uncertainty),
      };
    }),
  }));
}

/** The answer is the first of the texts for the first of these, and no sample for the others. */
async function bySamples(rows, answers, set) {
  const kind = set === "truthfulqa" ? "letter" : "number";
  const keyOf = (text) => readAnswer(text, { kind, fallback: "only" }).key ?? null;
  const same = similarityBy("same answer", (a, b) => (keyOf(a) !== null && keyOf(a) === keyOf(b) ? 1 : 0));
  const clusters = byAnswer(keyOf);
  const names = Object.keys(BY_SAMPLES);
  const said = new Map(names.map((name) => [name, []]));
  for (const { id, samples } of rows) {
    const answer = { text: answers.get(id).text };
    const [agree] = await estimateSamples([answerDisagreement({ similarity: same })], [answer, ...samples]);
    const others = await estimateSamples(
      [selfConsistency({ clusters }), semanticEntropy({ formula: "discrete", clusters })],
      samples,
    );
    for (const [i, { uncertainty }] of [agree, ...others].entries()) {
      const probability = BY_SAMPLES[names[i]];
      said.get(names[i]).push({
        id,
        uncertainty,
        missing: uncertainty === null ? "nothing" : undefined,
        confidence: uncertainty === null || probability === null ? null : probability(uncertainty),
      });
    }
  }
  const cost = {
    calls: SAMPLES,
    read: SAMPLES * mean(rows.map(({ id }) => answers.get(id).read)),
    written: mean(rows.map(({ written }) => written)),
    cpu: mean(rows.map(({ cpu }) => cpu)),
  };
  return names.map((name) => ({ name, kind: "samples", cost, rows: said.get(name) }));
}

function figuresOfMethod({ name, kind, rows, cost }, answers, resamples) {
  const known = rows.filter(({ uncertainty }) => uncertainty !== null);
  const pick = (list) => ({
    correct: list.map(({ id }) => answers.get(id).right),
    groups: list.map(({ id }) => answers.get(id).group),
  });
  const uncertainties = known.map(({ uncertainty }) => uncertainty);
  const { correct, groups } = pick(known);
  const right = correct.filter(Boolean).length;
  const enough = Math.min(right, known.length - right) >= FEWEST;
  const finite = uncertainties.every(Number.isFinite);
  const stated = known.map(({ confidence, uncertainty }) => (confidence ?? uncertainty).toPrecision(3));
  const options = { resamples, seed: 0 };
  const figures = {
    name,
    kind,
    cost,
    asked: rows.length,
    said: known.length,
    right,
    missing: countOf(rows.flatMap(({ missing }) => (missing === undefined ? [] : [missing]))),
    distinct: new Set(stated).size,
    common: mostCommon(stated),
    meanConfidence: known.every(({ confidence }) => confidence !== null)
      ? mean(known.map(({ confidence }) => confidence))
      : null,
    mass: medianOf(rows.flatMap(({ mass }) => (mass === undefined ? [] : [mass]))),
    price: kind !== "asked" ? null : priceOf(rows),
    enough,
  };
  if (!enough || !finite) return figures;
  const sureness = uncertainties.map((each) => -each);
  const outcome = correct.map(Number);
  const baseline = known.map(({ id }) => answers.get(id).onePass["mean-nll"]);
  const compared =
    name === BASELINE
      ? null
      : compareRankings({ methods: { it: uncertainties, nll: baseline }, correct, groups }, options);
  return {
    ...figures,
    pearson: resampled(sureness, outcome, pearson, resamples),
    spearman: resampled(sureness, outcome, (x, y) => pearson(ranksOf(x), y), resamples),
    auroc: measureRanking({ uncertainties, correct, groups }, options).measures.auroc,
    within: resampled(
      known.map(({ id }, i) => [answers.get(id).kind, sureness[i]]),
      outcome,
      aurocWithin,
      resamples,
    ),
    gain: compared?.differences[0].measures.auroc ?? null,
    baseline: compared?.methods.nll.auroc ?? null,
    ...calibration(known, { correct, groups, sureness }),
  };
}

/** ECE of what is said, where it is a probability, and of Platt's curve over it that was fitted to the other folds. */
function calibration(known, { correct, groups, sureness }) {
  const errorOf = (pairs) => noiseFloor(tallyOf(pairs), { ...BINS, pairs, seed: 0 });
  const stated = known.map(({ confidence }) => confidence);
  const before = stated.includes(null) ? null : errorOf({ scores: stated, correct, groups });
  if (new Set(sureness).size === 1) return { before, after: null };
  const fitter = (pairs) => fitPlatt(pairs, { input: "score" });
  return { before, after: errorOf(crossCalibrated({ scores: sureness, correct, groups }, fitter, FOLDS)) };
}

const costOf = (rows) => ({
  calls: mean(rows.map(({ calls }) => calls)),
  read: mean(rows.map(({ tokens }) => tokens.read)),
  written: mean(rows.map(({ tokens }) => tokens.written)),
  cpu: mean(rows.map(({ cpu }) => cpu)),
});

const priceOf = (rows) => ({
  read: mean(rows.map(({ price }) => price.read)),
  written: mean(rows.map(({ price }) => price.written)),
});

function kindsOf(answers) {
  return [...grouped(answers, ({ kind }) => kind)].map(([kind, list]) => ({
    kind,
    n: list.length,
    right: list.filter(({ right }) => right).length,
  }));
}

/** Lists by what `keyOf` makes of their members. */
function grouped(list, keyOf) {
  const groups = new Map();
  for (const each of list) {
    const key = keyOf(each);
    if (groups.has(key)) groups.get(key).push(each);
    else groups.set(key, [each]);
  }
  return groups;
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function medianOf(values) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

function countOf(values) {
  return Object.fromEntries(
    [...grouped(values, (value) => value)].map(([value, list]) => [value, list.length]),
  );
}

/** The value that comes most often, and its share. */
function mostCommon(values) {
  const counts = Object.entries(countOf(values)).sort((a, b) => b[1] - a[1]);
  return counts.length === 0 ? null : { value: counts[0][0], share: counts[0][1] / values.length };
}

/** Pearson's correlation; with one side 0 or 1 it is the point-biserial one. `null` where one side has one value only. */
export function pearson(xs, ys) {
  const [mx, my] = [mean(xs), mean(ys)];
  let [xy, xx, yy] = [0, 0, 0];
  for (const [i, x] of xs.entries()) {
    xy += (x - mx) * (ys[i] - my);
    xx += (x - mx) ** 2;
    yy += (ys[i] - my) ** 2;
  }
  return xx < 1e-18 || yy < 1e-18 ? null : xy / Math.sqrt(xx * yy);
}

/** AUROC over pairs of a right and a wrong answer of one kind: what is left when the kind says nothing. Ties count half. */
function aurocWithin(sided, outcome) {
  let [wins, pairs] = [0, 0];
  for (const list of grouped([...sided.keys()], (i) => sided[i][0]).values())
    for (const i of list)
      for (const j of list)
        if (outcome[i] === 1 && outcome[j] === 0) {
          const [a, b] = [sided[i][1], sided[j][1]];
          wins += a > b ? 1 : a === b ? 0.5 : 0;
          pairs++;
        }
  return pairs === 0 ? null : wins / pairs;
}

/** Ranks from 1; equals share the mean of theirs. */
export function ranksOf(values) {
  const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
  const ranks = new Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (let k = start; k < end; k++) ranks[order[k]] = (start + end + 1) / 2;
    start = end;
  }
  return ranks;
}

/** A statistic with its 95 % interval over resamples of the answers, by percentiles. */
function resampled(xs, ys, statistic, resamples) {
  const value = statistic(xs, ys);
  if (value === null) return { value, low: null, high: null };
  const random = seeded(0);
  const draws = [];
  for (let b = 0; b < resamples; b++) {
    const rows = xs.map(() => Math.floor(random() * xs.length));
    const again = statistic(
      rows.map((i) => xs[i]),
      rows.map((i) => ys[i]),
    );
    if (again !== null) draws.push(again);
  }
  draws.sort((a, b) => a - b);
  const at = (q) => draws[Math.round(q * (draws.length - 1))];
  return { value, low: at(0.025), high: at(0.975) };
}

function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
