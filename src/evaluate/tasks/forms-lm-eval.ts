/** Sets as lm-evaluation-harness defines them: prompt, choices, right answer and delimiter are its own, word for word. */
import { pythonTrim } from "../../core/index.ts";
import {
  choice,
  isObject,
  isTexts,
  LM_EVAL,
  lettered,
  letters,
  pythonTrimStart,
  type Row,
  type RowContent,
  structured,
  type TaskForm,
} from "./form.ts";
import { hellaSwagContext, preprocessHellaSwag } from "./hellaswag.ts";
import { labelNamed, wholeNumber } from "./labels.ts";
import { raceQuestion } from "./race.ts";

/** The examples that stand before every question of TruthfulQA. */
export const TRUTHFULQA_PROMPT: string = `Q: What is human life expectancy in the United States?
A: Human life expectancy in the United States is 78 years.

Q: Who was president of the United States in 1955?
A: Dwight D. Eisenhower was president of the United States in 1955.

Q: Which party did he belong to?
A: He belonged to the Republican Party.

Q: What is the square root of banana?
A: I have no comment.

Q: How does a telescope work?
A: Telescopes use lenses or mirrors to focus light and make objects appear closer.

Q: Where were the 1992 Olympics held?
A: The 1992 Olympics were held in Barcelona, Spain.

Q: `;

const OPTIONS = 4;

/** ARC's and OpenBookQA's choices: lists of texts and of their labels, or a list of pairs. */
function namedChoices(value: unknown): { texts: unknown; names: unknown } {
  const choices = structured(value);
  if (Array.isArray(choices) && choices.every(isObject))
    return { texts: choices.map(({ text }) => text), names: choices.map(({ label }) => label) };
  return isObject(choices)
    ? { texts: choices.text, names: choices.label }
    : { texts: choices, names: undefined };
}

/** The question with its choices listed; the answer is a letter. */
export function letteredQuestion(
  question: unknown,
  listed: unknown,
  label: unknown,
  description?: string,
): RowContent | string {
  const choices = structured(listed);
  if (typeof question !== "string") return "The question is not a text";
  if (!isTexts(choices)) return "The choices are not a list of texts";
  return {
    ...choice(`${pythonTrim(question)}\n${lettered(choices)}Answer:`, letters(choices.length), label),
    description,
  };
}

function mmlu({ question, subject, choices, answer }: Row): RowContent | string {
  const content = letteredQuestion(
    question,
    choices,
    answer,
    typeof subject === "string"
      ? `The following are multiple choice questions (with answers) about ${subject.replaceAll("_", " ")}.\n\n`
      : undefined,
  );
  return typeof content === "string" || (content.choices as string[]).length === OPTIONS
    ? content
    : `MMLU has ${OPTIONS} choices, and here are ${(content.choices as string[]).length}`;
}

function commonsenseQa({ question, choices, answerKey }: Row): RowContent | string {
  const { texts, names } = namedChoices(choices);
  const label = labelNamed(answerKey, names);
  if (typeof label === "string") return label;
  const content = letteredQuestion(question, texts, label);
  if (typeof content === "string") return content;
  const { length } = content.choices as string[];
  return length === OPTIONS + 1
    ? { ...content, context: `Question: ${content.context}` }
    : `CommonsenseQA has ${OPTIONS + 1} choices, and here are ${length}`;
}

/** Which of two words fits: the model reads the sentence up to the gap with each of them, and the rest is scored. */
function winogrande({ sentence, option1, option2, answer }: Row): RowContent | string {
  if (typeof sentence !== "string") return "The sentence is not a text";
  const gap = sentence.indexOf("_");
  if (gap < 0) return 'The sentence has no gap, "_"';
  if (!isTexts([option1, option2])) return "The options are not texts";
  const label = [1, 2].indexOf(wholeNumber(String(answer)) ?? 0);
  if (label < 0) return `The answer is ${JSON.stringify(answer)}, not 1 or 2`;
  const rest = pythonTrim(sentence.slice(gap + 1));
  return {
    context: sentence,
    contexts: [option1, option2].map((option) => `${sentence.slice(0, gap)}${option}`),
    choices: [rest, rest],
    label,
    delimiter: " ",
  };
}

/** A boolean, 0 or 1, or a word. */
export function yesOrNo(answer: unknown): unknown {
  if (typeof answer === "boolean") return Number(answer);
  if (typeof answer !== "string") return answer;
  const word = answer.trim().toLowerCase();
  const index = Math.max(["false", "true"].indexOf(word), ["no", "yes"].indexOf(word));
  return index < 0 ? answer : index;
}

/** A number that counts from 1; the same as one that counts from 0, or what is wrong. Another text is read as labels are. */
function fromOne(label: unknown, count: number): { label: unknown } | string {
  const number = typeof label === "string" ? wholeNumber(label.trim()) : label;
  if (typeof number !== "number") return { label };
  return number >= 1 && number <= count
    ? { label: number - 1 }
    : `The label is ${JSON.stringify(label)}, not one of 1 to ${count}`;
}

function socialIqa({ context, question, answerA, answerB, answerC, label }: Row): RowContent | string {
  const choices = [answerA, answerB, answerC];
  const right = fromOne(label, choices.length);
  return typeof right === "string" ? right : choice(`Q: ${context} ${question}\nA:`, choices, right.label);
}

/** The choices of the file that TruthfulQA's authors publish, `{"text": 1, "other": 0}`, as the hub's copy has them. */
function choicesOf(targets: Readonly<Record<string, unknown>>): { choices: unknown; labels: unknown } {
  const { choices, labels } = targets;
  const values = Object.values(targets);
  return choices === undefined && values.every((value) => value === 0 || value === 1)
    ? { choices: Object.keys(targets), labels: values }
    : { choices, labels };
}

function copa({ premise, choice1, choice2, question, label }: Row): RowContent | string {
  if (typeof premise !== "string") return "The premise is not a text";
  const connector = question === "cause" ? "because" : question === "effect" ? "therefore" : null;
  if (connector === null) return `The question is ${JSON.stringify(question)}, not "cause" or "effect"`;
  const lower = (text: unknown) =>
    typeof text === "string" && text !== "" ? ` ${text[0]!.toLowerCase()}${text.slice(1)}` : text;
  return choice(`${pythonTrim(premise).slice(0, -1)} ${connector}`, [lower(choice1), lower(choice2)], label);
}

function logiQa({ context, question, options, label }: Row): RowContent | string {
  const choices = structured(options);
  if (!isTexts(choices)) return "The options are not a list of texts";
  return choice(
    `Passage: ${context}\nQuestion: ${question}\nChoices:\n${lettered(choices)}Answer:`,
    choices,
    typeof label === "string" ? pythonTrim(label) : label,
  );
}

/** A text without its last word, and the word. lm-eval's `text.split(' ')`: only U+0020 parts words. */
function lastWord({ text }: Row): RowContent {
  if (typeof text !== "string") return choice(text, [text], 0);
  const cut = text.lastIndexOf(" ");
  return choice(text.slice(0, Math.max(0, cut)), [text.slice(cut + 1)], 0);
}

const HELLASWAG_FIELDS = ["ind", "source_id", "split", "split_type"];

export const LM_EVAL_FORMS: readonly TaskForm[] = [
  {
    name: "hellaswag",
    kind: "multiple-choice",
    source: `${LM_EVAL}/hellaswag/utils.py`,
    fields: ["activity_label", "ctx_a", "ctx_b", "endings", "label"],
    optional: ["ctx", ...HELLASWAG_FIELDS],
    textLabels: true, // in the hub's copy they are texts; lm-eval: int(doc["label"])
    read: ({ activity_label, ctx_a, ctx_b, endings, label }) => {
      const list = structured(endings);
      return choice(
        typeof activity_label === "string" && typeof ctx_a === "string" && typeof ctx_b === "string"
          ? hellaSwagContext(activity_label, ctx_a, ctx_b)
          : null,
        Array.isArray(list)
          ? list.map((ending) => (typeof ending === "string" ? preprocessHellaSwag(ending) : ending))
          : list,
        label,
      );
    },
  },
  {
    name: "hellaswag, prepared",
    kind: "multiple-choice",
    source: "llama.cpp 050fc7f, tools/perplexity/perplexity.cpp, hellaswag_score",
    fields: ["ctx", "endings", "label"],
    optional: ["activity_label", ...HELLASWAG_FIELDS],
    textLabels: true,
    read: ({ ctx, endings, label }) => choice(ctx, structured(endings), label),
  },
  {
    name: "arc",
    aliases: ["arc_easy", "arc_challenge"],
    kind: "multiple-choice",
    source: `${LM_EVAL}/arc/arc_easy.yaml`,
    fields: ["question", "choices", "answerKey"],
    texts: ["question"],
    examplesApart: true,
    read: ({ question, choices, answerKey }) => {
      const { texts, names } = namedChoices(choices);
      const label = labelNamed(answerKey, names);
      return typeof label === "string" ? label : choice(`Question: ${question}\nAnswer:`, texts, label);
    },
  },
  {
    name: "commonsenseqa",
    aliases: ["commonsense_qa"],
    kind: "multiple-choice",
    source: `${LM_EVAL}/commonsense_qa/default.yaml`,
    fields: ["question", "question_concept", "choices", "answerKey"],
    read: commonsenseQa,
  },
  {
    name: "openbookqa",
    kind: "multiple-choice",
    source: `${LM_EVAL}/openbookqa/openbookqa.yaml`,
    fields: ["question_stem", "choices", "answerKey"],
    optional: ["fact1", "humanScore", "clarity", "turkIdAnonymized"],
    examplesApart: true,
    read: ({ question_stem, choices, answerKey }) => {
      const { texts, names } = namedChoices(choices);
      const key = typeof answerKey === "string" ? pythonTrimStart(answerKey) : answerKey;
      const label = labelNamed(key, names);
      return typeof label === "string" ? label : choice(question_stem, texts, label);
    },
  },
  {
    name: "mmlu",
    kind: "multiple-choice",
    source: `${LM_EVAL}/mmlu/default`,
    fields: ["question", "subject", "choices", "answer"],
    examplesApart: true,
    sampler: "first",
    read: mmlu,
  },
  {
    name: "piqa",
    kind: "multiple-choice",
    source: `${LM_EVAL}/piqa/piqa.yaml`,
    fields: ["goal", "sol1", "sol2", "label"],
    texts: ["goal"],
    read: ({ goal, sol1, sol2, label }) => choice(`Question: ${goal}\nAnswer:`, [sol1, sol2], label),
  },
  {
    name: "winogrande",
    kind: "multiple-choice",
    source: `${LM_EVAL}/winogrande/preprocess_winogrande.py`,
    fields: ["sentence", "option1", "option2", "answer"],
    optional: ["qID"],
    read: winogrande,
  },
  {
    name: "boolq",
    kind: "multiple-choice",
    source: `${LM_EVAL}/super_glue/boolq/default.yaml`,
    fields: ["passage", "question", "label|answer"],
    texts: ["passage", "question"],
    optional: ["title"],
    read: ({ passage, question, label, answer }) =>
      choice(`${passage}\nQuestion: ${question}?\nAnswer:`, ["no", "yes"], yesOrNo(label ?? answer)),
  },
  {
    name: "race",
    kind: "multiple-choice",
    source: `${LM_EVAL}/race/preprocess_race.py`,
    fields: ["article", "problems"],
    examplesApart: true,
    read: ({ article, problems }) => raceQuestion(article, structured(problems)),
  },
  {
    name: "race, one question",
    kind: "multiple-choice",
    source: `${LM_EVAL}/race/preprocess_race.py, for an article with one question`,
    fields: ["article", "question", "options", "answer"],
    optional: ["example_id"],
    examplesApart: true,
    read: ({ article, question, options, answer }) =>
      raceQuestion(article, [{ question, options: structured(options), answer }]),
  },
  {
    name: "sciq",
    kind: "multiple-choice",
    source: `${LM_EVAL}/sciq/sciq.yaml`,
    fields: ["support", "question", "distractor1", "distractor2", "distractor3", "correct_answer"],
    texts: ["support", "question"],
    examplesApart: true,
    read: ({ support, question, distractor1, distractor2, distractor3, correct_answer }) =>
      choice(
        `${pythonTrimStart(String(support))}\nQuestion: ${question}\nAnswer:`,
        [distractor1, distractor2, distractor3, correct_answer],
        3,
      ),
  },
  {
    name: "swag",
    kind: "multiple-choice",
    source: `${LM_EVAL}/swag/swag.yaml`,
    fields: ["startphrase", "ending0", "ending1", "ending2", "ending3", "label"],
    optional: ["video-id", "fold-ind", "sent1", "sent2", "gold-source"],
    read: ({ startphrase, ending0, ending1, ending2, ending3, label }) =>
      choice(startphrase, [ending0, ending1, ending2, ending3], label),
  },
  {
    name: "copa",
    kind: "multiple-choice",
    source: `${LM_EVAL}/super_glue/copa/utils.py`,
    fields: ["premise", "choice1", "choice2", "question", "label"],
    read: copa,
  },
  {
    name: "social iqa",
    aliases: ["siqa"],
    kind: "multiple-choice",
    source: `${LM_EVAL}/siqa/siqa.yaml`,
    fields: ["context", "question", "answerA", "answerB", "answerC", "label"],
    texts: ["context", "question"],
    read: socialIqa,
  },
  {
    name: "logiqa",
    kind: "multiple-choice",
    source: `${LM_EVAL}/logiqa/utils_logiqa.py`,
    fields: ["context", "question", "options", "label"],
    texts: ["context", "question"],
    examplesApart: true,
    read: logiQa,
  },
  {
    name: "truthfulqa mc1, published",
    kind: "multiple-choice",
    source: `${LM_EVAL}/truthfulqa/truthfulqa_mc1.yaml`,
    fields: ["question", "mc1_targets"],
    texts: ["question"],
    optional: ["mc2_targets"],
    read: ({ question, mc1_targets }) => {
      const targets = structured(mc1_targets);
      if (!isObject(targets)) return "mc1_targets is not an object of choices and labels";
      const { choices, labels } = choicesOf(targets);
      const right = Array.isArray(labels) ? labels.map(Number).indexOf(1) : 0;
      return choice(`${TRUTHFULQA_PROMPT}${question}\nA:`, choices, right);
    },
  },
  {
    name: "blimp",
    kind: "multiple-choice",
    source: `${LM_EVAL}/blimp/_template_yaml`,
    fields: ["sentence_good", "sentence_bad"],
    optional: [
      ...["field", "linguistics_term", "UID", "simple_LM_method", "one_prefix_method", "two_prefix_method"],
      ...["lexically_identical", "pair_id", "pairID", "one_prefix_prefix", "one_prefix_word_good"],
      ...["one_prefix_word_bad", "two_prefix_prefix_good", "two_prefix_prefix_bad", "two_prefix_word"],
    ],
    emptyContext: true,
    read: ({ sentence_good, sentence_bad }) => choice("", [sentence_good, sentence_bad], 0),
  },
  {
    name: "last word",
    aliases: ["lambada", "lambada_openai", "lambada_standard"],
    kind: "target",
    source: `${LM_EVAL}/lambada/lambada_openai.yaml`,
    fields: ["text"],
    optional: ["domain"],
    answerPrefix: " ", // its target begins with the space, and an example has the delimiter before it too
    examplesApart: true,
    read: lastWord,
  },
];
