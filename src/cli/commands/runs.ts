/** `surprisal runs`: what was evaluated, side by side. */
import { extname } from "node:path";
import { invalidArgument } from "../../core/index.ts";
import {
  capabilitiesOf,
  compareRunFolders,
  listRuns,
  RUNS_FOLDER,
  readRun,
  readWholeRun,
  runFolderNamed,
} from "../../evaluate/index.ts";
import { assertWritable, writeWhole } from "../../files/index.ts";
import {
  ANSWER_FORMATS,
  type AnswerFormat,
  differencesPage,
  EXPORT_FORMATS,
  type ExportFormat,
  exportAnswers,
  exportRuns,
} from "../../report/index.ts";
import { visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";
import { argument, argumentList, flag, oneOf, option, optionalArgument, text } from "../parameters.ts";
import { renderCapabilityMap, renderRun, renderRunDifferences, renderRunList } from "../render/index.ts";
import { JSON_DOCUMENT } from "../shared-options.ts";

const list = defineCommand({
  parameters: { folder: optionalArgument("Folder with runs in it"), json: JSON_DOCUMENT },
  async run({ folder = RUNS_FOLDER, json }) {
    const runs = listRuns(folder);
    if (json)
      printDocument({
        schema: "surprisal.runs/1",
        runs: runs.map(({ path, run, damage }) => ({ path, damage, ...run })),
      });
    else if (runs.length === 0) process.stdout.write(`There are no runs in ${visible(folder)}.\n`);
    else process.stdout.write(renderRunList(runs));
  },
});

const show = defineCommand({
  parameters: { run: argument("Folder of the run"), json: JSON_DOCUMENT },
  async run({ run: name, json }) {
    const run = readWholeRun(folderOf(name));
    if (json) printDocument(run);
    else process.stdout.write(renderRun(run, process.stdout));
  },
});

const compare = defineCommand({
  details: `The error is that of the difference, over the documents that both scored: what is hard for both cancels. Of tasks, over the
questions that both answered (told by their digests), with McNemar's exact test.`,
  parameters: {
    base: argument("Folder of the run that is compared with"),
    other: optionalArgument(
      "Folder of the run that is compared (default: the models of the one run with each other)",
    ),
    html: option(text, { hint: "FILE", description: "Also write a page" }),
    json: JSON_DOCUMENT,
  },
  async run(given) {
    const base = folderOf(given.base);
    const other = given.other === undefined ? undefined : folderOf(given.other);
    if (given.html !== undefined) assertWritable(given.html);
    const { differences, tasks } = compareRunFolders(base, other);
    if (given.json) printDocument({ schema: "surprisal.runs-compare/1", differences, tasks });
    else
      process.stdout.write(renderRunDifferences(readRun(base), readRun(other ?? base), differences, tasks));
    if (given.html !== undefined)
      await writeWhole(
        given.html,
        await differencesPage(readRun(base), readRun(other ?? base), differences, tasks),
      );
  },
});

const exporting = defineCommand({
  details: `A page shows the tokens of runs with --tokens too. --answers writes a row for each question and model: what was chosen, what was
right, and every log-likelihood.`,
  parameters: {
    run: argumentList("Folders of runs"),
    format: option(oneOf([...new Set([...EXPORT_FORMATS, ...ANSWER_FORMATS])]), {
      short: "f",
      description: `${EXPORT_FORMATS.join(", ")}; with --answers ${ANSWER_FORMATS.join(", ")} (default: by the name of the file, else csv)`,
    }),
    answers: flag({ description: "Every answer to the questions of tasks, instead of results" }),
    out: option(text, {
      short: "o",
      hint: "FILE",
      description: "Write a file instead of standard output",
    }),
  },
  async run({ run, out, format, answers }) {
    const write = answers
      ? answersAs(formatOf(ANSWER_FORMATS, out, format, "--answers"))
      : resultsAs(formatOf(EXPORT_FORMATS, out, format, "results"));
    if (out !== undefined) assertWritable(out);
    const content = await write(run.map(folderOf));
    if (out === undefined) process.stdout.write(content);
    else await writeWhole(out, content);
  },
});

const answersAs = (format: AnswerFormat) => (folders: readonly string[]) => exportAnswers(folders, format);

const resultsAs = (format: ExportFormat) => (folders: readonly string[]) =>
  exportRuns(
    folders.map((folder) => readWholeRun(folder)),
    format,
    { folders },
  );

/**
 * The format that is named, else that of the file's name, else CSV; a name with another ending is refused: what it promises
 * would not be in it.
 * @throws SurprisalError USAGE
 */
function formatOf<Format extends string>(
  formats: readonly (Format | "csv")[],
  out: string | undefined,
  format: string | undefined,
  what: string,
): Format | "csv" {
  if (format === undefined) {
    const ending = out === undefined ? "" : extname(out).toLowerCase();
    const known = formats.find((one) => ending === `.${one}`);
    if (known === undefined && ending !== "")
      throw usage(
        `${what === "results" ? "Results" : "Answers"} cannot be written as ${ending}: there are ${formats.join(", ")}; -f takes one whatever the name${SHEETS.has(ending) ? " (spreadsheets open csv)" : ""}`,
        out,
      );
    return known ?? "csv";
  }
  const known = formats.find((one) => one === format);
  if (known === undefined) throw usage(`--format ${format} is not for ${what}: ${formats.join(", ")}`);
  return known;
}

/** Names that people give tables. */
const SHEETS: ReadonlySet<string> = new Set([".xlsx", ".xls", ".ods"]);

const map = defineCommand({
  details: "Export it as a picture:\n  surprisal runs export RUN... -o map.svg (or map.html)",
  parameters: {
    run: argumentList("Folders of runs"),
    inDomain: option(text, {
      hint: "NAMES",
      description:
        "Domains that the models were made for, with commas between: shows what leaving them costs",
    }),
    json: JSON_DOCUMENT,
  },
  async run(given) {
    const inDomain = given.inDomain?.split(",") ?? [];
    const models = capabilitiesOf(
      given.run.map((name) => readWholeRun(folderOf(name))),
      inDomain,
    );
    if (models.length === 0)
      throw invalidArgument(
        "There is nothing to map: these runs have no results over corpora",
        given.run.join(", "),
        "A map is made of runs over corpora, such as a folder with a file for each domain.",
      );
    if (given.json) printDocument({ schema: "surprisal.map/1", inDomain, models });
    else process.stdout.write(renderCapabilityMap(models, inDomain.length > 0));
  },
});

function folderOf(name: string): string {
  if (name === "") throw usage("The name of a run is empty");
  return runFolderNamed(name);
}

// biome-ignore format: one command a line
const runs: Command = {
  commands: {
    list: { summary: `The runs in a folder (default: ${RUNS_FOLDER})`, load: async () => list },
    show: { summary: "The results of a run", load: async () => show },
    compare: { summary: "Two runs over the same texts or questions: bits per byte, accuracies, and how sure the difference is", load: async () => compare },
    map: { summary: "The capability map: models over domains, in bits per byte", load: async () => map },
    export: { summary: "Runs as a table (csv, md), a page (html), the capability map (svg); every answer to a task (csv, json, parquet)", load: async () => exporting },
  },
};
export default runs;
