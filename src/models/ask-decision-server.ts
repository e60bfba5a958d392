/** Decision servers, loaded when one is asked. */
import type { DecisionServerOptions, ServerDecisions, WireQuestion } from "./decisions/index.ts";

/**
 * Asks a server for its own decisions.
 * @throws SurprisalError as `askServer` of decisions/.
 */
export async function askDecisionServer(
  address: string | URL,
  state: string,
  questions: readonly WireQuestion[],
  options: DecisionServerOptions,
): Promise<ServerDecisions> {
  const { askServer } = await import("./decisions/index.ts"); // not loaded with every command
  return askServer(address, state, questions, options);
}
