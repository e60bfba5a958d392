/**
 * A model of this package as a decision model of the AI SDK 7 (`experimental_decide`, `Experimental_DecisionModelV4` of
 * @ai-sdk/provider 4). The types are our own, as in models/ai-sdk: that they fit theirs, test/ai-sdk.types.test.ts compiles.
 */
import { invalidArgument, SurprisalError } from "../core/index.ts";
import type { LanguageModel } from "../models/index.ts";
import type { Decision } from "./answer.ts";
import { type DecideOptions, decide } from "./decide.ts";
import type { Question } from "./question.ts";
import { resolveRule } from "./rule.ts";

/** A question as the AI SDK asks it. */
interface GivenQuestion {
  readonly type: "choice" | "score" | "boolean" | "box";
  readonly instructions?: unknown;
  readonly criteria?: unknown;
}

/** What the AI SDK asks. */
export interface DecisionCall {
  state: readonly { readonly type: string; readonly text?: unknown; readonly value?: unknown }[];
  questions: Readonly<Record<string, GivenQuestion>>;
  abortSignal?: AbortSignal | undefined;
}

/** An answer as the AI SDK takes it; "refusal": it abstains, or the model cannot say. */
export type DecisionAnswer =
  | { type: "choice"; choice: string; probabilities: Record<string, number> }
  | { type: "score"; score: number; probabilities: Record<string, number> }
  | { type: "boolean"; probability: number }
  | { type: "refusal" };

/** Fits `experimental_decide` of ai 7. */
export interface SurprisalDecisionModel {
  readonly specificationVersion: "v4";
  readonly provider: "surprisal";
  readonly modelId: string;
  readonly supportedQuestionTypes: readonly ("choice" | "score" | "boolean")[];
  /** @throws SurprisalError as `decide`; UNSUPPORTED_CAPABILITY for images and files, and questions for boxes. */
  doDecide(call: DecisionCall): Promise<{
    answers: Record<string, DecisionAnswer>;
    usage: { inputTokens?: number; outputTokens: number };
    warnings: { type: "other"; message: string }[];
    /** `surprisal`: by question what the AI SDK has no field for. */
    providerMetadata: { surprisal: Record<string, DecisionMetadata> };
    response: { modelId: string };
  }>;
}

/** What is said of a question besides its answer. */
export type DecisionMetadata = {
  abstained: boolean;
  calibrated: boolean;
  confidence: number | null;
  entropy: number | null;
  margin: number | null;
  optionMass: number | null;
  flipRate: number | null;
};

/**
 * Makes a decision model of the AI SDK 7 of a model that scores texts. Of what is asked, descriptions are shown to the model only where
 * options are listed (`listed`, or the rule "label"); else there is a warning.
 * @param options of `decide`, for all calls.
 */
export function surprisalDecisionModel(
  model: LanguageModel,
  options: Omit<DecideOptions, "signal"> = {},
): SurprisalDecisionModel {
  const modelId = model.identity.name;
  return {
    specificationVersion: "v4",
    provider: "surprisal",
    modelId,
    supportedQuestionTypes: ["choice", "score", "boolean"],
    async doDecide({ state, questions, abortSignal }) {
      const asked = Object.entries(questions).map(([name, question]) => questionOf(name, question));
      const request = {
        state: state.map(partText).join("\n\n"),
        questions: asked.map(({ question }) => question),
      };
      const { decisions, usage, notes } = await decide(model, request, { ...options, signal: abortSignal });
      const tokens = usage.tokensRun ?? usage.tokensAlone;
      const unseen = resolveRule(options).listing === "none" && asked.some(({ described }) => described);
      const warnings = [
        ...notes,
        ...(unseen
          ? ["Descriptions of options are not shown to the model, since options are not listed."]
          : []),
      ];
      return {
        answers: Object.fromEntries(decisions.map((decision) => [decision.name, answerOf(decision)])),
        usage: { ...(tokens !== null && { inputTokens: tokens }), outputTokens: 0 },
        warnings: warnings.map((message) => ({ type: "other" as const, message })),
        providerMetadata: {
          surprisal: Object.fromEntries(decisions.map((decision) => [decision.name, metadataOf(decision)])),
        },
        response: { modelId },
      };
    },
  };
}

function partText({ type, text, value }: DecisionCall["state"][number]): string {
  if (type === "text" && typeof text === "string") return text;
  if (type === "json") return textOf(value);
  throw new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what: `A part of the state is of the type ${JSON.stringify(type)}`,
    where: "state",
    wayOut: "Give texts and JSON: this model reads nothing else.",
  });
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "");

function questionOf(
  name: string,
  { type, instructions, criteria }: GivenQuestion,
): { question: Question; described: boolean } {
  const where = `question ${JSON.stringify(name)}`;
  if (instructions === undefined || instructions === null)
    throw invalidArgument("The question has no instructions", where, "Say what is asked.");
  const asked = { name, instructions: textOf(instructions) };
  const fields = Object.entries(criteria ?? {}).map(([key, value]) => [key, value ?? null] as const);
  const described = fields.some(([, value]) => value !== null);
  switch (type) {
    case "boolean":
      return { question: { type: "predicate", ...asked }, described };
    case "choice": {
      const choices = fields.map(([value, description]) => ({
        value,
        description: description === null ? undefined : textOf(description),
      }));
      return { question: { type: "choice", ...asked, choices }, described };
    }
    case "score":
      return {
        question: {
          type: "score",
          ...asked,
          levels: fields.map(([i, level]) => (level === null ? i : textOf(level))),
        },
        described: false,
      };
    default:
      throw new SurprisalError({
        code: "UNSUPPORTED_CAPABILITY",
        what: `Questions of the type ${JSON.stringify(type)} are not answered`,
        where,
        wayOut: "Ask choice, score or boolean.",
      });
  }
}

function answerOf({ type, choice, abstained, probability, expected, options }: Decision): DecisionAnswer {
  if (abstained || choice === null) return { type: "refusal" };
  if (type === "predicate") return { type: "boolean", probability: probability! };
  const shares = options.map(({ value, probability }, i) => [
    type === "score" ? String(i) : String(value),
    probability!,
  ]);
  const probabilities: Record<string, number> = Object.fromEntries(shares);
  return type === "score"
    ? { type, score: expected!, probabilities }
    : { type, choice: String(choice), probabilities };
}

const metadataOf = (decision: Decision): DecisionMetadata => ({
  abstained: decision.abstained,
  calibrated: decision.calibrated,
  confidence: decision.confidence,
  entropy: decision.entropy,
  margin: decision.margin,
  optionMass: decision.optionMass,
  flipRate: decision.flipRate,
});
