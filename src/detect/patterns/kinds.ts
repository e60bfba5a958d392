/** The kinds of pattern, and how far each speaks for a text that is made up. */

/**
 * [kind] how much a finding of strength 1 adds to the suspicion, 0 ... 1; in the suspicion of the detector and in `fuse` without a
 * fitted model alike. A refusal says that nothing is claimed, and hedging that it may be wrong: neither makes anything up; repetition
 * says little of what is said. These weights are a judgement; a fused model has its own.
 */
export const PATTERN_WEIGHTS = {
  "citation-not-in-documents": 0.8,
  "doi-malformed": 0.8,
  "doi-implausible": 0.7,
  "url-malformed": 0.8,
  "url-reserved": 0.5,
  "isbn-check-digit": 0.9,
  "issn-check-digit": 0.9,
  "orcid-check-digit": 0.9,
  "iban-check-digits": 0.8,
  "card-check-digit": 0.7,
  "resident-id-check-digit": 0.7,
  "identifier-malformed": 0.7,
  "arxiv-impossible": 0.9,
  "date-impossible": 0.9,
  "weekday-contradicts-date": 0.8,
  "dates-out-of-order": 0.9,
  "age-contradicts-dates": 0.9,
  "time-impossible": 0.7,
  "percentages-do-not-sum": 0.7,
  "percentage-above-100": 0.7,
  "arithmetic-wrong": 0.9,
  "number-not-in-context": 0.8,
  "entity-not-in-context": 0.7,
  "repetition-loop": 0.5,
  "repeated-sentence": 0.3,
  hedging: 0.1,
  refusal: 0,
} as const;

/** What a text is suspected by because of its form, or against its context. docs/hallucination.md has a table with examples. */
export type PatternKind = keyof typeof PATTERN_WEIGHTS;

/** All kinds of pattern. */
export const PATTERN_KINDS: readonly PatternKind[] = Object.keys(PATTERN_WEIGHTS).filter(
  (kind): kind is PatternKind => kind in PATTERN_WEIGHTS,
);

/** Kinds that nothing can be said of without documents. */
export const NEEDS_DOCUMENTS: ReadonlySet<PatternKind> = new Set<PatternKind>([
  "citation-not-in-documents",
  "number-not-in-context",
  "entity-not-in-context",
]);
