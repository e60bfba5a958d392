/** Answers and how sure a model was of them, in a terminal: a table of all methods under each, family by family. */
import {
  type AnswerToken,
  type ConfidenceAnswer,
  FAMILY_NAMES,
  type MethodEstimate,
  type MethodRanking,
  shadeOf,
  splitSpaces,
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
import type { MethodFamily } from "../../uncertainty/index.ts";
import { bar } from "./bar.ts";
import type { ColourDepth } from "./colour.ts";
import { type Paint, paintCells, painter } from "./paint.ts";
import { PieceStream } from "./piece-stream.ts";
import { table } from "./run.ts";

/** Where it is shown. */
export interface ConfidenceScreen {
  colour: ColourDepth;
  background: "dark" | "light";
  columns: number;
}

const BAR = 8; // cells
const LONGEST_SAMPLE = 60;
const MOST_CLUSTERS = 5;

/** @param head such as "2 of 30", or "". */
export function renderConfidence(answer: ConfidenceAnswer, head: string, screen: ConfidenceScreen): string {
  const paint = painter(screen);
  const { columns } = screen;
  const { question, id } = answer;
  const title = [head, id === null ? "" : String(id), question ?? ""]
    .filter((part) => part !== "")
    .join(": ");
  const families = [...new Set(answer.estimates.map(({ family }) => family))];
  const widest = Math.max(0, ...answer.estimates.map(({ name }) => displayWidth(name)));
  return `${[
    ...(title === "" ? [] : [paint.bold(shorten(visible(title.replaceAll(/\s+/g, " ")), columns - 1)), ""]),
    ...answerLines(answer, paint, columns),
    "",
    ...wrapWords(factsOf(answer).join(" · "), columns).map(paint.faint),
    ...clusterLines(answer, columns),
    ...families.flatMap((family) => [
      "",
      ...familyLines(
        family,
        answer.estimates.filter((each) => each.family === family),
        widest,
        paint,
        columns,
      ),
    ]),
    ...answer.notes.flatMap((note) => wrapWords(`note: ${visible(note)}`, columns)),
  ].join("\n")}\n`;
}

/** The answer, coloured by the surprisal of its tokens where they are known. */
function answerLines({ answer, tokens }: ConfidenceAnswer, paint: Paint, columns: number): string[] {
  const pieces = new PieceStream();
  const own = tokens.filter(({ part = "answer" }) => part === "answer");
  const told = [...own.flatMap((token) => pieces.push(bytesOf(token), token.logprob)), ...pieces.flush()];
  const joined = told.map(({ text }) => text).join("");
  const shown = joined === answer ? told : [{ text: answer, bits: 0 }];
  const lines: Cell[][] = [[]];
  const add = ([first = [], ...others]: Cell[][]) => {
    lines.at(-1)!.push(...first);
    lines.push(...others);
  };
  for (const { text, bits } of shown) {
    const [spaces, rest] = splitSpaces(text);
    if (spaces !== "") add(cellsOf(spaces, 0, false));
    add(cellsOf(rest, shadeOf(bits), false));
  }
  return lines.flatMap((each) => wrapCells(each, columns - 1)).map((each) => paintCells(each, paint));
}

const bytesOf = ({ bytes, text }: AnswerToken): Uint8Array =>
  bytes ? Uint8Array.from(bytes) : new TextEncoder().encode(text);

function factsOf({
  answerFrom,
  numbersFrom,
  tokens,
  samples,
  clusters,
  correct,
}: ConfidenceAnswer): string[] {
  return [
    answerFrom === "first sample" ? "the first sample" : answerFrom,
    numbersFrom === null
      ? "no numbers"
      : `${formatPlural(tokens.length, "token")}${numbersFrom === "written" ? "" : `, numbers ${numbersFrom}`}`,
    ...(samples.length > 0
      ? [
          `${formatPlural(samples.length, "sample")} saying ${formatPlural(clusters.length, "different thing")}`,
        ]
      : []),
    ...(correct === null ? [] : [correct ? "right" : "wrong"]),
  ];
}

/** What the samples say, most first. */
function clusterLines({ samples, clusters }: ConfidenceAnswer, columns: number): string[] {
  if (samples.length < 2) return [];
  const rest = clusters.length - MOST_CLUSTERS;
  return [
    ...clusters.slice(0, MOST_CLUSTERS).map((cluster) => {
      const text = visible(samples[cluster[0]!]!.text.trim().replaceAll(/\s+/g, " "));
      return `  ${formatCount(cluster.length).padStart(3)} × ${shorten(text, Math.min(LONGEST_SAMPLE, columns - 9))}`;
    }),
    ...(rest > 0 ? [`  ... and ${formatPlural(rest, "other")}`] : []),
  ];
}

function familyLines(
  family: MethodFamily,
  estimates: readonly MethodEstimate[],
  widest: number,
  paint: Paint,
  columns: number,
): string[] {
  const said = estimates.filter(({ uncertainty, interval }) => uncertainty !== null || interval);
  const silent = new Map<string, string[]>();
  for (const each of estimates)
    if (!said.includes(each))
      silent.set(each.reason ?? "", [...(silent.get(each.reason ?? "") ?? []), each.name]);
  return [
    `${paint.bold(FAMILY_NAMES[family])}${paint.faint(priceOf(family, estimates))}`,
    ...(said.length > 0 ? [paint.faint(headLine(widest, columns))] : []),
    ...said.map((estimate) => line(estimate, widest, paint, columns)),
    ...[...silent].flatMap(([reason, names]) => {
      const all = names.length === estimates.length && names.length > 1;
      const who = all ? `none of ${formatCount(names.length)}` : names.join(", ");
      return wrapWords(`– ${who}: ${visible(reason)}`, columns - 2).map((each) => `  ${paint.faint(each)}`);
    }),
  ];
}

/** What the columns are; the confidence, 0 to 1, is not calibrated. */
function headLine(widest: number, columns: number): string {
  const begin = `  ${"".padEnd(widest)} uncertain  ${"confidence".padEnd(BAR + 5)}`;
  return columns - begin.length < 11 ? begin.trimEnd() : `${begin}  formula`;
}

function line(estimate: MethodEstimate, widest: number, paint: Paint, columns: number): string {
  const { name, variant, confidence = null, reason } = estimate;
  const sure = confidence === null ? " ".repeat(BAR + 5) : `${bar(confidence, BAR)} ${confidence.toFixed(2)}`;
  const begin = `  ${name.padEnd(widest)} ${numberOf(estimate).padStart(9)}  ${sure}`;
  const room = columns - displayWidth(begin) - 3;
  const more = reason === undefined ? variant : `${variant}; ${reason}`;
  return `${begin}${room < 8 ? "" : `  ${paint.faint(shorten(visible(more), room))}`}`.trimEnd();
}

function numberOf({ uncertainty, interval }: MethodEstimate): string {
  if (uncertainty !== null || !interval) return formatNumber(uncertainty);
  const { low, high } = interval;
  return high === null ? `>= ${formatNumber(low, 3)}` : `${formatNumber(low, 2)}…${formatNumber(high, 2)}`;
}

function priceOf(family: MethodFamily, estimates: readonly MethodEstimate[]): string {
  if (family === "asking") {
    const calls = estimates.reduce((sum, { price }) => sum + price.calls, 0);
    const written = estimates.reduce((sum, { price }) => sum + (price.tokensWritten ?? 0), 0);
    return ` · ${formatPlural(calls, "call")}, ${formatPlural(written, "token")} written`;
  }
  if (family !== "samples") return " · costs nothing beside the answer";
  const drawn = Math.max(0, ...estimates.map(({ price }) => price.samples));
  return drawn > 0 ? ` · ${formatPlural(drawn, "sample")} drawn, shared by all` : "";
}

/** How well each method tells right from wrong. */
export function renderRanking(ranking: readonly MethodRanking[], columns: number): string {
  const interval = ({ auroc: { low, high } }: MethodRanking) =>
    low === null || high === null ? "–" : `${low.toFixed(2)} to ${high.toFixed(2)}`;
  const rows = [...ranking];
  const lines = table(
    rows,
    [
      ["method", ({ name }) => name],
      ["AUROC", ({ auroc }) => (auroc.value === null ? "–" : auroc.value.toFixed(3))],
      ["95 %", interval],
      ["AURC", ({ aurc }) => (aurc.value === null ? "–" : aurc.value.toFixed(3))],
      ["answers", ({ n }) => formatCount(n)],
      ["right", ({ right }) => formatCount(right)],
    ],
    1,
  );
  return `${[
    ...lines.map((each) => shorten(each, columns)),
    "",
    ...wrapWords(
      "AUROC: how often a right answer is less uncertain than a wrong one; 0.5 says nothing. Methods with other numbers of answers are not compared on the same ones.",
      columns,
    ),
  ].join("\n")}\n`;
}

/** What a list shows of a method. */
export interface ListedMethod {
  name: string;
  family: MethodFamily;
  variant: string;
  needs: readonly string[];
  /** Of one answer. */
  price: string;
}

/** All methods, family by family. */
export function renderMethodList(methods: readonly ListedMethod[], columns: number): string {
  const families = [...new Set(methods.map(({ family }) => family))];
  return `${families
    .map((family) => {
      const own = methods.filter((each) => each.family === family);
      const lines = table(
        own,
        [
          ["method", ({ name }) => name],
          ["needs", ({ needs }) => needs.join(", ")],
          ["price per answer", ({ price }) => price],
          ["variant", ({ variant }) => visible(variant)],
        ],
        () => true,
      );
      return [`${FAMILY_NAMES[family]} (${family})`, ...lines.map((each) => shorten(each, columns))].join(
        "\n",
      );
    })
    .join("\n\n")}\n`;
}
