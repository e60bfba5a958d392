/** CAR: a short answer is kept where the model was sure of it, and reasoned about where it was not. */
export type { CarArtefact, CarExample, CarInstructions, CarRule } from "./artefact.ts";
export { type CarFitOptions, fitCar } from "./fit.ts";
export type { Gaussian, Gaussians } from "./gaussians.ts";
/** CAR: `car.fit(records)`, `router.route(signals)`, `router.run(model, question)`; as published, and our own. */
export * as car from "./namespace.ts";
export type { CarGoal, OperatingPoint } from "./operating-point.ts";
export type { CarRecordOptions } from "./record.ts";
export { type CarCounts, type CarDecision, CarRouter, decideCar } from "./router.ts";
export type { CarAnswer, CarPathOptions, CarPromptOptions, CarRunOptions } from "./run.ts";
