/** Servers that decide: they answer typed questions about a state with probabilities of their own. */
import { invalidArgument } from "../../core/index.ts";
import { ApiKey, RemoteClient, type RemoteClientOptions } from "../remote/index.ts";
import { type DecisionForm, type WireAnswer, type WireQuestion, wireAnswers, wireRequest } from "./wire.ts";

export type { DecisionForm, WireAnswer, WireQuestion } from "./wire.ts";

/** Options of a decision server. */
export interface DecisionServerOptions extends Omit<RemoteClientOptions, "address" | "key" | "keyHeader"> {
  /** Name of the model on the server. Default: what stands behind # in the address. */
  model?: string | undefined;
  /** Default "decisions". */
  form?: DecisionForm | undefined;
  /** Environment variable with the key. Default: OPENAI_API_KEY for api.openai.com, else SURPRISAL_API_KEY. */
  keyVariable?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** What a server answered. */
export interface ServerDecisions {
  /** In the order of the questions. */
  answers: WireAnswer[];
  model: string;
  /** The address as it may be printed. */
  source: string;
  form: DecisionForm;
}

/**
 * One request for all questions.
 * @throws SurprisalError INVALID_ARGUMENT, WIRE_MALFORMED, SERVER_UNREACHABLE, SERVER_ERROR, UNAUTHORIZED, RATE_LIMITED, ABORTED.
 */
export async function askServer(
  address: string | URL,
  state: string,
  questions: readonly WireQuestion[],
  { model: named, form = "decisions", keyVariable, signal, ...options }: DecisionServerOptions,
): Promise<ServerDecisions> {
  const { hash, host } = URL.canParse(String(address)) ? new URL(address) : { hash: "", host: "" };
  const model = named ?? decodeURIComponent(hash.slice(1));
  if (model === "")
    throw invalidArgument(
      "The model is not named",
      "model",
      "Name it behind the address: http://host/v1#model, or as an option.",
    );
  const variable = keyVariable ?? (host === "api.openai.com" ? "OPENAI_API_KEY" : "SURPRISAL_API_KEY");
  const key = ApiKey.fromEnvironment(variable);
  const client = new RemoteClient({ ...options, address, key, keyVariable: variable });
  const answer = await client.post(form, wireRequest(form, model, state, questions), { signal });
  const answers = wireAnswers(form, await answer.json(), questions, answer.where);
  return { answers, model, source: `${client.name}#${model}`, form };
}
