/** `surprisal quantize`: a smaller model file of another one. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { assertWritable, onInterrupt } from "../../files/index.ts";
import { locate, quantizationTypes, quantize } from "../../models/index.ts";
import { formatBytes, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { reportModel } from "../model-progress.ts";
import { argument, flag, option, text } from "../parameters.ts";
import { startWaiting } from "../render/index.ts";
import { ACCEPT_TERMS, COUNT, JSON_DOCUMENT, QUIET } from "../shared-options.ts";

// biome-ignore format: one option a line
const parameters = {
  model: argument("Path to a .gguf file, best F16, BF16 or F32; or a name from `surprisal models list`"),
  type: argument("Format of the weights: Q8_0, Q6_K, Q5_K_M, Q4_K_M, Q4_0, ..."),
  out: option(text, { short: "o", hint: "FILE", description: "Where to (default: MODEL-TYPE.gguf in this folder)" }),
  force: flag({ short: "f", description: "Replace a file that is there" }),
  allowRequantize: flag({ description: "Take a model that is quantised already: its weights lose twice" }),
  threads: option(COUNT, { hint: "N", description: "Threads (default: one per core)" }),
  acceptTerms: ACCEPT_TERMS,
  json: JSON_DOCUMENT,
  quiet: QUIET,
};

const command: Command = defineCommand({
  details: `Formats: ${quantizationTypes.join(", ")}.

What it costs:
  surprisal compare --base MODEL --model OUT.gguf TEXT`,
  parameters,
  async run(given) {
    const { allowRequantize, threads } = given;
    const type = given.type.toUpperCase();
    if (!quantizationTypes.includes(type))
      throw usage(`There is no format "${given.type}"; there are ${quantizationTypes.join(", ")}`);
    const name = basename(given.model).replace(/\.gguf$/i, "");
    const out = given.out ?? `${name}-${type}.gguf`;
    if (existsSync(out) && !given.force) throw usage(`${out} is there already; --force replaces it`);
    assertWritable(out);
    const reporter = reportModel(given);
    const { path } = await locate(given.model, reporter.options).finally(reporter.end);
    const stopWatching = onInterrupt(() => removeDrafts(out));
    const end = given.quiet ? () => {} : startWaiting(`writing ${out}`);
    try {
      await quantize(path, out, type, { allowRequantize, threads });
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
});
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
