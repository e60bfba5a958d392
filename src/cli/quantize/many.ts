/** `surprisal quantize MODEL --to TYPES`: several files, compared on one text. */
import { basename } from "node:path";
import { compareQuantisations, openCorpora, type QuantisationProgress } from "../../evaluate/index.ts";
import { assertWritable, onInterrupt, writeWhole } from "../../files/index.ts";
import { locate } from "../../models/index.ts";
import { quantisationsPage } from "../../report/index.ts";
import { visible } from "../../text/index.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { reportModel } from "../model-progress.ts";
import { type Progress, renderQuantisations, startProgress } from "../render/index.ts";
import { DEFAULT_RECIPE } from "../shared-options.ts";
import { type QuantizeGiven, quantizeOptions } from "./options.ts";

const STAGES: Readonly<Record<QuantisationProgress["stage"], string>> = {
  check: "reading",
  make: "writing",
  speed: "timing",
  compare: "comparing",
};

/** A line of progress for each stage of each format, with a clock of its own. */
class QuantisationLine {
  #line: Progress | null = null;
  #label = "";

  update({ type, index, count, stage, done, total }: QuantisationProgress): void {
    const place = type === null ? "the source" : `${type} (${index + 1} of ${count})`;
    const label = `${STAGES[stage]} ${place}`;
    if (label !== this.#label) {
      this.end();
      this.#line = startProgress({ label, unit: stage === "compare" ? "tokens" : "bytes" });
      this.#label = label;
    }
    if (total > 0) this.#line?.update({ done, total });
  }

  end(): void {
    this.#line?.end();
    this.#line = null;
    this.#label = "";
  }
}

/** Makes the files, compares them, and shows the table. */
export async function quantizeMany(given: QuantizeGiven, types: readonly string[]): Promise<void> {
  const { compare, resume, force, html, quiet, recipe = DEFAULT_RECIPE, context, stride } = given;
  if (resume && force) throw usage("Give --resume or --force, not both");
  if (html !== undefined) assertWritable(html);
  const stem = basename(given.model).replace(/(-\d{5}-of-\d{5})?\.gguf$/i, "");
  const folder = given.out ?? `${stem}-quantised`;
  const reporter = reportModel(given);
  const text = compare === undefined ? undefined : await openText(compare, reporter.options, recipe);
  const { path } = await locate(given.model, reporter.options).finally(reporter.end);
  const stop = new AbortController();
  const line = new QuantisationLine();
  const stopWatching = onInterrupt(() => {
    stop.abort();
    line.end();
    process.stderr.write(
      `Interrupted. The same command with --resume goes on: what is finished stays in ${visible(folder)}.\n`,
    );
  });
  const { threads, ...quantising } = quantizeOptions(given);
  const { quantisations, kept, notes } = await compareQuantisations(path, {
    ...{ folder, name: stem, types, text, recipe, context, stride, quantising, signal: stop.signal },
    parseSpecial: given.parseSpecial || undefined,
    begin: force ? "replace" : resume ? "resume" : "new",
    load: { threads },
    onProgress: quiet ? undefined : (progress) => line.update(progress),
  }).finally(() => {
    stopWatching();
    line.end();
  });
  if (!quiet && kept.files.length > 0)
    process.stderr.write(
      `There already: ${kept.files.map((type) => `${type}${kept.measures.includes(type) ? " (measured)" : ""}`).join(", ")}\n`,
    );
  if (html !== undefined) await writeWhole(html, await quantisationsPage(quantisations, notes));
  if (given.json) printDocument({ ...quantisations, kept, notes });
  else
    process.stdout.write(
      `${renderQuantisations(quantisations, notes, process.stdout)}Kept in ${visible(folder)}\n`,
    );
}

async function openText(spec: string, options: ReturnType<typeof reportModel>["options"], recipe: string) {
  const [corpus] = await openCorpora([spec], {
    ...options,
    recipe,
    onNote: (note) => process.stderr.write(`${visible(note)}\n`),
  });
  return corpus;
}
