/**
 * Pulls SmolLM2 and MiniLM (its published weights, of which test/minilm.ts makes the smaller file), once, for the tests that compare with numbers other tools gave with them. Tests themselves use no
 * network, and all others use mini, which is a part of the package; without these models their tests skip, and say so.
 * `SURPRISAL_REQUIRE_MODELS=1` (CI) makes a missing model an error.
 */
import { locate } from "../dist/models/index.js";

for (const name of ["smollm2", "minilm-f32"]) {
  try {
    const { path, bytes } = await locate(name, { onMessage: (message) => console.error(message) });
    console.log(`${name}: ${path} (${bytes} bytes)`);
  } catch (error) {
    console.error(`${name} cannot be had, its tests will be skipped:\n${error.message}`);
    if (process.env.SURPRISAL_REQUIRE_MODELS) process.exitCode = 1;
  }
}
