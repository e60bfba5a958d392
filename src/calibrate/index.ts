/** Whether a probability means what it says, and how to make it so: measures, calibrators, guarantees, artefacts. */
export * from "./measures/index.ts";
