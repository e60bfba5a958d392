/**
 * Pulls SmolLM2, once, for the tests that compare with numbers other tools gave with it. Tests themselves use no
 * network, and all others use mini, which is a part of the package; without SmolLM2 its tests skip, and say so.
 * `SURPRISAL_REQUIRE_MODELS=1` (CI) makes a missing model an error.
 */
import { locate } from "../dist/models/index.js";

try {
  const { path, bytes } = await locate("smollm2", { onMessage: (message) => console.error(message) });
  console.log(`smollm2: ${path} (${bytes} bytes)`);
} catch (error) {
  console.error(`smollm2 cannot be had, its tests will be skipped:\n${error.message}`);
  if (process.env.SURPRISAL_REQUIRE_MODELS) process.exitCode = 1;
}
