/** The tables of where bits go: the same columns on the screen and on the page. */
import type { BitSums, Explanation } from "../../compress/index.ts";
import { formatBytes, formatCount, isNumber } from "../../text/index.ts";
import type { CompressionView } from "./view.ts";

/** A table whose columns a narrow screen may leave out. */
export interface RankedTable {
  title: string;
  /** From the left. `rank`: those of a higher one are left out first where there is no room; 0 is always there. Texts stand to the left. */
  columns: readonly { heading: string; rank: number; isText?: boolean }[];
  rows: readonly (readonly string[])[];
}

const rate = (bits: number, units: number): string => (units > 0 ? (bits / units).toFixed(3) : "–");
const decimals = (value: number | null): string => (isNumber(value) ? value.toFixed(3) : "–");
const share = (part: number, whole: number): string =>
  whole > 0 ? `${((100 * part) / whole).toFixed(2).replace(/^-(?=[0.]+$)/, "")}%` : "–";
const signed = (bits: number): string => `${bits < 0 ? "−" : "+"}${Math.abs(bits).toFixed(2)}`;
const sizeOf = (bits: number): string => {
  const bytes = Math.abs(bits) < 0.4 ? 0 : bits / 8; // no "-0.0"
  return Number.isInteger(bytes) || Math.abs(bytes) >= 1000 ? formatCount(bytes) : bytes.toFixed(1);
};

/** All of the file, by what it is spent on. */
export function accountTable({ accounts, packedBytes, bytes }: Explanation): RankedTable {
  const rows = accounts.map(({ name, bits }) => [
    name,
    sizeOf(bits),
    share(bits, 8 * packedBytes),
    bytes > 0 ? (bits / bytes).toFixed(4).replace(/^-(?=[0.]+$)/, "") : "–",
  ]);
  return {
    title: "Where the bits go",
    columns: [
      { heading: "spent on", rank: 0, isText: true },
      { heading: "bytes", rank: 0 },
      { heading: "of the file", rank: 1 },
      { heading: "bits/byte of text", rank: 2 },
    ],
    rows: [
      ...rows,
      [
        "the file",
        formatCount(packedBytes),
        "100%",
        bytes > 0 ? ((8 * packedBytes) / bytes).toFixed(4) : "–",
      ],
    ],
  };
}

const sumOf = (rows: readonly BitSums[], key: keyof BitSums): number =>
  rows.reduce((sum, row) => sum + row[key], 0);

/** By kind of word, dearest first. */
export function classTable({ classes }: Explanation): RankedTable {
  const [allBits, allBytes] = [sumOf(classes, "codedBits"), sumOf(classes, "bytes")];
  const hasTokens = sumOf(classes, "tokens") > 0;
  const cells = (name: string, sums: BitSums) => [
    name,
    share(sums.codedBits, allBits),
    share(sums.bytes, allBytes),
    rate(sums.codedBits, sums.bytes),
    ...(hasTokens
      ? [
          formatCount(sums.tokens),
          rate(sums.codedBits, sums.tokens),
          sums.surprisalBits.toFixed(1),
          sums.codedBits.toFixed(1),
        ]
      : [sums.codedBits.toFixed(1)]),
  ];
  const all: BitSums = {
    tokens: sumOf(classes, "tokens"),
    bytes: allBytes,
    surprisalBits: sumOf(classes, "surprisalBits"),
    codedBits: allBits,
  };
  return {
    title: "By kind of word",
    columns: [
      { heading: "kind", rank: 0, isText: true },
      { heading: "of the bits", rank: 0 },
      { heading: "of the text", rank: 0 },
      { heading: "bits/byte", rank: 1 },
      ...(hasTokens
        ? [
            { heading: "tokens", rank: 3 },
            { heading: "bits/token", rank: 2 },
            { heading: "ideal bits", rank: 4 },
          ]
        : []),
      { heading: "coded bits", rank: 4 },
    ],
    rows: [
      ...[...classes].sort((a, b) => b.codedBits - a.codedBits).map((sums) => cells(sums.name, sums)),
      cells("all", all),
    ],
  };
}

/** Beside others, smallest first; what is only a rate, and what is missing, behind. */
export function yardstickTable({ rows, modelBytes, explanation }: CompressionView): RankedTable {
  const counted = modelBytes !== null && explanation.tokens !== null;
  const sorted = [
    ...rows.filter(({ bytes }) => bytes !== null).sort((a, b) => a.bytes! - b.bytes!),
    ...rows.filter(({ bytes }) => bytes === null),
  ];
  return {
    title: "Beside others",
    columns: [
      { heading: "way", rank: 0, isText: true },
      { heading: "bytes", rank: 0 },
      { heading: "bits/byte", rank: 0 },
      { heading: "/char", rank: 2 },
      { heading: "/token", rank: 1 },
      { heading: "/word", rank: 3 },
      ...(counted ? [{ heading: "with the model", rank: 2 }] : []),
    ],
    rows: sorted.map((row) => [
      row.name,
      formatCount(row.bytes),
      decimals(row.bitsPerByte),
      decimals(row.bitsPerCharacter),
      decimals(row.bitsPerToken),
      decimals(row.bitsPerWord),
      ...(counted ? [formatCount(row.bytesWithModel)] : []),
    ]),
  };
}

/** Chunk by chunk. */
export function chunkTable({ chunks }: Explanation): RankedTable {
  return {
    title: "By chunk",
    columns: [
      { heading: "chunk", rank: 0 },
      { heading: "packed", rank: 0, isText: true },
      { heading: "bytes", rank: 1 },
      { heading: "to", rank: 0 },
      { heading: "bits/byte", rank: 0 },
      { heading: "parts", rank: 2 },
      { heading: "starts cost", rank: 3 },
    ],
    rows: chunks.map(({ index, method, bytes, packedBytes, parts }) => {
      const starts = parts.flatMap(({ startBits }) => (startBits === null ? [] : [startBits]));
      return [
        formatCount(index + 1),
        METHOD_NAMES[method],
        formatCount(bytes),
        formatCount(packedBytes),
        rate(8 * packedBytes, bytes),
        parts.length > 0 ? formatCount(parts.length) : "–",
        starts.length > 0 ? `${sizeOf(starts.reduce((sum, bits) => sum + bits, 0))} bytes` : "–",
      ];
    }),
  };
}

const METHOD_NAMES: Readonly<Record<Explanation["methods"][number]["method"], string>> = {
  model: "by the model",
  bytes: "bytes mode",
  brotli: "brotli",
  raw: "as it is",
};

/** Lines that cost most. @param text their text, safe to show. */
export function lineTable(
  { costliestLines }: Explanation,
  text: (line: string) => string,
  most = 20,
): RankedTable {
  return {
    title: "Lines that cost most",
    columns: [
      { heading: "line", rank: 0 },
      { heading: "bits", rank: 0 },
      { heading: "bits/byte", rank: 1 },
      { heading: "text", rank: 0, isText: true },
    ],
    rows: costliestLines
      .slice(0, most)
      .map((line) => [
        formatCount(line.line),
        line.codedBits.toFixed(1),
        rate(line.codedBits, line.bytes),
        text(line.text),
      ]),
  };
}

/** What there is to say of it in sentences. */
export function compressionSentences({
  explanation,
  rows,
  breakEven,
  modelBytes,
}: CompressionView): string[] {
  const { bytes, packedBytes, accounts, chunks, tokens, isAllModel, classes } = explanation;
  const sentences = [
    `${formatCount(packedBytes)} bytes hold ${formatCount(bytes)}${bytes > 0 ? `: ${((8 * packedBytes) / bytes).toFixed(3)} bits per byte` : ""}.`,
  ];
  const bitsOf = (use: string) => accounts.find((row) => row.use === use)?.bits ?? 0;
  if (tokens) {
    const ideal = bitsOf("surprisal");
    sentences.push(
      `The model expects the ${isAllModel ? "text" : "part of the text that it packed"} with ${(ideal / tokens).toFixed(3)} bits per token. Whole numbers in the place of its probabilities change that by ${signed(bitsOf("wholeNumbers"))} bits in all.`,
    );
  }
  const starts = chunks.flatMap(({ parts }) => parts.flatMap(({ startBits }) => startBits ?? []));
  const startBits = starts.reduce((sum, bits) => sum + bits, 0);
  if (starts.length > 0 && startBits > 0)
    sentences.push(
      `Each of ${starts.length} ${starts.length === 1 ? "part begins" : "parts begins"} without knowing what stands before: their first 64 tokens cost ${sizeOf(startBits)} bytes more than as many later ones (${share(startBits, 8 * packedBytes)} of the file).`,
    );
  const unknown = bytes - sumOf(classes, "bytes");
  if (unknown > 0)
    sentences.push(
      `${formatCount(unknown)} bytes went by brotli or as they are, which do not tell what single words cost.`,
    );
  const missing = rows.filter(({ kind, bytes: size }) => kind === "peer" && size === null);
  for (const { name, note } of missing) sentences.push(`${name} is left out: ${note}.`);
  if (modelBytes !== null && breakEven)
    sentences.push(
      breakEven.bytes === null
        ? `The model's file, ${formatBytes(modelBytes)}, never pays for itself on such text: ${breakEven.peer} is smaller without it.`
        : `With the model's file, ${formatBytes(modelBytes)}, counted, it is smaller than ${breakEven.peer} from ${formatBytes(breakEven.bytes)} of such text on.`,
    );
  sentences.push(
    "ASCII takes 8 bits a character. “Modern models” is the figure of about 3.5 bits per token that this project set out from; it names no model and no text.",
  );
  return sentences;
}
