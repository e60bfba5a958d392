/** What `surprisal compress` and `decompress` show of what they did. */
import { formatBytes, formatCount, formatDuration, formatPlural, visible } from "../../text/index.ts";

/** What packing came to. */
export interface PackingView {
  name: string;
  bytes: number;
  packedBytes: number;
  characters: number | null;
  methods: Readonly<Record<string, { chunks: number; bytes: number; packedBytes: number }>>;
  model: string | null;
  verified: boolean;
  seconds: number;
  verifySeconds: number | null;
}

/** Words for how chunks are packed. */
export const METHOD_WORDS: Readonly<Record<string, string>> = {
  model: "by the model",
  bytes: "in bytes mode",
  brotli: "by brotli",
  raw: "as they are",
};

/** "letter.txt.surp: 1,234 bytes of 10,000 (12.3 %)", and what it is made of. */
export function renderPacking(view: PackingView): string {
  const { name, bytes, packedBytes, characters, methods, model, seconds, verifySeconds } = view;
  const rates = [
    bytes > 0 ? `${((8 * packedBytes) / bytes).toFixed(3)} bits per byte` : null,
    characters && characters < bytes ? `${((8 * packedBytes) / characters).toFixed(3)} per character` : null,
  ].filter((rate) => rate !== null);
  const share = bytes > 0 ? ` (${((100 * packedBytes) / bytes).toFixed(1)} %)` : "";
  const ways = Object.entries(methods).map(
    ([method, { chunks, bytes, packedBytes }]) =>
      `  ${formatPlural(chunks, "chunk")} ${METHOD_WORDS[method] ?? method}${method === "model" ? ` ${model}` : ""}: ${formatCount(bytes)} to ${formatCount(packedBytes)} bytes`,
  );
  const checked =
    verifySeconds === null
      ? "not unpacked again (--no-verify)"
      : `unpacked again in ${formatDuration(1000 * verifySeconds)}: the same bytes`;
  return [
    `${visible(name)}: ${formatPlural(packedBytes, "byte")} of ${formatCount(bytes)}${share}${rates.length > 0 ? `, ${rates.join(", ")}` : ""}`,
    ...ways.map(visible),
    `  ${formatDuration(1000 * seconds)}${bytes > 0 && seconds > 0 ? ` (${formatBytes(bytes / seconds)}/s)` : ""}, ${checked}`,
    "",
  ].join("\n");
}

/** What unpacking came to. */
export interface UnpackingView {
  name: string;
  bytes: number;
  packedBytes: number;
  chunks: number;
  sha256: string;
  model: string | null;
  seconds: number;
}

/** @param tested nothing was written. */
export function renderUnpacking(view: UnpackingView, tested: boolean): string {
  const { name, bytes, packedBytes, chunks, sha256, model, seconds } = view;
  return [
    `${visible(name)}: ${tested ? "whole, " : ""}${formatPlural(bytes, "byte")} from ${formatCount(packedBytes)}, ${formatPlural(chunks, "chunk")}${model === null ? "" : `, model ${visible(model)}`}, ${formatDuration(1000 * seconds)}`,
    `  sha256 ${sha256}, as it was packed`,
    "",
  ].join("\n");
}

/** What could be recovered. */
export interface SalvageView {
  name: string;
  bytes: number;
  zeros: number;
  originalBytes: number | null;
  isWhole: boolean;
  /** The model that was tried without a header; `null`: none. */
  triedModel: string | null;
  recovered: readonly { chunk: number }[];
  missing: readonly {
    chunk: number;
    from: number | null;
    to: number | null;
    error: { code: string; what: string };
  }[];
}

export function renderSalvage(view: SalvageView): string {
  const { name, bytes, zeros, originalBytes, isWhole, triedModel, recovered, missing } = view;
  const of = originalBytes === null ? "" : ` of ${formatCount(originalBytes)}`;
  const kept = `${visible(name)}: ${formatPlural(recovered.length, "chunk")} recovered, ${formatPlural(bytes - zeros, "byte")}${of}`;
  if (isWhole) return `${kept}: all of it, with the SHA-256 that was packed\n`;
  const places = missing.map(({ chunk, from, to, error }) => {
    const range =
      from === null || to === null
        ? ""
        : `, bytes ${formatCount(from)} to ${formatCount(to - 1)} of the original`;
    return `  missing: chunk ${formatCount(chunk + 1)}${range}: ${visible(error.what)} [${error.code}]`;
  });
  const gaps =
    missing.length === 0
      ? []
      : zeros > 0
        ? [`  ${formatCount(zeros)} zeros stand for what is missing`]
        : ["  what is missing is left out; --zeros puts zeros in its place"];
  const end =
    originalBytes === null ? ["  the file's end is missing or damaged: there may have been more"] : [];
  const tried =
    triedModel === null
      ? []
      : [
          `  the header is damaged, which names the model: ${visible(triedModel)} was tried, --model tries another`,
        ];
  return [kept, ...places, ...gaps, ...end, ...tried, ""].join("\n");
}
