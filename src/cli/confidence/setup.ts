/** From what a person said to what answers are measured with, and to what a file of rows is known by. */
import type { EmbeddingModel, LanguageModel, ModelIdentity } from "../../models/index.ts";
import type { ConfidenceMethod } from "../../uncertainty/index.ts";
import { judgeOf } from "./judge.ts";
import type { Setup } from "./measure.ts";

/** The models that take part; `null`: none does. */
export interface UsedModels {
  model: LanguageModel | null;
  judge: LanguageModel | null;
  encoder: EmbeddingModel | null;
}

/** Options of the command line, checked. */
export interface SetupOptions
  extends Pick<
    Setup,
    "samples" | "maxTokens" | "temperature" | "sampleTemperature" | "seed" | "plain" | "system" | "read"
  > {
  exact: boolean | undefined;
  kernels: string | undefined;
  cacheType: string | undefined;
}

/** @param named what the person named: the judge is asked about every word only for a method that is named. */
export function setupOf(
  given: SetupOptions,
  { model, judge, encoder }: UsedModels,
  methods: readonly ConfidenceMethod[],
  named: readonly string[],
): Setup {
  const { samples, maxTokens, temperature, sampleTemperature, seed, plain, system, read } = given;
  return {
    ...{ model, methods, samples, maxTokens, temperature, sampleTemperature, seed, plain, system, read },
    embed:
      encoder === null
        ? undefined
        : async (texts, options) => (await encoder.embed(texts, options)).map(({ vector }) => vector),
    judge: judge === null ? null : judgeOf(judge),
    judgesClaims:
      judge !== null && (named.includes("claim-conditioned-probability") || named.includes("all")),
  };
}

/** What rows were asked for with: a file is gone on with only under the same. */
export function recipeOf(
  given: SetupOptions,
  { model, judge, encoder }: UsedModels,
  methods: readonly ConfidenceMethod[],
): Record<string, unknown> {
  const { maxTokens, temperature, sampleTemperature, seed, samples, read, system, plain } = given;
  return {
    ...{ maxTokens, temperature, sampleTemperature, seed, samples, read, system },
    prompt: model === null ? undefined : model.capabilities.chat && !plain ? "chat" : "plain",
    methods: methods.map(({ name }) => name).join(","),
    embedding: encoder?.identity.sha256 ?? encoder?.identity.name,
    judge: judge?.identity.sha256 ?? judge?.identity.name,
    ...{ exact: given.exact, kernels: given.kernels, cacheType: given.cacheType },
  };
}

/** What stands in the place of a model where none is run. */
export const NO_MODEL: ModelIdentity = {
  ...{ name: "no model", source: "", sha256: null, architecture: null },
  ...{ parameters: null, quantisation: null, bytes: null },
};
