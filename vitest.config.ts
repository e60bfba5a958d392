import { availableParallelism } from "node:os";
import { defineConfig, type ViteUserConfigFnObject } from "vitest/config";
import { SLOWEST, SlowestFirst } from "./test/slowest-first.ts";

/** Tests that run a real model, or the built command, are named *.model.test.ts. */
const MODEL_TESTS = "**/*.model.test.ts";
const UNIT_TESTS = ["src/**/*.test.ts", "test/**/*.test.ts"];
/** They measure the memory of their process, so they have one of their own. */
const MEMORY_TESTS = [
  "src/evaluate/corpora/memory.test.ts",
  "src/charts/charts.test.ts",
  "src/net/request.test.ts",
  "test/wire/many-streams.test.ts",
];

/**
 * They compare numbers of quantised weights with other tools', so they ask for portable kernels: in processes of their
 * own, because one process holds one build of llama.cpp's CPU code. A build that has AMX and is forced on all tests
 * (SURPRISAL_CPU_BUILD, scripts/test-cpu-builds.mjs) is not forced on these.
 */
const GOLDEN_TESTS = [
  "test/docs.model.test.ts",
  "test/recipes.model.test.ts",
  "src/models/llama/golden.model.test.ts",
  "src/evaluate/compare/golden.model.test.ts",
];
/** A test that runs a model of 135M parameters takes half a minute here alone, and several times that on a busy machine. */
const MODEL_PATIENCE = 300_000;
const WITH_AMX = ["sapphirerapids"];
const forced = process.env.SURPRISAL_CPU_BUILD ?? "";

/** Hostile input, made by the hundred: `npm run test:attack`. */
const ATTACKS = {
  extends: true as const,
  test: { name: "attack", isolate: true, include: ["test/attack/*.attack.ts"] },
};

const config: ViteUserConfigFnObject = defineConfig(({ mode }) => ({
  test: {
    // One more file than there are cores: some only wait, for Redis, a browser, or a process that they have started.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: SlowestFirst },
    reporters: ["default", "./test/summary-reporter.ts"],
    setupFiles: "test/properties.ts",
    unstubEnvs: true, // no test sets what another one reads
    testTimeout: 120_000,
    hookTimeout: 120_000,
    isolate: false, // modules are loaded once for all files of a worker: a fifth of the time
    projects:
      mode === "attack"
        ? [ATTACKS]
        : [
            {
              extends: true,
              test: {
                name: "unit",
                include: UNIT_TESTS,
                exclude: [MODEL_TESTS, ...MEMORY_TESTS, ...(mode === "quick" ? SLOWEST : [])],
                ...(mode === "quick" && { env: { PROPERTY_RUNS: "20" } }),
              },
            },
            { extends: true, test: { name: "unit-memory", isolate: true, include: MEMORY_TESTS } },
            {
              extends: true,
              test: {
                name: "model",
                testTimeout: MODEL_PATIENCE,
                include: [`src/${MODEL_TESTS}`, `test/${MODEL_TESTS}`],
                exclude: GOLDEN_TESTS,
              },
            },
            {
              extends: true,
              test: {
                name: "model-golden",
                testTimeout: MODEL_PATIENCE,
                include: GOLDEN_TESTS,
                env: { SURPRISAL_CPU_BUILD: WITH_AMX.includes(forced) ? "" : forced },
              },
            },
          ],
  },
}));
export default config;
