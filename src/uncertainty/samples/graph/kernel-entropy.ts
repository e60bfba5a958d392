/** Kernel language entropy (Nikitin et al. 2024, NeurIPS). */
import { invalidArgument } from "../../../core/index.ts";
import type { EntailmentProbabilities } from "../../entails.ts";
import { type ComparingEstimator, defineEstimator } from "../estimator-of-samples.ts";
import type { EntailmentTable } from "../similarity/entailment.ts";
import { asksOf, PairMatrix, preparePairs } from "../similarity/pairs.ts";
import type { TextSimilarity } from "../similarity/similarity.ts";
import { symmetricEigen } from "./eigen.ts";

/** Options of `kernelLanguageEntropy`. */
export interface KernelEntropyOptions {
  entailment: EntailmentTable;
  /** How far heat spreads, more than 0. Default 0.3, the paper's. */
  t?: number | undefined;
  /** "nats", or divided by the greatest it can be, ln n: "scaled", 0 ... 1, as lm-polygraph has it. Default "scaled". */
  scale?: "scaled" | "nats" | undefined;
  /** "lm-polygraph": what two samples with the same text are to each other is asked, where a text otherwise entails itself. */
  as?: "lm-polygraph" | undefined;
}

/**
 * Von Neumann entropy of the heat kernel exp(-t·L) of the graph whose edges weigh 1 for entailment, ½ for neutral and 0 for
 * contradiction, both directions added; the kernel's diagonal is made 1/n. lm-polygraph's KernelLanguageEntropy.
 */
export function kernelLanguageEntropy({
  entailment,
  t = 0.3,
  scale = "scaled",
  as: peer,
}: KernelEntropyOptions): ComparingEstimator {
  if (!(t > 0 && t < Infinity))
    throw invalidArgument(`Heat cannot spread for ${t}`, "t", "Give a number of more than 0.");
  // Half of both directions added, so that it is from 0 to 1.
  const weight: TextSimilarity = {
    name: "entailment and half of neutral",
    needs: ["entailment"],
    prepare: (pairs, options) => entailment.prepare(pairs, options),
    open: () => (a, b) => weightOf(entailment.between(a, b), entailment.between(b, a)),
    ...(peer && {
      repeated: (text) => weightOf(entailment.judged(text, text), entailment.judged(text, text)),
    }),
  };
  return defineEstimator({
    method: "kernel-language-entropy",
    variant: `heat kernel, t = ${t}, ${scale === "scaled" ? "scaled by ln n" : "nats"}${peer ? `, repeats asked as in ${peer}` : ""}`,
    needs: ["samples", "entailment"],
    least: 2,
    prepare: preparePairs(weight),
    asks: asksOf(weight),
    begin() {
      const pairs = new PairMatrix(weight);
      return {
        add: ({ text }) => pairs.add(text),
        say() {
          const n = pairs.size;
          const entropy = Math.max(0, heatEntropy(pairs.matrix(), n, t));
          const share = Math.min(1, entropy / Math.log(n));
          return { uncertainty: scale === "scaled" ? share : entropy, confidence: 1 - share };
        },
      };
    },
  });
}

/** Entailment and half of neutral, the mean of both directions. */
const weightOf = (there: EntailmentProbabilities, back: EntailmentProbabilities): number =>
  (2 + there.entailment - there.contradiction + back.entailment - back.contradiction) / 4;

function heatEntropy(matrix: Float64Array, n: number, t: number): number {
  // Weights are summed over both directions, 2 · matrix; the diagonal cancels in L = D - W.
  const laplacian = matrix.map((value) => -2 * value);
  for (let i = 0; i < n; i++) {
    let degree = 0;
    for (let j = 0; j < n; j++) if (j !== i) degree += 2 * matrix[i * n + j]!;
    laplacian[i * n + i] = degree;
  }
  const { values, vectors } = symmetricEigen(laplacian, n);
  const heat = values.map((value) => Math.exp(-t * value));
  const kernel = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += heat[k]! * vectors[k]![i]! * vectors[k]![j]!;
      kernel[i * n + j] = kernel[j * n + i] = sum;
    }
  const roots = Float64Array.from({ length: n }, (_, i) => Math.sqrt(kernel[i * n + i]!));
  const normal = kernel.map((value, at) => value / (roots[Math.floor(at / n)]! * roots[at % n]! * n));
  // lm-polygraph leaves out what is below 1e-8 too; it adds less than 2e-7.
  return symmetricEigen(normal, n).values.reduce(
    (sum, value) => (Math.abs(value) > 1e-8 ? sum - value * Math.log(value) : sum),
    0,
  );
}
