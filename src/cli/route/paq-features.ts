/** What a PAQ router knows of a prompt, by what a person said. */
import { SurprisalError } from "../../core/index.ts";
import { DEFAULT_EMBEDDING_MODEL } from "../../models/index.ts";
import { type PaqArtefact, type PaqFeatures, PaqRouter, paq } from "../../route/index.ts";
import { openEncoder } from "../load-options.ts";
import { type Declared, oneOf, option, type Parameter, text, wholeNumber } from "../parameters.ts";
import { ACCEPT_TERMS, QUIET } from "../shared-options.ts";

const FEATURES = ["encoder", "statistics", "encoder+statistics"] as const;

interface FeatureValues {
  embedding: string | undefined;
  threads: number | undefined;
  acceptTerms: boolean;
  quiet: boolean;
}

// biome-ignore format: one option a line
/** Of commands that open an encoder. */
export const ENCODER_OPTIONS: Declared<FeatureValues> = {
  embedding: option(text, { hint: "MODEL", description: `The encoder that reads prompts (default: ${DEFAULT_EMBEDDING_MODEL})` }),
  threads: option(wholeNumber(1, 1024), { hint: "N", description: "Threads of the encoder" }),
  acceptTerms: ACCEPT_TERMS,
  quiet: QUIET,
};

/** What a router goes by. */
export const FEATURES_OPTION: Parameter<(typeof FEATURES)[number] | undefined> = option(oneOf(FEATURES), {
  hint: "KIND",
  description: `What the router goes by: ${FEATURES.join(", ")} (length, digits, code, scripts ...; no model) (default: encoder)`,
});

/** A source of features with the encoder that is to be closed. */
export interface OpenFeatures extends AsyncDisposable {
  features: PaqFeatures;
}

/** @throws SurprisalError UNSUPPORTED_CAPABILITY for features that the command cannot make; as `openEncoder`. */
export async function openFeatures(name: string, given: FeatureValues): Promise<OpenFeatures> {
  const names = name.split("+");
  const unknown = names.find((each) => each !== "encoder" && each !== "statistics");
  if (unknown !== undefined)
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: `The router goes by "${unknown}", which the command cannot make`,
      where: "features",
      wayOut: "Use it in a program, with the features it was fitted with: new PaqRouter(artefact, features).",
    });
  const encoder = names.includes("encoder")
    ? await openEncoder({ ...given, embedding: given.embedding ?? DEFAULT_EMBEDDING_MODEL })
    : null;
  const sources = names.map((each) => (each === "encoder" ? paq.encoder(encoder!) : paq.statistics()));
  return {
    features: sources.length === 1 ? sources[0]! : paq.joined(sources),
    async [Symbol.asyncDispose]() {
      await encoder?.[Symbol.asyncDispose]();
    },
  };
}

/** A router with its features, ready to decide; what it holds is to be disposed of. */
export async function openRouter(
  artefact: PaqArtefact,
  given: FeatureValues,
): Promise<AsyncDisposable & { router: PaqRouter }> {
  const opened = await openFeatures(artefact.features.name, given);
  try {
    return {
      router: new PaqRouter(artefact, opened.features),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}
