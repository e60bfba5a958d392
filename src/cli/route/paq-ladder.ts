/** `surprisal route paq ladder`: the levels of a model, made and measured. */
import { basename } from "node:path";
import { onInterrupt } from "../../files/index.ts";
import { locate, quantizationTypes } from "../../models/index.ts";
import { type LadderProgress, makeLadder } from "../../route/index.ts";
import { decodeText, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { readGiven } from "../input.ts";
import { printDocument } from "../json.ts";
import { LOAD_OPTIONS, loadOptions } from "../load-options.ts";
import { reportModel } from "../model-progress.ts";
import { argument, flag, option, optionalArgument, type Read, text } from "../parameters.ts";
import { type Progress, renderLadder, startProgress } from "../render/index.ts";
import { JSON_DOCUMENT, MOST_MIB, QUIET } from "../shared-options.ts";

/** "Q2_0,Q4_0,F16" */
const typesFor: Read<string[]> = (word, name) => {
  const types = word.split(",").map((each) => each.trim());
  if (types.includes(""))
    throw usage(`${name} takes formats with commas between them, such as Q2_0,Q4_0,F16`);
  return types;
};

const STAGES: Readonly<Record<LadderProgress["stage"], string>> = {
  make: "making",
  check: "reading",
  measure: "measuring",
};

/** A line of progress for each stage of each level. */
class LadderLine {
  #line: Progress | null = null;
  #label = "";

  update({ level, stage, done, total }: LadderProgress): void {
    const label = `${STAGES[stage]} ${level ?? "the model"}`;
    if (label !== this.#label) {
      this.end();
      this.#line = startProgress({ label, unit: stage === "measure" ? "tokens" : "bytes" });
      this.#label = label;
    }
    this.#line?.update({ done, total });
  }

  end(): void {
    this.#line?.end();
    this.#line = null;
    this.#label = "";
  }
}

const command: Command = defineCommand({
  details: `Each level is made by \`surprisal quantize\` and kept in the folder of --out, with ladder.json beside it: perplexity of TEXT, size, bits per
weight as they are stored, speeds, memory. The same command goes on after Ctrl-C or kill -9: a level whose file has the
sha256 of the ladder is not made again.

An honest ladder begins with the F16, BF16 or F32 file of a model. Of a quantised one the highest level is that file
dequantised, and all outputs say so. Rows that are no multiple of a format's block get another format; that is said, too.

Formats: ${quantizationTypes.filter((type) => /\d/.test(type)).join(", ")}.

Examples:
  surprisal route paq ladder model-f16.gguf text.txt --out ladder
  surprisal route paq ladder mini text.txt --out ladder --types Q2_0,Q4_0,Q8_0,F16`,
  // biome-ignore format: one option a line
  parameters: {
    model: argument("Path to a .gguf file, best F16, BF16 or F32; or a name from `surprisal models list`"),
    text: optionalArgument("Text that the perplexity of all levels is measured on; - for standard input"),
    out: option(text, { short: "o", hint: "FOLDER", description: "Keep the levels in this folder, and ladder.json" }),
    types: option(typesFor, { hint: "FORMATS", description: "Formats, one for each number of bits (default: Q2_0, Q4_K_M or Q4_0, Q8_0, F16; the file's own for its number of bits)" }),
    again: flag({ description: "Measure again what is measured already" }),
    json: JSON_DOCUMENT,
    maxMib: MOST_MIB,
    quiet: QUIET,
    ...LOAD_OPTIONS,
  },
  async run(given) {
    const { out: folder, types, again, quiet } = given;
    if (folder === undefined) throw usage("There is no folder for the levels: --out FOLDER");
    const read = given.text === undefined ? undefined : await ladderText(given.text, given.maxMib);
    const reporter = reportModel(given);
    const { path, name } = await locate(given.model, reporter.options).finally(reporter.end);
    const stop = new AbortController();
    const line = new LadderLine();
    const stopWatching = onInterrupt(() => {
      stop.abort();
      line.end();
      process.stderr.write(
        `Interrupted. The same command goes on: what is made stays in ${visible(folder)}.\n`,
      );
    });
    const made = await makeLadder(path, {
      ...{ folder, types, again, text: read, signal: stop.signal },
      name: name.replace(/(-\d{5}-of-\d{5})?\.gguf$/i, ""),
      load: loadOptions(given),
      onProgress: quiet ? undefined : (progress) => line.update(progress),
    }).finally(() => {
      stopWatching();
      line.end();
    });
    const { ladder, kept, notes } = made;
    if (!quiet && kept.length > 0) process.stderr.write(`There already: ${kept.join(", ")}\n`);
    if (given.json) printDocument({ ...ladder, kept, notes });
    else {
      process.stdout.write(renderLadder(ladder, notes, process.stdout));
      process.stdout.write(`Kept in ${visible(folder)}\n`);
    }
  },
});
export default command;

async function ladderText(file: string, maxMib: number | undefined): Promise<{ name: string; text: string }> {
  const name = file === "-" ? "standard input" : basename(file);
  const bytes = await readGiven(file, { maxMib });
  return { name, text: bytes.length === 0 ? "" : decodeText(bytes, name).text };
}
