/**
 * CAR: keep the short answer where the model was sure of it, and have it reason where it was not.
 *
 *     const router = car.fit(await readRecords("records.jsonl"), { goal: { kind: "risk", risk: 0.05 } });
 *     const { text, path, decision } = await router.run(model, "What is 17 + 25?");
 */
import type { RouteRecord, RouteRecords } from "../records.ts";
import type { CarArtefact, CarInstructions } from "./artefact.ts";
import { type CarFitOptions, fitCar } from "./fit.ts";
import { gaussianBoundaries } from "./gaussians.ts";
import { recordCar } from "./record.ts";
import { CarRouter } from "./router.ts";
import { CAR_INSTRUCTIONS, carPrompt } from "./run.ts";

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

/** Where the two Gaussians of a faithful router meet: none to two signals, ascending. */
export const boundaries: typeof gaussianBoundaries = gaussianBoundaries;

/** Has a model write both answers to a question, whatever a router would decide: a record. */
export const record: typeof recordCar = recordCar;

/** The prompt of a path: the question first and the instruction last. */
export const prompt: typeof carPrompt = carPrompt;

/** The instructions of the paper, which are asked with unless others are given. */
export const INSTRUCTIONS: Readonly<CarInstructions> = CAR_INSTRUCTIONS;
