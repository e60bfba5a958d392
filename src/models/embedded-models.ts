/** The models in the models/ folder, as they are published. Written by scripts/describe-models.mjs; do not edit. */

export interface EmbeddedModel {
  /** Name of the model; its file is models/NAME.gguf. */
  name: string;
  /** Size of the file, bytes. */
  bytes: number;
  /** sha256 of the file, lower-case hex. */
  sha256: string;
  /** ln p(continuation | context), nats, with the engine's own settings. */
  recordings: readonly { context: string; continuation: string; logprob: number }[];
}

export const EMBEDDED_MODELS: readonly EmbeddedModel[] = [
  {
    name: "mini",
    bytes: 7532320,
    sha256: "c06c58642d52c42102bb47b847812e37ca699715eab500a27ab72f18b1cfe552",
    recordings: [
      { context: "Once upon a time", continuation: " there was a little girl", logprob: -19.1486 },
      { context: "The king and the", continuation: " queen", logprob: -7.0612 },
      { context: "He opened the door and", continuation: " went into the house.\n", logprob: -9.714 },
    ],
  },
  {
    name: "lab",
    bytes: 2593120,
    sha256: "6abc3d9e7ec7c8f8de9a3bd6edaac4dc27c25f58a11537831aba9f00129c337f",
    recordings: [
      { context: "Calculate 31 + 46.\nAnswer directly.\nAnswer:", continuation: " 77", logprob: -0.0017 },
      { context: "Calculate 31 + 46.\n", continuation: "Think step by step.\n", logprob: -56.3631 },
      {
        context: "Solve 3*r + 4 = 10 for r.\nAnswer directly.\nAnswer:",
        continuation: " 2",
        logprob: -0.0084,
      },
    ],
  },
];
