/**
 * Cascades: several models, cheapest first.
 *
 *     const router = cascade.fit(records, { steps: [{ name: "local", price: { written: 0 } }, { name: "server", price: { written: 2e-6 } }] });
 *     const models = [cascade.model("local", local), cascade.model("server", server)];
 *     const { text, model, reason, price } = await router.run(models, "What is 17 + 25?", { budget: 0.001 });
 */
import type { RouteRecord, RouteRecords } from "../records.ts";
import type { CascadeArtefact } from "./artefact.ts";
import { type CascadeFitOptions, fitCascade } from "./fit.ts";
import { recordCascade } from "./record.ts";
import { CascadeRouter, cascadeModel } from "./run.ts";

/**
 * Fits a cascade to records of several models' answers. Its `artefact` is what `saveRouter` keeps.
 * @throws SurprisalError CALIBRATION_TOO_SMALL naming what is missing; INVALID_ARGUMENT.
 */
export function fit(
  records: RouteRecords | readonly RouteRecord[],
  options: CascadeFitOptions,
): CascadeRouter {
  return new CascadeRouter(fitCascade(records, options));
}

/** A cascade of an artefact that `loadRouter` has read. */
export function from(artefact: CascadeArtefact): CascadeRouter {
  return new CascadeRouter(artefact);
}

/** A `LanguageModel`, in process or on a server, as a model of a cascade. */
export const model: typeof cascadeModel = cascadeModel;

/** Asks all models a question, whatever a cascade would decide: a record. */
export const record: typeof recordCascade = recordCascade;
