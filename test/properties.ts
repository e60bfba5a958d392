/**
 * The property tests draw the same cases at every run, so that a change is judged by what it changed.
 * `npm run test:properties` draws new ones and names the seed of what it finds: PROPERTY_SEED repeats it.
 */
import { configureGlobal } from "fast-check";

configureGlobal({
  seed: Number(process.env.PROPERTY_SEED ?? 1),
  numRuns: Number(process.env.PROPERTY_RUNS ?? 100), // `npm run test:quick` draws fewer
});
