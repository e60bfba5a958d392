/**
 * What was recorded of questions: the answer of each path, so that any router can be fitted to it and judged by it without a
 * model. A path is a way to an answer: "short" and "long" of one model, or the models of a cascade by their names.
 */
import type { CalibrationIdentity } from "../calibrate/index.ts";
import { ERROR_CODES, type ErrorCode, SurprisalError } from "../core/index.ts";
import { shapes } from "../evaluate/runs/index.ts";
import { readInput, writeWhole } from "../files/index.ts";
import { decodeText, infinityAsText } from "../text/index.ts";
import type { AnswerCounting, Signals } from "./answer-signals.ts";
import type { CarInstructions } from "./car/index.ts";
import { identityShape, levelFactsShape, type PaqLevelFacts } from "./levels.ts";

/** The form of this version: the first line of a file of records says it. */
export const RECORDS_SCHEMA = "surprisal.route-records/1";

/** What holds for all records of a file. */
export interface RecordsHeader {
  schema: typeof RECORDS_SCHEMA;
  /** Names of the paths, cheapest first: ["short", "long"]. */
  paths: readonly string[];
  /** Which tokens the signals were made from; `null` = not known, as of signals of another kind. */
  counting: AnswerCounting | null;
  /** What gave the answers; of a cascade, the cheapest model. */
  identity: CalibrationIdentity | null;
  /** Of a cascade: what gave the answers of each path. */
  identities?: Readonly<Record<string, CalibrationIdentity>> | undefined;
  /** What the questions of a CAR router were asked with: a router that is fitted to the records asks with the same. */
  instructions?: CarInstructions | undefined;
  /** Of records for early exits: how the thinking was asked about, and ended. */
  thinking?: ThinkingPlaces | undefined;
  /** Of records for PAQ, whose paths are levels of one model: what each costs, and what it is worth on the ladder's text. */
  levels?: readonly PaqLevelFacts[] | undefined;
  /** Questions that were asked side by side: of more than one the times (`ms`) are those of a busy model. Left out: not known. */
  atOnce?: number | undefined;
  /** What else the answers depend on, such as what they may be long; it is compared when the file is gone on with. */
  asked?: Readonly<Record<string, unknown>> | undefined;
}

/** One path's answer to one question. */
export interface RecordedAnswer {
  /** Whether it was right; `null` = not known. */
  correct: boolean | null;
  /** Tokens written for it, alone. */
  tokens: number;
  /** Tokens of its prompt; left out: not known. */
  promptTokens?: number | undefined;
  /** Time for it, alone, milliseconds; left out or `null`: not known. */
  ms?: number | null | undefined;
  text?: string | undefined;
  /** What it says; `null` = no answer was found in the text. */
  answer?: string | null | undefined;
  /** Uncertainties by name: a higher one is more uncertain; `null` = it could not be said. */
  signals?: Signals | undefined;
  /**
   * Of records for PAQ: Σ -ln p of the reference continuation given the prompt, nats, over `tokens` tokens; Infinity at
   * probability 0; `null` = it could not be said.
   */
  nll?: number | null | undefined;
}

/** One of several answers that were sampled for DeepConf, as it is voted with. */
export interface RecordedTrace {
  /** What it says; `null` = it has no vote. */
  answer: string | null;
  correct: boolean | null;
  tokens: number;
  /** [tokens] confidence of each token, nats: see `tokenConfidence`; `null` = not known. */
  confidences: readonly (number | null)[];
}

/** How thinking is asked about, and ended: what early exits depend on. */
export interface ThinkingPlaces {
  /** Behind which texts a rule may ask, and end the thinking. */
  at: readonly string[];
  /** What is written where it is ended: closes it, and calls for the answer. */
  close: string;
  /** What is written in its place for a trial answer. */
  call: string;
  trial: {
    /** Tokens at the beginning and at the end of a trial answer that do not count. */
    skipFirst: number;
    skipLast: number;
    /** Texts that end it. */
    stop: readonly string[];
    /** Most tokens of it. */
    maxTokens: number;
  };
}

/** A place where thinking might have been ended, and what every rule would have known there. */
export interface ThinkingPlace {
  /** Which of the texts end there. */
  marks: readonly string[];
  /** Records of the stream up to here, and the tokens that these stand for. */
  seen: number;
  tokens: number;
  /** Of what follows the close, nats: see `Probe.entropyAfter`; `null` = not known. */
  entropy: number | null;
  /** A trial answer: its text, and ln p of the first choice of each of its tokens, nats. */
  trial: { text: string; logprobs: readonly (number | null)[] };
  /** The answer behind the close. */
  answer: RecordedAnswer;
}

/** Thinking that nobody ended, with the places where somebody might have. */
export interface RecordedThinking {
  /** [records of the thinking] ln p of the first choice, nats; `null` = not known. */
  firstChoices: readonly (number | null)[];
  /** In the order in which they came. */
  places: readonly ThinkingPlace[];
}

/** What was recorded of one question. */
export interface RouteRecord {
  id: string;
  /** What belongs together and is never torn apart by a split: paraphrases of one question. Default: `rewordingOf`, else `id`. */
  group?: string | undefined;
  /** Kind of question, such as "a+b*c". */
  kind?: string | undefined;
  question?: string | undefined;
  /** It is the question of that id in other words, which ought to make no difference. */
  rewordingOf?: string | undefined;
  /** Answers by path. A path that failed is left out. */
  paths: Readonly<Record<string, RecordedAnswer>>;
  /** Of records for PAQ: why paths are missing. */
  failed?: { code: ErrorCode; what: string } | undefined;
  traces?: readonly RecordedTrace[] | undefined;
  /** Of a record for early exits, whose path "whole" is the answer where nobody ended the thinking. */
  thinking?: RecordedThinking | undefined;
}

/** A file of records. */
export interface RouteRecords {
  header: RecordsHeader;
  records: RouteRecord[];
  /**
   * UTF-8 bytes of the whole lines: a writer that was killed in the middle of a line cuts the file here and goes on with the
   * ids that are missing. The file's size where its last line is whole.
   */
  wholeBytes: number;
}

/** What belongs together. */
export const groupOf = ({ id, group, rewordingOf }: RouteRecord): string => group ?? rewordingOf ?? id;

/** A header or a record as a line, with its line feed. What is infinite is the text "Infinity", as in all files of surprisal. */
export const recordLine = (line: RecordsHeader | RouteRecord): string =>
  `${JSON.stringify(line, infinityAsText)}\n`;

/**
 * A record as a line that can be read again: one that could not would spoil the whole file. Internal to this room.
 * @throws SurprisalError ROUTER_INVALID
 */
export function checkedLine(record: RouteRecord, where: string): string {
  const line = recordLine(record);
  parsed(line, recordShape, where);
  return line;
}

/**
 * Writes records, whole or not at all.
 * @throws SurprisalError ROUTER_INVALID for what could not be read again; FILE_UNWRITABLE, DISK_FULL. Then what was there stays.
 */
export async function writeRecords(
  file: string,
  header: Omit<RecordsHeader, "schema">,
  records: readonly RouteRecord[],
): Promise<void> {
  const lines = [recordLine({ schema: RECORDS_SCHEMA, ...header }), ...records.map(recordLine)];
  const text = lines.join("");
  parseRecords(text, file);
  await writeWhole(file, text);
}

const WAY_OUT = "Give a file of records that surprisal wrote, unchanged.";
const MOST_BYTES = 2 ** 30;

/**
 * Reads a file of records and checks every line.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE; as `parseRecords`.
 */
export async function readRecords(file: string): Promise<RouteRecords> {
  const bytes = await readInput(file, {
    most: MOST_BYTES,
    wayOutWhenLarge: WAY_OUT,
    wayOutWhenMissing: "Check the name.",
  });
  const found = parseRecords(bytes.length === 0 ? "" : decodeText(bytes, file).text, file);
  return { ...found, wholeBytes: bytes.lastIndexOf(LINE_FEED) + 1 }; // a byte order mark counts
}

const LINE_FEED = 0x0a;

/**
 * Records from the text of a file. A last line without its line feed was not written to its end: it is left out.
 * @param where it is from, for the error.
 * @throws SurprisalError ROUTER_INVALID naming the line: no header, a newer form, what is no record, an id that comes twice.
 */
export function parseRecords(text: string, where: string): RouteRecords {
  const end = text.lastIndexOf("\n") + 1;
  const lines = text.slice(0, end).split("\n").slice(0, -1);
  const [first, ...rest] = lines;
  if (first === undefined) throw malformed("There is no header line", where);
  const header = parsed(first, headerOf, `${where}, line 1`) as RecordsHeader;
  const known = new Set<string>();
  const records = rest.flatMap((line, i) => {
    if (line.trim() === "") return [];
    const at = `${where}, line ${i + 2}`;
    const record = parsed(line, recordShape, at) as RouteRecord;
    if (known.has(record.id)) throw malformed(`The id "${record.id}" comes twice`, at);
    known.add(record.id);
    const foreign = Object.keys(record.paths).find((path) => !header.paths.includes(path));
    if (foreign !== undefined) throw malformed(`The header knows no path "${foreign}"`, at);
    return [record];
  });
  return { header, records, wholeBytes: Buffer.byteLength(text.slice(0, end)) };
}

function parsed(line: string, shape: shapes.Shape, at: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(line, numberFromText);
  } catch (cause) {
    throw malformed("This is no JSON", at, cause);
  }
  const problem = shape(value, "");
  if (problem !== null) throw malformed(`A field is not what it should be: ${problem}`, at);
  return value;
}

/** Fields that are texts, whatever they say. */
const TEXTS = new Set([
  ...["id", "group", "kind", "question", "rewordingOf", "text", "answer", "short", "long", "close", "call"],
  ...["code", "what"],
]);

const numberFromText = (key: string, value: unknown): unknown =>
  (value === "Infinity" || value === "-Infinity") && !TEXTS.has(key) ? Number(value) : value;

const malformed = (what: string, where: string, cause?: unknown): SurprisalError =>
  new SurprisalError({ code: "ROUTER_INVALID", what, where, wayOut: WAY_OUT, cause });

const { count, flag, list, mapOf, nullable, number, oneOf, optional, record, text: words } = shapes;

const least0: shapes.Shape = (value, at) =>
  typeof value === "number" && value >= 0 ? null : `${at} is not a number from 0 on`;

/** Of the counting of tokens; artefacts have it too. */
export const countingShape: shapes.Shape = record({
  endToken: oneOf("counted", "left out"),
  formatting: oneOf("all", "trimmed", "answer"),
});

/** Of the wording of a CAR router; artefacts have it too. */
export const carInstructionsShape: shapes.Shape = record({
  short: words,
  long: words,
  form: optional(oneOf("chat", "text")),
  examples: optional(list(record({ question: words, short: words, long: words }))),
});

const least1: shapes.Shape = (value, at) =>
  Number.isSafeInteger(value) && (value as number) >= 1 ? null : `${at} is not a whole number from 1 on`;

const marksShape: shapes.Shape = (value, at) =>
  list(words)(value, at) ??
  ((value as string[]).length > 0 && !(value as string[]).includes("")
    ? null
    : `${at} is not a list of texts that are not empty`);

const placesShape = record({
  at: marksShape,
  close: words,
  call: words,
  trial: record({ skipFirst: count, skipLast: count, stop: list(words), maxTokens: least1 }),
});

const headerShape = record({
  schema: oneOf(RECORDS_SCHEMA),
  paths: list(words),
  counting: nullable(countingShape),
  identity: nullable(identityShape),
  identities: optional(mapOf(identityShape)),
  instructions: optional(carInstructionsShape),
  thinking: optional(placesShape),
  levels: optional(levelFactsShape),
  atOnce: optional(least1),
});

/** A file of a newer version, or of something else, is not a damaged one. */
const headerOf: shapes.Shape = (value, at) => {
  const form = shapes.isRecord(value) ? value.schema : undefined;
  if (form === RECORDS_SCHEMA) return headerShape(value, at);
  const family = RECORDS_SCHEMA.slice(0, RECORDS_SCHEMA.lastIndexOf("/") + 1);
  if (typeof form !== "string") return "schema: this is not the first line of a file of records";
  return form.startsWith(family)
    ? `schema: the form is ${form}, and this version of surprisal knows ${RECORDS_SCHEMA}; update surprisal, or record again`
    : `schema: this is a file of ${form.slice(0, 80)}, and not of records`;
};

const logprob: shapes.Shape = (value, at) =>
  typeof value === "number" && value <= 0 ? null : `${at} is not a number up to 0`;

const answerShape = record({
  correct: nullable(flag),
  tokens: count,
  promptTokens: optional(count),
  ms: optional(nullable(least0)),
  text: optional(words),
  answer: optional(nullable(words)),
  signals: optional(mapOf(nullable(number))),
  nll: optional(nullable(least0)),
});

const recordShape = record({
  id: words,
  group: optional(words),
  kind: optional(words),
  question: optional(words),
  rewordingOf: optional(words),
  paths: mapOf(answerShape),
  failed: optional(record({ code: oneOf(...ERROR_CODES), what: words })),
  traces: optional(
    list(
      record({
        answer: nullable(words),
        correct: nullable(flag),
        tokens: count,
        confidences: list(nullable(least0)),
      }),
    ),
  ),
  thinking: optional(
    record({
      firstChoices: list(nullable(logprob)),
      places: list(
        record({
          marks: marksShape,
          seen: least1,
          tokens: count,
          entropy: nullable(least0),
          trial: record({ text: words, logprobs: list(nullable(logprob)) }),
          answer: answerShape,
        }),
      ),
    }),
  ),
});
