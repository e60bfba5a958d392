/**
 * CAR: keep the short answer where the model was sure of it, and have it reason where it was not.
 *
 *     const router = car.fit(await readRecords("records.jsonl"), { goal: { kind: "risk", risk: 0.05 } });
 *     const { text, path, decision } = await router.run(model, "What is 17 + 25?");
 */
import type { RouteRecord, RouteRecords } from "../records.ts";
import type { CarArtefact } from "./artefact.ts";
import { type CarFitOptions, fitCar } from "./fit.ts";
import { CarRouter } from "./router.ts";

export { gaussianBoundaries as boundaries } from "./gaussians.ts";
export { recordCar as record } from "./record.ts";
export { carPrompt as prompt } from "./run.ts";

/**
 * Fits a router to records of questions with their short and long answers: see `CarFitOptions`. Its `artefact` is what
 * `saveRouter` keeps.
 * @throws SurprisalError CALIBRATION_TOO_SMALL naming what is missing; INVALID_ARGUMENT.
 */
export function fit(records: RouteRecords | readonly RouteRecord[], options?: CarFitOptions): CarRouter {
  return new CarRouter(fitCar(records, options));
}

/** A router of an artefact that `loadRouter` has read. */
export function from(artefact: CarArtefact): CarRouter {
  return new CarRouter(artefact);
}
