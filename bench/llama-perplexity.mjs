/**
 * `surprisal score --recipe llama.cpp` against llama-perplexity, whole commands from start to end, in turns.
 *
 * LLAMA_PERPLEXITY is the program, of the same version and with the same kernels. From the sources in node-llama-cpp's
 * llama/gitRelease.bundle, against the packaged libraries (copied to bin/), in seconds:
 *   g++ -std=c++17 -O2 -Icommon -Iinclude -Iggml/include -Ivendor tools/perplexity/{perplexity,main}.cpp -o bin/llama-perplexity \
 *     -Lbin -l:libllama-common.so -l:libllama.v0.5.0.so -l:libggml.v0.5.0.so -l:libggml-base.so -Wl,-rpath,'$ORIGIN'
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readText, row, send, smollm2, THREADS } from "./_shared.mjs";

const program = process.env.LLAMA_PERPLEXITY;
if (!program)
  throw new Error("Set LLAMA_PERPLEXITY to the program; bench/llama-perplexity.mjs says how it is made");
const threads = process.env.THREADS ?? String(THREADS);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "surprisal-bench-"));
const text = join(folder, "text.txt");
writeFileSync(text, readText(Number(process.env.BYTES ?? 24_000)));

const rows = [];
for (const type of (process.env.TYPES ?? "Q8_0,Q4_0").split(",")) {
  const model = await smollm2(type);
  const peers = [];
  const ours = [];
  for (let round = 0; round < ROUNDS; round++) {
    peers.push(timed(program, ["-m", model, "-f", text, "-c", "512", "-t", threads]));
    const options = ["--recipe", "llama.cpp", "--context", "512", "--model", model, "--threads", threads];
    ours.push(timed(process.execPath, [cli, "score", text, "--device", "cpu", ...options]));
  }
  const least = (samples) => Math.min(...samples);
  const median = (samples) => samples.toSorted((a, b) => a - b)[samples.length >> 1];
  rows.push(
    row(
      `the recipe llama.cpp, ${type} : llama-perplexity, whole commands, time`,
      least(ours) / least(peers),
      "<=",
      1.05,
      `${least(ours).toFixed(0)} : ${least(peers).toFixed(0)} ms, the least of ${ROUNDS}; medians ${(median(ours) / median(peers)).toFixed(2)}`,
    ),
  );
}
rmSync(folder, { recursive: true });
send(rows);

function timed(command, args) {
  const start = performance.now();
  execFileSync(command, args, { stdio: "ignore" });
  return performance.now() - start;
}
