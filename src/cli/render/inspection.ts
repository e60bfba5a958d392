/** A packed file in plain words: what it is, which model it needs, its chunks, what is broken. */
import type { PackedModel } from "../../compress/index.ts";
import { formatBytes, formatCount, formatPlural, visible, wrapWords } from "../../text/index.ts";
import { METHOD_WORDS } from "./packing.ts";
import { table } from "./run.ts";

/** What is shown of a file. */
export interface InspectionView {
  name: string;
  bytes: number;
  looksLike: { what: string; use: string | null } | null;
  header: {
    version: number;
    writer: string;
    bytes: number;
    model: PackedModel | null;
  } | null;
  footer: { length: number; sha256: string; bytes: number; chunks: number } | null;
  chunks: readonly {
    index: number;
    method: string;
    start: number;
    at: number;
    length: number;
    packedLength: number;
    crc: number;
    bitsPerByte: number | null;
    isWhole: boolean;
  }[];
  modelIs: string | null;
  bitsPerByte: number | null;
  faults: readonly string[];
  isWhole: boolean;
  isNewer: boolean;
}

/** Chunks that are listed unless all are asked for: half of them from the beginning, half from the end. */
const LISTED = 24;
const HEADING = 11; // columns of a heading and the gap behind it
const NARROWEST = 20;
const WIDEST = 100;

type Fields = readonly (readonly [name: string, value: string])[];

/** @param columns of the terminal; `null` = none. */
export function renderInspection(
  view: InspectionView,
  { columns, all }: { columns: number | null; all: boolean },
): string {
  const width = Math.max(HEADING + NARROWEST, Math.min(columns ?? WIDEST, WIDEST));
  const lines = view.looksLike
    ? fields([[visible(view.name), ""], ...foreign(view.bytes, view.looksLike)], width)
    : packedLines(view, width, all);
  return `${lines.join("\n")}\n`;
}

function foreign(bytes: number, { what, use }: { what: string; use: string | null }): Fields {
  return [
    ["is", "no file that surprisal packed"],
    ["looks like", use === null ? what : `${what} (${use})`],
    ["size", formatPlural(bytes, "byte")],
  ];
}

function packedLines(view: InspectionView, width: number, all: boolean): string[] {
  const { header, footer, chunks, faults } = view;
  const about: Fields = [
    [visible(view.name), ""],
    [
      "packed by",
      header ? `${header.writer}, form ${header.version}` : "not known: the header cannot be read",
    ],
    ["original", originalOf(view)],
    ...(footer ? ([["sha256", footer.sha256]] as const) : []),
    ["packed", packedOf(view)],
    ...(header ? modelFields(header.model, view.modelIs) : []),
    ...waysOf(chunks),
    ["state", stateOf(view)],
    ...faults.map((fault): readonly [string, string] => ["", visible(fault)]),
    ...(faults.length > 0 && chunks.some(({ isWhole }) => isWhole)
      ? ([["", "`surprisal decompress --salvage` takes out what is whole."]] as const)
      : []),
  ];
  return [...fields(about, width), ...(chunks.length > 0 ? ["", ...chunkTable(chunks, all)] : [])];
}

function stateOf({ faults, isNewer }: InspectionView): string {
  if (isNewer) return "this version of surprisal cannot open it";
  return faults.length === 0 ? "whole: every checksum is right" : "damaged";
}

function originalOf({ footer, chunks }: InspectionView): string {
  if (footer) return formatPlural(footer.length, "byte");
  const known = chunks.reduce((sum, { length }) => sum + length, 0);
  return `not known: the file's end is missing or damaged; ${formatPlural(known, "byte")} in the chunks below`;
}

function packedOf({ bytes, footer, header, bitsPerByte }: InspectionView): string {
  const rate =
    footer && bitsPerByte !== null
      ? `, ${((100 * bytes) / footer.length).toFixed(1)} %, ${bitsPerByte.toFixed(3)} bits per byte`
      : "";
  const frame = header && footer ? `; header ${header.bytes}, end ${formatCount(footer.bytes)}` : "";
  return `${formatPlural(bytes, "byte")}${rate}${frame}`;
}

function modelFields(model: PackedModel | null, modelIs: string | null): Fields {
  if (model === null) return [["model", "none: it opens on every machine"]];
  return [
    ["model", `${model.name}, ${modelIs}`],
    ["", `sha256 ${model.sha256}`],
    ["", `${formatCount(model.vocabularySize)} tokens, tokenizer ${model.tokenizer}`],
    ["engine", `${model.engine}, ${model.arithmetic}`],
    [
      "",
      `${formatPlural(model.threads, "thread")}, batch of ${model.batchSize}, cache of ${model.cacheType}, flash attention ${model.flashAttention}`,
    ],
    [
      "sees",
      `${formatPlural(model.context, "token")} at most, of which ${formatCount(model.keep)} are read again once that is full; first token ${model.start}`,
    ],
  ];
}

/** Totals of each method. */
function waysOf(chunks: InspectionView["chunks"]): Fields {
  const methods = [...new Set(chunks.map(({ method }) => method))];
  return methods.map((method, i) => {
    const some = chunks.filter((chunk) => chunk.method === method);
    const sum = (of: "length" | "packedLength") => some.reduce((total, chunk) => total + chunk[of], 0);
    return [
      i === 0 ? "chunks" : "",
      `${formatPlural(some.length, "chunk")} ${METHOD_WORDS[method] ?? method}: ${formatBytes(sum("length"))} to ${formatBytes(sum("packedLength"))}`,
    ];
  });
}

function chunkTable(chunks: InspectionView["chunks"], all: boolean): string[] {
  const isShown = (i: number) =>
    all || chunks.length <= LISTED || i < LISTED / 2 || i >= chunks.length - LISTED / 2;
  const shown = chunks.filter((_, i) => isShown(i));
  const lines = table(
    shown,
    [
      ["chunk", ({ index }) => formatCount(index + 1)],
      ["method", ({ method }) => method],
      ["bytes", ({ length }) => formatCount(length)],
      ["packed", ({ packedLength }) => formatCount(packedLength)],
      ["bits/byte", ({ bitsPerByte }) => (bitsPerByte === null ? "–" : bitsPerByte.toFixed(3))],
      ["crc-32c", ({ crc }) => crc.toString(16).padStart(8, "0")],
      ["", ({ isWhole }) => (isWhole ? "" : "damaged")],
    ],
    (column) => column === 1 || column === 6,
  );
  const left = chunks.length - shown.length;
  if (left > 0) lines.splice(1 + LISTED / 2, 0, `... ${formatPlural(left, "chunk")} more: --all`);
  return lines;
}

/** `heading    value`, the value wrapped beside its heading; a heading without a value is a title. */
function fields(rows: Fields, width: number): string[] {
  return rows.flatMap(([name, value]) =>
    value === ""
      ? wrapWords(name, width)
      : wrapWords(value, width - HEADING).map((line, i) => (i === 0 ? name : "").padEnd(HEADING) + line),
  );
}
