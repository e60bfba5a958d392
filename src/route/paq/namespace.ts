/**
 * PAQ: the fewest bits that are enough for a prompt.
 *
 *     await using encoder = await resolveEmbedding("minilm");
 *     const router = await paq.fit(await readRecords("labels.jsonl"), paq.encoder(encoder), { goal: { kind: "risk", risk: 0.1 } });
 *     const { level, reason } = await router.decide("What is the capital of France?");
 */
import type { RouteRecord, RouteRecords } from "../records.ts";
import { PAQ_RECONSTRUCTIONS, type PaqArtefact } from "./artefact.ts";
import {
  encoderFeatures,
  joinedFeatures,
  type PaqFeatures,
  STATISTICS as STATISTICS_NAMES,
  statisticsFeatures,
} from "./features/index.ts";
import { crossFit as crossFitTable, fitTable as fitTableTo, type PaqFitOptions } from "./fit.ts";
import {
  chooseTau as chooseTauBy,
  isAdequate as isAdequateAt,
  labelOf as labelAtTau,
  TAUS as TAUS_TRIED,
} from "./labels.ts";
import { PaqRouter } from "./router.ts";
import { type PaqTableOptions, paqTable } from "./table.ts";

/**
 * Fits a router to records of prompts scored under every level: see `PaqFitOptions`. Its `artefact` is what `saveRouter` keeps.
 * @throws SurprisalError CALIBRATION_TOO_SMALL naming what is missing; EMPTY_INPUT; INVALID_ARGUMENT; what the features throw.
 */
export async function fit(
  records: RouteRecords | readonly RouteRecord[],
  features: PaqFeatures,
  options: PaqFitOptions & PaqTableOptions = {},
): Promise<PaqRouter> {
  const { levels, onProgress, signal, ...fitted } = options;
  return new PaqRouter(
    fitTableTo(await paqTable(records, features, { levels, onProgress, signal }), fitted),
    features,
  );
}

/** A router of an artefact that `loadRouter` has read. */
export function from(artefact: PaqArtefact, features: PaqFeatures): PaqRouter {
  return new PaqRouter(artefact, features);
}

/** Records with the vectors of their prompts, made once for many fits. */
export const table: typeof paqTable = paqTable;

/** Fits a router to a table: `fit` without the wait. */
export const fitTable: typeof fitTableTo = fitTableTo;

/** Decides about every prompt by a router fitted to the other folds alone. */
export const crossFit: typeof crossFitTable = crossFitTable;

/** What an embedding model makes of a prompt. */
export const encoder: typeof encoderFeatures = encoderFeatures;

/** What a prompt looks like, without a model. */
export const statistics: typeof statisticsFeatures = statisticsFeatures;

/** Several sources as one. */
export const joined: typeof joinedFeatures = joinedFeatures;

/** Whether a level is enough for a prompt. */
export const isAdequate: typeof isAdequateAt = isAdequateAt;

/** The smallest level that is enough. */
export const labelOf: typeof labelAtTau = labelAtTau;

/** The largest tolerance with which labels keep the mean quality. */
export const chooseTau: typeof chooseTauBy = chooseTauBy;

/** Tolerances that `chooseTau` tries. */
export const TAUS: readonly number[] = TAUS_TRIED;

/** Names of what `statistics` gives, in their order. */
export const STATISTICS: readonly string[] = STATISTICS_NAMES;

/** What is ours where the paper's text and figures could not be had. */
export const RECONSTRUCTIONS: readonly string[] = PAQ_RECONSTRUCTIONS;
