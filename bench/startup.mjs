/**
 * From pressing return to the first running perplexity on the screen, for one page of text (Linux: uses `script`), and
 * to the end of the whole command for a short text and the model that is shipped.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readText, row, send, smollm2 } from "./_shared.mjs";

const PAGE = 3_000; // bytes
const SHORT = "Once upon a time there was a king who had three daughters.";
const model = await smollm2("Q8_0");
const folder = mkdtempSync(join(tmpdir(), "surprisal-bench-"));
const page = join(folder, "page.txt");
writeFileSync(page, readText(PAGE));
const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const first = [];
const whole = [];
for (let i = 0; i < 5; i++) {
  first.push(await firstPerplexity());
  whole.push(wholeCommand());
}
rmSync(folder, { recursive: true });
send([
  median("first running perplexity on the screen, one page, SmolLM2 Q8_0, ms", first),
  median("surprisal score --text, the shipped model, from start to end, ms", whole),
]);

function median(figure, samples) {
  samples.sort((a, b) => a - b);
  return row(figure, samples[2], "<=", 1000, `of 5: ${samples.map((ms) => ms.toFixed(0)).join(", ")}`);
}

/** Milliseconds of a command that needs nothing but the package. */
function wholeCommand() {
  const start = performance.now();
  const env = { ...process.env, SURPRISAL_OFFLINE: "1", HOME: folder };
  execFileSync(process.execPath, [cli, "score", "--text", SHORT], { env });
  return performance.now() - start;
}

/** Milliseconds until the terminal shows a perplexity. */
function firstPerplexity() {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const command = `"${process.execPath}" "${cli}" score "${page}" --model "${model}" --threads 2`;
    const child = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["ignore", "pipe", "inherit"] });
    let screen = "";
    let first = null;
    child.stdout.on("data", (chunk) => {
      screen += chunk;
      if (first === null && /perplexity\D*\d/i.test(screen)) first = performance.now() - start;
    });
    child.on("error", reject);
    child.on("close", () =>
      first === null ? reject(new Error(`no perplexity on the screen:\n${screen}`)) : resolve(first),
    );
  });
}
