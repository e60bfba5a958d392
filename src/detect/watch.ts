/** Detectors beside an answer while it is written: what needs no model. */
import type { TokenRecord } from "../core/index.ts";
import { type AnomalyOptions, AnomalyWatch } from "./anomaly/index.ts";
import type { Examination, Finding, SourceDocument } from "./finding.ts";
import { type PatternOptions, PatternWatch } from "./patterns/index.ts";

/** Options of `watchAnswer`. */
export interface WatchAnswerOptions {
  question?: string | undefined;
  documents?: readonly SourceDocument[] | undefined;
  /** `false`: no patterns are looked for. */
  patterns?: PatternOptions | false | undefined;
  /** `false`: no anomalies are looked for. */
  anomaly?: AnomalyOptions | false | undefined;
}

/** Detectors at work on one answer. */
export interface AnswerWatch {
  /**
   * Reads a token; those of reasoning and of tool calls are not the answer, and say nothing.
   * @returns what is sure now: spikes when their word is over, patterns when their sentence is; each once, in order of their place
   */
  observe(token: TokenRecord): Finding[];
  /**
   * Ends the answer; a second call says nothing new. What only a whole answer says comes now: numbered citations, whose references
   * may follow, lists of percentages, shifts, and spikes among the first words.
   */
  finish(): Finding[];
  /** All findings and features up to now, one examination for each detector; after `finish` the same as the detectors' own. */
  examinations(): Examination[];
}

/**
 * Patterns and anomalies of an answer while it is written. What `observe` and `finish` return is together what `detectPatterns` and
 * `detectAnomaly` find in the whole answer, `price.ms` aside.
 * @throws SurprisalError INVALID_ARGUMENT for options out of range
 */
export function watchAnswer({
  question,
  documents,
  patterns,
  anomaly,
}: WatchAnswerOptions = {}): AnswerWatch {
  const form = patterns === false ? null : new PatternWatch({ question, documents }, patterns);
  const surprise = anomaly === false ? null : new AnomalyWatch(anomaly);
  let ms = 0;
  const timed = (work: () => Finding[]): Finding[] => {
    const start = performance.now();
    const found = work().sort((a, b) => a.start - b.start || a.end - b.end);
    ms += performance.now() - start;
    return found;
  };
  return {
    observe(token) {
      if ((token.part ?? "answer") !== "answer") return [];
      return timed(() => [...(surprise?.observe(token) ?? []), ...(form?.observe(token.text) ?? [])]);
    },
    finish: () => timed(() => [...(surprise?.finish() ?? []), ...(form?.finish() ?? [])]),
    examinations: () => [form, surprise].flatMap((watch) => (watch === null ? [] : [watch.examination(ms)])),
  };
}
