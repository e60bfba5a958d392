/**
 * Runs the property tests with cases that no run has seen: npm run test:properties -- [rounds] [pattern of file names].
 * Ends with code 1 at the first failure and says how to repeat it.
 */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [rounds = "10", pattern = ""] = process.argv.slice(2);
const files = ["src", "test"]
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
  .filter((file) => file.endsWith(".test.ts") && file.includes(pattern))
  .filter((file) => readFileSync(file, "utf8").includes('from "fast-check"'));
for (let round = 1; round <= Number(rounds); round++) {
  const seed = String(randomInt(2 ** 31));
  console.log(`round ${round} of ${rounds}: PROPERTY_SEED=${seed}`);
  const { status, stdout } = spawnSync("npx", ["vitest", "run", "--reporter=dot", ...files], {
    encoding: "utf8",
    env: { ...process.env, PROPERTY_SEED: seed },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status === 0) continue;
  console.log(
    `${stdout}\nAgain: PROPERTY_SEED=${seed} npx vitest run ${files.length > 3 ? "<file>" : files.join(" ")}`,
  );
  process.exit(1);
}
