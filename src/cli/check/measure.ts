/** What a check measures: a text or a task by an evaluation in memory, an answer by letting the model write it. */
import {
  addToken,
  emptySums,
  type Measures,
  measures,
  perplexityStandardError,
  SurprisalError,
  textSize,
} from "../../core/index.ts";
import {
  type Corpus,
  type EvaluateOptions,
  evaluate,
  openCorpora,
  type PairedUnits,
  type Run,
  readTask,
} from "../../evaluate/index.ts";
import type { ChatMessage, LanguageModel, ModelIdentity } from "../../models/index.ts";
import type { Check, Subject } from "./config.ts";
import type { MeasuredValues } from "./measures.ts";

/** What came of a check, before it is judged. */
export interface Measurement {
  values: MeasuredValues;
  model: ModelIdentity;
  /** Id of the recipe, or how questions and answers were asked; numbers of two are not compared. */
  recipe: string;
  /** sha256 of what was measured: texts, questions, or prompt; lower-case hex. */
  sha256: string;
  /** For differences in pairs; `null`: there are none. */
  parts: PairedUnits | null;
  /** What the model wrote; `null`: nothing was asked. */
  answer: { text: string; finishReason: string } | null;
  notes: readonly string[];
}

const TEXT_RULE = { name: "text of the configuration", source: null };

/** A text of the configuration as a corpus. */
const corpusOf = (name: string, text: string): Corpus => ({
  name,
  source: name,
  domain: null,
  rule: TEXT_RULE,
  documents: async function* () {
    yield { name, text };
  },
});

/** @throws SurprisalError whatever the model, the files and the task throw. */
export async function measure(
  model: LanguageModel,
  check: Check,
  signal?: AbortSignal,
): Promise<Measurement> {
  const { subject } = check;
  if (subject.kind === "answer") return answerOf(model, subject, signal);
  const options: EvaluateOptions = { models: [model], limit: check.limit, signal };
  if (subject.kind === "task") return taskOf(await evaluate({ ...options, ...(await questionsOf(subject)) }));
  const corpora =
    subject.text === null
      ? await openCorpora(subject.corpora, { ...subject.reading, recipe: check.recipe, signal })
      : [corpusOf(check.name, subject.text)];
  if (corpora.length > 1)
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: `These are ${corpora.length} corpora, and a check has one number`,
      where: subject.corpora.join(", "),
      wayOut: "Give each a check of its own.",
    });
  const run = await evaluate({
    ...options,
    corpora,
    recipe: check.recipe ?? "cached",
    context: check.context,
    stride: check.stride,
  });
  return textOf(run);
}

async function questionsOf({
  task,
  form,
  shots,
  shotsFrom = task,
}: Extract<Subject, { kind: "task" }>): Promise<Pick<EvaluateOptions, "tasks" | "fewShot">> {
  const tasks = [await readTask(task, { form })];
  return {
    tasks,
    ...(shots > 0 && { fewShot: { count: shots, examples: await readTask(shotsFrom, { form }) } }),
  };
}

function textOf(run: Run): Measurement {
  const [result] = run.results;
  const { identity, recipe } = run.models[0]!;
  const values: MeasuredValues = result === undefined ? {} : valuesOf(result, result.standardError);
  if (result)
    values.bitsPerByte = { value: result.bitsPerByte, standardError: result.bitsPerByteStandardError };
  return {
    values,
    model: identity,
    recipe: recipe.id,
    sha256: run.corpora[0]!.sha256,
    parts: result?.parts ?? null,
    answer: null,
    notes: [...run.notes, ...recipe.notes],
  };
}

/** Errors that are not given are made of that of the perplexity by the delta method: they are all functions of it. */
function valuesOf(all: Measures, error: number | null): MeasuredValues {
  const { perplexity: value } = all;
  const relative = error !== null && value !== null && Number.isFinite(value) ? error / value : null; // ± of nll, nats
  const scaled = (by: number) => (relative === null ? null : relative * by);
  const score = value === null ? null : 1 / (1 + value);
  return {
    perplexity: { value, standardError: error },
    nll: { value: all.nll, standardError: relative },
    bitsPerToken: { value: all.bitsPerToken, standardError: scaled(1 / Math.LN2) },
    bitsPerByte: { value: all.bitsPerByte, standardError: scaledTo(all.bitsPerByte, all.nll, relative) },
    bitsPerCharacter: {
      value: all.bitsPerCharacter,
      standardError: scaledTo(all.bitsPerCharacter, all.nll, relative),
    },
    wordPerplexity: { value: all.wordPerplexity, standardError: wordError(all, relative) },
    meanProbability: {
      value: all.geometricMeanProbability,
      standardError: scaled(all.geometricMeanProbability ?? 0),
    },
    perplexityScore: { value: score, standardError: scaled(score === null ? 0 : score * (1 - score)) },
    tokens: { value: all.tokens, standardError: null },
  };
}

const scaledTo = (value: number | null, nll: number | null, relative: number | null): number | null =>
  value === null || !nll || relative === null ? null : (relative * value) / nll;

/** ln(perplexity per word) = nll · tokens / words. */
function wordError({ wordPerplexity, nll }: Measures, relative: number | null): number | null {
  if (wordPerplexity === null || !nll || relative === null || !Number.isFinite(wordPerplexity)) return null;
  return (relative * Math.log(wordPerplexity) * wordPerplexity) / nll;
}

function taskOf(run: Run): Measurement {
  const [result] = run.taskResults;
  const [task] = run.tasks;
  const { identity } = run.models[0]!;
  const values: MeasuredValues = {};
  const summary = result?.summary;
  if (summary?.kind === "multiple-choice") {
    const { acc, accNorm, accBytes } = summary.accuracies;
    values.accuracy = acc;
    values.accNorm = accNorm;
    values.accBytes = accBytes;
  } else if (summary?.kind === "target") {
    values.accuracy = summary.accuracy;
    values.perplexity = summary.perplexity ?? { value: null, standardError: null };
  }
  const { fewShot } = task!;
  return {
    values,
    model: identity,
    recipe: `task ${task!.form.name}, ${fewShot === null ? 0 : fewShot.count} shots`,
    sha256: summary?.sha256 ?? task!.sha256,
    parts: null,
    answer: null,
    notes: run.notes,
  };
}

/** What the model is given: its chat template filled in by it, or the words as they are. */
function promptOf(
  { capabilities }: LanguageModel,
  { prompt, system, plain }: Extract<Subject, { kind: "answer" }>,
) {
  const isChat = capabilities.chat && !plain;
  if (!isChat && system !== undefined)
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: "The model takes no system message: it has no chat template, or plain: true",
      wayOut: "Leave out system:, or put its words into the prompt.",
    });
  const messages: ChatMessage[] = [
    ...(system === undefined ? [] : [{ role: "system", content: system }]),
    { role: "user", content: prompt },
  ];
  return { isChat, messages };
}

async function answerOf(
  model: LanguageModel,
  subject: Extract<Subject, { kind: "answer" }>,
  signal?: AbortSignal,
): Promise<Measurement> {
  const { isChat, messages } = promptOf(model, subject);
  const { maxTokens, temperature, seed, stop } = subject;
  const sums = emptySums();
  const encoder = new TextEncoder();
  const written: string[] = [];
  const generation = model.generate(isChat ? messages : subject.prompt, {
    maxTokens,
    temperature,
    seed,
    ...(stop.length > 0 && { stop }),
    signal,
  });
  for await (const record of generation) {
    if ((record.part ?? "answer") !== "answer") continue;
    written.push(record.text);
    // A token that stands for several, or was cut, has a number that is not its text's.
    const whole = record.tokenCount === undefined || record.tokenCount === 1;
    addToken(sums, whole ? record.logprob : null, textSize(record.bytes ?? encoder.encode(record.text)));
  }
  const { end } = generation;
  const partial = end?.partial === true || sums.scored < sums.tokens;
  const all = measures(sums);
  const values = valuesOf(all, sums.scored > 1 ? perplexityStandardError(sums) : null);
  return {
    values: partial ? { tokens: values.tokens! } : values,
    model: model.identity,
    recipe: `answer, ${isChat ? "chat" : "plain"}, temperature ${temperature}, at most ${maxTokens} tokens`,
    sha256: await digest(JSON.stringify([subject.system ?? null, subject.prompt])),
    parts: null,
    answer: { text: written.join(""), finishReason: end?.finishReason ?? "other" },
    notes: [
      ...(partial
        ? ["The model gave no log-probabilities of its whole answer, so it has no perplexity."]
        : []),
      ...(end?.warnings ?? []),
    ],
  };
}

async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** -log2 p of each continuation of the prompt, bits. @throws SurprisalError UNSUPPORTED_CAPABILITY */
export async function surprisalsOf(
  model: LanguageModel,
  subject: Extract<Subject, { kind: "answer" }>,
  continuations: readonly string[],
  signal?: AbortSignal,
): Promise<(number | null)[]> {
  const { isChat, messages } = promptOf(model, subject);
  if (!model.capabilities.score || (isChat && !model.capabilities.chatTemplate))
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: `${model.identity.name} cannot score a continuation that is given${isChat && model.capabilities.score ? " in a chat: its server fills in the template" : ""}`,
      wayOut:
        "Use a model in process (a .gguf file), or ask about the answer that it writes: contains, perplexity.",
    });
  const context = isChat ? model.applyChatTemplate(messages, { addGenerationPrompt: true }) : subject.prompt;
  const surprisals: (number | null)[] = [];
  const requests = continuations.map((continuation) => ({ context, continuation }));
  for await (const { logprob } of model.score(requests, { parseSpecial: isChat, signal }))
    surprisals.push(logprob === null ? null : 0 - logprob / Math.LN2);
  return surprisals;
}
