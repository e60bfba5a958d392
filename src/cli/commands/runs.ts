/** `surprisal runs`: what was evaluated, side by side. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import {
  capabilitiesOf,
  compareRuns,
  listRuns,
  type ModelCapability,
  type Run,
  type RunDifference,
  readRun,
} from "../../evaluate/index.ts";
import { writeWhole } from "../../files/index.ts";
import { EXPORT_FORMATS, exportRuns } from "../../report/index.ts";
import { formatNumber, formatWithError, visible } from "../../text/index.ts";
import { oneOf, positionalsOf, readArguments, usage } from "../arguments.ts";
import { printDocument } from "../json.ts";
import { renderRun, table } from "../render/index.ts";
import type { Command } from "../usage.ts";

export const RUNS = "surprisal-runs";

const json = {
  type: "boolean",
  description: "One JSON document on standard output",
  default: false,
} as const;

const list: Command = {
  name: "list",
  description: `The runs in a folder (default: ${RUNS})`,
  args: { folder: { type: "positional", required: false, description: "Folder with runs in it" }, json },
  async run(rawArgs) {
    const given = readArguments(rawArgs, this.args!);
    const folder = typeof given.folder === "string" ? given.folder : RUNS;
    const runs = listRuns(folder);
    if (given.json) {
      printDocument({
        schema: "surprisal.runs/1",
        runs: runs.map(({ path, run, damage }) => ({ path, damage, ...run })),
      });
      return;
    }
    if (runs.length === 0) {
      process.stdout.write(`There are no runs in ${visible(folder)}.\n`);
      return;
    }
    const names = (values: readonly string[]) =>
      visible(values.length > 2 ? `${values[0]}, ... (${values.length})` : values.join(", "));
    const lines = table(
      runs,
      [
        ["run", ({ path }) => visible(path)],
        ["state", ({ run }) => run?.status ?? "damaged"],
        ["models", ({ run }) => names(run?.request.models ?? [])],
        [
          "corpora and tasks",
          ({ run }) => names([...(run?.corpora ?? []), ...(run?.tasks ?? [])].map(({ name }) => name)),
        ],
        [
          "perplexity",
          ({ run }) =>
            run?.results.length === 1
              ? formatWithError(run.results[0]!.perplexity, run.results[0]!.standardError)
              : "",
        ],
      ],
      4,
    );
    const damages = runs.flatMap(({ path, damage }) =>
      damage === null ? [] : [`${visible(path)}: ${visible(damage)}`],
    );
    process.stdout.write(`${[...lines, ...(damages.length > 0 ? ["", ...damages] : [])].join("\n")}\n`);
  },
};

const show: Command = {
  name: "show",
  description: "The results of a run",
  args: { run: { type: "positional", required: true, description: "Folder of the run" }, json },
  async run(rawArgs) {
    const given = readArguments(rawArgs, this.args!);
    const run = readRun(folderOf(String(given.run)));
    if (given.json) printDocument(run);
    else process.stdout.write(renderRun(run, process.stdout));
  },
};

const compare: Command = {
  name: "compare",
  description: `Two runs over the same texts: the difference in bits per byte, with its error

The error is that of the difference, over the documents that both scored: what is hard for both cancels.`,
  args: {
    base: { type: "positional", required: true, description: "Folder of the run that is compared with" },
    other: { type: "positional", required: true, description: "Folder of the run that is compared" },
    json,
  },
  async run(rawArgs) {
    const given = readArguments(rawArgs, this.args!);
    const [base, other] = [folderOf(String(given.base)), folderOf(String(given.other))];
    const differences = compareRuns(base, other);
    if (given.json) printDocument({ schema: "surprisal.runs-compare/1", differences });
    else
      process.stdout.write(`${runsCompared(readRun(base), readRun(other))}\n${showDifferences(differences)}`);
  },
};

/** Which runs they are; two of one name, in two folders, with the time of their creation. */
function runsCompared(base: Run, other: Run): string {
  const name = ({ id, created }: Run) => visible(base.id === other.id ? `${id}, ${created}` : id);
  return `base: ${name(base)}\nother: ${name(other)}\n`;
}

function showDifferences(differences: readonly RunDifference[]): string {
  const side = ({ model, recipe }: RunDifference["base"]) => visible(`${model}, ${recipe}`);
  const lines = table(
    differences,
    [
      ["corpus", ({ corpus }) => visible(corpus)],
      ["base", ({ base }) => side(base)],
      ["other", ({ other }) => side(other)],
      ["base bits/byte", ({ base }) => formatNumber(base.bitsPerByte)],
      ["other", ({ other }) => formatNumber(other.bitsPerByte)],
      ["difference", ({ difference, standardError }) => formatWithError(difference, standardError)],
      ["documents", ({ documents }) => String(documents)],
    ],
    3,
  );
  const notes = [...new Set(differences.flatMap((difference) => difference.notes))];
  const errors = differences.some(({ documents }) => documents < 2)
    ? ["Without ±: the error is taken over documents, and there are fewer than two that both scored."]
    : [];
  return `${[...lines, "", "Below 0: the other run's model needs fewer bits.", ...errors, ...notes.map(visible)].join("\n")}\n`;
}

const exporting: Command = {
  name: "export",
  description: `Runs as a table (csv, md), a page with pictures (html), or the capability map (svg)

A page shows the tokens of runs with --tokens too.`,
  args: {
    run: { type: "positional", required: true, valueHint: "...", description: "Folders of runs" },
    format: {
      type: "string",
      alias: "f",
      valueHint: "FORMAT",
      description: `${EXPORT_FORMATS.join(", ")} (default: by the name of the file, else csv)`,
    },
    out: {
      type: "string",
      alias: "o",
      valueHint: "FILE",
      description: "Write a file instead of standard output",
    },
  },
  async run(rawArgs) {
    const given = readArguments(rawArgs, this.args!);
    const out = given.out as string | undefined;
    const ending = EXPORT_FORMATS.find((format) => out?.endsWith(`.${format}`));
    const format = oneOf(given.format as string | undefined, "format", EXPORT_FORMATS) ?? ending ?? "csv";
    const folders = positionalsOf(rawArgs, this.args!).map(folderOf);
    const text = await exportRuns(folders.map(readRun), format, { folders });
    if (out === undefined) process.stdout.write(text);
    else await writeWhole(out, text);
  },
};

const map: Command = {
  name: "map",
  description: `The capability map: models over domains, in bits per byte

Export it as a picture: surprisal runs export RUN... -o map.svg (or map.html).`,
  args: {
    run: { type: "positional", required: true, valueHint: "...", description: "Folders of runs" },
    "in-domain": {
      type: "string",
      valueHint: "NAMES",
      description:
        "Domains that the models were made for, with commas between: shows what leaving them costs",
    },
    json,
  },
  async run(rawArgs) {
    const given = readArguments(rawArgs, this.args!);
    const runs = positionalsOf(rawArgs, this.args!).map((folder) => readRun(folderOf(folder)));
    const named = given["in-domain"] as string | undefined;
    const inDomain = named?.split(",") ?? [];
    const models = capabilitiesOf(runs, inDomain);
    if (models.length === 0)
      throw new SurprisalError({
        code: "INVALID_ARGUMENT",
        what: "There is nothing to map: these runs have no results over corpora",
        where: positionalsOf(rawArgs, this.args!).join(", "),
        wayOut: "A map is made of runs over corpora, such as a folder with a file for each domain.",
      });
    if (given.json) printDocument({ schema: "surprisal.map/1", inDomain, models });
    else process.stdout.write(showMap(models, inDomain.length > 0));
  },
};

/** Bits per byte without an error, in as many decimals as those beside it have. */
const plain = (bits: number | null): string =>
  bits !== null && Number.isFinite(bits) ? bits.toFixed(3) : formatNumber(bits);

/** Domains downwards, easiest for the best model first; models to the right. */
function showMap(models: readonly ModelCapability[], withGap: boolean): string {
  const domains = [...new Set(models.flatMap((model) => model.domains.map(({ domain }) => domain)))];
  const scores = (of: string) => models.map(({ domains }) => domains.find(({ domain }) => domain === of));
  const rows: [name: string, cells: string[]][] = domains.map((domain) => [
    visible(domain),
    scores(domain).map((score) => (score ? formatWithError(score.bitsPerByte, score.standardError) : "")),
  ]);
  const line = (name: string, cell: (model: ModelCapability) => string): [string, string[]] => [
    name,
    models.map(cell),
  ];
  const summary = [
    line("mean", ({ mean }) => plain(mean)),
    line("spread", ({ spread }) => plain(spread)),
    ...(withGap
      ? [
          line("in domain", (model) => plain(model.inDomain)),
          line("out of domain", (model) => plain(model.outOfDomain)),
          line("gap", ({ gap, gapStandardError }) => formatWithError(gap, gapStandardError)),
        ]
      : []),
  ];
  const columns = [
    ["bits per byte", ([name]: [string, string[]]) => name],
    ...models.map(({ model }, i) => [visible(model), ([, cells]: [string, string[]]) => cells[i]!]),
  ] as [string, (row: [string, string[]]) => string][];
  const lines = table([...rows, ["", models.map(() => "")], ...summary], columns, 1);
  if (models.some((model) => model.domains.length < domains.length))
    lines.push("", "Not every model was scored in every domain: the means are not over the same domains.");
  return `${lines.join("\n")}\n`;
}

/** A run by its folder, or by its name in the usual place. */
function folderOf(name: string): string {
  if (name === "") throw usage("The name of a run is empty");
  return !existsSync(name) && existsSync(join(RUNS, name)) ? join(RUNS, name) : name;
}

const command: Command = {
  name: "runs",
  description: "What was evaluated: list, show, compare, map, export",
  subCommands: {
    list: async () => list,
    show: async () => show,
    compare: async () => compare,
    map: async () => map,
    export: async () => exporting,
  },
};
export default command;
