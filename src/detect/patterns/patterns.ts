/** The detector of patterns: what is wrong with an answer by its form alone, or against its documents. No model is needed. */
import { abortError } from "../../core/index.ts";
import type { Detector, Examination, ExaminedAnswer, Finding } from "../finding.ts";
import { type Sentence, SentenceStream } from "../sentences.ts";
import { arithmetic } from "./arithmetic.ts";
import { arxiv } from "./arxiv.ts";
import { checkDigits } from "./check-digits.ts";
import { authorYears, NumberedCitations } from "./citations.ts";
import { Context } from "./context.ts";
import { dates } from "./dates.ts";
import { dois } from "./doi.ts";
import { entitiesInContext } from "./entities.ts";
import { NEEDS_DOCUMENTS, PATTERN_KINDS, PATTERN_WEIGHTS, type PatternKind } from "./kinds.ts";
import { numbersInContext } from "./numbers.ts";
import { checkPatternOptions, type PatternOptions } from "./options.ts";
import { PercentageLists, percentageSums, percentagesAbove } from "./percentages.ts";
import { hedging, refusal } from "./phrases.ts";
import { prepared } from "./prepare.ts";
import { loops, RepeatedSentences } from "./repetition.ts";
import type { Found, RunningRule, SentenceRule } from "./rule.ts";
import { times } from "./times.ts";
import { addresses } from "./url.ts";

/** They find nothing where there is no digit, Arabic or Chinese. */
const DIGIT_RULES: readonly SentenceRule[] = [
  checkDigits,
  dois,
  arxiv,
  dates,
  times,
  percentageSums,
  percentagesAbove,
  arithmetic,
  authorYears,
];
const SENTENCE_RULES: readonly SentenceRule[] = [
  addresses,
  numbersInContext,
  entitiesInContext,
  loops,
  hedging,
  refusal,
];

const DIGIT = /[\d零〇一二三四五六七八九十]/u;

/** The patterns of an answer that is being written. */
export class PatternWatch {
  readonly #kinds: ReadonlySet<PatternKind>;
  readonly #context: Context | null;
  readonly #stream = new SentenceStream();
  readonly #running: readonly RunningRule[];
  readonly #found: Finding[] = [];
  #isOver = false;

  /**
   * @param about the documents and the question; its `answer` is not read
   * @throws SurprisalError INVALID_ARGUMENT for a kind that there is not
   */
  constructor(about: Omit<ExaminedAnswer, "answer"> = {}, options: PatternOptions = {}) {
    this.#kinds = checkPatternOptions(options);
    const { documents, question } = about;
    this.#context =
      documents && documents.length > 0 ? new Context({ answer: "", documents, question }) : null;
    this.#running = [new NumberedCitations(this.#context), new RepeatedSentences(), new PercentageLists()];
  }

  /** Reads on. @returns what is found in the sentences that are over now, each finding once */
  observe(text: string): Finding[] {
    return this.#stream.push(text).flatMap((sentence) => this.#see(sentence));
  }

  /** Ends the answer. @returns what its last sentence has, and what only the whole answer says */
  finish(): Finding[] {
    if (this.#isOver) return [];
    this.#isOver = true;
    const found = this.#stream.finish().flatMap((sentence) => this.#see(sentence));
    return [...found, ...this.#keep(this.#running.flatMap((rule) => rule.finish()))];
  }

  #see(sentence: Sentence): Finding[] {
    const ready = prepared(sentence);
    const rules = DIGIT.test(sentence.text) ? [...DIGIT_RULES, ...SENTENCE_RULES] : SENTENCE_RULES;
    const own = rules
      .flatMap((rule) => rule(ready, this.#context))
      .map((found) => ({
        ...found,
        start: found.start + sentence.start,
        end: found.end + sentence.start,
      }));
    return this.#keep([...own, ...this.#running.flatMap((rule) => rule.see(ready))]);
  }

  #keep(found: readonly Found[]): Finding[] {
    const kept = found
      .filter(({ kind }) => this.#kinds.has(kind))
      .map((each): Finding => ({ signal: "patterns", ...each }))
      .sort(byPlace);
    this.#found.push(...kept);
    return kept;
  }

  /** Of what was found up to now. */
  examination(ms: number = 0): Examination {
    const hasContext = this.#context !== null;
    const counts = new Map<string, number>();
    for (const { kind } of this.#found) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const innocent = this.#found.reduce(
      (product, { kind, strength }) => product * (1 - strength * (isKind(kind) ? PATTERN_WEIGHTS[kind] : 0)),
      1,
    );
    return {
      signal: "patterns",
      suspicion: 1 - innocent,
      unit: "1 - \u03a0 (1 - weight \u00d7 strength) over findings",
      ...(!hasContext && { reason: "Without documents, citations, numbers and names are not looked up." }),
      findings: this.#found.toSorted(byPlace),
      features: Object.fromEntries(
        PATTERN_KINDS.map((kind) => [
          kind,
          !this.#kinds.has(kind) || (!hasContext && NEEDS_DOCUMENTS.has(kind))
            ? null
            : (counts.get(kind) ?? 0),
        ]),
      ),
      price: { tokensRun: 0, tokensWritten: 0, ms },
    };
  }
}

const isKind = (kind: string): kind is PatternKind => kind in PATTERN_WEIGHTS;
const byPlace = (a: Finding, b: Finding): number => a.start - b.start || a.end - b.end;

/**
 * Looks for what is wrong by its form alone, such as a check digit or a date, and for what disagrees with the documents.
 * `suspicion` is 0 ... 1: of findings with weights w and strengths s, 1 - Π (1 - w s). Its features are the number of findings of
 * each kind; `null` for those that need documents, where there are none. The time it takes grows with the text, not faster.
 * @throws SurprisalError INVALID_ARGUMENT for a kind that there is not
 */
export function detectPatterns(options: PatternOptions = {}): Detector {
  checkPatternOptions(options);
  return {
    signal: "patterns",
    async examine(answer, { signal } = {}) {
      if (signal?.aborted) throw abortError("Looking for patterns", signal);
      const start = performance.now();
      const watch = new PatternWatch(answer, options);
      watch.observe(answer.answer);
      watch.finish();
      return watch.examination(performance.now() - start);
    },
  };
}
