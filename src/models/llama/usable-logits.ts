/** The last guard before a number: logits that no working model gives. */
import { type LogitKernel, SurprisalError } from "../../core/index.ts";

const WAY_OUT =
  'The model file is damaged or its weights overflow; try another quantisation, or cacheType: "f32".';

/**
 * @param kernel that has analysed a row.
 * @throws SurprisalError ENGINE_FAILED when the row holds NaN or +infinity, or is one number throughout: then every token
 *   is as probable as any other, and the perplexity is the vocabulary's size.
 */
export function assertUsable({
  logSumExp,
  entropy,
  row,
}: Pick<LogitKernel, "logSumExp" | "entropy" | "row">): void {
  if (!Number.isFinite(logSumExp))
    throw new SurprisalError({
      code: "ENGINE_FAILED",
      what: `The model's logits are not numbers (${Number.isNaN(logSumExp) ? "NaN" : "infinite"})`,
      wayOut: WAY_OUT,
    });
  if (row.length < 2 || entropy < Math.log(row.length) - 1e-6 || row.some((logit) => logit !== row[0]))
    return;
  throw new SurprisalError({
    code: "ENGINE_FAILED",
    what: "The model's logits are all the same number, so every token would be as probable as any other",
    wayOut: WAY_OUT,
  });
}
