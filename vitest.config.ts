import { availableParallelism } from "node:os";
import { defineConfig, type ViteUserConfigFnObject } from "vitest/config";
import { SLOWEST, SlowestFirst } from "./test/slowest-first.ts";

/** Tests that run a real model, or the built command, are named *.model.test.ts. */
const MODEL_TESTS = "**/*.model.test.ts";

const config: ViteUserConfigFnObject = defineConfig(({ mode }) => ({
  test: {
    // One more file than there are cores: some only wait, for Redis, a browser, or a process that they have started.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: SlowestFirst },
    reporters: ["default", "./test/summary-reporter.ts"],
    setupFiles: "test/properties.ts",
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          isolate: false, // modules are loaded once: a fifth of the time
          include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: [MODEL_TESTS, ...(mode === "quick" ? SLOWEST : [])],
          ...(mode === "quick" && { env: { PROPERTY_RUNS: "20" } }),
        },
      },
      { extends: true, test: { name: "model", include: [`src/${MODEL_TESTS}`, `test/${MODEL_TESTS}`] } },
    ],
  },
}));
export default config;
