/** Eigenvalues of small symmetric matrices. */

/** Eigenvalues, smallest first, and a vector for each. */
export interface Eigen {
  /** [n] */
  values: Float64Array;
  /** [n][n] orthonormal, in the order of the values. */
  vectors: Float64Array[];
}

const MOST_SWEEPS = 60;

/**
 * Jacobi's method with cyclic sweeps (Golub & Van Loan, "Matrix Computations", 8.5): every off-diagonal element is rotated
 * away in turn until nothing is left. For the sizes that samples have, up to a few hundred, it is as exact as LAPACK and
 * takes 60 lines instead of a library.
 * @param matrix [n·n] symmetric; it is not changed
 */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const a = Float64Array.from(matrix);
  const v = Array.from({ length: n }, (_, i) => {
    const row = new Float64Array(n);
    row[i] = 1;
    return row;
  });
  const size = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));
  const tiny = (size * 1e-17) / Math.max(1, n); // so small elements together are below what is stopped at
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p * n + q]! ** 2;
    if (Math.sqrt(off) <= size * 1e-16) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q, tiny);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((x, y) => a[x * n + x]! - a[y * n + y]!);
  return {
    values: Float64Array.from(order, (i) => a[i * n + i]!),
    vectors: order.map((i) => v[i]!),
  };
}

/** Makes a[p][q] zero; rows of v become the eigenvectors. */
function rotate(
  a: Float64Array,
  v: readonly Float64Array[],
  n: number,
  p: number,
  q: number,
  tiny: number,
): void {
  const apq = a[p * n + q]!;
  if (Math.abs(apq) <= tiny) return;
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const [x, y] = [a[k * n + p]!, a[k * n + q]!];
    a[k * n + p] = c * x - s * y;
    a[k * n + q] = s * x + c * y;
  }
  for (let k = 0; k < n; k++) {
    const [x, y] = [a[p * n + k]!, a[q * n + k]!];
    a[p * n + k] = c * x - s * y;
    a[q * n + k] = s * x + c * y;
  }
  a[p * n + q] = 0;
  a[q * n + p] = 0;
  const [vp, vq] = [v[p]!, v[q]!];
  for (let k = 0; k < n; k++) {
    const [x, y] = [vp[k]!, vq[k]!];
    vp[k] = c * x - s * y;
    vq[k] = s * x + c * y;
  }
}
