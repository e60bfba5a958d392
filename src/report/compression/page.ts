/** Where a packed file's bits go, as one self-contained page. */

import { barsChart, type Chart, renderFigure, renderTable, surprisalAlong } from "../../charts/server.ts";
import type { Explanation } from "../../compress/index.ts";
import type { TokenTable } from "../../core/index.ts";
import { escapeMarkup, formatBytes, formatCount, formatPlural, shorten, visible } from "../../text/index.ts";
import { htmlDetails, htmlPage, htmlSection, oneLine } from "../page/skeleton.ts";
import { type Piece, piecesOf } from "../score/index.ts";
import { dataOf, heatMap } from "../score-page/heat-map.ts";
import { SCRIPT } from "../score-page/script.ts";
import { SCORE_STYLE } from "../score-page/style.ts";
import {
  accountTable,
  chunkTable,
  classTable,
  compressionSentences,
  lineTable,
  type RankedTable,
  yardstickTable,
} from "./tables.ts";
import type { CompressionView } from "./view.ts";

/** Tokens, or bytes, of the text that are shown. */
const MOST_SHOWN = 20_000;
const FEWEST_DRAWN = 32;
const MOST_LINES = 12;
const NO_TABLE = { columns: [], rows: [] };
const LONGEST_LINE = 90;

const STYLE = `
.numbers td{overflow-wrap:break-word}
.numbers td:last-child:not(.figure){min-inline-size:11rem}
h1{font-size:clamp(1.5rem,5vw,2.1rem);font-weight:650}
#text{max-block-size:36rem;overflow:auto}
@media print{#text{max-block-size:none}}
`;

/**
 * One HTML page (see `htmlPage`): the account of all bits, kinds of words, other compressors, chunks and dearest lines as pictures and tables,
 * and the text's beginning with its bits as colour.
 */
export function compressionPage(view: CompressionView): string {
  const { explanation } = view;
  const shown = shownText(explanation);
  const pictures = picturesOf(view);
  let number = 0;
  const section = (id: string, table: RankedTable, chart: Chart | null, words = "") => {
    number++;
    // The table below has more columns than the picture's own.
    const figure = chart ? renderFigure({ ...chart, table: NO_TABLE }, { number }) : "";
    return htmlSection(
      `h-${id}`,
      escapeMarkup(table.title),
      `${words}${figure}\n${renderTable(
        { columns: table.columns.map(({ heading }) => heading), rows: table.rows },
        `Table ${number}: ${table.title}`,
      )}`,
    );
  };
  const [lead, ...sentences] = compressionSentences(view);
  const main = [
    measures(view),
    `<div>${sentences.map((sentence) => `<p>${oneLine(sentence)}</p>`).join("")}</div>`,
    section("account", accountTable(explanation), pictures.account),
    explanation.classes.length > 0 ? section("classes", classTable(explanation), pictures.classes) : "",
    section("others", yardstickTable(view), pictures.others),
    shown.html,
    pictures.along
      ? htmlSection(
          "h-along",
          escapeMarkup(pictures.along.title),
          renderFigure(pictures.along, { number: ++number }),
        )
      : "",
    explanation.chunks.length > 0 ? section("chunks", chunkTable(explanation), null) : "",
    explanation.costliestLines.length > 0
      ? section(
          "lines",
          lineTable(explanation, (line) => shorten(visible(line), LONGEST_LINE), MOST_LINES),
          null,
        )
      : "",
    htmlSection("h-made", "How this was made", htmlDetails(detailsOf(view))),
  ];
  return htmlPage({
    title: `Where the bits of ${view.title} go`,
    lead: oneLine(lead ?? ""),
    main: main.filter((part) => part !== "").join("\n"),
    style: SCORE_STYLE + STYLE,
    ...(shown.data && { script: { code: SCRIPT, data: shown.data } }),
  });
}

function measures({ explanation, rows }: CompressionView): string {
  const own = rows.find(({ kind }) => kind === "own");
  const rate = (value: number | null | undefined) => (value == null ? "–" : value.toFixed(3));
  const cells = [
    ["Bits per byte", rate(own?.bitsPerByte)],
    ["Per character", rate(own?.bitsPerCharacter)],
    ["Per token", rate(own?.bitsPerToken)],
    ["Per word", rate(own?.bitsPerWord)],
    ["Packed", formatBytes(explanation.packedBytes)],
    ["Original", formatBytes(explanation.bytes)],
  ];
  return `<dl class="measures">${cells.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`).join("")}</dl>`;
}

interface Pictures {
  account: Chart;
  classes: Chart;
  others: Chart;
  along: Chart | null;
}

function picturesOf({ explanation, rows }: CompressionView): Pictures {
  const classes = [...explanation.classes].filter(({ bytes }) => bytes > 0);
  const all = classes.reduce((sum, { codedBits }) => sum + codedBits, 0);
  const sized = rows.filter((row) => row.bitsPerByte !== null);
  const { tokens } = explanation.detail;
  return {
    account: barsChart({
      title: "Bytes of the packed file",
      summary: "What the file's bytes are spent on, all in all.",
      unit: "bytes",
      bars: explanation.accounts.map(({ use, name, bits }) => ({
        name,
        value: Math.max(0, bits / 8),
        label:
          Math.abs(bits) < 0.4 ? "0" : Math.abs(bits) < 8000 ? (bits / 8).toFixed(1) : formatCount(bits / 8),
        own: use === "surprisal",
      })),
    }),
    classes: barsChart({
      title: "Share of the bits by kind of word",
      summary: "What each kind of word takes of all the bits that its text cost.",
      unit: "% of the bits",
      bars: classes
        .sort((a, b) => b.codedBits - a.codedBits)
        .map(({ name, codedBits }) => {
          const value = all > 0 ? (100 * codedBits) / all : 0;
          return { name, value, label: `${value.toFixed(1)}%` };
        }),
    }),
    others: barsChart({
      title: "Bits per byte",
      summary: "All of each file, header included; no model's file is counted here.",
      unit: "bits per byte",
      bars: sized
        .sort((a, b) => a.bitsPerByte! - b.bitsPerByte!)
        .map(({ name, bitsPerByte, kind }) => ({
          name,
          value: bitsPerByte!,
          label: bitsPerByte!.toFixed(3),
          own: kind === "own" || kind === "limit",
        })),
    }),
    along:
      explanation.isAllModel && tokens.ids.length >= FEWEST_DRAWN
        ? surprisalAlong({ logprobs: natsOf(tokens.surprisalBits), name: "the text" })
        : null,
  };
}

const natsOf = (bits: Float64Array): Float64Array => bits.map((value) => -value * Math.LN2);

/** The beginning of the text in colours, and what its script reads; nothing where no byte's cost is known. */
function shownText(explanation: Explanation): { html: string; data: object | null } {
  const { text, tokens } = explanation.detail;
  const count = Math.min(MOST_SHOWN, tokens.ids.length);
  if (!tokens.codedBits.subarray(0, count).some((bits) => !Number.isNaN(bits)))
    return { html: "", data: null };
  const end = tokens.byteOffsets[count]!;
  const bytesOf = new Map<number, Uint8Array>();
  const ids = tokens.ids.slice(0, count);
  for (const [i, id] of ids.entries()) {
    const bytes = text.subarray(tokens.byteOffsets[i], tokens.byteOffsets[i + 1]);
    if (id < 0) ids[i] = bytes[0] ?? 0; // bytes mode: a byte is its own id
    bytesOf.set(ids[i]!, bytes);
  }
  const table: TokenTable = {
    length: count,
    ids,
    byteOffsets: tokens.byteOffsets.slice(0, count + 1),
    logprobs: natsOf(tokens.codedBits.subarray(0, count)),
    entropies: new Float64Array(count).fill(Number.NaN),
    ranks: new Int32Array(count),
    alternatives: null,
  };
  const shown = { text: text.subarray(0, end), table };
  const pieces: Piece[] = piecesOf(shown).filter((piece) => piece.text !== "");
  const unit = explanation.tokens === null ? "byte" : "token";
  const left = explanation.bytes - end;
  const more =
    left > 0
      ? `<p class="soft">The first ${formatPlural(count, unit)}; ${formatCount(left)} bytes of the text follow.</p>`
      : "";
  const known = ids.length - tokens.codedBits.subarray(0, count).filter(Number.isNaN).length;
  return {
    html: `${heatMap({ scored: known, tokens: count }, pieces, [], "Bits along the text")}${more}`,
    data: dataOf({ table, pieces: (id) => bytesOf.get(id) ?? new Uint8Array(0) }, pieces, []),
  };
}

function detailsOf({ explanation, title, modelBytes }: CompressionView): [string, string][] {
  const { model, sha256, methods, lines, words, characters } = explanation;
  return [
    ["original", title],
    ["sha256 of it", sha256],
    ["lines, words, characters", [lines, words, characters].map((count) => formatCount(count)).join(", ")],
    ...methods.map(({ method, chunks, bytes, packedBytes }): [string, string] => [
      `chunks by ${method}`,
      `${formatCount(chunks)}: ${formatCount(bytes)} bytes to ${formatCount(packedBytes)}`,
    ]),
    ...(model
      ? ([
          ["model", model.name],
          ["sha256 of the model", model.sha256],
          ["size of the model", formatBytes(modelBytes)],
          ["computed with", `${model.engine}, ${model.arithmetic}, ${formatPlural(model.threads, "thread")}`],
          ["context", `${formatCount(model.context)} tokens, ${formatCount(model.keep)} kept`],
        ] satisfies [string, string][])
      : []),
    [
      "kinds of words",
      "by rules: a list of English function words; names are capitals that begin no sentence; other scripts by script. A token goes by its first byte that is no white space.",
    ],
  ];
}
