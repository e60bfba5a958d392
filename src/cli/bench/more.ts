/** What a benchmark adds to an answer's row: baselines, what detectors find, and numbers that the line has of other methods. */
import { type Detector, type Examination, type ExaminedAnswer, examine } from "../../detect/index.ts";
import { type Made, type Measured, measure, type Setup } from "../confidence/index.ts";
import type { BenchItem } from "./given.ts";
import { BASELINES, type ChosenMethods } from "./methods.ts";

/** A number beside those of `surprisal confidence`. */
export interface MoreEstimate {
  name: string;
  uncertainty: number | null;
  reason?: string | undefined;
  tokensRead: number | null;
  tokensWritten: number | null;
  ms: number | null;
}

/** What a row has under "more". */
export interface More {
  estimates: MoreEstimate[];
  /** What detectors said. */
  examinations: readonly Examination[];
  /** Detectors that failed, and why. */
  failures: readonly { signal: string; reason: string }[];
}

const NOTHING = { tokensRead: 0, tokensWritten: 0, ms: 0 };

/**
 * An answer by all that was chosen.
 * @param readsDocuments its documents stand before its question, for the model.
 */
export async function measureBenched(
  item: BenchItem,
  { setup, chosen, detectors, readsDocuments }: BenchSetup,
  signal: AbortSignal,
): Promise<Measured> {
  const { question, documents } = item;
  const isRead = readsDocuments && typeof question === "string" && documents.length > 0;
  const asked = isRead ? `${documents.map(({ text }) => text).join("\n\n")}\n\n${question}` : question;
  const more = (made: Made) =>
    moreOf(item, isRead ? { ...made, question } : made, { chosen, detectors, signal });
  const measured = await measure({ ...item, question: asked }, { ...setup, more }, signal);
  return isRead ? { ...measured, question } : measured;
}

/** What is needed for it. */
export interface BenchSetup {
  setup: Setup;
  chosen: ChosenMethods;
  /** Those that can look at an answer. */
  detectors: (answer: ExaminedAnswer) => readonly Detector[];
  readsDocuments: boolean;
}

async function moreOf(
  { documents, numbers }: BenchItem,
  { question, answer, records, samples }: Made,
  { chosen, detectors, signal }: Pick<BenchSetup, "chosen" | "detectors"> & { signal: AbortSignal },
): Promise<More> {
  const texts = documents.map(({ text }) => text);
  const known: ExaminedAnswer = {
    ...{ answer, documents, samples },
    question: question ?? undefined,
    tokens: records ?? undefined,
  };
  const examined = await examine(known, detectors(known), { signal });
  return {
    estimates: [
      ...chosen.baselines.map((name) => baselineOf(name, answer, texts)),
      ...(chosen.own
        ? Object.entries(numbers).map(
            ([name, { uncertainty, tokensRead = null, tokensWritten = null, ms = null }]) => ({
              ...{ name, uncertainty, tokensRead, tokensWritten, ms },
            }),
          )
        : []),
    ],
    examinations: examined.examinations,
    failures: examined.failures.map(({ signal: of, reason }) => ({ signal: of, reason })),
  };
}

/** A baseline's number of one answer. */
export function baselineOf(name: string, answer: string, documents: readonly string[]): MoreEstimate {
  const uncertainty = BASELINES[name]!(answer, documents);
  return {
    ...{ name, uncertainty },
    ...(uncertainty === null && { reason: "The line has no documents, or its answer no words." }),
    ...NOTHING,
  };
}
