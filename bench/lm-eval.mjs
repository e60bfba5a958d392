/**
 * HellaSwag's questions through lm-eval (transformers on the CPU, bfloat16 and float32, as many threads as ours) and
 * through us, in turns. LM_EVAL_PYTHON is a Python that has lm_eval, torch and transformers; HELLASWAG=FILE for other
 * questions, ITEMS and THREADS for more or fewer.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTask, runTask } from "../dist/evaluate/tasks/index.js";
import { loadSmollm2, row, send, THREADS } from "./_shared.mjs";

const python = process.env.LM_EVAL_PYTHON;
if (!python) throw new Error("Set LM_EVAL_PYTHON to a Python with lm_eval, torch and transformers");
const path = process.env.HELLASWAG ?? local("../test/fixtures/tasks/hellaswag-50.jsonl");
const ITEMS = Number(process.env.ITEMS ?? 50);
const threads = Number(process.env.THREADS ?? THREADS);
const ROUNDS = Number(process.env.ROUNDS ?? 2);
/** lm-eval's batches; it pads each to its longest request. */
const BATCH = Number(process.env.BATCH ?? 16);

function local(name) {
  return fileURLToPath(new URL(name, import.meta.url));
}

const task = await readTask(path);
const folder = mkdtempSync(join(tmpdir(), "surprisal-bench-"));
const requests = join(folder, "requests.json");
writeFileSync(requests, JSON.stringify(await requestsOf(await loadSmollm2("Q8_0", { threads }))));

const samples = new Map();
const models = {};
for (const type of (process.env.TYPES ?? "Q8_0,Q4_0,F32").split(","))
  models[type] = await loadSmollm2(type, { threads });
for (let round = 0; round < ROUNDS; round++) {
  for (const dtype of ["bfloat16", "float32"]) note(`lm-eval ${dtype}`, peer(dtype));
  for (const [type, model] of Object.entries(models)) note(type, await ours(model));
}
rmSync(folder, { recursive: true });
for (const model of Object.values(models)) await model[Symbol.asyncDispose]();

/** Processor time is what can be compared on a machine that others use too. */
const best = (name, key) => Math.min(...samples.get(name).map((sample) => sample[key]));
const rows = [];
for (const type of Object.keys(models))
  for (const dtype of ["bfloat16", "float32"]) {
    const peerName = `lm-eval ${dtype}`;
    const ratio = (key) => best(peerName, key) / best(type, key);
    rows.push(
      row(
        `HellaSwag, ${ITEMS} questions: ${peerName} / ours with ${type}, time`,
        ratio("seconds"),
        ">=",
        type === "F32" ? 1 : 2,
        `${best(peerName, "seconds").toFixed(1)} : ${best(type, "seconds").toFixed(1)} s; processor time ${ratio("cpu").toFixed(2)}; ${(best(type, "tokens") / best(type, "seconds")).toFixed(0)} tokens/s`,
      ),
    );
  }
send(rows);

function note(name, sample) {
  samples.set(name, [...(samples.get(name) ?? []), sample]);
  console.error(`${name}: ${sample.seconds.toFixed(2)} s, ${sample.cpu.toFixed(2)} s of processor time`);
}

async function requestsOf(model) {
  const list = [];
  let items = 0;
  for await (const { context, delimiter, choices } of task.items()) {
    for (const choice of choices) {
      const { ids: whole } = await model.tokenize(context + delimiter + choice, { addSpecial: true });
      const { ids } = await model.tokenize(context, { addSpecial: true });
      list.push([[...whole.subarray(0, ids.length)], [...whole.subarray(ids.length)]]);
    }
    if (++items === ITEMS) break;
  }
  await model[Symbol.asyncDispose]();
  return list;
}

function peer(dtype) {
  const script = local("../tools/peers/lm_eval_speed.py");
  const arguments_ = [script, requests, dtype, String(threads), String(BATCH)];
  const lines = execFileSync(python, arguments_, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return JSON.parse(lines.trim().split("\n").at(-1));
}

async function ours(model) {
  const start = performance.now();
  const before = process.cpuUsage();
  let tokens = 0;
  for await (const { tokensRun } of runTask(model, task, { limit: ITEMS })) tokens += tokensRun;
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6, tokens };
}
