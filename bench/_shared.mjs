/** What the measurements have in common. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, LlamaModel, locate, quantize } from "../dist/models/index.js";

export const THREADS = 2;

/** The benchmark's text, or its first `bytes`. */
export function readText(bytes = Number.POSITIVE_INFINITY) {
  return new TextDecoder().decode(readFileSync(process.argv[2]).subarray(0, bytes), { stream: true });
}

/** Path of SmolLM2-135M in a weight format, made on first use. */
export async function smollm2(type) {
  const { path } = await locate("smollm2", { offline: true });
  if (type === "Q4_1") return path;
  const folder = join(cacheFolder(), "derived");
  const derived = join(folder, `smollm2-${type}.gguf`);
  mkdirSync(folder, { recursive: true });
  if (!existsSync(derived)) await quantize(path, derived, type, { allowRequantize: true, allowLarger: true });
  return derived;
}

export async function loadSmollm2(type = "Q8_0", options = {}) {
  return LlamaModel.load(await smollm2(type), { threads: THREADS, device: "cpu", ...options });
}

/** Carries out a plan; mean NLL of the tokens from `from` on, time and tokens run. */
export async function runPlan(model, ids, plan, from = 0) {
  const start = performance.now();
  let nll = 0;
  let scored = 0;
  let tokensRun = 0;
  let decodeMs = 0;
  for await (const span of model.scoreTokens(ids, plan)) {
    tokensRun += span.tokensRun;
    decodeMs += span.decodeMs;
    for (const [i, logprob] of span.logprobs.entries()) {
      if (Number.isNaN(logprob) || span.start + i < from) continue;
      nll -= logprob;
      scored++;
    }
  }
  return { perplexity: Math.exp(nll / scored), scored, tokensRun, decodeMs, ms: performance.now() - start };
}

/** A row of the table: `value` must be at least (">=") or at most ("<=") `bound`. */
export function row(figure, value, relation, bound, detail = "") {
  const ok = relation === ">=" ? value >= bound : value <= bound;
  const shown = Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return { figure, measured: `${shown}${detail && ` (${detail})`}`, target: `${relation} ${bound}`, ok };
}

export const send = (rows) => process.send?.(rows);
