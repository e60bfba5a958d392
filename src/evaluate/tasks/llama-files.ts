/** The files that llama.cpp's own tests of models read: HellaSwag, Winogrande, and multiple choice in binary. */
import { SurprisalError } from "../../core/index.ts";
import { readBytes, type StoredFile, tooLarge, whileUnchanged } from "../corpora/index.ts";
import { type BadRow, readRow, TASK_FORMS } from "./forms.ts";
import type { Line } from "./lines.ts";
import type { TaskFormName, TaskItem } from "./task.ts";

const PERPLEXITY = "llama.cpp 050fc7f, tools/perplexity/perplexity.cpp";

/** A question, or one that cannot be asked, and where it stands. */
export type ReadItem = { item: TaskItem } | { where: string; bad: BadRow };

/** A context, a label and four endings, one line each. */
export const HELLASWAG_TEXT: TaskFormName = {
  name: "hellaswag, llama.cpp's text file",
  source: `${PERPLEXITY}, hellaswag_score`,
};
const LINES_PER_QUESTION = 6;
const LABEL_LINE = 1;

export async function* hellaSwagText(lines: AsyncIterable<Line>): AsyncGenerator<ReadItem> {
  const form = TASK_FORMS.find(({ name }) => name === "hellaswag, prepared")!;
  let question: Line[] = [];
  let any = false;
  for await (const line of lines) {
    question.push(line);
    if (question.length < LINES_PER_QUESTION) continue;
    const [context, label, ...endings] = question.map(({ text }) => text);
    const { where } = question[0]!;
    const item = readRow({ ctx: context, label: label!.trim(), endings }, form, where);
    if ("problem" in item)
      yield { bad: item, where: item.problem.includes("label") ? question[LABEL_LINE]!.where : where };
    else yield { item };
    any = true;
    question = [];
  }
  if (question.length > 0 || !any)
    throw damaged(
      any || question.length > 0
        ? `The number of lines is not a multiple of ${LINES_PER_QUESTION}: ${question.length} are left over`
        : "There are no questions in it",
      question[0]?.where ?? "the file",
    );
}

/**
 * Lines `index,sentence with _,choice 1,choice 2,answer`, without a header; the sentence may stand in quotes. What is scored is
 * the sentence after the gap, as llama.cpp does where it is longer than a few tokens.
 */
export const WINOGRANDE_CSV: TaskFormName = {
  name: "winogrande, llama.cpp's CSV file",
  source: `${PERPLEXITY}, load_winogrande_from_csv`,
};

/** Whether a line is one of `WINOGRANDE_CSV`. */
export function isWinograndeLine(line: string): boolean {
  return readWinogrande(line, "") !== null;
}

/** Commas part fields, but not between quotes; quotes are never doubled there. */
const FIELDS = /^((?:[^",]|"[^"]*")*),((?:[^",]|"[^"]*")*),((?:[^",]|"[^"]*")*),((?:[^",]|"[^"]*")*),(.*)$/;

function readWinogrande(line: string, where: string): TaskItem | null {
  const [, index, quoted = "", first, second, answer] = FIELDS.exec(line) ?? [];
  const sentence = quoted.startsWith('"') ? quoted.slice(1, -1) : quoted;
  const gap = sentence.indexOf("_");
  const label = /^\s*([12])(?!\d)/.exec(answer ?? "")?.[1];
  if (gap < 0 || label === undefined) return null;
  const rest = sentence.slice(gap + 1);
  if (rest.trim() === "") return null;
  return {
    where,
    id: index!,
    context: sentence,
    contexts: [first, second].map((option) => sentence.slice(0, gap) + option),
    choices: [rest, rest],
    label: Number(label) - 1,
    delimiter: "",
  };
}

export async function* winograndeCsv(lines: AsyncIterable<Line>): AsyncGenerator<ReadItem> {
  for await (const { text, where } of lines) {
    if (text.trim() === "") continue;
    const item = readWinogrande(text, where);
    if (item) yield { item };
    else
      yield {
        where,
        bad: { problem: "The line is not: index,sentence with _,choice 1,choice 2,1 or 2", misfit: false },
      };
  }
}

/**
 * The count of questions, the position of each, then each as a text, its answers and their labels (1: right), and again such a
 * list, which llama.cpp reads over; numbers are 32 bits, little-endian, a text is its length and its bytes.
 */
export const MULTIPLE_CHOICE_BINARY: TaskFormName = {
  name: "multiple choice, llama.cpp's binary file",
  source: `${PERPLEXITY}, multiple_choice_score`,
};

const MOST_ANSWERS = 100; // llama.cpp's
const LARGEST = 2 ** 30;

export function multipleChoiceBinary(file: StoredFile, signal?: AbortSignal): AsyncGenerator<ReadItem> {
  return whileUnchanged(file, async function* () {
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of readBytes(file, signal)) {
      length += chunk.length;
      if (length > LARGEST) throw tooLarge(LARGEST, file.name, "Cut the file");
      chunks.push(chunk);
    }
    yield* questionsIn(Buffer.concat(chunks), file.name);
  });
}

function* questionsIn(bytes: Buffer, name: string): Generator<ReadItem> {
  let at = 0;
  let where = name;
  const number = (): number => {
    if (at + 4 > bytes.length) throw damaged(`The file ends in the middle of a question (byte ${at})`, where);
    at += 4;
    return bytes.readUInt32LE(at - 4);
  };
  const text = (): string => {
    const size = number();
    if (at + size > bytes.length)
      throw damaged(`A text of ${size} bytes goes beyond the end of the file (byte ${at})`, where);
    at += size;
    return new TextDecoder().decode(bytes.subarray(at - size, at));
  };
  const answers = (): { texts: string[]; labels: number[] } => {
    const size = number();
    if (size > MOST_ANSWERS)
      throw damaged(`${size} answers: more than the ${MOST_ANSWERS} of the format (byte ${at})`, where);
    const texts = Array.from({ length: size }, text);
    return { texts, labels: Array.from({ length: size }, number) };
  };
  const count = number();
  if (count === 0) throw damaged("There are no questions in it", where);
  if (count > bytes.length / 4) throw damaged(`The file is too short for its ${count} questions`, where);
  at += 4 * count; // where each begins
  const form = TASK_FORMS.find((known) => known.name === "choices")!;
  for (let i = 0; i < count; i++) {
    where = `${name}, question ${i + 1}`;
    const context = text();
    const { texts, labels } = answers();
    answers();
    const right = labels.flatMap((label, choice) => (label === 1 ? [choice] : []));
    const item = readRow({ context, choices: texts, label: right[0] ?? -1 }, form, where);
    if ("problem" in item) yield { where, bad: item };
    else if (right.length !== 1)
      yield { where, bad: { problem: `${right.length} answers are marked as right`, misfit: false } };
    else yield { item };
  }
}

function damaged(what: string, where: string): SurprisalError {
  return new SurprisalError({
    code: "TASK_INVALID",
    what,
    where,
    wayOut: "The file is damaged or of another form: fetch it again, or name its form with --form.",
  });
}
