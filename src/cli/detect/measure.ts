/** One answer by all detectors: what is not there is written, scored or drawn, and what cannot be had is said. */
import { isRight } from "../../answers/index.ts";
import { SurprisalError, type TokenRecord } from "../../core/index.ts";
import {
  type Examination,
  type ExaminedAnswer,
  examine,
  fuse,
  type LiftOptions,
  type RetrievalLift,
  retrievalLift,
  type Signal,
  type SourceDocument,
} from "../../detect/index.ts";
import type { EmbeddingModel, LanguageModel, Prompt, ScoredText } from "../../models/index.ts";
import type { DetectedAnswer } from "../../report/index.ts";
import type { AnswerSample, Embed } from "../../uncertainty/index.ts";
import { ALTERNATIVES, drawn, textOfQuestion, writeOne } from "../confidence/index.ts";
import { detectorsFor } from "./detectors.ts";
import type { DetectItem } from "./given.ts";
import { needsNumbers } from "./plan.ts";
import { promptWith, textsRead } from "./prompt.ts";
import { type DetectSetup, liftOptions, silent } from "./setup.ts";
import { recordsOf, shownDocuments, shownSentences, shownTokens, spanLiftsOf } from "./shown.ts";

/** An answer, and what it took. */
export interface Detected extends Omit<DetectedAnswer, "id"> {
  usage: { tokensRun: number; tokensWritten: number; ms: number };
}

/** @throws SurprisalError what is wrong with this line, or with the model. */
export async function detect(item: DetectItem, setup: DetectSetup, signal: AbortSignal): Promise<Detected> {
  const began = performance.now();
  const documents = [...item.documents, ...setup.documents];
  const { model } = setup;
  const embed = setup.embedder && vectorsOf(setup.embedder);
  const passes: ScoredText[] = [];
  const question = item.question === null ? undefined : textOfQuestion(item.question);
  const written = item.answer === null ? await writtenAnswer(item, documents, setup, signal) : null;
  const answer = item.answer ?? written!.answer;
  const given = matching(item.records ?? written?.records ?? null, answer);
  const isRead = setup.signals.includes("retrieval") && documents.length > 0;
  const isWanted = isRead || (given === null && needsNumbers(setup.signals));
  const lift =
    model === null || !isWanted
      ? null
      : await liftOf(model, { question, documents, answer }, setup, {
          ...{ embedder: embed ?? undefined, signal },
          alternatives: Math.min(ALTERNATIVES, model.capabilities.alternatives),
          onScored: (each) => void passes.push(each),
        });
  const scored = typeof lift === "object" && lift !== null ? lift : null;
  const read = given === null && scored !== null ? await recordsOf(model!, passes[0], answer, scored) : null;
  const tokens = given ?? read;
  const drawing = await samplesOf(item, scored, documents, setup, signal);
  const examined: ExaminedAnswer = {
    ...{ answer, question, documents },
    tokens: tokens ?? undefined,
    // The answer is not compared with itself.
    samples: item.isFirstSample ? drawing.samples.slice(1) : drawing.samples,
  };
  const { detectors, missing } = detectorsFor(setup, examined, isRead ? scored : null, embed);
  const { examinations: said, failures } = await examine(examined, detectors, { signal });
  const examinations = inOrder(setup.signals, [
    ...said.map((each) => withTime(each, scored)),
    ...missing,
    ...failures.map(({ signal: which, reason }) => silent(which, reason)),
  ]);
  const fused = fuse({ answer, examinations }, setup.fusion ?? undefined);
  return {
    ...{ question: question ?? null, answer },
    answerFrom: item.answer === null ? "written" : item.isFirstSample ? "first sample" : "given",
    numbersFrom: given !== null ? (item.records ? "given" : "written") : read !== null ? "scored" : null,
    score: fused.probability,
    fusion: fused.calibrated ? "fitted" : "plain",
    spans: fused.spans,
    spanLifts: scored === null ? [] : spanLiftsOf(answer, fused.spans, scored),
    examinations,
    tokens: shownTokens(tokens, scored),
    sentences: scored === null ? [] : shownSentences(scored),
    documents: shownDocuments(documents, scored),
    samples: examined.samples?.length ?? 0,
    ...{ correct: labelOf(item, answer), group: item.group },
    notes: [
      ...(written?.notes ?? []),
      ...(item.records !== null && item.records.length > 0 && given === null ? [OTHER_NUMBERS] : []),
      ...drawing.notes,
      ...(typeof lift === "string" ? [lift] : []),
      ...(fused.reason === undefined ? [] : [fused.reason]),
    ],
    usage: {
      tokensRun: scored?.price.tokensRun ?? 0,
      tokensWritten: (written?.tokensWritten ?? 0) + drawing.tokensWritten,
      ms: performance.now() - began,
    },
  };
}

const OTHER_NUMBERS =
  "The line's own numbers are not used: the texts of its tokens, joined, are not the answer.";

/** Several signals compare the same texts: each is embedded once. */
function vectorsOf(encoder: EmbeddingModel): Embed {
  const known = new Map<string, ArrayLike<number>>();
  return async (texts, options) => {
    const missing = [...new Set(texts)].filter((text) => !known.has(text));
    const vectors = missing.length > 0 ? await encoder.embed(missing, options) : [];
    for (const [i, text] of missing.entries()) known.set(text, vectors[i]!.vector);
    return texts.map((text) => known.get(text)!);
  };
}

async function writtenAnswer(
  { question }: DetectItem,
  documents: readonly SourceDocument[],
  setup: DetectSetup,
  signal: AbortSignal,
) {
  const { model } = setup;
  if (model === null || question === null)
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: "There is no answer, and no model to write one",
      wayOut: "Give the line an answer, or leave out --no-model.",
    });
  return writeOne(
    model,
    promptWith(
      question,
      documents.map(({ text }) => text),
      setup,
      model,
    ),
    {
      ...{ maxTokens: setup.maxTokens, temperature: setup.temperature, seed: setup.seed, signal },
      alternatives: Math.min(ALTERNATIVES, model.capabilities.alternatives),
    },
  );
}

/** Lift, or without documents the numbers alone; why there is none, in words. */
async function liftOf(
  model: LanguageModel,
  about: { question: string | undefined; documents: readonly SourceDocument[]; answer: string },
  { signals, ...setup }: DetectSetup,
  options: Pick<LiftOptions, "embedder" | "signal" | "alternatives" | "onScored">,
): Promise<RetrievalLift | string> {
  const documents = signals.includes("retrieval") ? about.documents : [];
  try {
    return await retrievalLift(model, { ...about, documents }, { ...liftOptions(setup), ...options });
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    if (error.code !== "UNSUPPORTED_CAPABILITY" && error.code !== "CONTEXT_EXCEEDED") throw error;
    return `${error.what}.`;
  }
}

/** Records whose texts, joined, are the answer; a character that several tokens make stands in the last of them. */
function matching(records: readonly TokenRecord[] | null, answer: string): TokenRecord[] | null {
  const own = records?.filter(({ part = "answer" }) => part === "answer") ?? [];
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  const spelled = own.map(({ bytes, text, ...record }) => ({
    ...record,
    text: decoder.decode(bytes ?? encoder.encode(text), { stream: true }),
  }));
  return own.length > 0 && spelled.map(({ text }) => text).join("") === answer ? spelled : null;
}

/** Samples are asked for as the answer was: behind the passages that were read for it. */
async function samplesOf(
  item: DetectItem,
  lift: RetrievalLift | null,
  documents: readonly SourceDocument[],
  setup: DetectSetup,
  signal: AbortSignal,
): Promise<{ samples: AnswerSample[]; tokensWritten: number; notes: readonly string[] }> {
  const { model, samples: n } = setup;
  let prompt: Prompt | null = null;
  if (n > 0 && model !== null && item.question !== null)
    prompt = promptWith(item.question, textsRead(documents, lift), setup, model);
  const found = await drawn(item, setup, prompt, signal);
  const without = n > 0 && prompt === null ? ["No samples were drawn: the line has no question."] : [];
  return { ...found, notes: [...found.notes, ...without] };
}

/** Passes that were run before are part of what the detector took. */
const withTime = (examination: Examination, lift: RetrievalLift | null): Examination =>
  examination.signal === "retrieval" && lift !== null
    ? { ...examination, price: { ...examination.price, ms: examination.price.ms + lift.price.ms } }
    : examination;

/** By the right answer of the line where it has no label; `null`: it has neither. */
function labelOf({ correct, expected, question }: DetectItem, answer: string): boolean | null {
  if (correct !== null || expected === null) return correct;
  const prompt = question === null ? undefined : textOfQuestion(question);
  return isRight(answer, expected, { kind: "text", prompt }).right ?? false;
}

const inOrder = (signals: readonly Signal[], all: readonly Examination[]): Examination[] =>
  signals.flatMap((signal) => all.filter((each) => each.signal === signal));
