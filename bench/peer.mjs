/**
 * The same text through node-llama-cpp's `controlledEvaluate`, which gives next-token log-probabilities too. The peer
 * is installed into bench-peer/ on first use (without its GPU builds), not a dependency.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { planWindows } from "../dist/core/index.js";
import { loadSmollm2, readText, row, runPlan, send, smollm2, THREADS } from "./_shared.mjs";

const VERSION = "3.22.1";
const TOKENS = 1024;
const folder = fileURLToPath(new URL("../bench-peer/", import.meta.url));
if (!existsSync(`${folder}node_modules/node-llama-cpp`)) install();

const ours = await loadSmollm2();
const ids = (await ours.tokenize(readText(10_000))).ids.subarray(0, TOKENS);
const plan = planWindows(TOKENS, { method: "full", context: TOKENS, prefix: null });
await runPlan(ours, ids, plan); // warm-up
const first = await runPlan(ours, ids, plan);
const second = await runPlan(ours, ids, plan);
await ours[Symbol.asyncDispose]();
const peer = await evaluatePeer();
send([
  row(
    "scoring speed against node-llama-cpp's controlledEvaluate",
    peer.ms / Math.min(first.ms, second.ms),
    ">=",
    3,
    `${VERSION}; perplexity ${first.perplexity.toFixed(3)} : ${peer.perplexity.toFixed(3)}`,
  ),
]);
process.exit(0); // the peer keeps the event loop alive

function install() {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}package.json`, '{ "private": true, "type": "module" }\n');
  const packages = [
    `node-llama-cpp@${VERSION}`,
    `@node-llama-cpp/${process.platform}-${process.arch}@${VERSION}`,
  ];
  const options = ["--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"];
  execFileSync("npm", ["install", ...packages, ...options], { cwd: folder, stdio: "inherit" });
}

async function evaluatePeer() {
  const { getLlama } = await import(pathToFileURL(`${folder}node_modules/node-llama-cpp/dist/index.js`).href);
  const llama = await getLlama({ gpu: false, build: "never", maxThreads: THREADS });
  const model = await llama.loadModel({ modelPath: await smollm2("Q8_0") });
  const context = await model.createContext({ contextSize: TOKENS, batchSize: 512, threads: THREADS });
  const sequence = context.getSequence();
  const inputs = [...ids].map((id, i) =>
    i + 1 < ids.length
      ? [
          id,
          {
            generateNext: {
              logits: { filter: { tokens: [ids[i + 1]], includeTop: 1 } },
              totalLogitWeight: true,
            },
          },
        ]
      : id,
  );
  await sequence.controlledEvaluate([ids[0]]); // warm-up
  await sequence.clearHistory();
  const start = performance.now();
  const results = await sequence.controlledEvaluate(inputs);
  const ms = performance.now() - start;
  let nll = 0;
  for (let i = 0; i + 1 < ids.length; i++) {
    const { logits, totalLogitWeight } = results[i].next;
    nll -= logits.get(ids[i + 1]) - Math.max(...logits.values()) - Math.log(totalLogitWeight);
  }
  return { ms, perplexity: Math.exp(nll / (ids.length - 1)) };
}
