/** What methods say of one answer, family by family; where they cannot, why. */
import { SurprisalError, type TokenRecord } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { MethodEstimate } from "../../report/index.ts";
import {
  type AnswerSample,
  type ConfidenceMethod,
  type Estimate,
  estimateSamples,
  estimateTokens,
  judgeChoices,
  type SampleTools,
} from "../../uncertainty/index.ts";
import type { QuestionJudge } from "./judge.ts";
import type { Setup } from "./measure.ts";

const FREE = { samples: 0, calls: 0, tokensWritten: 0, tokensRead: 0 };

const none = (method: ConfidenceMethod, reason: string): MethodEstimate => ({
  ...{ name: method.name, family: method.family, method: methodName(method), variant: method.variant },
  ...{ needs: method.needs, uncertainty: null, confidence: null, reason, price: FREE },
});

/** Without what tells it from the usual variant. */
const methodName = ({ name, family }: ConfidenceMethod): string =>
  family === "samples" || family === "asking" ? name.split("/")[0]! : name;

/** Those that read the tokens of the answer. @param why there are none. */
export async function byTokens(
  methods: readonly ConfidenceMethod[],
  records: readonly TokenRecord[] | null,
  why: string,
  { model, judgesClaims }: Setup,
  judge: QuestionJudge | null,
): Promise<MethodEstimate[]> {
  const own = methods.filter(({ family }) => family === "one-pass" || family === "peers");
  if (own.length === 0) return [];
  if (records === null) return own.map((method) => none(method, why));
  const options = {
    methods: own.map(({ name }) => name),
    vocabularySize: model?.vocabulary.size ?? null,
    entailment: judge !== null && judgesClaims ? await judgeChoices(records, judge.verdicts) : undefined,
  };
  const estimates = estimateTokens(records, options);
  return own.map((method, i) => {
    const estimate = named(method, estimates[i]!, FREE);
    const isClaims = method.needs.includes("entailment") && options.entailment === undefined;
    return isClaims && estimate.uncertainty === null ? { ...estimate, reason: NO_CLAIMS } : estimate;
  });
}

const NO_CLAIMS =
  "It asks a judge about the choices of every word: --judge MODEL, and name it with --methods.";

const named = (
  method: ConfidenceMethod,
  estimate: Estimate,
  price: MethodEstimate["price"],
): MethodEstimate => ({
  ...{ name: method.name, family: method.family },
  ...estimate,
  confidence: estimate.confidence ?? null,
  price,
});

/** What samples are compared with, and by what. */
export interface Compared {
  answer: AnswerSample;
  samples: readonly AnswerSample[];
  /** Of these, drawn for this answer. */
  drawn: number;
  tools: SampleTools;
  signal: AbortSignal;
}

/** Those that compare samples. */
export async function bySamples(
  methods: readonly ConfidenceMethod[],
  { answer, samples, drawn: draws, tools, signal }: Compared,
): Promise<MethodEstimate[]> {
  const own = methods.filter((method) => method.family === "samples");
  const why = (method: (typeof own)[number]): string | null => {
    const { tool } = method.sample;
    if (samples.length === 0) return "There are no samples: --samples N draws some, or the line has them.";
    if (tool === "embeddings" && tools.embed === undefined)
      return "There is no embedding model: --embedding minilm.";
    if (tool === "entailment" && tools.entailment === undefined)
      return "There is no judge of entailment: --judge MODEL.";
    return null;
  };
  const ready = own.filter((method) => why(method) === null);
  const found = new Map<string, Estimate>();
  for (const of of ["samples", "answer, samples"] as const) {
    const these = ready.filter(({ sample }) => sample.of === of);
    const texts = of === "samples" ? samples : [answer, ...samples];
    const estimates = await estimateSamples(
      these.map(({ sample }) => sample.make(tools)),
      texts,
      { signal },
    );
    for (const [i, { name }] of these.entries()) found.set(name, estimates[i]!);
  }
  return own.map((method) => {
    const estimate = found.get(method.name);
    return estimate ? named(method, estimate, { ...FREE, samples: draws }) : none(method, why(method)!);
  });
}

/** Those that ask the model about its answer, one after the other. @param took is told how long each took. */
export async function byAsking(
  methods: readonly ConfidenceMethod[],
  question: string | null,
  answer: string,
  samples: readonly AnswerSample[],
  { model, seed }: Setup,
  signal: AbortSignal,
  took: (name: string, ms: number) => void = () => {},
): Promise<MethodEstimate[]> {
  const own = methods.filter((method) => method.family === "asking");
  const found: MethodEstimate[] = [];
  for (const method of own) {
    const why =
      model === null
        ? "There is no model to ask: --model."
        : question === null
          ? "The line has no question."
          : answer.trim() === ""
            ? "The answer is empty."
            : cannotAsk(method.asking.check, model);
    if (why !== null) {
      found.push(none(method, why));
      continue;
    }
    const about = { question: question!, answer, samples: samples.map(({ text }) => text) };
    const begun = performance.now();
    const {
      wording,
      replies,
      missing: _,
      mass: __,
      confidenceInterval: ___,
      calls,
      tokens,
      ...estimate
    } = await method.asking.ask(model!, about, { seed, signal });
    took(method.name, performance.now() - begun);
    const price = { samples: 0, calls, tokensWritten: tokens.written, tokensRead: tokens.read };
    found.push({
      ...named(method, estimate, price),
      replies: replies.map(({ text }) => text),
      wordingSha256: wording.sha256,
    });
  }
  return found;
}

/** Why a model cannot be asked so; `null`: it can. */
function cannotAsk(check: (model: LanguageModel) => void, model: LanguageModel): string | null {
  try {
    check(model);
    return null;
  } catch (error) {
    if (SurprisalError.isInstance(error) && error.code === "UNSUPPORTED_CAPABILITY") return `${error.what}.`;
    throw error;
  }
}
