/** Servers that decide: they answer typed questions about a state with probabilities of their own. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { isLoopback } from "../../net/index.ts";
import { isOffline } from "../registry/index.ts";
import {
  ApiKey,
  baseAddress,
  RemoteClient,
  type RemoteClientOptions,
  ServerRefusal,
  shownAddress,
} from "../remote/index.ts";
import { type WireAnswers, wireAnswers } from "./answers.ts";
import { type DecisionForm, type WireQuestion, wireRequest } from "./request.ts";

export type { WireAnswer } from "./answers.ts";
export type { DecisionForm } from "./request.ts";

/** Options of a decision server. */
export interface DecisionServerOptions extends Omit<RemoteClientOptions, "address" | "key" | "keyHeader"> {
  /** Name of the model on the server. Default: what stands behind # in the address. */
  model?: string | undefined;
  /** Default: what the reference says, else "decisions". */
  form?: DecisionForm | undefined;
  /**
   * Environment variable with the key. Default: OPENAI_API_KEY for api.openai.com, TYPESAFE_API_KEY for api.typesafe.ai,
   * OPENROUTER_API_KEY for openrouter.ai, else SURPRISAL_API_KEY.
   */
  keyVariable?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** What a server answered. */
interface ServerDecisions extends WireAnswers {
  model: string;
  /** The address as it may be printed. */
  source: string;
  form: DecisionForm;
}

/** Variables with the keys of services, by host. */
const KEYS: Readonly<Record<string, string>> = {
  "api.openai.com": "OPENAI_API_KEY",
  "api.typesafe.ai": "TYPESAFE_API_KEY",
  "openrouter.ai": "OPENROUTER_API_KEY",
};

/** A decision server, ready to be asked. */
export interface DecisionServer {
  /** The model's name there. */
  model: string;
  /** The address with the model, as it may be printed. */
  source: string;
  form: DecisionForm;
  /**
   * One request for all questions.
   * @throws SurprisalError WIRE_MALFORMED, SERVER_UNREACHABLE, SERVER_ERROR, UNAUTHORIZED, RATE_LIMITED, ABORTED.
   */
  ask(
    state: string,
    questions: readonly WireQuestion[],
    options?: { signal?: AbortSignal | undefined },
  ): Promise<ServerDecisions>;
}

/**
 * Nothing is sent yet.
 * @param reference `decisions:` or `systemone:` and an address, `http://localhost:8000/v1#model`; an address alone; or the
 *   endpoint itself, `http://localhost:8000/v1/systemone#model`.
 * @throws SurprisalError INVALID_ARGUMENT; MODEL_UNAVAILABLE where the network is not to be used.
 */
export function openServer(
  reference: string | URL,
  { model: named, form: asked, keyVariable, ...options }: Omit<DecisionServerOptions, "signal">,
): DecisionServer {
  const { form: said, address } = partsOf(String(reference));
  const form = asked ?? said ?? "decisions";
  const base = baseAddress(address);
  if (base.pathname === "/") base.pathname = "/v1/"; // a server alone, as elsewhere
  const model = named ?? nameIn(address);
  if (model === "")
    throw invalidArgument(
      "The model is not named",
      shownAddress(base),
      "Name it behind the address: http://host/v1#model, or as an option.",
    );
  if (isOffline(process.env) && !isLoopback(base))
    throw new SurprisalError({
      code: "MODEL_UNAVAILABLE",
      what: "The network is not to be used",
      where: base.host,
      wayOut: "Unset SURPRISAL_OFFLINE, or use a server on this machine.",
    });
  const variable = keyVariable ?? (Object.hasOwn(KEYS, base.host) ? KEYS[base.host]! : "SURPRISAL_API_KEY");
  const key = ApiKey.fromEnvironment(variable);
  const client = new RemoteClient({ ...options, address: base, key, keyVariable: variable });
  const source = `${client.name}#${model}`;
  return {
    model,
    source,
    form,
    async ask(state, questions, { signal } = {}) {
      const sent = client.post(form, wireRequest(form, model, state, questions), { signal });
      const answer = await sent.catch((error: unknown) => {
        throw notServed(error, form);
      });
      return { ...wireAnswers(form, await answer.json(), questions, answer.where), model, source, form };
    },
  };
}

/** Most servers have one of the two forms, or neither: a refusal of the address alone does not say so. */
function notServed(error: unknown, form: DecisionForm): unknown {
  if (!(error instanceof ServerRefusal) || ![404, 405, 501].includes(error.status)) return error;
  const { code, what, where } = error;
  const other = form === "decisions" ? "systemone" : "decisions";
  return new SurprisalError({
    code,
    what,
    where,
    wayOut: `It may not have /${form}, or not this model. Try the other form, ${other}:ADDRESS#MODEL; or ask the model itself by its address alone, without ${form}: in front (the rule label reads any server with log-probabilities).`,
    cause: error,
  });
}

/** The form, where it is said, and the base address with what stands behind it. */
function partsOf(reference: string): { form: DecisionForm | null; address: string } {
  const [, form, address = reference] = /^(decisions|systemone):(.*)$/is.exec(reference) ?? [];
  const [, before, end, behind] = /^([^?#]*)\/(decisions|systemone)\/?([?#].*)?$/is.exec(address) ?? [];
  const said = (form ?? end)?.toLowerCase();
  return {
    form: said === "decisions" || said === "systemone" ? said : null,
    address: before === undefined ? address : `${before}${behind ?? ""}`,
  };
}

function nameIn(address: string): string {
  const name = new URL(address).hash.slice(1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // a % that begins no code
  }
}
