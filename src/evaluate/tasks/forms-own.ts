/** Forms that are ours, or after a tool's without being its own. */
import {
  choice,
  isTexts,
  LM_EVAL,
  letterOf,
  type Row,
  type RowContent,
  structured,
  type TaskForm,
} from "./form.ts";
import { letteredQuestion, TRUTHFULQA_PROMPT, yesOrNo } from "./forms-lm-eval.ts";

/** A target as it is where white space stands at the seam already, else after a space (lm-eval's `maybe_delimit`). */
function target(context: unknown, text: unknown): RowContent {
  const spaced =
    (typeof context === "string" && /\s$/.test(context)) || (typeof text === "string" && /^\s/.test(text));
  return { context, choices: [text], label: 0, delimiter: spaced ? "" : " " };
}

/** lm-eval lets the model write its reasoning; here the letter after "Answer:" is scored. */
function mmluPro({ question, options, answer, answer_index }: Row): RowContent | string {
  const content = letteredQuestion(question, options, answer);
  if (typeof content === "string" || answer_index === undefined || answer_index === null) return content;
  return typeof answer === "string" && answer === letterOf(Number(answer_index))
    ? content
    : `The answer ${JSON.stringify(answer)} is not the letter of choice ${answer_index}, which answer_index names`;
}

/** MMLU's question in columns A to D, as OpenAI's and others' CSV have it. */
function inColumns({ question, A, B, C, D, answer, label }: Row): RowContent | string {
  return isTexts([A, B, C, D])
    ? letteredQuestion(question, [A, B, C, D], answer ?? label)
    : "The columns A to D are not all texts";
}

const oneOf = (row: Row, names: string): unknown => {
  const name = names.split("|").find((field) => field in row);
  return name === undefined ? undefined : row[name];
};

const CONTEXT = "context|query|prompt";
const CHOICES = "choices|options";
const LABEL = "label|answer|answerKey|gold";
const GOOD = "good|grammatical|acceptable";
const BAD = "bad|ungrammatical|unacceptable";

export const OWN_FORMS: readonly TaskForm[] = [
  {
    name: "choices",
    kind: "multiple-choice",
    source: null,
    fields: [CONTEXT, CHOICES, LABEL],
    read: (row) => choice(oneOf(row, CONTEXT), structured(oneOf(row, CHOICES)), oneOf(row, LABEL)),
  },
  {
    name: "question with choices",
    kind: "multiple-choice",
    source: null,
    fields: ["question", CHOICES, LABEL],
    texts: ["question"],
    read: (row) =>
      choice(`Question: ${row.question}\nAnswer:`, structured(oneOf(row, CHOICES)), oneOf(row, LABEL)),
  },
  {
    name: "choices in columns",
    kind: "multiple-choice",
    source: null,
    fields: ["question", "A", "B", "C", "D", "answer|label"],
    read: inColumns,
  },
  {
    name: "mmlu-pro",
    kind: "multiple-choice",
    source: null,
    fields: ["question", "options", "answer", "answer_index"],
    optional: ["question_id", "cot_content", "category", "src"],
    read: mmluPro,
  },
  {
    name: "minimal pairs",
    kind: "multiple-choice",
    source: null,
    fields: [GOOD, BAD],
    emptyContext: true,
    read: (row) => choice("", [oneOf(row, GOOD), oneOf(row, BAD)], 0),
  },
  {
    name: "truthfulqa mc1",
    kind: "multiple-choice",
    source: `${LM_EVAL}/truthfulqa/truthfulqa_mc1.yaml`, // the right answer is always the first: a tie counts for it
    fields: ["question", "best_answer", "incorrect_answers"],
    texts: ["question"],
    optional: ["type", "category", "correct_answers"],
    read: ({ question, best_answer, incorrect_answers }) => {
      const wrong = structured(incorrect_answers);
      return choice(
        `${TRUTHFULQA_PROMPT}${question}\nA:`,
        Array.isArray(wrong) ? [best_answer, ...wrong] : wrong,
        0,
      );
    },
  },
  {
    name: "halueval qa",
    kind: "multiple-choice",
    source: null,
    fields: ["knowledge", "question", "right_answer", "hallucinated_answer"],
    texts: ["knowledge", "question"],
    read: ({ knowledge, question, right_answer, hallucinated_answer }) =>
      choice(`${knowledge}\nQuestion: ${question}\nAnswer:`, [right_answer, hallucinated_answer], 0),
  },
  {
    name: "yes or no",
    kind: "multiple-choice",
    source: `after ${LM_EVAL}/super_glue/boolq/default.yaml, without a passage`,
    fields: ["question", "answer", "facts"],
    texts: ["question"],
    optional: ["term", "description", "decomposition", "evidence"],
    read: ({ question, answer }) => choice(`Question: ${question}\nAnswer:`, ["no", "yes"], yesOrNo(answer)),
  },
  {
    name: "gsm8k",
    kind: "target",
    source: `the prompt of ${LM_EVAL}/gsm8k/gsm8k.yaml; the whole solution is the target`,
    fields: ["question", "answer"],
    texts: ["question"],
    read: ({ question, answer }) => target(`Question: ${question}\nAnswer:`, answer),
  },
  {
    name: "humaneval",
    kind: "target",
    source: null,
    fields: ["prompt", "canonical_solution"],
    optional: ["task_id", "entry_point", "test"],
    read: ({ prompt, canonical_solution }) => target(prompt, canonical_solution),
  },
  {
    name: "target",
    kind: "target",
    source: null,
    fields: ["context", "target"],
    read: ({ context, target: text }) => target(context, text),
  },
];
