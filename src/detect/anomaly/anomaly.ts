/** The detector of anomalies: words far more surprising than their neighbours, and a mean that shifts. */
import { abortError, RunningMedian, robustZScore, type TokenRecord } from "../../core/index.ts";
import type { Detector, Examination, ExaminedAnswer, Finding } from "../finding.ts";
import { changePoints, type Segment } from "./change-points.ts";
import { type AnomalyOptions, type ResolvedAnomalyOptions, resolveAnomalyOptions } from "./options.ts";
import { type SurprisalWord, surprisalOf, WordStream } from "./words.ts";

/** Kinds of anomaly: "spike", a word; "shift", a stretch whose mean surprisal is higher than before. */
export const ANOMALY_KINDS = ["spike", "shift"] as const;

/** Words with a number that an answer needs before its first words are compared with all of it. */
const FEWEST_FOR_MEDIAN = 4;

/**
 * The anomalies of an answer that is being written.
 *
 * A word is compared with the `spikeHistory` words before it, as `PerplexityMeter` compares tokens, and is a spike as soon as it is
 * over. The first `spikeWarmUp` words have nothing before them: at the end they are compared with all words. Shifts, too, can only
 * be said at the end.
 */
export class AnomalyWatch {
  readonly #options: ResolvedAnomalyOptions;
  readonly #stream = new WordStream();
  readonly #history: RunningMedian;
  readonly #words: SurprisalWord[] = [];
  /** [words] z-scores; NaN = none. */
  readonly #zScores: number[] = [];
  readonly #found: Finding[] = [];
  #tokens = 0;
  #scored = 0;
  #sum = 0;
  #segments: readonly Segment[] = [];
  #isOver = false;

  /** @throws SurprisalError INVALID_ARGUMENT for options out of range */
  constructor(options: AnomalyOptions = {}) {
    this.#options = resolveAnomalyOptions(options);
    this.#history = new RunningMedian(this.#options.meter.spikeHistory);
  }

  /** Reads a token of the answer. @returns the spike that is sure now, if there is one */
  observe(token: TokenRecord): Finding[] {
    this.#tokens++;
    const surprisal = surprisalOf(token);
    if (surprisal !== null) {
      this.#scored++;
      this.#sum += surprisal;
    }
    return this.#see(this.#stream.push(token));
  }

  /** Ends the answer. @returns what its last word has, and what only the whole answer says */
  finish(): Finding[] {
    if (this.#isOver) return [];
    this.#isOver = true;
    const last = this.#see(this.#stream.finish());
    const rest = [...this.#firstWords(), ...this.#shifts()];
    this.#found.push(...rest);
    return [...last, ...rest];
  }

  #see(word: SurprisalWord | null): Finding[] {
    if (word === null) return [];
    this.#words.push(word);
    const { surprisal } = word;
    if (surprisal === null) {
      this.#zScores.push(Number.NaN);
      return [];
    }
    const { spikeWarmUp, spikeSmallestScale } = this.#options.meter;
    const z =
      this.#history.count < spikeWarmUp
        ? Number.NaN
        : robustZScore(surprisal, this.#history, spikeSmallestScale);
    this.#history.push(surprisal);
    this.#zScores.push(z);
    const spikes = this.#isSpike(surprisal, z) ? [spike(word, z, "the words before it")] : [];
    this.#found.push(...spikes);
    return spikes;
  }

  #isSpike(surprisal: number, z: number): boolean {
    return z > this.#options.meter.spikeThreshold && surprisal >= this.#options.spikeFloor;
  }

  /** Words that came too early to be compared with those before them. */
  #firstWords(): Finding[] {
    const known = this.#words.flatMap(({ surprisal }) => (surprisal === null ? [] : [surprisal]));
    if (known.length < FEWEST_FOR_MEDIAN) return [];
    const all = new RunningMedian(known.length);
    // Sorted, so that each takes its place without a search.
    for (const surprisal of Float64Array.from(known).sort()) all.push(surprisal);
    const found: Finding[] = [];
    let seen = 0;
    for (const [i, word] of this.#words.entries()) {
      if (word.surprisal === null) continue;
      if (seen++ >= this.#options.meter.spikeWarmUp) break;
      const z = robustZScore(word.surprisal, all, this.#options.meter.spikeSmallestScale);
      this.#zScores[i] = z;
      if (this.#isSpike(word.surprisal, z)) found.push(spike(word, z, "the answer"));
    }
    return found;
  }

  #shifts(): Finding[] {
    const words = this.#words.filter(({ surprisal }) => surprisal !== null);
    const { shiftLength, shiftFloor, meter } = this.#options;
    if (words.length < 2 * shiftLength) return [];
    // One spike is no shift: what lies far out is drawn in to where spikes begin.
    const values = Float64Array.from(words, ({ surprisal }) => surprisal!);
    const most = upperBound(values, meter.spikeThreshold, meter.spikeSmallestScale);
    const drawn = values.map((value) => Math.min(value, most));
    this.#segments = changePoints(drawn, { least: shiftLength });
    return this.#segments.flatMap((segment, i): Finding[] => {
      const before = this.#segments[i - 1];
      if (!before || segment.mean - before.mean < Math.max(shiftFloor, Number.MIN_VALUE)) return [];
      const rise = segment.mean - before.mean;
      return [
        {
          signal: "anomaly",
          kind: "shift",
          start: words[segment.start]!.start,
          end: words[segment.end - 1]!.end,
          strength: rise / (rise + 3),
          because: `From ${quoted(words[segment.start]!.text)} on words surprise the model by ${segment.mean.toFixed(2)} nats on average, before by ${before.mean.toFixed(2)}.`,
          details: { mean: segment.mean, before: before.mean, words: segment.end - segment.start },
        },
      ];
    });
  }

  /** Of what was read up to now; before `finish` without what is said at the end. */
  examination(ms: number = 0): Examination {
    const known = this.#words.flatMap(({ surprisal }) => (surprisal === null ? [] : [surprisal]));
    const largest = known.reduce((most, value) => Math.max(most, value), -Infinity);
    const zScores = this.#zScores.filter((z) => !Number.isNaN(z));
    const spikes = this.#found.filter(({ kind }) => kind === "spike").length;
    const [first, last] = [this.#segments.at(-2), this.#segments.at(-1)];
    const missing = this.#tokens - this.#scored;
    const finite = (value: number): number => Math.min(value, Number.MAX_VALUE);
    return {
      signal: "anomaly",
      suspicion: known.length === 0 ? null : finite(largest),
      unit: "nats of the most surprising word",
      ...(known.length === 0
        ? {
            reason:
              this.#tokens === 0 ? "There are no tokens." : "No word of the answer has a log-probability.",
          }
        : missing > 0 && {
            reason: `${missing} of ${this.#tokens} tokens came without a log-probability and are left out.`,
          }),
      findings: this.#found.toSorted((a, b) => a.start - b.start || a.end - b.end),
      features: {
        "mean-surprisal": this.#scored === 0 ? null : finite(this.#sum / this.#scored),
        "mean-word-surprisal":
          known.length === 0 ? null : finite(known.reduce((sum, value) => sum + value, 0) / known.length),
        "median-word-surprisal": medianOf(known),
        "largest-word-surprisal": known.length === 0 ? null : finite(largest),
        "largest-z-score":
          zScores.length === 0 ? null : finite(zScores.reduce((a, b) => Math.max(a, b), -Infinity)),
        spikes: known.length === 0 ? null : spikes,
        "spike-share": known.length === 0 ? null : spikes / known.length,
        "surprising-share":
          known.length === 0
            ? null
            : known.filter((value) => value >= this.#options.spikeFloor).length / known.length,
        shifts: this.#segments.length === 0 ? null : this.#segments.length - 1,
        "last-shift": this.#segments.length === 0 ? null : first && last ? last.mean - first.mean : 0,
        words: this.#words.length,
        "missing-share": this.#tokens === 0 ? null : missing / this.#tokens,
      },
      price: { tokensRun: 0, tokensWritten: 0, ms },
    };
  }
}

const quoted = (text: string): string => `"${text.length > 40 ? `${text.slice(0, 39)}\u2026` : text}"`;

function spike(word: SurprisalWord, z: number, than: string): Finding {
  const { text, start, end, surprisal, tokens } = word;
  const strength = surprisal! / (surprisal! + 6);
  const shown = quoted(text);
  const because =
    surprisal === Infinity
      ? `The model gave ${shown} the probability 0.`
      : `${shown} surprised the model by ${surprisal!.toFixed(1)} nats, far more than ${than} (robust z ${z.toFixed(1)}).`;
  return {
    signal: "anomaly",
    kind: "spike",
    start,
    end,
    strength: Number.isNaN(strength) ? 1 : strength,
    because,
    details: {
      surprisal: Math.min(surprisal!, Number.MAX_VALUE),
      zScore: Number.isFinite(z) ? z : null,
      tokens,
    },
  };
}

function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  return Math.min(median, Number.MAX_VALUE);
}

/** Where spikes begin among these: median + threshold × scale. */
function upperBound(values: Float64Array, threshold: number, smallestScale: number): number {
  const all = new RunningMedian(values.length);
  for (const value of values.toSorted()) all.push(value);
  const { median } = all;
  if (!Number.isFinite(median)) return Number.MAX_VALUE;
  // robustZScore is linear in the surprisal: one step says the scale.
  const scale = 1 / robustZScore(median + 1, all, smallestScale);
  return median + threshold * (Number.isFinite(scale) ? scale : smallestScale);
}

/**
 * Looks at the surprisals of the answer's own tokens. `suspicion` is the surprisal of its most surprising word, nats; the rest is in
 * the features. Needs `tokens` whose texts are the answer; tokens of reasoning and of tool calls are left out. Costs no model.
 * @throws SurprisalError INVALID_ARGUMENT for options out of range
 */
export function detectAnomaly(options: AnomalyOptions = {}): Detector {
  resolveAnomalyOptions(options);
  return {
    signal: "anomaly",
    async examine({ answer, tokens }: ExaminedAnswer, { signal } = {}) {
      if (signal?.aborted) throw abortError("Looking for anomalies", signal);
      const start = performance.now();
      const watch = new AnomalyWatch(options);
      const own = tokens?.filter(({ part = "answer" }) => part === "answer");
      const spelled = own?.map(({ text }) => text).join("");
      if (own !== undefined && spelled === answer) for (const token of own) watch.observe(token);
      watch.finish();
      const examination = watch.examination(performance.now() - start);
      if (own === undefined) return { ...examination, reason: "The tokens of the answer are not known." };
      if (spelled !== answer)
        return { ...examination, reason: "The texts of the tokens are not the answer." };
      return examination;
    },
  };
}
