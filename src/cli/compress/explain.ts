/** `surprisal compress --explain`: where the bits of what was packed went, and what others would have made of it. */
import { comparePeers, type Explanation, yardsticks } from "../../compress/index.ts";
import { assertWritable, writeWhole } from "../../files/index.ts";
import { type CompressionView, compressionPage } from "../../report/index.ts";
import { usage } from "../errors.ts";
import { type Declared, flag, option, text } from "../parameters.ts";
import { decideColour, renderExplanation, startProgress } from "../render/index.ts";
import { bytesOf, type Source, type Target } from "./places.ts";

interface ExplainValues {
  explain: boolean;
  html: string | undefined;
}

// biome-ignore format: one option a line
export const EXPLAIN_OPTIONS: Declared<ExplainValues> = {
  explain: flag({ description: "Say where the bits go: by kind of word, line and chunk, ideal and coded, beside gzip, brotli, zstd, xz and bzip2" }),
  html: option(text, { hint: "PAGE", description: "Write that as a page, with the text coloured by bits" }),
};

/** @returns whether anything is to be explained. @throws SurprisalError USAGE, FILE_UNWRITABLE */
export function checkExplain(
  { explain, html }: ExplainValues,
  { noVerify, files }: { noVerify: boolean; files: number },
): boolean {
  if (html !== undefined && files > 1) throw usage("--html is the page of one file", html);
  if (html !== undefined) assertWritable(html);
  const isAsked = explain || html !== undefined;
  if (isAsked && noVerify)
    throw usage(
      "--explain hears what tokens cost as they are unpacked again: it does not go with --no-verify",
    );
  return isAsked;
}

/** What others make of the source; of standard input, which cannot be read again, nothing is known. */
export async function compareExplained(
  explanation: Explanation,
  source: Source,
  { modelBytes, quiet }: { modelBytes: number | null; quiet: boolean },
): Promise<CompressionView> {
  const { bytes } = explanation;
  const line = quiet ? null : startProgress({ label: "comparing", unit: "bytes" });
  const peers =
    source.file === null
      ? [{ name: "gzip and others", bytes: null, missing: "standard input cannot be read twice" }]
      : await comparePeers(() => bytesOf(source), bytes).finally(() => line?.end());
  line?.end();
  return {
    title: source.name,
    explanation,
    modelBytes,
    ...yardsticks(explanation, peers, modelBytes),
  };
}

/** On the screen, unless the packed bytes go there, and as a page. */
export async function showExplained(
  view: CompressionView,
  target: Target,
  { html, json, quiet }: { html: string | undefined; json: boolean; quiet: boolean },
): Promise<void> {
  if (html !== undefined) await writeWhole(html, await compressionPage(view));
  if (json || quiet) return;
  const stream = target.kind === "file" ? process.stdout : process.stderr;
  if (stream === process.stderr && !stream.isTTY) return;
  const columns = stream.isTTY ? stream.columns || 80 : null;
  const colour = decideColour(process.env, stream) !== "none";
  stream.write(`\n${renderExplanation(view, { columns, colour })}`);
}

/** Everything but the text, which whoever asks has. */
export function explainedDocument({ explanation, rows, breakEven, modelBytes }: CompressionView): object {
  const { detail, ...rest } = explanation;
  const known = (column: Float64Array) => Array.from(column, (bits) => (Number.isNaN(bits) ? null : bits));
  const { ids, byteOffsets, surprisalBits, codedBits } = detail.tokens;
  return {
    ...rest,
    modelBytes,
    yardsticks: rows,
    breakEven,
    tokenBits: {
      ids: Array.from(ids),
      byteOffsets: Array.from(byteOffsets),
      surprisalBits: known(surprisalBits),
      codedBits: known(codedBits),
    },
  };
}
