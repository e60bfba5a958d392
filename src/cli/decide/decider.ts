/** Who decides: a model that is asked here, or a server that decides itself. */
import {
  type DecideOptions,
  type Decisions,
  decide,
  decideOnServer,
  type Question,
  type ServedDecisions,
} from "../../decide/index.ts";
import {
  type LanguageModel,
  type ModelIdentity,
  openDecisionServer,
  type ServerOptions,
} from "../../models/index.ts";

/** Asks questions about one state after another. */
export interface Decider extends AsyncDisposable {
  /** What a file of decisions is gone on with only beside. */
  identity: Pick<ModelIdentity, "name" | "source" | "sha256">;
  /** Elsewhere: several states are asked at once, and what it answers to one says nothing of the others. */
  isServer: boolean;
  decide(state: string): Promise<Decisions | ServedDecisions>;
}

export function modelDecider(
  model: LanguageModel,
  questions: readonly Question[],
  options: DecideOptions,
): Decider {
  return {
    identity: model.identity,
    isServer: model.execution.place === "server",
    decide: (state) => decide(model, { state, questions }, options),
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}

/**
 * @param reference `decisions:http://host/v1#model` and the like.
 * @throws SurprisalError INVALID_ARGUMENT, MODEL_UNAVAILABLE; nothing is sent yet.
 */
export async function serverDecider(
  reference: string,
  questions: readonly Question[],
  options: ServerOptions,
): Promise<Decider> {
  const { model: name, source, form } = await openDecisionServer(reference, options);
  return {
    identity: { name, source: `${form}:${source}`, sha256: null },
    isServer: true,
    decide: (state) => decideOnServer(reference, { state, questions }, options),
    [Symbol.asyncDispose]: async () => {},
  };
}
