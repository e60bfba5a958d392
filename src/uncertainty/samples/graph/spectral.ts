/** Samples as a graph whose edges are their similarities (Lin, Trivedi & Sun 2024, "Generating with confidence", TMLR). */
import { invalidArgument } from "../../../core/index.ts";
import type { PeerScore } from "../../estimator.ts";
import { type ComparingEstimator, cannotSay, defineEstimator, type Said } from "../estimator-of-samples.ts";
import { asksOf, PairMatrix, preparePairs } from "../similarity/pairs.ts";
import type { TextSimilarity } from "../similarity/similarity.ts";
import { type Eigen, symmetricEigen } from "./eigen.ts";

/** Options of the estimators on the graph of similarities. */
export interface GraphOptions {
  similarity: TextSimilarity;
}

/** Options of `degreeMatrix`. */
export interface DegreeOptions extends GraphOptions {
  /** "uq-nlg": the mean over samples of Σ (1 - similarity), which is n times as much. */
  as?: "uq-nlg" | undefined;
}

/**
 * Degree matrix: trace(n·I - D) / n² = 1 - ΣΣ W / n², 0 ... 1 - 1/n. The diagonal is counted, so it grows with the number of
 * samples for answers that are all different; `pairwiseDisagreement` does not. lm-polygraph's DegMat.
 */
export function degreeMatrix({ similarity, as: peer }: DegreeOptions): ComparingEstimator {
  const variant = `degree matrix, ${similarity.name}${peer ? ", as in uq-nlg" : ""}`;
  return onGraph("degree-matrix", variant, similarity, (matrix, n) => {
    const mean = 1 - matrix.reduce((sum, value) => sum + value, 0) / (n * n);
    const said = { uncertainty: Math.max(0, mean), confidence: Math.min(1, 1 - mean) };
    return peer ? { uncertainty: n * mean, peer: uqNlg("degree", n * mean) } : said;
  });
}

const uqNlg = (name: string, value: number): PeerScore => ({
  library: "UQ-NLG ecaea91",
  name,
  value,
  higher: "more uncertain",
});

/**
 * Sum of the eigenvalues of the graph's Laplacian, Σ max(0, 1 - λ) over I - D^-½ W D^-½: a number of semantic sets that need
 * not be whole, 1 ... n. lm-polygraph's EigValLaplacian, UQ-NLG's spectral_eigv_clip.
 */
export function laplacianEigenvalues({ similarity }: GraphOptions): ComparingEstimator {
  const variant = `sum of Laplacian eigenvalues, ${similarity.name}`;
  return onGraph("laplacian-eigenvalues", variant, similarity, (matrix, n) => {
    const eigen = laplacianEigen(matrix, n);
    if (eigen === null) return cannotSay(NO_EDGE);
    return { uncertainty: eigen.values.reduce((sum, value) => sum + Math.max(0, 1 - value), 0) };
  });
}

/** Options of `eccentricity`. */
export interface EccentricityOptions extends GraphOptions {
  /** Eigenvectors with eigenvalues below this are kept. Default 0.9. */
  threshold?: number | undefined;
}

/**
 * Eccentricity: how far apart the samples lie in the space of the Laplacian's first eigenvectors, ‖V - mean V‖ (Frobenius). 0 ... √n.
 * lm-polygraph and UQ-NLG sum it in another order, to the same number.
 */
export function eccentricity({ similarity, threshold = 0.9 }: EccentricityOptions): ComparingEstimator {
  if (!(threshold > 0 && threshold <= 2))
    throw invalidArgument(
      `No eigenvalue is kept below ${threshold}`,
      "threshold",
      "Give more than 0, at most 2: the eigenvalues lie there.",
    );
  const limit = threshold === 0.9 ? "" : `, eigenvalues below ${threshold}`;
  return onGraph("eccentricity", `eccentricity, ${similarity.name}${limit}`, similarity, (matrix, n) => {
    const eigen = laplacianEigen(matrix, n);
    if (eigen === null) return cannotSay(NO_EDGE);
    // Of a vector of length 1, ‖v - mean v‖² = 1 - (Σ v)² / n.
    let squares = 0;
    for (const [k, vector] of eigen.vectors.entries())
      if (eigen.values[k]! < threshold)
        squares += Math.max(0, 1 - vector.reduce((sum, value) => sum + value, 0) ** 2 / n);
    return { uncertainty: Math.sqrt(squares) };
  });
}

const NO_EDGE = "A sample is like no sample, not even itself, so the graph has no Laplacian.";

/** Eigenvalues of I - D^-½ W D^-½; `null` where a sample has no edge. */
function laplacianEigen(matrix: Float64Array, n: number): Eigen | null {
  const roots = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let degree = 0;
    for (let j = 0; j < n; j++) degree += matrix[i * n + j]!;
    if (degree <= 0) return null;
    roots[i] = Math.sqrt(degree);
  }
  const laplacian = matrix.map((value, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return (i === j ? 1 : 0) - value / (roots[i]! * roots[j]!);
  });
  return symmetricEigen(laplacian, n);
}

function onGraph(
  method: string,
  variant: string,
  similarity: TextSimilarity,
  say: (matrix: Float64Array, n: number) => Said,
): ComparingEstimator {
  return defineEstimator({
    method,
    variant,
    needs: ["samples", ...similarity.needs],
    least: 2,
    prepare: preparePairs(similarity),
    asks: asksOf(similarity),
    begin() {
      const pairs = new PairMatrix(similarity);
      return {
        add: ({ text }) => pairs.add(text),
        say: () => say(pairs.matrix(), pairs.size),
      };
    },
  });
}
