/**
 * `npm run test:cpu-builds [-- BUILD ...] [-- VITEST OPTIONS]`: the model tests with each build of llama.cpp's CPU code
 * that this CPU can run, forced one after another; it says which ones it cannot.
 *
 * By default sapphirerapids (AMX), zen4, icelake and haswell. `all`: every one there is.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { loadLlamaLibrary } from "../dist/models/index.js";

const DEFAULT = ["sapphirerapids", "zen4", "icelake", "haswell"];
const given = process.argv.slice(2);
const split = given.includes("--") ? given.indexOf("--") : given.length;
const names = given.slice(0, split);
const options = given.slice(split + 1);

const builds = loadLlamaLibrary({ cpuBuild: undefined }).cpuBuilds;
const wanted = names.length === 0 ? DEFAULT : names[0] === "all" ? builds.map(({ name }) => name) : names;
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const results = wanted.map((name) => {
  const build = builds.find((each) => each.name === name);
  if (!build) return `${name}: there is no such build`;
  if (build.score === 0) return `${name}: not tried, this CPU cannot run it`;
  console.log(`\n=== SURPRISAL_CPU_BUILD=${name}\n`);
  const { status } = spawnSync(process.execPath, [vitest, "run", "--project=model*", ...options], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: { ...process.env, SURPRISAL_CPU_BUILD: name },
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
  return `${name}: ${status === 0 ? "passed" : "FAILED"}`;
});
console.log(`\n${results.join("\n")}`);
