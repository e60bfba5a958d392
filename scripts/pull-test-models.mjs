/**
 * Pulls the model that the tests run, once. Tests themselves use no network; without the model they skip, and say so.
 * `SURPRISAL_REQUIRE_MODELS=1` (CI) makes a missing model an error.
 */
import { locate } from "../dist/index.js";

try {
  const { path, bytes } = await locate("smollm2", { onMessage: (message) => console.error(message) });
  console.log(`smollm2: ${path} (${bytes} bytes)`);
} catch (error) {
  console.error(`smollm2 cannot be had, its tests will be skipped:\n${error.message}`);
  if (process.env.SURPRISAL_REQUIRE_MODELS) process.exitCode = 1;
}
