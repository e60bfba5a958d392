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
    `${visible(name)}: ${formatCount(packedBytes)} bytes of ${formatCount(bytes)}${share}${rates.length > 0 ? `, ${rates.join(", ")}` : ""}`,
    ...ways.map(visible),
    `  ${formatDuration(1000 * seconds)}${bytes > 0 && seconds > 0 ? ` (${formatBytes(bytes / seconds)}/s)` : ""}, ${checked}`,
    "",
  ].join("\n");
}
