/** One answer by all methods: what is not there is written, scored, drawn or asked, and what cannot be had is said. */
import { isRight, readAnswer } from "../../answers/index.ts";
import { SurprisalError, type TokenRecord } from "../../core/index.ts";
import type { LanguageModel, Prompt, Provenance } from "../../models/index.ts";
import type { ConfidenceAnswer } from "../../report/index.ts";
import {
  type AnswerSample,
  byAnswer,
  type ClusterRule,
  type ConfidenceMethod,
  type SampleTools,
  sampleAnswers,
} from "../../uncertainty/index.ts";
import { jsonToken } from "../chat/index.ts";
import { byAsking, bySamples, byTokens } from "./estimates.ts";
import type { Item } from "./given.ts";
import type { QuestionJudge } from "./judge.ts";
import { numbersOf } from "./numbers.ts";
import { textOfQuestion } from "./question.ts";
import { ALTERNATIVES, scoreAnswer } from "./scored.ts";
import { writeOne } from "./written.ts";

/** What an answer is measured with. */
export interface Setup {
  /** `null`: nobody is asked; only what the lines have is read. */
  model: LanguageModel | null;
  methods: readonly ConfidenceMethod[];
  /** Samples to draw beside each answer; 0 = none. */
  samples: number;
  maxTokens: number;
  /** Of the answer, and of the samples. */
  temperature: number;
  sampleTemperature: number;
  seed: number | undefined;
  /** Prompts are given to the model as they stand, though it has a chat template. */
  plain: boolean;
  system: string | undefined;
  /** What kind of answer is read out of samples; `undefined`: the whole text counts. */
  read: "number" | "letter" | "yes-no" | undefined;
  embed: SampleTools["embed"];
  /** Makes the judge of one question; `null`: there is none. */
  judge: ((question: string | null) => QuestionJudge) | null;
  /** The judge is also asked about every word, for claim-conditioned probability. */
  judgesClaims: boolean;
  /** What else is made of an answer, and kept in its row; what was spent is kept beside it. */
  more?: ((made: Made, signal: AbortSignal) => Promise<object>) | undefined;
}

/** An answer as it is before methods see it. */
export interface Made {
  question: string | null;
  answer: string;
  records: readonly TokenRecord[] | null;
  samples: readonly AnswerSample[];
}

/** What one answer took, milliseconds, apart from what others took at the same time; tokens. */
export interface Spent {
  /** The answer: written, or scored. */
  answerMs: number;
  /** Tokens that were run to score it; `null`: it was written, or the source does not say. */
  tokensRead: number | null;
  /** Drawing samples, and comparing them. */
  samplesMs: number;
  compareMs: number;
  /** Of each method that asks. */
  asking: Record<string, number>;
}

/** An answer, and what it took. */
export interface Measured extends Omit<ConfidenceAnswer, "id"> {
  usage: { calls: number; tokensWritten: number; pairsJudged: number };
  provenance: Provenance | null;
  /** What `Setup.more` made, and what was spent; only where there is one. */
  more?: object | undefined;
  spent?: Spent | undefined;
}

/** @throws SurprisalError what is wrong with this line, or with the model. */
export async function measure(item: Item, setup: Setup, signal: AbortSignal): Promise<Measured> {
  const { model, methods } = setup;
  const prompt = model === null || item.question === null ? null : promptFor(item.question, setup, model);
  const clock = new Clock();
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const drawing = clock.timed("samples", drawn(item, setup, prompt, both));
  drawing.catch(() => {}); // it is awaited below
  let answered: Answered;
  try {
    answered = await clock.timed("answer", answerOf(item, setup, prompt, both));
  } catch (error) {
    stop.abort();
    await drawing.catch(() => {});
    throw error;
  }
  const { samples, calls: draws, tokensWritten: drawnTokens, notes: drawNotes } = await drawing;
  const { answer, records, why } = answered;
  const question = item.question === null ? null : textOfQuestion(item.question);
  const rule = clusterRule(setup, question);
  const judge = setup.judge?.(question) ?? null;
  const onePass = await byTokens(methods, records, why, setup, judge);
  const comparing = bySamples(methods, {
    answer: { text: answer, ...(records ? numbersOf(records) : {}) },
    samples,
    drawn: draws,
    tools: { clusters: rule, embed: setup.embed, entailment: judge?.table },
    signal: both,
  });
  const compared = await clock.timed("compare", comparing);
  const asking: Record<string, number> = {};
  const asked = await byAsking(methods, question, answer, samples, setup, both, (name, ms) => {
    asking[name] = ms;
  });
  const more = await setup.more?.({ question, answer, records, samples }, both);
  const byName = new Map([...onePass, ...compared, ...asked].map((each) => [each.name, each]));
  const own = answered.calls + draws;
  return {
    question,
    answer,
    answerFrom: item.answer === null ? "written" : item.isFirstSample ? "first sample" : "given",
    numbersFrom: answered.numbersFrom,
    tokens: (records ?? []).map(shownToken),
    samples,
    clusters: clustersOf(rule, samples),
    estimates: methods.map(({ name }) => byName.get(name)!),
    correct: item.correct ?? judged(item, answer, setup),
    group: item.group,
    notes: [...answered.notes, ...drawNotes],
    usage: {
      calls: own + asked.reduce((sum, { price }) => sum + price.calls, 0),
      tokensWritten:
        answered.tokensWritten +
        drawnTokens +
        asked.reduce((sum, { price }) => sum + (price.tokensWritten ?? 0), 0),
      pairsJudged: judge?.asked() ?? 0,
    },
    provenance: answered.provenance,
    ...(setup.more && {
      more,
      spent: {
        answerMs: clock.ms("answer"),
        tokensRead: answered.tokensRead ?? null,
        samplesMs: clock.ms("samples"),
        compareMs: clock.ms("compare"),
        asking,
      },
    }),
  };
}

/** How long each part took. */
class Clock {
  readonly #ms = new Map<string, number>();

  async timed<T>(part: string, work: Promise<T>): Promise<T> {
    const begun = performance.now();
    try {
      return await work;
    } finally {
      this.#ms.set(part, performance.now() - begun);
    }
  }

  ms(part: string): number {
    return this.#ms.get(part) ?? 0;
  }
}

/** A chat where the model takes one; else the question as it stands. */
export function promptFor(
  question: NonNullable<Item["question"]>,
  { plain, system }: Pick<Setup, "plain" | "system">,
  model: LanguageModel,
): Prompt {
  const chat = model.capabilities.chat && !plain;
  if (typeof question !== "string") {
    if (!model.capabilities.chat)
      throw new SurprisalError({
        code: "UNSUPPORTED_CAPABILITY",
        what: `${model.identity.name} has no chat template`,
        where: "messages",
        wayOut: "It is a base model: give it texts as they stand, or use an instruction-tuned model.",
      });
    return question;
  }
  if (!chat) return question;
  return [
    ...(system === undefined ? [] : [{ role: "system", content: system }]),
    { role: "user", content: question },
  ];
}

interface Answered {
  answer: string;
  /** `null`: there are no numbers. */
  records: TokenRecord[] | null;
  /** Why there are none. */
  why: string;
  numbersFrom: Measured["numbersFrom"];
  calls: number;
  tokensWritten: number;
  /** Of an answer that was scored: tokens run; `null`: not known. */
  tokensRead?: number | null;
  provenance: Provenance | null;
  notes: readonly string[];
}

async function answerOf(
  { question, answer, records }: Item,
  setup: Setup,
  prompt: Prompt | null,
  signal: AbortSignal,
): Promise<Answered> {
  const { model } = setup;
  const without = { why: "", calls: 0, tokensWritten: 0, provenance: null, notes: [] };
  if (answer !== null && records !== null) return { ...without, answer, records, numbersFrom: "given" };
  if (answer !== null) {
    const none = { ...without, answer, records: null, numbersFrom: null };
    if (model === null)
      return {
        ...none,
        why: "The line has no numbers of tokens, and no model is named: --model scores the answer.",
      };
    if (question === null)
      return {
        ...none,
        why: "The line has no numbers of tokens, and no question to score the answer behind.",
      };
    const wanted = setup.methods.some(({ family }) => family === "one-pass" || family === "peers");
    const needed = setup.methods.some(
      ({ needs }) => needs.includes("logprobs") || needs.includes("distribution"),
    );
    if (!wanted && !needed) return { ...none, why: "No method was asked for that needs them." };
    const scored = await scoreAnswer(model, prompt!, answer, signal);
    if ("why" in scored) return { ...none, why: scored.why };
    return {
      ...without,
      answer,
      records: scored.records,
      numbersFrom: "scored",
      calls: 1,
      tokensRead: scored.tokensRead,
    };
  }
  const written = await writeOne(model!, prompt!, {
    maxTokens: setup.maxTokens,
    temperature: setup.temperature,
    seed: setup.seed,
    alternatives: Math.min(ALTERNATIVES, model!.capabilities.alternatives),
    shape: model!.capabilities.distribution || undefined,
    signal,
  });
  const numbersFrom = written.records === null ? null : "written";
  return { ...without, ...written, calls: 1, numbersFrom };
}

interface Drawn {
  samples: AnswerSample[];
  calls: number;
  tokensWritten: number;
  notes: string[];
}

/** Samples of the line, and those that are drawn. */
export async function drawn(
  { samples }: Pick<Item, "samples">,
  {
    model,
    samples: n,
    sampleTemperature,
    seed,
    maxTokens,
  }: Pick<Setup, "model" | "samples" | "sampleTemperature" | "seed" | "maxTokens">,
  prompt: Prompt | null,
  signal: AbortSignal,
): Promise<Drawn> {
  if (n === 0 || model === null || prompt === null) return { samples, calls: 0, tokensWritten: 0, notes: [] };
  // The answer has the seed itself; answers with the same one are the same.
  const all = sampleAnswers(model, prompt, {
    n,
    temperature: sampleTemperature,
    seed: model.execution.place === "process" ? (seed ?? 0) + 1 : seed === undefined ? undefined : seed + 1,
    maxTokens,
    signal,
  });
  const found: { index: number; sample: AnswerSample; cut: boolean }[] = [];
  for await (const { index, text, logprob, tokens, entropy, finishReason } of all)
    found.push({ index, sample: { text, logprob, tokens, entropy }, cut: finishReason === "length" });
  found.sort((a, b) => a.index - b.index);
  const cut = found.filter((each) => each.cut).length;
  return {
    samples: [...samples, ...found.map(({ sample }) => sample)],
    calls: n,
    tokensWritten: all.tokensWritten,
    notes: [
      ...(cut > 0
        ? [`${cut} of ${found.length} samples were cut off after ${maxTokens} tokens: --max-tokens.`]
        : []),
      ...(found.length < n ? [`${n - found.length} of ${n} samples failed.`] : []),
    ],
  };
}

/** By the right answer of the line; an answer that cannot be read is wrong. `null`: there is no right answer. */
function judged({ expected, question }: Item, answer: string, { read }: Setup): boolean | null {
  if (expected === null) return null;
  const prompt = question === null ? undefined : textOfQuestion(question);
  return isRight(answer, expected, { kind: read ?? "text", prompt }).right ?? false;
}

/** Which samples say the same. */
export function clusterRule({ read }: Pick<Setup, "read">, question: string | null): ClusterRule {
  if (read === undefined) return byAnswer();
  const prompt = question ?? undefined;
  return byAnswer((text) => {
    const found = readAnswer(text, { kind: read, prompt });
    return found.value === null ? null : found.key;
  }, `same ${read}`);
}

function clustersOf(rule: ClusterRule, samples: readonly AnswerSample[]): number[][] {
  const running = rule.open();
  for (const { text } of samples) running.add(text);
  return running.clusters().toSorted((a, b) => b.length - a.length);
}

function shownToken(record: TokenRecord): ConfidenceAnswer["tokens"][number] {
  const { text, bytes, logprob, part, alternatives } = jsonToken(record);
  return {
    text,
    ...(bytes && { bytes }),
    logprob,
    ...(part && part !== "answer" && { part }),
    ...(alternatives && {
      alternatives: alternatives.slice(0, 3).map(({ text, logprob }) => ({ text, logprob })),
    }),
  };
}
