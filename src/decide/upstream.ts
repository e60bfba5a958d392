/** Decisions of a server that decides itself: what it says, in the form of `decide`, and nothing that it does not say. */
import {
  type DecisionForm,
  type DecisionServerOptions,
  openDecisionServer,
  type WireAnswer,
} from "../models/index.ts";
import { type Decision, mostProbable } from "./answer.ts";
import type { DecideRequest } from "./decide.ts";
import { checkState, type PreparedQuestion, prepareQuestions } from "./question.ts";

/** Answers of a decision server. */
export interface ServedDecisions {
  /** In the order of the questions. */
  decisions: readonly Decision[];
  /** No server says which weights it has. */
  model: { name: string; source: string; sha256: null };
  form: DecisionForm;
  /** Tokens as the server counts them; `null`: it does not say. */
  usage: { inputTokens: number | null; outputTokens: number | null };
  /** Where its numbers do not agree with each other. */
  notes: readonly string[];
}

/** Rounding to two decimals, as such servers do, moves a probability by up to this; a difference of two by twice as much. */
const ROUNDING = 0.005;

/**
 * Asks a server for its own decisions: OpenAI's `/v1/decisions` or TypeSafe's `/v1/systemone`, as LiteLLM, vLLM, SGLang and llama.cpp serve
 * them, in one request.
 *
 * Its numbers are shown as they came: they need not sum to 1, and its choice need not be the most probable one; beyond what
 * rounding does, `notes` say so. How it reads its model, and whether it is calibrated, it does not say.
 * @param reference such as `decisions:http://localhost:8000/v1#model`, `systemone:https://...`; an address alone is of the form of the options.
 * @throws SurprisalError as `decide` for questions; WIRE_MALFORMED for an answer that is none, is to another question, or has numbers
 *   that are no probabilities; SERVER_UNREACHABLE, SERVER_ERROR, UNAUTHORIZED, RATE_LIMITED, MODEL_UNAVAILABLE (offline), ABORTED.
 */
export async function decideOnServer(
  reference: string | URL,
  { state, questions }: DecideRequest,
  { signal, ...options }: DecisionServerOptions = {},
): Promise<ServedDecisions> {
  checkState(state);
  const prepared = prepareQuestions(questions);
  const server = await openDecisionServer(reference, options);
  const { answers, usage } = await server.ask(state, prepared, { signal });
  return {
    decisions: prepared.map((question, q) => served(question, answers[q]!)),
    model: { name: server.model, source: server.source, sha256: null },
    form: server.form,
    usage,
    notes: prepared.flatMap((question, q) => notesOf(question, answers[q]!)),
  };
}

function served({ name, type, options, canonical }: PreparedQuestion, answer: WireAnswer): Decision {
  const { refused, probabilities: p, score } = answer;
  const all = complete(p);
  const chosen = answer.choice ?? (all === null ? null : mostProbable(all, canonical));
  const sorted = all?.toSorted((a, b) => b - a);
  return {
    name,
    type,
    choice: chosen === null ? null : options[chosen]!.value,
    abstained: refused,
    confidence: answer.confidence ?? (chosen === null ? null : p[chosen]!),
    probability: type === "predicate" ? p[0]! : null,
    expected: score,
    options: options.map(({ value, text }, i) => ({
      value,
      text,
      logprob: null,
      score: null,
      tokens: 0,
      probability: p[i]!,
      interval: null,
    })),
    // Of numbers that are no distribution there is none.
    entropy: all !== null && isDistribution(all) ? entropyOf(all) : null,
    margin: sorted ? sorted[0]! - sorted[1]! : null,
    optionMass: null,
    missingMass: null,
    calibrated: false,
    orders: 1,
    flipRate: null,
    tokensRun: null,
  };
}

function notesOf({ name, options, canonical }: PreparedQuestion, answer: WireAnswer): string[] {
  const { probabilities: p, choice } = answer;
  const all = complete(p);
  if (all === null) return [];
  const at = `Question ${JSON.stringify(name)}`;
  const shown = (i: number) => `${JSON.stringify(options[i]!.value)} (${all[i]})`;
  const most = mostProbable(all, canonical);
  return [
    ...(isDistribution(all)
      ? []
      : [`${at}: the server's probabilities sum to ${Number(sumOf(all).toPrecision(4))}.`]),
    ...(choice !== null && all[most]! > all[choice]!
      ? [`${at}: the server chose ${shown(choice)}, and ${shown(most)} is more probable.`]
      : []),
  ];
}

const complete = (p: WireAnswer["probabilities"]): number[] | null => {
  const known = p.filter((each) => each !== null);
  return known.length === p.length ? known : null;
};

const sumOf = (p: readonly number[]): number => p.reduce((sum, each) => sum + each, 0);

const entropyOf = (p: readonly number[]): number =>
  p.reduce((sum, each) => (each > 0 ? sum - each * Math.log(each) : sum), 0);

/** Whether they sum to 1, but for rounding. */
const isDistribution = (p: readonly number[]): boolean =>
  Math.abs(sumOf(p) - 1) <= ROUNDING * p.length + 1e-9;
