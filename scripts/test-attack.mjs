/**
 * `npm run test:attack [-- --long] [-- --only NAME,NAME] [-- --seed N] [-- --count N]`: hostile models, run folders, kills,
 * messages, servers and indexes, made from a seed. Prints tried, held, refused, wrong and crashed; ends with 1 where
 * anything is wrong or crashed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    long: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "" },
  },
});

const folder = mkdtempSync(join(tmpdir(), "surprisal-attack-"));
const results = join(folder, "results.jsonl");
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const { status } = spawnSync(process.execPath, [vitest, "run", "--mode", "attack"], {
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  env: {
    ...process.env,
    ATTACK_LONG: values.long ? "1" : "",
    ATTACK_ONLY: values.only,
    ATTACK_SEED: values.seed,
    ATTACK_COUNT: values.count,
    ATTACK_RESULTS: results,
  },
  stdio: "inherit",
});

const COLUMNS = ["tried", "held", "refused", "wrong", "crashed"];
const row = (name, cells) => name.padEnd(20) + cells.map((cell) => `${cell}`.padStart(9)).join("");
console.log(`\n${row(`seed ${values.seed}`, COLUMNS)}`);
const rows = rowsOf(results);
for (const each of rows)
  console.log(
    row(
      each.name,
      COLUMNS.map((column) => each[column]),
    ),
  );
console.log(
  row(
    "all",
    COLUMNS.map((column) => rows.reduce((sum, each) => sum + each[column], 0)),
  ),
);
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;

function rowsOf(file) {
  try {
    return readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  } catch {
    return []; // nothing was tried
  }
}
