/** A policy that says by itself how long its windows are. */
import { type MeterOptions, resolveMeterOptions } from "../meter/index.ts";
import { checkPolicy } from "./check.ts";
import { MEASURES } from "./measures.ts";
import type { Policy } from "./policy.ts";

/**
 * The policy with the length of every window, group and half-life in it: "window>80" becomes "window(32)>80", which means
 * the same over any meter. For policies that are kept.
 * @param meter options of the meter whose lengths they are.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function withLengths(policy: Policy, meter: MeterOptions = {}): Policy {
  const { windowLength, halfLife, groupLength } = resolveMeterOptions(meter);
  const lengths = { window: windowLength, halfLife, group: groupLength };
  const named = (part: Policy): Policy => {
    switch (part.kind) {
      case "compare": {
        const has = MEASURES[part.measure].length;
        return has === undefined || part.length !== undefined ? part : { ...part, length: lengths[has] };
      }
      case "repetition":
        return part;
      case "any":
      case "all":
        return { ...part, policies: part.policies.map(named) };
      case "hysteresis":
        return { ...part, enter: named(part.enter), leave: named(part.leave) };
      default:
        return { ...part, policy: named(part.policy) };
    }
  };
  return checkPolicy(named(checkPolicy(policy)));
}
