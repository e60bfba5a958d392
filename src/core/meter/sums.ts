/** What a meter keeps of the tokens: of all of them, and of those of one part. Internal to this room. */
import type { EntropyInterval, TokenPart, TokenRecord } from "../token.ts";
import { RunningMean, SlidingMean, type Stretch, toJson } from "./means.ts";
import type { ResolvedMeterOptions } from "./options.ts";
import type { ConfidenceReading, EntropyReading, LastToken, PartReading, WindowReading } from "./reading.ts";
import { SpikeDetector } from "./spikes.ts";
import type { SumsState } from "./state.ts";
import type { TopAlternatives } from "./top-alternatives.ts";
import { utf8Size } from "./utf8.ts";

/** Sums, a few windows and the latest spikes over some tokens of a stream. */
export class MeterSums {
  readonly #logDecay: number; // ln β of the exponential average
  readonly #decay: number;
  #tokens = 0;
  #bytes = 0; // of the scored tokens; NaN once the size of one is not known
  #unscoredBytes = 0; // of the others
  #average = 0; // before the correction of its bias
  readonly #nll = new RunningMean();
  readonly #window: SlidingMean;
  readonly #entropyLow = new RunningMean();
  readonly #entropyHigh = new RunningMean(); // here Infinity stands for an unknown upper bound
  readonly #entropyLowWindow: SlidingMean;
  readonly #entropyHighWindow: SlidingMean;
  readonly #confidence = new RunningMean();
  readonly #group: SlidingMean;
  #leastK = Infinity;
  #mostK = 0;
  readonly #margin = new RunningMean();
  readonly #spikes: SpikeDetector;
  /** Of the token pushed last; -1 and NaN = not known. */
  readonly #last = {
    index: -1,
    text: "",
    id: -1,
    part: "answer" as TokenPart,
    surprisal: Number.NaN,
    zScore: Number.NaN,
    entropyLow: Number.NaN,
    entropyHigh: Number.NaN,
    confidence: Number.NaN,
    margin: Number.NaN,
  };

  constructor(options: ResolvedMeterOptions) {
    const { halfLife, windowLength, groupLength } = options;
    this.#logDecay = -Math.LN2 / halfLife;
    this.#decay = Math.exp(this.#logDecay);
    this.#window = new SlidingMean(windowLength);
    this.#entropyLowWindow = new SlidingMean(windowLength);
    this.#entropyHighWindow = new SlidingMean(windowLength);
    this.#group = new SlidingMean(groupLength);
    this.#spikes = new SpikeDetector(options);
  }

  /** Tokens read. */
  get tokens(): number {
    return this.#tokens;
  }

  /**
   * Reads a record that has been checked. Never throws.
   * @param index of its first token in the stream.
   * @param top what its alternatives say.
   */
  push(record: TokenRecord, index: number, top: TopAlternatives): void {
    const { tokenCount = 1, logprob, bytes, text } = record;
    const last = this.#last;
    last.index = index;
    last.text = text;
    last.id = record.id ?? -1;
    last.part = record.part ?? "answer";
    last.surprisal = last.zScore = Number.NaN;
    this.#tokens += tokenCount;
    const size = bytes === undefined ? utf8Size(text) : bytes.length;
    if (tokenCount === 1 && logprob != null && !Number.isNaN(logprob)) {
      this.#readSurprisal(Math.max(0, 0 - logprob), index, text); // 0 - 0, because JSON has no -0
      this.#bytes += size;
    } else this.#unscoredBytes += size;
    this.#readEntropy(tokenCount === 1 ? record.entropy : null, index, top);
    this.#readConfidence(index, top);
    last.margin = top.margin;
    if (!Number.isNaN(top.margin)) this.#margin.add(top.margin);
  }

  #readSurprisal(surprisal: number, index: number, text: string): void {
    this.#nll.add(surprisal);
    this.#window.push(surprisal, index);
    this.#average = this.#decay * this.#average + (1 - this.#decay) * surprisal;
    const zScore = this.#spikes.push(surprisal);
    this.#last.surprisal = surprisal;
    this.#last.zScore = zScore;
    if (!this.#spikes.isSpike(zScore)) return;
    const byteOffset = known(this.#bytes + this.#unscoredBytes);
    this.#spikes.keep({ index, byteOffset, text, surprisal, zScore });
  }

  #readEntropy(entropy: TokenRecord["entropy"], index: number, top: TopAlternatives): void {
    let low = top.entropyLow;
    let high = top.entropyHigh;
    if (typeof entropy === "number") {
      if (!Number.isNaN(entropy)) low = high = Math.max(0, entropy);
    } else if (entropy) {
      low = Math.max(0, entropy.low);
      high = entropy.high ?? Infinity;
    }
    this.#last.entropyLow = low;
    this.#last.entropyHigh = high;
    if (Number.isNaN(low)) return;
    this.#entropyLow.add(low);
    this.#entropyHigh.add(high);
    this.#entropyLowWindow.push(low, index);
    this.#entropyHighWindow.push(high, index);
  }

  #readConfidence(index: number, { confidence, k }: TopAlternatives): void {
    this.#last.confidence = confidence;
    if (Number.isNaN(confidence)) return;
    this.#confidence.add(confidence);
    this.#group.push(confidence, index);
    this.#leastK = Math.min(this.#leastK, k);
    this.#mostK = Math.max(this.#mostK, k);
  }

  /** Everything known now. It does not change with later tokens. */
  read(): PartReading {
    const { count: scored, total, mean: nll } = this.#nll;
    const bits = scored > 0 ? total / Math.LN2 : null;
    return {
      tokens: this.#tokens,
      scored,
      missing: this.#tokens - scored,
      partial: scored < this.#tokens,
      nll: known(nll),
      perplexity: known(Math.exp(nll)),
      bits,
      bytes: known(this.#bytes),
      bitsPerByte: bits !== null && this.#bytes > 0 ? bits / this.#bytes : null,
      window: perplexityOf(this.#window.window),
      lowestWindow: perplexityOf(this.#window.lowest),
      highestWindow: perplexityOf(this.#window.highest),
      average: this.#readAverage(),
      entropy: this.#entropy(),
      confidence: this.#confidences(),
      margin: {
        tokens: this.#margin.count,
        last: known(this.#last.margin),
        mean: known(this.#margin.mean),
      },
      spikes: this.#spikes.read(),
      last: this.#lastToken(),
    };
  }

  #readAverage(): PartReading["average"] {
    const { count } = this.#nll;
    if (count === 0) return null;
    const nll = this.#average / -Math.expm1(count * this.#logDecay);
    return { nll, perplexity: Math.exp(nll) };
  }

  #entropy(): EntropyReading {
    const window = this.#entropyLowWindow.window;
    return {
      tokens: this.#entropyLow.count,
      last: interval(this.#last.entropyLow, this.#last.entropyHigh),
      mean: interval(this.#entropyLow.mean, this.#entropyHigh.mean),
      window: window && interval(window.mean, this.#entropyHighWindow.mean),
    };
  }

  #confidences(): ConfidenceReading {
    const { count: tokens, mean } = this.#confidence;
    const lowest = this.#group.lowest;
    return {
      tokens,
      topK: tokens > 0 ? { least: this.#leastK, most: this.#mostK } : null,
      last: known(this.#last.confidence),
      mean: known(mean),
      group: this.#group.window?.mean ?? null,
      lowestGroup: lowest && { start: lowest.start, end: lowest.end, confidence: lowest.mean },
      tail: known(this.#group.mean),
    };
  }

  #lastToken(): LastToken | null {
    const { index, text, id, part, surprisal, zScore } = this.#last;
    if (index === -1) return null;
    return {
      index,
      text,
      id: id === -1 ? null : id,
      ...(part !== "answer" && { part }),
      surprisal: known(surprisal),
      zScore: known(zScore),
    };
  }

  toState(): SumsState {
    const { index, text, id, part, ...last } = this.#last;
    return {
      tokens: this.#tokens,
      bytes: toJson(this.#bytes),
      unscoredBytes: toJson(this.#unscoredBytes),
      average: toJson(this.#average),
      nll: this.#nll.toState(),
      window: this.#window.toState(),
      entropyLow: this.#entropyLow.toState(),
      entropyHigh: this.#entropyHigh.toState(),
      entropyLowWindow: this.#entropyLowWindow.toState(),
      entropyHighWindow: this.#entropyHighWindow.toState(),
      confidence: this.#confidence.toState(),
      group: this.#group.toState(),
      leastK: toJson(this.#leastK),
      mostK: this.#mostK,
      margin: this.#margin.toState(),
      spikes: this.#spikes.toState(),
      last: {
        index,
        text,
        id,
        ...(part !== "answer" && { part }),
        surprisal: toJson(last.surprisal),
        zScore: toJson(last.zScore),
        entropyLow: toJson(last.entropyLow),
        entropyHigh: toJson(last.entropyHigh),
        confidence: toJson(last.confidence),
        margin: toJson(last.margin),
      },
    };
  }

  /** @param state that has been checked. */
  restore(state: SumsState): void {
    this.#tokens = state.tokens;
    this.#bytes = Number(state.bytes);
    this.#unscoredBytes = Number(state.unscoredBytes);
    this.#average = Number(state.average);
    this.#nll.restore(state.nll);
    this.#window.restore(state.window);
    this.#entropyLow.restore(state.entropyLow);
    this.#entropyHigh.restore(state.entropyHigh);
    this.#entropyLowWindow.restore(state.entropyLowWindow);
    this.#entropyHighWindow.restore(state.entropyHighWindow);
    this.#confidence.restore(state.confidence);
    this.#group.restore(state.group);
    this.#leastK = Number(state.leastK);
    this.#mostK = state.mostK;
    this.#margin.restore(state.margin);
    this.#spikes.restore(state.spikes);
    const { last } = state;
    Object.assign(this.#last, {
      index: last.index,
      text: last.text,
      id: last.id,
      part: last.part ?? "answer",
      surprisal: Number(last.surprisal),
      zScore: Number(last.zScore),
      entropyLow: Number(last.entropyLow),
      entropyHigh: Number(last.entropyHigh),
      confidence: Number(last.confidence),
      margin: Number(last.margin),
    });
  }
}

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** Bounds as they leave the meter: one number where they meet. */
function interval(low: number, high: number): number | EntropyInterval | null {
  if (Number.isNaN(low)) return null;
  return low === high ? low : { low, high: high === Infinity ? null : high };
}

const perplexityOf = (stretch: Stretch | null): WindowReading | null =>
  stretch && { start: stretch.start, end: stretch.end, perplexity: Math.exp(stretch.mean) };
