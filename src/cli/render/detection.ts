/** Examined answers in a terminal: suspected spans marked and numbered, their reasons, what documents explain, what was not read. */
import type { ConfidentErrorReport, Finding } from "../../detect/index.ts";
import {
  type Background,
  confidentErrorText,
  type DetectedAnswer,
  liftText,
  markedPieces,
  readShare,
  type SignalRanking,
  signedBits,
} from "../../report/index.ts";
import {
  type Cell,
  cellsOf,
  displayWidth,
  formatCount,
  formatNumber,
  formatPlural,
  shorten,
  visible,
  wrapCells,
  wrapWords,
} from "../../text/index.ts";
import { bar } from "./bar.ts";
import type { ColourDepth } from "./colour.ts";
import { type Paint, painter } from "./paint.ts";
import { table } from "./run.ts";

/** Where it is shown. */
export interface DetectionScreen {
  colour: ColourDepth;
  background: Background;
  columns: number;
}

const BAR = 6; // cells
const LONGEST_QUOTE = 48;
const LONGEST_NAME = 28;
/** Of one span; --json and --html have all. */
const MOST_REASONS = 6;
const NUMBERS = "₀₁₂₃₄₅₆₇₈₉";

/** @param head such as "2 of 30", or "". */
export function renderDetection(answer: DetectedAnswer, head: string, screen: DetectionScreen): string {
  const paint = painter(screen);
  const { columns } = screen;
  const { question, id, notes } = answer;
  const title = [head, id === null ? "" : String(id), question ?? ""]
    .filter((part) => part !== "")
    .join(": ");
  const parts = [
    title === "" ? [] : [paint.bold(shorten(visible(title.replaceAll(/\s+/g, " ")), columns - 1))],
    answerLines(answer, paint, columns, screen.colour === "none"),
    wrapWords(verdictOf(answer), columns).map((line) => paint.faint(line)),
    reasonLines(answer, paint, columns),
    sentenceLines(answer, paint, columns),
    documentLines(answer, paint, columns),
    signalLines(answer, paint, columns),
    notes.flatMap((note) => wrapWords(`note: ${visible(note)}`, columns)),
  ];
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

/** "₁₂": takes little room behind a span, and is no digit of the answer. */
const subscript = (number: number): string =>
  [...String(number)].map((digit) => NUMBERS[Number(digit)]).join("");

/** The answer; a suspected span is underlined and shaded by its score, without colours in ⟦⟧, its number behind it. */
function answerLines(
  { answer, spans }: DetectedAnswer,
  paint: Paint,
  columns: number,
  inBrackets: boolean,
): string[] {
  const marks = new Map<Cell, number>();
  const lines: Cell[][] = [[]];
  const add = (text: string, mark: number | null) => {
    const [first = [], ...others] = cellsOf(text, 0, false);
    for (const cell of [first, ...others].flat()) if (mark !== null) marks.set(cell, mark);
    lines.at(-1)!.push(...first);
    lines.push(...others);
  };
  for (const { text, mark } of markedPieces(answer, spans)) {
    if (mark === null) add(text, null);
    else {
      if (inBrackets) add("⟦", null);
      add(text, mark);
      add(`${inBrackets ? "⟧" : ""}${subscript(mark + 1)}`, null);
    }
  }
  const painted = (text: string, mark: number | undefined) =>
    mark === undefined ? text : paint.underline(paint.shade(text, shadeOfScore(spans[mark]!.score)));
  return lines
    .flatMap((line) => wrapCells(line, columns - 1))
    .map((line) => {
      let shown = "";
      for (let from = 0; from < line.length; ) {
        const mark = marks.get(line[from]!);
        let to = from + 1;
        while (to < line.length && marks.get(line[to]!) === mark) to++;
        shown += painted(
          line
            .slice(from, to)
            .map((cell) => cell.shown)
            .join(""),
          mark,
        );
        from = to;
      }
      return shown.trimEnd();
    });
}

/** 1 ... 7. */
const shadeOfScore = (score: number): number => Math.min(7, 1 + Math.floor(7 * score));

function verdictOf({ score, fusion, spans, numbersFrom, samples, correct }: DetectedAnswer): string {
  const what =
    fusion === "fitted" ? "probability that it is made up" : "suspicion (orders answers, no probability)";
  return [
    score === null ? "no signal has a number" : `${what} ${score.toFixed(2)}`,
    spans.length === 0 ? "no span suspected" : formatPlural(spans.length, "suspected span"),
    numbersFrom === null ? "no numbers of tokens" : `numbers ${numbersFrom}`,
    ...(samples > 0 ? [formatPlural(samples, "sample")] : []),
    ...(correct === null ? [] : [correct ? "right" : "wrong"]),
  ].join(" · ");
}

/** Numbered as the spans are. */
function reasonLines(
  { answer, spans, spanLifts, documents }: DetectedAnswer,
  paint: Paint,
  columns: number,
): string[] {
  return spans.flatMap(({ start, end, score, because }, k) => {
    const number = subscript(k + 1).padEnd(2);
    const own = spanLifts[k];
    const lift = own ? liftText(own, documents) : "";
    const quote = shorten(visible(answer.slice(start, end).trim()), Math.min(LONGEST_QUOTE, columns - 12));
    return [
      `${number} ${paint.bold(quote)}  ${score.toFixed(2)}`,
      ...because.slice(0, MOST_REASONS).flatMap((finding) => reasonOf(finding, paint, columns)),
      ...(lift === ""
        ? []
        : wrapWords(visible(lift), columns - 5).map((line) => `     ${paint.faint(line)}`)),
      ...(because.length > MOST_REASONS
        ? [paint.faint(`   ... and ${formatPlural(because.length - MOST_REASONS, "further reason")}`)]
        : []),
    ];
  });
}

function reasonOf({ signal, kind, because }: Finding, paint: Paint, columns: number): string[] {
  const [first = "", ...others] = wrapWords(visible(because), columns - 5);
  const lines = [`   – ${first}`, ...others.map((line) => `     ${line}`)];
  const tag = `${signal}, ${kind}`;
  const last = lines.at(-1)!;
  return displayWidth(last) + displayWidth(tag) + 3 <= columns
    ? [...lines.slice(0, -1), `${last}  ${paint.faint(tag)}`]
    : [...lines, `     ${paint.faint(shorten(tag, columns - 6))}`];
}

/** A line of the table of sentences, as texts. */
interface SentenceRow {
  total: string;
  mean: string;
  picture: string;
  rests: string;
  text: string;
}

/** Sentences with what the documents add to their log-probability, bits. */
function sentenceLines(
  { answer, sentences, documents }: DetectedAnswer,
  paint: Paint,
  columns: number,
): string[] {
  if (sentences.every(({ lift }) => lift === null)) return [];
  const most = Math.max(1e-9, ...sentences.map(({ lift }) => Math.abs(lift ?? 0)));
  const isByDocument = sentences.some(({ byDocument }) => byDocument.some((value) => value !== null));
  const rows = sentences.map(({ start, end, lift, tokens, byDocument }): SentenceRow => {
    let best: number | null = null;
    for (const [k, value] of byDocument.entries())
      if (value !== null && value > 0 && value > (best === null ? 0 : byDocument[best]!)) best = k;
    return {
      total: lift === null ? "–" : signedBits(lift),
      mean: lift === null || tokens === 0 ? "–" : signedBits(lift / tokens),
      picture: lift === null || lift <= 0 ? "" : bar(lift / most, BAR),
      rests: best === null ? "–" : shorten(visible(documents[best]?.name ?? ""), LONGEST_NAME),
      text: visible(answer.slice(start, end).trim()),
    };
  });
  const lines = table(
    rows,
    [
      ["lift, bits", ({ total }) => total],
      ["", ({ picture }) => picture.padEnd(BAR)],
      ["per token", ({ mean }) => mean],
      ...(isByDocument ? [["rests on", ({ rests }: SentenceRow) => rests] as const] : []),
      ["sentence", ({ text }) => text],
    ],
    (column) => column === 1 || column > 2,
  );
  return withHead("What the documents explain", lines, paint, columns);
}

function documentLines({ documents }: DetectedAnswer, paint: Paint, columns: number): string[] {
  if (documents.length === 0) return [];
  const most = Math.max(1e-9, ...documents.map(({ support }) => Math.abs(support ?? 0)));
  if (documents.every(({ support, read }) => support === null && read === null)) return [];
  const rows = documents.map(({ name, support, read }) => ({
    support: support === null ? "–" : signedBits(support),
    picture: support === null || support <= 0 ? "" : bar(support / most, BAR),
    read: readShare(read),
    name: visible(name),
  }));
  const lines = table(
    rows,
    [
      ["support, bits", ({ support }) => support],
      ["", ({ picture }) => picture.padEnd(BAR)],
      ["read", ({ read }) => read],
      ["document", ({ name }) => name],
    ],
    (column) => column === 1 || column === 3,
  );
  const notes = documents.flatMap(({ name, note }) =>
    note === undefined
      ? []
      : wrapWords(`– ${visible(name)}: ${visible(note)}`, columns).map((line) => paint.faint(line)),
  );
  return [...withHead(formatPlural(documents.length, "document"), lines, paint, columns), ...notes];
}

function signalLines({ examinations }: DetectedAnswer, paint: Paint, columns: number): string[] {
  const said = examinations.filter(({ suspicion }) => suspicion !== null);
  const silent = examinations.filter(({ suspicion }) => suspicion === null);
  const lines = table(
    said,
    [
      ["signal", ({ signal }) => signal],
      ["suspicion", ({ suspicion }) => formatNumber(suspicion)],
      ["unit", ({ unit, reason }) => visible(reason === undefined ? unit : `${unit}; ${reason}`)],
    ],
    (column) => column !== 1,
  );
  return [
    ...(said.length > 0 ? withHead("Signals", lines, paint, columns) : []),
    ...silent.flatMap(({ signal, reason = "" }) =>
      wrapWords(`– ${signal}: ${visible(reason)}`, columns).map((line) => paint.faint(line)),
    ),
  ];
}

/** A heading and a table whose last column is cut at the edge. */
const withHead = (heading: string, lines: readonly string[], paint: Paint, columns: number): string[] => [
  paint.bold(heading),
  ...lines.map((line, i) => {
    const cut = shorten(line, columns - 1);
    return i === 0 ? paint.faint(cut) : cut;
  }),
];

/** How well each signal tells wrong answers from right ones. */
export function renderSignalRanking(ranking: readonly SignalRanking[], columns: number): string {
  const lines = table(
    [...ranking],
    [
      ["signal", ({ name }) => name],
      ["AUROC", ({ auroc }) => (auroc.value === null ? "–" : auroc.value.toFixed(3))],
      [
        "95 %",
        ({ auroc: { low, high } }) =>
          low === null || high === null ? "–" : `${low.toFixed(2)} to ${high.toFixed(2)}`,
      ],
      ["answers", ({ n }) => formatCount(n)],
      ["right", ({ right }) => formatCount(right)],
    ],
    1,
  );
  const words =
    "AUROC: how often a wrong answer is more suspicious than a right one; 0.5 says nothing. Signals with other numbers of answers are not compared on the same ones.";
  return `${[...lines.map((line) => shorten(line, columns)), "", ...wrapWords(words, columns)].join("\n")}\n`;
}

/** Wrong answers that the model found likely, and what else would have caught them. */
export function renderConfidentErrors(report: ConfidentErrorReport, columns: number): string {
  const { signals, any, errors, falseAlarms } = report;
  const words = wrapWords(`Confident errors. ${confidentErrorText(report)}`, columns);
  if (errors.length === 0 || signals.length === 0) return `${words.join("\n")}\n`;
  const rows = [...signals, { signal: "any of them", caught: any.caught, falseAlarms: any.falseAlarms }];
  const lines = table(
    rows,
    [
      ["signal", ({ signal }) => signal],
      ["caught", ({ caught: { count, of } }) => `${formatCount(count)} of ${formatCount(of)}`],
      [
        "false alarms",
        (each) => `${formatCount(each.falseAlarms.count)} of ${formatCount(each.falseAlarms.of)}`,
      ],
    ],
    1,
  );
  const head = `Other signals, each at ${formatNumber(100 * falseAlarms, 3)} % false alarms on these answers:`;
  return `${[...words, "", ...wrapWords(head, columns), ...lines.map((line) => shorten(line, columns))].join("\n")}\n`;
}

/** What a list shows of a signal. */
export interface ListedSignal {
  signal: string;
  what: string;
  needs: readonly string[];
  /** Of one answer, in words. */
  price: string;
}

/** All signals with what they need and cost. */
export function renderSignalList(signals: readonly ListedSignal[], columns: number): string {
  const lines = table(
    [...signals],
    [
      ["signal", ({ signal }) => signal],
      ["needs", ({ needs }) => needs.join(", ")],
      ["price per answer", ({ price }) => price],
      ["suspects", ({ what }) => what],
    ],
    () => true,
  );
  if (lines.every((line) => displayWidth(line) <= columns)) return `${lines.join("\n")}\n`;
  const blocks = signals.map(({ signal, what, needs, price }) => [
    ...wrapWords(`${signal}: ${what}`, columns),
    ...wrapWords(`needs ${needs.join(", ")}; price per answer: ${price}`, Math.max(8, columns - 3)).map(
      (line) => `   ${line}`,
    ),
  ]);
  return `${blocks.flat().join("\n")}\n`;
}
