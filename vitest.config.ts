import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Tests that run a real model, or the built command, are named *.model.test.ts. */
const MODEL_TESTS = "**/*.model.test.ts";

const config: ViteUserConfig = defineConfig({
  test: {
    // Two cores: test files that run a model would only take the processor from each other.
    fileParallelism: false,
    setupFiles: "test/properties.ts",
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: ["src/**/*.test.ts", "test/**/*.test.ts"], exclude: [MODEL_TESTS] },
      },
      { extends: true, test: { name: "model", include: [`src/${MODEL_TESTS}`, `test/${MODEL_TESTS}`] } },
    ],
  },
});
export default config;
