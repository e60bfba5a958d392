/** `surprisal quantize MODEL TYPE`: one file. */
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
  quantize,
  quantizedFiles,
} from "../../models/index.ts";
import { formatBytes, visible } from "../../text/index.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { reportModel } from "../model-progress.ts";
import { startProgress } from "../render/index.ts";
import { formatNamed } from "./formats.ts";
import { type QuantizeGiven, quantizeOptions } from "./options.ts";

/** Makes the file, or says what it would be. */
export async function quantizeOne(given: QuantizeGiven, word: string): Promise<void> {
  const type = formatNamed(word);
  const options = quantizeOptions(given);
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
