/**
 * Scoring a few tokens of a known model and comparing with recorded numbers: proof that library, struct layouts,
 * kernel and model file work together on this machine.
 */
import { SurprisalError } from "../../core/index.ts";
import { EMBEDDED_MODELS } from "../embedded-models.ts";
import { kernelsOf } from "../kernels.ts";
import type { LanguageModel } from "../language-model.ts";

interface Recording {
  context: string;
  continuation: string;
  /** ln p(continuation | context), nats. */
  logprob: number;
}

/**
 * Largest difference, nats. With the kernels of the recording: what the shape of a batch causes. With others (AMX, AVX2,
 * arm64, a GPU) every token of quantised weights moves by about 0.1 (standard deviation; up to 0.6 was seen between
 * haswell and zen4 with SmolLM2 in Q8_0, 0.2 with AMX in Q4_1), and the sum over n tokens by sqrt(n) times that. What does
 * not work right (a struct one field off, a kernel of another format) is off by whole nats.
 */
const SAME_KERNELS = 0.1;
const OTHER_KERNELS = 0.6;
/** All recordings were made with them. */
const RECORDED = "avx512";

/**
 * By sha256 of the model file. SmolLM2's were recorded with llama.cpp 0.5.0 on an AVX-512 CPU; each agrees with
 * transformers 5.23.0 on the same weights in float32 within what 4-bit activations lose. Those of our own models are
 * recorded with their weights (scripts/describe-models.mjs), which a test compares with PyTorch's numbers.
 */
const RECORDINGS: Readonly<Record<string, readonly Recording[]>> = {
  ...Object.fromEntries(EMBEDDED_MODELS.map(({ sha256, recordings }) => [sha256, recordings])),
  b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53: [
    { context: "The capital of France is", continuation: " Paris", logprob: -0.2486 },
    { context: "The capital of France is", continuation: " London", logprob: -4.3539 },
    { context: "2 + 2 =", continuation: " 4", logprob: -2.4061 },
    { context: "Once upon a time", continuation: " there was a little girl", logprob: -11.3152 },
  ],
};

/** What a self-test found. */
export interface SelfTest {
  /** Tokens scored. */
  tokens: number;
  /** Largest difference from a recorded number, nats; `null` when nothing is recorded for this model file. */
  largestDifference: number | null;
}

/** Scored with a model that nothing is recorded of: at least the numbers must be log-probabilities. */
const ANY_MODEL: readonly Recording[] = [
  { context: "Once upon a time", continuation: " there was a", logprob: Number.NaN },
];

/**
 * Scores a short text and compares the numbers with those recorded for this model file, as `surprisal doctor` does.
 * @throws SurprisalError SELF_TEST_FAILED naming what was expected and what came.
 */
export async function selfTest(model: LanguageModel): Promise<SelfTest> {
  const recordings = RECORDINGS[model.identity.sha256 ?? ""];
  let tokens = 0;
  let largestDifference = 0;
  for await (const { index, logprob, tokens: table } of model.score(recordings ?? ANY_MODEL)) {
    const { context, continuation, logprob: expected } = (recordings ?? ANY_MODEL)[index]!;
    const difference = Math.abs((logprob ?? Number.NaN) - expected);
    tokens += table.length;
    const tolerance =
      kernelsOf(model.settings) === RECORDED ? SAME_KERNELS : OTHER_KERNELS * Math.sqrt(table.length);
    largestDifference = Math.max(largestDifference, difference);
    if (recordings ? difference <= tolerance : logprob !== null && logprob < 0 && Number.isFinite(logprob))
      continue;
    throw new SurprisalError({
      code: "SELF_TEST_FAILED",
      what: `ln p("${continuation}" | "${context}") is ${logprob}, ${recordings ? `recorded is ${expected}` : "which is no log-probability of a text"}`,
      where: model.identity.name,
      wayOut:
        "The native library does not work right here. Unset SURPRISAL_LLAMA_LIB, reinstall, and report the output of `surprisal doctor --json`.",
    });
  }
  return { tokens, largestDifference: recordings ? largestDifference : null };
}
