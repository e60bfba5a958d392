/** The estimators of one pass, run together over the tokens of an answer. */
import { invalidArgument, type TokenRecord } from "../../core/index.ts";
import { nearestNames } from "../../text/index.ts";
import type { Estimate, TokenEstimator } from "../estimator.ts";
import { type OnePassMethod, type Reading, Tallies } from "./method.ts";
import { METHODS, PEER_METHODS } from "./methods.ts";
import { type CheckedOptions, checkOptions, type OnePassOptions } from "./options.ts";
import { partOf, TokenFacts } from "./token-facts.ts";

/** Which methods, by name; `undefined`: all of ONE_PASS_METHODS. */
type OnePassNames = readonly string[];

/** Options of `estimateTokens`. */
export interface EstimateTokensOptions extends OnePassOptions {
  /** Names of methods, see ONE_PASS_METHODS and PEER_SCORES. Default: all of ONE_PASS_METHODS. */
  methods?: OnePassNames | undefined;
}

/** Estimates that grow while an answer is written. */
export interface RunningEstimates {
  /**
   * Reads the next token. What a token says is read once for all methods.
   * @throws SurprisalError INVALID_ARGUMENT for what is no log-probability, no entropy or no part, and for more alternatives than the
   *   vocabulary has tokens; nothing is changed then.
   */
  observe(token: TokenRecord): void;
  /** Of the tokens observed up to now, one estimate for each method, in the order they were named. Changes nothing. */
  estimates(): Estimate[];
  /** Tokens observed, and of these the ones of other parts, which do not count. */
  readonly tokens: { observed: number; otherParts: number };
}

const BY_NAME = new Map<string, OnePassMethod>(
  [...METHODS, ...PEER_METHODS].map((method) => [method.method, method]),
);

/** @throws SurprisalError INVALID_ARGUMENT for a name that there is not. */
function methodOf(name: string): OnePassMethod {
  const method = BY_NAME.get(name);
  if (method) return method;
  const near = nearestNames(String(name), [...BY_NAME.keys()]).slice(0, 3);
  throw invalidArgument(
    `There is no estimator ${JSON.stringify(name)} of one pass`,
    "methods",
    `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}Known: ${METHODS.map(({ method }) => method).join(", ")}; of other libraries: ${PEER_METHODS.map(({ method }) => method).join(", ")}.`,
  );
}

const readsAlternatives = ({ needs }: OnePassMethod): boolean =>
  needs.includes("alternatives") || needs.includes("distribution");

/**
 * Begins with a new answer.
 *
 *     const running = startEstimators(["mean-nll", "margin"]);
 *     for await (const token of model.generate(prompt, { alternatives: 20 })) running.observe(token);
 *     for (const { method, uncertainty } of running.estimates()) console.log(method, uncertainty);
 *
 * @param methods names, see ONE_PASS_METHODS and PEER_SCORES. Default: all of ONE_PASS_METHODS.
 * @throws SurprisalError INVALID_ARGUMENT for a name that there is not, with those that it comes near to, and for an option that is
 *   out of range.
 */
export function startEstimators(
  methods: OnePassNames = METHODS.map(({ method }) => method),
  options: OnePassOptions = {},
): RunningEstimates {
  return new SharedPass(methods.map(methodOf), checkOptions(options));
}

/**
 * Estimates of an answer whose tokens are there already, of any source: the same numbers as `startEstimators` gives while they arrive.
 * @throws SurprisalError INVALID_ARGUMENT as `startEstimators` and `observe`.
 */
export function estimateTokens(
  records: Iterable<TokenRecord>,
  { methods, ...options }: EstimateTokensOptions = {},
): Estimate[] {
  const running = startEstimators(methods, options);
  for (const record of records) running.observe(record);
  return running.estimates();
}

/**
 * One method as an estimator by itself, where many of one kind are compared.
 * @throws SurprisalError INVALID_ARGUMENT as `startEstimators`.
 */
export function tokenEstimator(name: string, options: OnePassOptions = {}): TokenEstimator {
  const method = methodOf(name);
  const checked = checkOptions(options);
  return {
    method: method.method,
    variant: method.variant(checked),
    needs: method.needs,
    start() {
      const pass = new SharedPass([method], checked);
      return { observe: (token) => pass.observe(token), estimate: () => pass.estimates()[0]! };
    },
  };
}

class SharedPass implements RunningEstimates {
  readonly tokens = { observed: 0, otherParts: 0 };
  readonly #options: CheckedOptions;
  readonly #facts: TokenFacts;
  readonly #tallies: Tallies;
  readonly #methods: readonly { method: OnePassMethod; read: () => Reading }[];
  readonly #withAlternatives: boolean;

  constructor(methods: readonly OnePassMethod[], options: CheckedOptions) {
    this.#options = options;
    this.#facts = new TokenFacts(options);
    this.#tallies = new Tallies(options);
    this.#methods = methods.map((method) => ({ method, read: method.begin(this.#tallies) }));
    this.#withAlternatives = methods.some(readsAlternatives);
  }

  observe(token: TokenRecord): void {
    const index = this.tokens.observed;
    const part = partOf(token, index);
    this.#facts.read(token, this.#withAlternatives, index);
    // Nothing throws from here on.
    this.tokens.observed += this.#facts.count;
    if (this.#options.parts.includes(part)) this.#tallies.add(this.#facts);
    else this.tokens.otherParts += this.#facts.count;
  }

  estimates(): Estimate[] {
    return this.#methods.map(({ method, read }) => {
      const { reason, ...reading } = read();
      return {
        method: method.method,
        variant: method.variant(this.#options),
        needs: method.needs,
        ...reading,
        ...(reason !== undefined && { reason: this.#emptied(reason) }),
      };
    });
  }

  /** Where nothing is left, because all of it is of other parts, the reason says so. */
  #emptied(reason: string): string {
    const { observed, otherParts } = this.tokens;
    if (observed === 0 || observed > otherParts) return reason;
    return `None of ${observed} tokens is part of the ${this.#options.parts.join(" or ")}: see parts.`;
  }
}
