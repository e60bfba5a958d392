/** Two runs over the same texts and questions, in words and as tables of texts: the terminal and the page read them here. */
import type { Run, RunDifference, TaskDifference } from "../../evaluate/index.ts";
import { formatCount, formatNumber, formatWithError } from "../../text/index.ts";
import type { TableColumn } from "./tables.ts";

/** What is compared, and each number. The first `names` columns are names. */
export interface DifferenceColumns<Row> {
  names: number;
  columns: readonly TableColumn<Row>[];
}

const side = ({ model, recipe }: RunDifference["base"]) => `${model}, ${recipe}`;

/** Of texts. */
export const CORPUS_DIFFERENCES: DifferenceColumns<RunDifference> = {
  names: 3,
  columns: [
    ["corpus", ({ corpus }) => corpus],
    ["base", ({ base }) => side(base)],
    ["other", ({ other }) => side(other)],
    ["base bits per byte", ({ base }) => formatNumber(base.bitsPerByte)],
    ["other", ({ other }) => formatNumber(other.bitsPerByte)],
    ["difference", ({ difference, standardError }) => formatWithError(difference, standardError)],
    ["documents", ({ documents }) => formatCount(documents)],
  ],
};

const RULES: Partial<Record<TaskDifference["rule"], string>> = { acc: "acc", accNorm: "acc_norm" };
const percent = (share: number | null) => share && 100 * share;

/** Of tasks. */
export const TASK_DIFFERENCES: DifferenceColumns<TaskDifference> = {
  names: 4,
  columns: [
    ["task", ({ task }) => task],
    ["by", ({ rule }) => RULES[rule] ?? rule],
    ["base", ({ base }) => base.model],
    ["other", ({ other }) => other.model],
    ["base %", ({ base }) => formatNumber(percent(base.accuracy))],
    ["other %", ({ other }) => formatNumber(percent(other.accuracy))],
    [
      "difference %",
      ({ difference, standardError }) => formatWithError(percent(difference), percent(standardError)),
    ],
    ["only base right", ({ onlyBase }) => formatCount(onlyBase)],
    ["only other right", ({ onlyOther }) => formatCount(onlyOther)],
    ["p", ({ pValue }) => formatNumber(pValue)],
    ["questions", ({ questions }) => formatCount(questions)],
  ],
};

/** What the numbers are, one sentence each. */
export function differenceMethod(
  differences: readonly RunDifference[],
  tasks: readonly TaskDifference[],
): string[] {
  const unknown = differences.some(({ documents, standardError }) => documents < 2 && standardError === null);
  const ofOne = differences.some(({ documents, standardError }) => documents === 1 && standardError !== null);
  return [
    ...(differences.length > 0 ? ["Below 0: the other run's model needs fewer bits."] : []),
    ...(ofOne
      ? ["± of one document is over stretches of its bytes, the same for both models; else over documents."]
      : []),
    ...(unknown
      ? [
          "Without ±: the error is taken over documents, or over stretches of one, and there are too few that both scored.",
        ]
      : []),
    ...(tasks.length > 0
      ? [
          "Of tasks, ± is one standard error of the paired difference over questions; p is McNemar's exact test, two-sided: how likely so uneven a split of the questions that only one has right is, if neither is better.",
        ]
      : []),
    ...new Set([...differences, ...tasks].flatMap(({ notes }) => notes)),
  ];
}

/** Which runs they are, or which one; two of one name, in two folders, with the time of their creation. */
export function runsCompared(base: Run, other: Run): string[] {
  if (base.id === other.id && base.created === other.created) return [`run: ${base.id}`];
  const name = ({ id, created }: Run) => (base.id === other.id ? `${id}, ${created}` : id);
  return [`base: ${name(base)}`, `other: ${name(other)}`];
}
