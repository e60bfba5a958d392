/** Conformance: carrying out window plans, `scoreTokens`. */
import {
  emptyColumns,
  fillColumns,
  planWindows,
  type TokenColumns,
  tokensRun,
  type WindowOptions,
  type WindowPlan,
} from "../../core/index.ts";
import type { LanguageModel, ScoredSpan, ScoreTokensOptions } from "../language-model.ts";
import { type ConformanceCase, conformanceCase } from "./_case.ts";
import { allClose, check, close, collect, same, scoreOne, textIds } from "./_check.ts";

const TEXT =
  "When the sun came up, the village was already awake. The baker had opened his shop, the children were on their " +
  "way to school, and two old men sat on the bench by the well and talked about the weather.";

/** Enough tokens for several windows of 16, and few enough to be quick. */
const MOST_TOKENS = 44;

export const planCases: readonly ConformanceCase[] = [
  ...(["first", "every"] as const).flatMap((prefixIn) => [
    windowCase(
      `disjoint windows, prefix in ${prefixIn === "first" ? "the first" : "every one"}`,
      (prefix) => ({
        method: "disjoint",
        context: 16,
        prefix,
        prefixIn,
        extendLast: prefixIn === "first",
      }),
    ),
    windowCase(
      `strided windows, prefix in ${prefixIn === "first" ? "the first" : "every one"}`,
      (prefix) => ({
        method: "strided",
        context: 16,
        stride: 8,
        prefix,
        prefixIn,
      }),
    ),
  ]),
  windowCase("half windows", (prefix) => ({ method: "half", context: 16, overwriteFirst: prefix })),
  windowCase("one full window", (prefix) => ({ method: "full", context: null, prefix })),
  windowCase("a full window without prefix", () => ({ method: "full", context: null, prefix: null })),

  conformanceCase(
    "a cached window that is never full is one full window",
    ["score", "tokenize", "shift"],
    async (model, tolerance) => {
      const { ids, prefix } = await document(model);
      const cached = planWindows(ids.length, { method: "cached", context: 64, stride: 8, sinks: 4, prefix });
      const full = planWindows(ids.length, { method: "full", context: null, prefix });
      const [a, b] = [await carryOut(model, ids, cached), await carryOut(model, ids, full)];
      allClose(a.logprobs, b.logprobs, tolerance, "logprobs");
    },
  ),

  conformanceCase(
    "a cached window scores every token once, whatever it has to forget",
    ["score", "tokenize", "shift"],
    async (model, tolerance) => {
      const { ids, prefix } = await document(model);
      const plan = planWindows(ids.length, { method: "cached", context: 16, stride: 4, sinks: 2, prefix });
      const columns = await carryOut(model, ids, plan);
      const first = plan.steps[0]!.score;
      const seen = prefix === null ? [] : [prefix];
      const answer = await scoreOne(
        model,
        [...seen, ...ids.slice(0, first.start)],
        ids.slice(first.start, first.end),
      );
      allClose(
        columns.logprobs.subarray(first.start, first.end),
        answer.tokens.logprobs,
        tolerance,
        "first step",
      );
      for (let i = first.start; i < ids.length; i++)
        check(columns.logprobs[i]! <= 0, `token ${i} has a number`);
    },
  ),

  conformanceCase(
    "tokens forgotten before anything followed them have left no trace",
    ["score", "tokenize", "shift"],
    async (model, tolerance) => {
      const { ids } = await document(model);
      const step = { prefix: [], overwriteFirst: null };
      const plan: WindowPlan = {
        method: "cached",
        tokens: ids.length,
        context: 20,
        steps: [
          { ...step, forget: "all", run: { start: 0, end: 10 }, score: { start: 1, end: 11 } },
          {
            ...step,
            forget: { start: 4, end: 10 },
            run: { start: 10, end: 20 },
            score: { start: 11, end: 21 },
          },
        ],
      };
      const { logprobs } = await carryOut(model, ids, plan);
      const { tokens } = await scoreOne(model, [...ids.slice(0, 4), ids[10]!], ids.slice(11, 21));
      allClose(logprobs.subarray(11, 21), tokens.logprobs, tolerance, "after forgetting");
    },
  ),

  conformanceCase(
    "loss is the mean over one full window",
    ["score", "tokenize"],
    async (model, tolerance) => {
      const ids = await textIds(model, TEXT, true);
      const plan = planWindows(ids.length, { method: "full", context: null, prefix: null });
      const { logprobs } = await carryOut(model, ids, plan);
      const nll = -logprobs.subarray(1).reduce((sum, logprob) => sum + logprob, 0);
      close((await model.loss(TEXT)).loss, nll / (ids.length - 1), tolerance, "loss");
    },
  ),

  conformanceCase(
    "a plan gives alternatives when asked",
    ["score", "tokenize", "alternatives"],
    async (model, tolerance) => {
      const { ids, prefix } = await document(model);
      const plan = planWindows(ids.length, { method: "full", context: null, prefix });
      const k = Math.min(3, model.capabilities.alternatives);
      for (const { alternatives, ranks, logprobs } of await collect(
        model.scoreTokens(ids, plan, { alternatives: k }),
      )) {
        check(alternatives !== null && alternatives.k === k, `${k} alternatives per token`);
        same(alternatives.ids.length, logprobs.length * k, "alternatives of a span");
        for (const [i, rank] of ranks.entries())
          if (rank === 1) close(alternatives.logprobs[i * k], logprobs[i], tolerance, `token ${i} of rank 1`);
      }
      for (const span of await collect(model.scoreTokens(ids, plan)))
        same(span.alternatives, null, "unasked alternatives");
    },
  ),

  conformanceCase(
    "a plan gives the distributions its numbers are read from, when asked",
    ["score", "tokenize", "distribution"],
    async (model, tolerance) => {
      const { ids, prefix } = await document(model);
      const plan = planWindows(ids.length, { method: "half", context: 16, overwriteFirst: prefix });
      const expected = await carryOut(model, ids, plan);
      const columns = await carryOut(model, ids, plan, { distributions: true }, checkDistributions(ids));
      for (const column of ["logprobs", "entropies"] as const)
        allClose(columns[column], expected[column], tolerance, column);
      for (const span of await collect(model.scoreTokens(ids, plan)))
        same(span.distributions, undefined, "unasked distributions");
    },
  ),
];

/** Each row sums to 1 with its log-sum-exp, and its own numbers are those of the span. */
const checkDistributions =
  (ids: readonly number[]) =>
  ({ start, logprobs, entropies, ranks, distributions }: ScoredSpan, { vocabulary }: LanguageModel): void => {
    check(distributions !== undefined, "distributions were asked for");
    const { logits, logSumExps } = distributions;
    same(logSumExps.length, logprobs.length, "positions with a log-sum-exp");
    const size = logits.length / logprobs.length; // V
    if (vocabulary.size !== null) same(size, vocabulary.size, "tokens of a distribution");
    for (const [i, logSumExp] of logSumExps.entries()) {
      const row = Float64Array.from(logits.subarray(i * size, (i + 1) * size), (x) => x - logSumExp);
      const target = row[ids[start + i]!]!;
      const sum = (term: (logprob: number) => number) => row.reduce((total, x) => total + term(x), 0);
      close(sum(Math.exp), 1, 1e-5, `sum of distribution ${i}`);
      close(target, logprobs[i], 1e-5, `the token in distribution ${i}`);
      const entropy = sum((logprob) => (logprob === -Infinity ? 0 : -Math.exp(logprob) * logprob));
      close(entropy, entropies[i], 1e-5, `entropy of distribution ${i}`);
      same(1 + row.filter((logprob) => logprob > target).length, ranks[i], `rank in distribution ${i}`);
    }
  };

/** Windows that know nothing of one another: what they give is what `score` gives for what each token sees. */
function windowCase(name: string, options: (prefix: number | null) => WindowOptions): ConformanceCase {
  return conformanceCase(
    `${name}: the same numbers as score()`,
    ["score", "tokenize"],
    async (model, tolerance) => {
      const { ids, prefix } = await document(model);
      const plan = planWindows(ids.length, options(prefix));
      const columns = await carryOut(model, ids, plan);
      const requests = plan.steps.map(({ prefix: front, run, overwriteFirst, score }) => {
        const context = [...front, ...ids.slice(run.start, score.start)];
        if (overwriteFirst !== null) context[front.length] = overwriteFirst;
        return { context, continuation: ids.slice(score.start, score.end) };
      });
      for (const { index, tokens } of await collect(model.score(requests))) {
        const { start, end } = plan.steps[index]!.score;
        for (const column of ["logprobs", "entropies"] as const)
          allClose(
            columns[column].subarray(start, end),
            tokens[column],
            tolerance,
            `step ${index}: ${column}`,
          );
      }
    },
  );
}

async function document(model: LanguageModel): Promise<{ ids: number[]; prefix: number | null }> {
  const ids = (await textIds(model, TEXT, false)).slice(0, MOST_TOKENS);
  check(ids.length >= 32, `the text of the conformance suite has ${ids.length} tokens, it needs 32`);
  return { ids, prefix: model.vocabulary.bos ?? model.vocabulary.eos };
}

/** Carries out the plan and checks what holds for every plan: what comes is what was asked for, in order. */
async function carryOut(
  model: LanguageModel,
  ids: readonly number[],
  plan: WindowPlan,
  options: ScoreTokensOptions = {},
  whileItHolds: (span: ScoredSpan, model: LanguageModel) => void = () => {},
): Promise<TokenColumns> {
  const spans: ScoredSpan[] = [];
  for await (const span of model.scoreTokens(ids, plan, options)) {
    whileItHolds(span, model);
    spans.push(span);
  }
  const scored = spans.flatMap(({ start, logprobs }) => Array.from(logprobs, (_, i) => start + i));
  const wanted = plan.steps.flatMap(({ score }) =>
    Array.from({ length: score.end - score.start }, (_, i) => score.start + i),
  );
  same(scored, wanted, "scored tokens, in the order of the document");
  same(
    spans.reduce((sum, span) => sum + span.tokensRun, 0),
    tokensRun(plan),
    "tokens run",
  );
  check(
    spans.every(({ decodeMs }) => decodeMs >= 0),
    "time inside the model",
  );
  const columns = emptyColumns(ids.length, 0);
  for (const span of spans) fillColumns(columns, span.start, span);
  return columns;
}
