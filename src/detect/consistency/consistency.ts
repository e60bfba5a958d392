/** The detector of consistency: which sentences of an answer further samples do not say again. */
import { abortError, invalidArgument } from "../../core/index.ts";
import {
  type EntailmentTable,
  selfCheckSentences,
  sentencesOf,
  type TextSimilarity,
} from "../../uncertainty/index.ts";
import type { Detector, Examination, Finding, Place } from "../finding.ts";
import { byJudge, byLikeness, bySharedWords, type SentenceSupport } from "./support.ts";

/** Kinds of inconsistency: "not-repeated", a sentence that too few samples say. */
export const CONSISTENCY_KINDS = ["not-repeated"] as const;

/** Options of `detectConsistency`. */
export interface ConsistencyOptions {
  /** How a sample is found to say a sentence: by an encoder. Default: by shared words, which needs nothing. */
  similarity?: TextSimilarity | undefined;
  /** The same by a judge of entailment, which comes before `similarity`. */
  entailment?: EntailmentTable | undefined;
  /** From which support on a sample says it, 0 ... 1. Default 0.7 of words, 0.75 of likeness, 0.5 of P(entailment). */
  threshold?: number | undefined;
  /** A sentence that a smaller share of samples says is a finding, 0 ... 1. Default 0.5. */
  share?: number | undefined;
}

/** Fewer samples say nothing of consistency. */
const FEWEST_SAMPLES = 2;

/**
 * Compares every sentence of the answer with further samples of it. `suspicion` is the mean over sentences of the share of samples
 * that do not say them, 0 ... 1; `null` with fewer than two samples. The features have SelfCheckGPT's unigram scores beside it
 * (`selfCheckSentences`). The samples are not the answer itself.
 * @throws SurprisalError INVALID_ARGUMENT for options out of range; what an encoder or a judge throws; ABORTED
 */
export function detectConsistency(options: ConsistencyOptions = {}): Detector {
  const { share = 0.5 } = options;
  for (const [name, value] of [
    ["threshold", options.threshold ?? 0],
    ["share", share],
  ] as const)
    if (!(value >= 0 && value <= 1))
      throw invalidArgument(`${value} is not allowed here`, name, "Give a number from 0 to 1.");
  const by = supportOf(options);
  return {
    signal: "consistency",
    async examine({ answer, samples = [] }, { signal } = {}) {
      if (signal?.aborted) throw abortError("Comparing samples", signal);
      const start = performance.now();
      const texts = samples.map(({ text }) => text);
      const places = placesOf(answer);
      const written = samples.reduce((sum, { tokens = 0 }) => sum + tokens, 0);
      const price = () => ({ tokensRun: 0, tokensWritten: written, ms: performance.now() - start });
      const cannot = (reason: string): Examination => ({
        signal: "consistency",
        suspicion: null,
        unit: UNIT,
        reason,
        findings: [],
        features: NOTHING,
        price: price(),
      });
      if (texts.length < FEWEST_SAMPLES)
        return cannot(
          `It needs at least ${FEWEST_SAMPLES} samples beside the answer; there ${texts.length === 1 ? "is 1" : "are none"}.`,
        );
      if (places.length === 0) return cannot("The answer has no sentence.");
      await by.prepare?.(
        places.map(({ text }) => text),
        texts,
        { signal },
      );
      const judged = places.flatMap((place) => {
        const supports = texts
          .map((text) => by.support(place.text, text))
          .filter((support) => support !== null);
        if (supports.length === 0) return [];
        const said = supports.filter((support) => support >= by.threshold).length;
        return [{ place, said, of: supports.length }];
      });
      if (judged.length === 0) return cannot("No sentence of the answer could be compared.");
      const shares = judged.map(({ said, of }) => said / of);
      const findings = judged.flatMap(({ place, said, of }): Finding[] =>
        said / of >= share ? [] : [finding(place, said, of, by)],
      );
      const selfCheck = selfCheckSentences(answer, texts);
      const mean = (values: readonly number[]): number =>
        values.reduce((sum, value) => sum + value, 0) / values.length;
      const left = places.length - judged.length;
      return {
        signal: "consistency",
        suspicion: 1 - mean(shares),
        unit: UNIT,
        ...(left > 0 && {
          reason: `${left} of ${places.length} sentences could not be compared and are left out.`,
        }),
        findings,
        features: {
          "mean-support": mean(shares),
          "least-support": Math.min(1, ...shares.slice(0, MOST_SPREAD)),
          "not-repeated-share": findings.length / judged.length,
          "selfcheck-unigram-mean":
            selfCheck.length === 0 ? null : mean(selfCheck.map(({ mean: own }) => own)),
          "selfcheck-unigram-max": selfCheck.length === 0 ? null : mean(selfCheck.map(({ max }) => max)),
          samples: texts.length,
        },
        price: price(),
      };
    },
  };
}

const UNIT = "share of samples that do not say it";
/** Arguments that a call takes. */
const MOST_SPREAD = 10_000;

const NOTHING: Examination["features"] = {
  "mean-support": null,
  "least-support": null,
  "not-repeated-share": null,
  "selfcheck-unigram-mean": null,
  "selfcheck-unigram-max": null,
  samples: null,
};

function supportOf({ entailment, similarity, threshold }: ConsistencyOptions): SentenceSupport {
  if (entailment) return byJudge(entailment, threshold);
  return similarity ? byLikeness(similarity, threshold) : bySharedWords(threshold);
}

function finding(
  { text: _, ...place }: Place & { text: string },
  said: number,
  of: number,
  by: SentenceSupport,
): Finding {
  const some = said === 0 ? "None" : `${said}`;
  return {
    signal: "consistency",
    kind: "not-repeated",
    ...place,
    strength: 1 - said / of,
    because: `${some} of ${of} samples say${said === 1 ? "s" : ""} this (by ${by.name}).`,
    details: { said, samples: of },
  };
}

/** The sentences of a text with their places: `sentencesOf` leaves out only white space between them. */
function placesOf(text: string): (Place & { text: string })[] {
  let at = 0;
  return sentencesOf(text).map((sentence) => {
    const start = text.indexOf(sentence, at);
    at = start + sentence.length;
    return { start, end: at, text: sentence };
  });
}
