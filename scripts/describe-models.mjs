/**
 * Writes down what the files in models/ are, in src/models/embedded-models.ts: size, sha256, and a few recorded
 * log-probabilities for `surprisal doctor`. To be run after a file changed: `npm run describe-models`.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { LlamaModel } from "../dist/index.js";

const FOLDER = fileURLToPath(new URL("../models/", import.meta.url));
const TARGET = new URL("../src/models/embedded-models.ts", import.meta.url);

/** What the self-test scores: texts of the kind a model was trained on, of which it is sure enough. */
const ENGLISH = [
  { context: "Once upon a time", continuation: " there was a little girl" },
  { context: "The king and the", continuation: " queen" },
  { context: "He opened the door and", continuation: " went into the house.\n" },
];
const TEXTS = {
  lab: [
    { context: "Calculate 31 + 46.\nAnswer directly.\nAnswer:", continuation: " 77" },
    { context: "Calculate 31 + 46.\n", continuation: "Think step by step.\n" },
    { context: "Solve 3*r + 4 = 10 for r.\nAnswer directly.\nAnswer:", continuation: " 2" },
  ],
};

/** "mini" first: it is the default. */
const files = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".gguf"))
  .sort((a, b) => Number(b === "mini.gguf") - Number(a === "mini.gguf") || a.localeCompare(b));
const models = [];
for (const file of files) models.push(await describe(file));

const source = readFileSync(TARGET, "utf8");
const start = source.indexOf("export const EMBEDDED_MODELS");
writeFileSync(
  TARGET,
  `${source.slice(0, start)}export const EMBEDDED_MODELS: readonly EmbeddedModel[] = ${JSON.stringify(models)};\n`,
);

async function describe(file) {
  const path = FOLDER + file;
  const content = readFileSync(path);
  const name = basename(file, ".gguf");
  const texts = TEXTS[name] ?? ENGLISH;
  const model = await LlamaModel.load(path, { kernels: "portable", device: "cpu" });
  // The self-test takes all recordings for numbers of these kernels.
  if (model.settings.kernels !== "avx512")
    throw new Error(`recordings are made with AVX-512, and here are ${model.settings.kernels} kernels`);
  const recordings = [];
  for await (const { index, logprob } of model.score(texts)) {
    if (!(logprob < 0)) throw new Error(`${file}: ln p of "${texts[index].continuation}" is ${logprob}`);
    recordings.push({ ...texts[index], logprob: Number(logprob.toFixed(4)) });
  }
  await model[Symbol.asyncDispose]();
  const sha256 = createHash("sha256").update(content).digest("hex");
  console.log(`${file}: ${content.length} bytes, sha256 ${sha256}`);
  return { name, bytes: content.length, sha256, recordings };
}
