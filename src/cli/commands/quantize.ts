/** `surprisal quantize`: a smaller model file of another one. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { assertWritable, onInterrupt } from "../../files/index.ts";
import {
  inspectGguf,
  locate,
  planQuantize,
  type QuantizeOptions,
  type QuantizePlan,
  quantizationType,
  quantizationTypes,
  quantize,
  quantizedFiles,
} from "../../models/index.ts";
import { formatBytes, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { reportModel } from "../model-progress.ts";
import { argument, flag, option, type Read, repeated, text, type Values } from "../parameters.ts";
import { startProgress } from "../render/index.ts";
import { ACCEPT_TERMS, COUNT, JSON_DOCUMENT, QUIET } from "../shared-options.ts";

/** "ffn_down=Q6_K", as `llama-quantize` takes it: the first equals sign divides. */
const tensorType: Read<{ pattern: string; type: string }> = (given, name) => {
  const [, pattern = "", type = ""] = /^([^=]+)=(.+)$/s.exec(given) ?? [];
  if (pattern === "") throw usage(`${name} takes PATTERN=TYPE, such as ffn_down=Q6_K`, given);
  return { pattern, type };
};

// biome-ignore format: one option a line
const parameters = {
  model: argument("Path to a .gguf file, best F16, BF16 or F32; or a name from `surprisal models list`"),
  type: argument("Format of the weights: Q8_0, Q6_K, Q5_K_M, Q4_K_M, Q4_0, ..."),
  out: option(text, { short: "o", hint: "FILE", description: "Where to (default: MODEL-TYPE.gguf in this folder)" }),
  force: flag({ short: "f", description: "Replace a file that is there" }),
  dryRun: flag({ description: "Only say what would be made" }),
  imatrix: option(text, { hint: "FILE", description: "Importance matrix, made by llama-imatrix from this model: GGUF or .dat" }),
  pure: flag({ description: "Every tensor in the format's own type, without a mixture" }),
  tensorType: repeated(tensorType, { hint: "PATTERN=TYPE", description: "Another type for the tensors whose name fits the regular expression; may be given several times, the first that fits counts" }),
  leaveOutputTensor: flag({ description: "Leave output.weight as it is" }),
  outputTensorType: option(text, { hint: "TYPE", description: "Another type for output.weight" }),
  tokenEmbeddingType: option(text, { hint: "TYPE", description: "Another type for the token embeddings" }),
  keepSplit: flag({ description: "As many files as the input has (default: one file)" }),
  allowRequantize: flag({ description: "Take a model that is quantised already: its weights lose twice" }),
  allowLarger: flag({ description: "Make a file that is larger than the input" }),
  threads: option(COUNT, { hint: "N", description: "Threads (default: one per core)" }),
  acceptTerms: ACCEPT_TERMS,
  json: JSON_DOCUMENT,
  quiet: QUIET,
};

const command: Command = defineCommand({
  details: `Formats: ${quantizationTypes.join(", ")}. COPY leaves all tensors as they are and makes one file of a split model.

What it costs:
  surprisal compare --base MODEL --model OUT.gguf TEXT`,
  parameters,
  async run(given) {
    const type = quantizationType(given.type);
    if (type === null)
      throw usage(`There is no format "${given.type}"; there are ${quantizationTypes.join(", ")}`);
    const options = optionsOf(given);
    const name = basename(given.model).replace(/(-\d{5}-of-\d{5})?\.gguf$/i, "");
    const out = given.out ?? `${name}-${type}.gguf`;
    if (!given.dryRun) checkFree([out], given.force);
    const reporter = reportModel(given);
    const { path } = await locate(given.model, reporter.options).finally(reporter.end);
    if (given.dryRun) return showPlan(await planQuantize(path, type, options), given.json);
    const { parts } = await inspectGguf(path);
    checkFree(quantizedFiles(out, parts.length, options), given.force);
    const stop = new AbortController();
    const stopWatching = onInterrupt(() => {
      stop.abort(); // first: what is being written would be begun anew
      removeDrafts(out);
    });
    const progress = given.quiet ? null : startProgress({ label: `writing ${out}`, unit: "bytes" });
    const onProgress: QuantizeOptions["onProgress"] = (state) => progress?.update(state);
    const onPlan = (plan: QuantizePlan) => {
      if (!given.json) process.stdout.write(notesOf(plan)); // the work may take an hour
    };
    const hear = { onPlan, onProgress, signal: stop.signal };
    const report = await quantize(path, out, type, { ...options, ...hear }).finally(() => {
      stopWatching();
      progress?.end();
    });
    const { input, output, ...plan } = report;
    const [first = out] = output.files;
    if (given.json) {
      const files = [];
      for (const file of output.files) files.push({ path: file, sha256: await sha256Of(file) });
      const whole = files.length === 1 ? { sha256: files[0]!.sha256 } : { files };
      printDocument({
        schema: "surprisal.quantize/1",
        input: { path, bytes: input.bytes },
        output: { path: first, bytes: output.bytes, ...whole, quantisation: type },
        ...documentOf(plan),
      });
    } else
      process.stdout.write(
        `${visible(first)}: ${formatBytes(output.bytes)}, ${percent(output.bytes, input.bytes)} of ${formatBytes(input.bytes)}\n`,
      );
  },
});
export default command;

function optionsOf(given: Values<typeof parameters>): QuantizeOptions {
  const { imatrix, pure, leaveOutputTensor, outputTensorType, tokenEmbeddingType, keepSplit } = given;
  const { allowRequantize, allowLarger, threads, tensorType: tensorTypes } = given;
  return {
    ...{ imatrix, pure, leaveOutputTensor, outputTensorType, tokenEmbeddingType, keepSplit },
    ...{ allowRequantize, allowLarger, threads, tensorTypes },
  };
}

function checkFree(files: readonly string[], force: boolean): void {
  for (const file of files) {
    if (existsSync(file) && !force && !statSync(file).isDirectory())
      throw usage(`${file} is there already; --force replaces it`);
    assertWritable(file);
  }
}

/** Without the list of tensors: that is long, and `surprisal models info` tells it of the file. */
function documentOf({ bitsPerWeight, fallbacks, notes, tensors }: Omit<QuantizePlan, "bytes">) {
  return { bitsPerWeight, tensorsByType: countsOf(tensors), fallbacks, notes };
}

function countsOf(tensors: QuantizePlan["tensors"]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { to } of tensors) counts[to] = (counts[to] ?? 0) + 1;
  return counts;
}

function showPlan(plan: QuantizePlan, json: boolean): void {
  const { type, bytes, bytesBefore, bitsPerWeight, tensors } = plan;
  if (json) {
    printDocument({
      schema: "surprisal.quantize.plan/1",
      input: { bytes: bytesBefore },
      output: { bytes, quantisation: type },
      ...documentOf(plan),
      tensors,
    });
    return;
  }
  const types = Object.entries(countsOf(tensors)).map(([name, count]) => `${count} ${name}`);
  process.stdout.write(
    [
      `As ${type} the weights take ${formatBytes(bytes)}, ${percent(bytes, bytesBefore)} of ${formatBytes(bytesBefore)}: ${bitsPerWeight.toFixed(2)} bits each.`,
      `Tensors: ${types.join(", ")}.`,
      notesOf(plan),
    ].join("\n"),
  );
}

const percent = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`;
const notesOf = ({ notes }: Pick<QuantizePlan, "notes">): string =>
  notes.map((note) => `Note: ${visible(note)}\n`).join("");

/** What `quantize` was writing when it was interrupted. */
function removeDrafts(out: string): void {
  for (const name of readdirSync(dirname(out)))
    if (name.startsWith(`${basename(out)}.`) && /\.partial(-\d{5}-of-\d{5}\.gguf)?$/.test(name))
      rmSync(join(dirname(out), name));
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
