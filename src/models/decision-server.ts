/** Decision servers, loaded when one is asked. */
import type { DecisionServer, DecisionServerOptions } from "./decisions/index.ts";

/**
 * Whether a reference is to a server that decides itself: `decisions:http://...`, `systemone:http://...`, or an address that ends
 * in one of these, `http://host/v1/systemone#model`.
 */
export const isDecisionServer = (reference: string): boolean =>
  /^((decisions|systemone):|https?:[^?#]*\/(decisions|systemone)\/?([?#]|$))/i.test(reference);

/**
 * A server that decides itself.
 * @throws SurprisalError as `openServer` of decisions/.
 */
export async function openDecisionServer(
  reference: string | URL,
  options: Omit<DecisionServerOptions, "signal">,
): Promise<DecisionServer> {
  const { openServer } = await import("./decisions/index.ts"); // not loaded with every command
  return openServer(reference, options);
}
