/** Decisions of a server that decides itself: what it says, in the form of `decide`, and nothing that it does not say. */
import { askDecisionServer, type DecisionServerOptions, type WireAnswer } from "../models/index.ts";
import type { Decision } from "./answer.ts";
import type { DecideRequest } from "./decide.ts";
import { checkState, type PreparedQuestion, prepareQuestions } from "./question.ts";

/** Answers of a decision server. */
export interface ServedDecisions {
  /** In the order of the questions. */
  decisions: readonly Decision[];
  model: { name: string; source: string };
  form: "decisions" | "systemone";
}

/**
 * Asks a server for its own decisions: OpenAI's `/v1/decisions` or TypeSafe's `/v1/systemone`, as LiteLLM, vLLM, SGLang and llama.cpp serve
 * them, in one request.
 *
 * Its numbers are shown as they came: they need not sum to 1, and its choice need not be the most probable one. How it reads its
 * model, and whether it is calibrated, it does not say.
 * @param address such as `http://localhost:8000/v1#model`.
 * @throws SurprisalError as `decide` for questions; WIRE_MALFORMED, SERVER_UNREACHABLE, SERVER_ERROR, UNAUTHORIZED, RATE_LIMITED, ABORTED.
 */
export async function decideOnServer(
  address: string | URL,
  { state, questions }: DecideRequest,
  options: DecisionServerOptions = {},
): Promise<ServedDecisions> {
  checkState(state);
  const prepared = prepareQuestions(questions);
  const { answers, model, source, form } = await askDecisionServer(address, state, prepared, options);
  return {
    decisions: prepared.map((question, q) => served(question, answers[q]!)),
    model: { name: model, source },
    form,
  };
}

function served({ name, type, options }: PreparedQuestion, answer: WireAnswer): Decision {
  const { refused, probabilities: p, score } = answer;
  const known = p.filter((each) => each !== null);
  const all = known.length === p.length && !refused ? known : null;
  const chosen = answer.choice ?? (all === null ? null : all.indexOf(Math.max(...all)));
  const sorted = all?.toSorted((a, b) => b - a);
  return {
    name,
    type,
    choice: chosen === null ? null : options[chosen]!.value,
    abstained: refused,
    confidence: chosen === null ? null : p[chosen]!,
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
    entropy:
      all === null ? null : all.reduce((sum, each) => (each > 0 ? sum - each * Math.log(each) : sum), 0),
    margin: sorted ? sorted[0]! - sorted[1]! : null,
    optionMass: null,
    missingMass: null,
    calibrated: false,
    orders: 1,
    flipRate: null,
    tokensRun: null,
  };
}
