/** Whether what came out of a file, or of a program without types, is a policy. Internal to this room. */
import { quoted } from "../_arguments.ts";
import { invalidArgument, SurprisalError } from "../errors.ts";
import { after, all, any, compare, hysteresis, lasting, not, type Policy, repetition } from "./policy.ts";

/** More would be a mistake, and could nest deeper than the stack. */
const MOST_PARTS = 500;

/**
 * The policy, made anew by the functions that make policies, so that every field is what it must be.
 * @throws SurprisalError INVALID_ARGUMENT naming the part.
 */
export function checkPolicy(policy: unknown): Policy {
  return remake(policy, "policy", { left: MOST_PARTS });
}

/** @param budget parts that may still come. */
function remake(given: unknown, where: string, budget: { left: number }): Policy {
  if (--budget.left < 0)
    throw invalidArgument(`A policy of more than ${MOST_PARTS} parts`, where, "Give one of fewer.");
  if (typeof given !== "object" || given === null) throw noPolicy(given, where);
  const policy = given as Policy; // as far as its kind is known: the makers check the rest
  switch (policy.kind) {
    case "compare":
      return placed(where, () => compare(policy.measure, policy.relation, policy.bound, policy));
    case "repetition":
      return placed(where, () => repetition(policy.tokens ?? Number.NaN, policy));
    case "any":
    case "all": {
      if (!Array.isArray(policy.policies)) throw noPolicies(policy.policies, `${where}.policies`);
      const parts = policy.policies.map((part, i) => remake(part, `${where}.policies[${i}]`, budget));
      return placed(where, () => (policy.kind === "any" ? any : all)(...parts));
    }
    case "not":
      return not(remake(policy.policy, `${where}.policy`, budget));
    case "after":
    case "lasting": {
      const part = remake(policy.policy, `${where}.policy`, budget);
      return placed(where, () => (policy.kind === "after" ? after : lasting)(policy.tokens, part));
    }
    case "hysteresis": {
      const enter = remake(policy.enter, `${where}.enter`, budget);
      return hysteresis(enter, remake(policy.leave, `${where}.leave`, budget));
    }
    default:
      throw noPolicy(given, where);
  }
}

/** Says which part it is that a maker refuses: "bound of policy.policies[0]". */
function placed(where: string, make: () => Policy): Policy {
  try {
    return make();
  } catch (error) {
    throw SurprisalError.isInstance(error) ? error.at(`${error.where} of ${where}`) : error;
  }
}

function noPolicy(given: unknown, where: string): SurprisalError {
  return invalidArgument(
    `${quoted(given)} is no policy`,
    where,
    'Give what the functions of `policy` make, or a text such as "window(16)>80 after 20".',
  );
}

function noPolicies(given: unknown, where: string): SurprisalError {
  return invalidArgument(`${quoted(given)} is no list of policies`, where, "Give a list of at least one.");
}
