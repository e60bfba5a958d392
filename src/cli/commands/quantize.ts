/** `surprisal quantize`: a smaller model file of another one. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { assertWritable, onInterrupt } from "../../files/index.ts";
import { locate, quantizationTypes, quantize } from "../../models/index.ts";
import { formatBytes, visible } from "../../text/index.ts";
import { readArguments, usage, wholeNumber } from "../arguments.ts";
import { printDocument } from "../json.ts";
import { reportModel } from "../model-progress.ts";
import { startWaiting } from "../render/index.ts";
import type { Command } from "../usage.ts";

// biome-ignore format: one option a line
const args = {
  model: { type: "positional", required: true, description: "Path to a .gguf file, best F16, BF16 or F32; or a name from `surprisal models list`" },
  type: { type: "positional", required: true, description: "Format of the weights: Q8_0, Q6_K, Q5_K_M, Q4_K_M, Q4_0, ..." },
  out: { type: "string", alias: "o", valueHint: "FILE", description: "Where to (default: MODEL-TYPE.gguf in this folder)" },
  force: { type: "boolean", alias: "f", description: "Replace a file that is there", default: false },
  "allow-requantize": { type: "boolean", description: "Take a model that is quantised already: its weights lose twice", default: false },
  threads: { type: "string", valueHint: "N", description: "Threads (default: one per core)" },
  "accept-terms": { type: "boolean", description: "Accept the terms of a model that has some", default: false },
  json: { type: "boolean", description: "One JSON document on standard output", default: false },
  quiet: { type: "boolean", alias: "q", description: "No progress", default: false },
} as const;

const command: Command = {
  name: "quantize",
  description: `Make a smaller model file, byte for byte as llama-quantize does

Formats: ${quantizationTypes.join(", ")}.
What it costs: surprisal compare --base MODEL --model OUT.gguf TEXT`,
  args,
  async run(rawArgs) {
    const given = readArguments(rawArgs, args);
    const type = given.type.toUpperCase();
    if (!quantizationTypes.includes(type))
      throw usage(`There is no format "${given.type}"; there are ${quantizationTypes.join(", ")}`);
    const threads = wholeNumber(given.threads, "threads", 1, 1024);
    const name = basename(given.model).replace(/\.gguf$/i, "");
    const out = given.out ?? `${name}-${type}.gguf`;
    if (existsSync(out) && !given.force) throw usage(`${out} is there already; --force replaces it`);
    assertWritable(out);
    const reporter = reportModel({ quiet: given.quiet, acceptTerms: given["accept-terms"] });
    const { path } = await locate(given.model, reporter.options).finally(reporter.end);
    const stopWatching = onInterrupt(() => removeDrafts(out));
    const end = given.quiet ? () => {} : startWaiting(`writing ${out}`);
    try {
      await quantize(path, out, type, {
        allowRequantize: given["allow-requantize"],
        threads,
      });
    } finally {
      stopWatching();
      end();
    }
    const before = statSync(path).size;
    const bytes = statSync(out).size;
    if (given.json)
      printDocument({
        schema: "surprisal.quantize/1",
        input: { path, bytes: before },
        output: { path: out, bytes, sha256: await sha256Of(out), quantisation: type },
      });
    else
      process.stdout.write(
        `${visible(out)}: ${formatBytes(bytes)}, ${Math.round((100 * bytes) / before)} % of ${formatBytes(before)}\n`,
      );
  },
};
export default command;

/** What `quantize` was writing when it was interrupted. */
function removeDrafts(out: string): void {
  for (const name of readdirSync(dirname(out)))
    if (name.startsWith(`${basename(out)}.`) && name.endsWith(".partial")) rmSync(join(dirname(out), name));
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
