/**
 * All methods of this room by name: what each needs and costs. The command `surprisal confidence` and its list are made from this.
 *
 * A name is that of the method, and behind a slash what tells it from the method's usual variant: "semantic-entropy/rao".
 */
import { invalidArgument } from "../core/index.ts";
import { nearestNames } from "../text/index.ts";
import {
  type AskingMethod,
  introspective,
  linguistic,
  NUMBER_WORDINGS,
  type NumberWordingName,
  P_TRUE_VARIANTS,
  pTrue,
  repeated,
  topGuesses,
  verbalised,
} from "./asking/index.ts";
import type { Need } from "./estimator.ts";
import { ONE_PASS_METHODS, PEER_SCORES } from "./one-pass/index.ts";
import { SAMPLE_METHODS, type SampleMethod } from "./sample-methods.ts";

/**
 * - "one-pass": reads the tokens of the answer; costs nothing beside it
 * - "samples": compares further answers to the same question
 * - "asking": asks the model about its answer
 * - "peers": numbers of other libraries made from one pass
 */
export type MethodFamily = "one-pass" | "samples" | "asking" | "peers";

/** In the order of the list. */
export const METHOD_FAMILIES: readonly MethodFamily[] = ["one-pass", "samples", "asking", "peers"];

/** What every method says of itself. */
interface NamedMethod {
  readonly name: string;
  readonly variant: string;
  readonly needs: readonly Need[];
}

/** A method of any family, ready to be used. */
export type ConfidenceMethod = NamedMethod &
  (
    | { readonly family: "one-pass" | "peers" }
    | { readonly family: "samples"; readonly sample: SampleMethod }
    | { readonly family: "asking"; readonly asking: AskingMethod }
  );

/** What one answer costs by a method, beside the answer, before anything is run. */
export interface MethodPrice {
  /** Samples to draw, which all methods that need them share. */
  samples: number;
  /** Requests to the model about the answer, and the most tokens that they write. */
  calls: number;
  tokensWritten: number | null;
  /** Ordered pairs of texts that a judge is asked about, and texts that are embedded, at most; `null`: it depends on the answer. */
  pairsJudged: number | null;
  textsEmbedded: number | null;
}

const asking = (name: string, method: AskingMethod): ConfidenceMethod => ({
  name,
  family: "asking",
  variant: method.variant,
  needs: method.needs,
  asking: method,
});

const wordings = (Object.keys(NUMBER_WORDINGS) as NumberWordingName[]).filter(
  (name) => name !== "confidence-en",
);

/** All of them, family by family. */
export const CONFIDENCE_METHODS: readonly ConfidenceMethod[] = [
  ...ONE_PASS_METHODS.map(
    ({ method, variant, needs }): ConfidenceMethod => ({ name: method, family: "one-pass", variant, needs }),
  ),
  ...SAMPLE_METHODS.map((sample): ConfidenceMethod => {
    const { name, variant, needs } = sample;
    return { name, family: "samples", variant, needs, sample };
  }),
  asking("verbalised", verbalised()),
  ...wordings.map((wording) => asking(`verbalised/${wording}`, verbalised({ wording }))),
  asking("verbalised/repeated", repeated(verbalised())),
  asking("linguistic", linguistic()),
  asking("linguistic/zh", linguistic({ wording: "linguistic-zh" })),
  asking("top-guesses", topGuesses()),
  asking("introspective", introspective()),
  asking("introspective/zh", introspective({ wording: "review-zh" })),
  asking("p-true", pTrue()),
  ...P_TRUE_VARIANTS.filter((variant) => variant !== "normalised").map((variant) =>
    asking(`p-true/${variant}`, pTrue({ variant })),
  ),
  ...PEER_SCORES.map(
    ({ method, variant, needs }): ConfidenceMethod => ({ name: method, family: "peers", variant, needs }),
  ),
];

/**
 * Methods by their names, and by names of families; "all" is all but those of other libraries.
 * @returns in the order of the list, each once.
 * @throws SurprisalError INVALID_ARGUMENT for another name, with those that it comes near to.
 */
export function selectMethods(names: readonly string[], where = "methods"): ConfidenceMethod[] {
  const chosen = new Set<ConfidenceMethod>();
  for (const name of names) {
    const found = CONFIDENCE_METHODS.filter((method) =>
      name === "all" ? method.family !== "peers" : method.name === name || method.family === name,
    );
    if (found.length === 0) throw unknownMethod(name, where);
    for (const method of found) chosen.add(method);
  }
  if (chosen.size === 0) throw invalidArgument("No method is named", where, "Name one or more.");
  return CONFIDENCE_METHODS.filter((method) => chosen.has(method));
}

function unknownMethod(name: string, where: string): Error {
  const names = ["all", ...METHOD_FAMILIES, ...CONFIDENCE_METHODS.map((method) => method.name)];
  const near = nearestNames(name, names).slice(0, 3);
  return invalidArgument(
    `There is no method ${JSON.stringify(name)}`,
    where,
    `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}Give all, a family (${METHOD_FAMILIES.join(", ")}) or names of the list.`,
  );
}

/**
 * What one answer costs by a method, at most, beside the answer itself.
 * @param samples further answers to the same question.
 */
export async function priceOfMethod(method: ConfidenceMethod, samples: number): Promise<MethodPrice> {
  const free: MethodPrice = { samples: 0, calls: 0, tokensWritten: 0, pairsJudged: 0, textsEmbedded: 0 };
  if (method.family === "samples") {
    const { tool, asks } = method.sample;
    return {
      ...free,
      samples,
      pairsJudged: tool === "entailment" ? asks(samples) : 0,
      textsEmbedded: tool === "embeddings" ? asks(samples) : 0,
    };
  }
  if (method.family !== "asking") return free;
  const { calls, tokensWritten } = await method.asking.price({ question: "?", answer: "?" });
  return { ...free, calls, tokensWritten };
}
