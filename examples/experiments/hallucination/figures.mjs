/** From rows of `score.mjs` to figures: what each method is worth on each set of answers, and the confident errors. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  confidentErrors,
  detectAnomaly,
  detectPatterns,
  documentAgreement,
  evaluateFusion,
  examine,
  fitFusion,
  fuse,
} from "surprisal/detect";
import { benchMethods, contextOverlap, estimateTokens, wordCount } from "surprisal/uncertainty";

/** Which right answers stand beside the wrong ones, and of which questions. */
export const SETS = {
  all: { title: "all pairs, as published", right: "right", of: () => true },
  matched: {
    title: "pairs whose lengths differ by at most 3 words",
    right: "right",
    of: ({ matched }) => matched,
  },
  template: { title: "right answers in a template of the same length", right: "template", of: () => true },
  statement: { title: "right answers as statements of the same length", right: "statement", of: () => true },
};

/** Of one pass; read twice, with the document in front and without. */
const ONE_PASS = [
  "mean-nll",
  "sequence-logprob",
  "max-token-nll",
  "mean-token-entropy",
  "margin",
  "mean-top-k-entropy",
  "deepconf-mean",
];

const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;

/** All numbers of one answer: higher = more suspicious. */
function numbersOf({ answer, reading, plain }, document) {
  const lifts = reading.map(({ logprob }, i) => logprob - plain[i].logprob);
  const [with_, without] = [reading, plain].map((records) => -mean(records.map(({ logprob }) => logprob)));
  const passes = (records, suffix) =>
    Object.fromEntries(
      estimateTokens(records, { methods: ONE_PASS }).map(({ method, uncertainty }) => [
        `${method}${suffix}`,
        uncertainty,
      ]),
    );
  return {
    "word-count": wordCount(answer),
    "context-overlap": contextOverlap(answer, [document]),
    ...passes(plain, ""),
    ...passes(reading, ", document read"),
    lift: -mean(lifts),
    "lift, lowest token": -Math.min(...lifts),
    "retrieval, r / (s + 1)": with_ / (without + 1),
  };
}

/** The detectors that need no model, on the tokens of the plain pass. */
const DETECTORS = [detectAnomaly(), detectPatterns()];

/** As the detectors of surprisal/detect say it; retrieval from the passes that are there already. */
async function examinationsOf({ answer, reading, plain }, question, document, numbers) {
  const [first, ...others] = plain; // the space behind "Answer:" is no part of the answer
  const { examinations } = await examine(
    {
      ...{ answer, question, documents: [{ name: "document", text: document }] },
      tokens: [{ ...first, text: first.text.replace(/^ /, "") }, ...others],
    },
    DETECTORS,
  );
  const free = { tokensRun: 0, tokensWritten: 0, ms: 0 };
  const { mean: agreed, worst } = await documentAgreement(answer, [{ name: "document", text: document }]);
  const features = (names, suffix) =>
    Object.fromEntries(names.map((name) => [name, numbers[`${name}${suffix}`]]));
  const lifts = reading.map(({ logprob }, i) => logprob - plain[i].logprob);
  return [
    ...examinations,
    {
      signal: "retrieval",
      suspicion: numbers["retrieval, r / (s + 1)"],
      unit: "share of surprisal left",
      findings: [],
      features: {
        "lift-mean": -numbers.lift,
        "lift-min-token": Math.min(...lifts),
        "lift-sum": lifts.reduce((sum, each) => sum + each, 0),
        ...features(ONE_PASS, ", document read"),
        ...Object.fromEntries(Object.entries(agreed).map(([kind, value]) => [`agreement-${kind}`, value])),
        ...Object.fromEntries(Object.entries(worst).map(([kind, value]) => [`worst-${kind}`, value])),
      },
      price: free,
    },
    {
      signal: "series", // no fitted series here: what one pass without the document says
      suspicion: numbers["mean-nll"],
      unit: "nats per token",
      findings: [],
      features: features(ONE_PASS.slice(1), ""),
      price: free,
    },
  ];
}

/** @returns figures by model and set. */
export async function figuresOf({ out, resamples }) {
  const models = [];
  for (const name of readdirSync(out).toSorted()) {
    const file = join(out, name, "halueval.jsonl");
    if (!existsSync(file)) continue;
    const rows = readFileSync(file, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    const about = JSON.parse(readFileSync(join(out, name, "about.json"), "utf8"));
    const sets = {};
    const published = await answersOf(rows, SETS.all);
    for (const [set, about] of Object.entries(SETS))
      sets[set] = setOf(await answersOf(rows.filter(about.of), about), published, resamples);
    models.push({
      name,
      about,
      questions: rows.length,
      matched: rows.filter(({ matched }) => matched).length,
      sets,
    });
  }
  return { models };
}

/** A right and a wrong answer to each question, with all numbers of each. */
async function answersOf(rows, { right }) {
  const answers = [];
  for (const { id, question, document, answers: all } of rows)
    for (const [variant, correct] of [
      [right, true],
      ["wrong", false],
    ]) {
      const numbers = numbersOf(all[variant], document);
      const examinations = await examinationsOf(all[variant], question, document, numbers);
      for (const { signal, suspicion } of examinations)
        if (signal === "anomaly" || signal === "patterns") numbers[signal] = suspicion;
      const { answer } = all[variant];
      answers.push({ id: `${id} ${variant}`, group: String(id), correct, answer, numbers, examinations });
    }
  return answers;
}

const FOLDS = 5;
/** Small sets are fitted too: intervals say what that is worth. */
const FIT = { seed: 20, leastPerClass: 5 };

/** Probability of being wrong, by a model fitted to the published answers to other questions: what it knows is not how a set was made. */
function fittedElsewhere(answers, published) {
  const foldOf = ({ group }) => Number(group) % FOLDS;
  const fitted = Array.from({ length: FOLDS }, (_, fold) =>
    fitFusion(
      published.filter((each) => foldOf(each) !== fold),
      FIT,
    ),
  );
  return answers.map(
    (each) =>
      fuse({ answer: each.answer, examinations: each.examinations }, fitted[foldOf(each)]).probability,
  );
}

function setOf(answers, published, resamples) {
  const correct = answers.map((each) => each.correct);
  const groups = answers.map(({ group }) => group);
  const { heldOut } = evaluateFusion(answers, { ...FIT, folds: 5, resamples: 2 });
  // The same without agreement of words: what the model alone has to say.
  const own = evaluateFusion(answers.map(withoutAgreement), { ...FIT, folds: 5, resamples: 2 });
  const names = Object.keys(answers[0].numbers);
  const methods = {
    ...Object.fromEntries(names.map((name) => [name, answers.map(({ numbers }) => numbers[name])])),
    fused: answers.map(({ id }) => heldOut.get(id)),
    "fused, fitted to published pairs": fittedElsewhere(answers, published),
    "fused, log-probabilities alone": answers.map(({ id }) => own.heldOut.get(id)),
  };
  const benched = benchMethods({ methods, correct, groups }, { folds: 5, resamples, seed: 20 });
  const signals = [
    "lift",
    "lift, lowest token",
    "context-overlap",
    "word-count",
    "mean-token-entropy",
    "fused",
  ];
  const confident = (perplexity) =>
    confidentErrors(
      answers.map(({ id, group, correct, numbers }, i) => ({
        ...{ id, group, correct, perplexity: Math.exp(numbers[perplexity]) },
        signals: Object.fromEntries(signals.map((name) => [name, methods[name][i]])),
      })),
      { resamples, seed: 20 },
    );
  const { errors: _, ...plain } = confident("mean-nll");
  const { errors: __, ...reading } = confident("mean-nll, document read");
  return { benched, confident: { plain, reading } };
}

const withoutAgreement = ({ examinations, ...answer }) => ({
  ...answer,
  examinations: examinations.map((each) => ({
    ...each,
    features: Object.fromEntries(
      Object.entries(each.features).filter(([name]) => !/^(agreement|worst)-/.test(name)),
    ),
  })),
});
