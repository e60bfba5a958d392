/** What `surprisal models info` shows of a model's file. */
import type { ModelDescription, NamedToken } from "../../models/index.ts";
import { formatBytes, formatCount, formatParameters, formatPlural, visible } from "../../text/index.ts";

/** A name and what stands beside it. */
export type Row = readonly [name: string, value: string | null];

/** The rows of a description, in the order in which a person asks. */
export function descriptionRows(model: ModelDescription): Row[] {
  const { tokenizer, files } = model;
  return [
    ["name", joined([model.name, model.sizeLabel, model.author && `by ${model.author}`])],
    ["architecture", joined([model.architecture, shapeOf(model)])],
    ["parameters", `${formatParameters(model.parameters)} (${formatCount(model.parameters)})`],
    ["context", model.contextLength === null ? null : contextOf(model)],
    ["tokenizer", tokenizerOf(tokenizer)],
    ["bos", tokenOf(tokenizer.bos, tokenizer.addsBos)],
    ["eos", tokenOf(tokenizer.eos, tokenizer.addsEos)],
    ["eot", tokenOf(tokenizer.eot, null)],
    model.kind === "encoder"
      ? ["vectors", vectorsOf(model)]
      : ["chat", model.chatTemplate ? "has a template" : "no template: a base model"],
    [
      "format",
      joined([
        model.fileType,
        `${model.bitsPerWeight.toFixed(2)} bits per weight`,
        `GGUF ${model.ggufVersion}`,
        model.quantisationVersion === null ? null : `quantisation version ${model.quantisationVersion}`,
      ]),
    ],
    ...model.tensorTypes.map(
      ({ type, tensors, bytes, share }, i): Row => [
        i === 0 ? "tensors" : "",
        `${formatPlural(tensors, "tensor")} ${type}, ${formatBytes(bytes)}, ${(100 * share).toFixed(1)} %`,
      ],
    ),
    ...(files.length > 1 ? files.map((file, i): Row => [i === 0 ? "files" : "", file]) : []),
    ["from", model.sourceUrl],
    ...model.notes.map((note): Row => ["note", note]),
    ["problem", model.problem],
  ];
}

/** Of an encoder, which writes nothing. */
function vectorsOf({ embeddingLength, pooling }: ModelDescription): string {
  return joined([
    embeddingLength === null ? null : `${embeddingLength} numbers for a text`,
    pooling === null ? "the file does not say how they are pooled" : `pooling: ${pooling}`,
  ]);
}

function shapeOf({
  layers,
  embeddingLength,
  heads,
  keyValueHeads,
  experts,
  expertsUsed,
}: ModelDescription): string {
  return joined([
    layers === null ? null : formatPlural(layers, "layer"),
    embeddingLength === null ? null : `width ${embeddingLength}`,
    heads === null
      ? null
      : `${formatPlural(heads, "head")}${keyValueHeads === null || keyValueHeads === heads ? "" : ` (${keyValueHeads} for keys and values)`}`,
    experts === null ? null : `${experts} experts${expertsUsed === null ? "" : `, ${expertsUsed} at a time`}`,
  ]);
}

function contextOf({ contextLength, slidingWindow }: ModelDescription): string {
  const window = slidingWindow === null ? "" : `, sliding window ${formatCount(slidingWindow)}`;
  return `${formatCount(contextLength!)} tokens${window}`;
}

function tokenizerOf({ model, preTokenizer, tokens, merges }: ModelDescription["tokenizer"]): string {
  return joined([
    model ?? "none",
    preTokenizer === null ? null : `pre-tokenizer ${preTokenizer}`,
    `${formatCount(tokens)} tokens`,
    merges === null ? null : `${formatCount(merges)} merges`,
  ]);
}

function tokenOf(token: NamedToken | null, added: boolean | null): string | null {
  if (token === null) return added === null ? null : "none";
  return `${token.text} (${token.id})${added === null ? "" : added ? ", added to texts" : ", not added to texts"}`;
}

const joined = (parts: readonly (string | null)[]): string => parts.filter(Boolean).join(", ");

/** Rows below each other; those without a value are left out. */
export function renderRows(rows: readonly Row[]): string {
  const shown = rows.filter(([, value]) => value !== null && value !== "");
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${visible(value!)}\n`).join("");
}
