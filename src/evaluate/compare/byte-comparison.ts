/** Two models with different tokenizers: what they give the same bytes. */
import { type DocumentBootstrap, defaultBlockLength, documentBootstrap } from "../../core/index.ts";
import { type ByteSurprisal, compareSpans } from "../scoring/index.ts";
import { GrowingColumn } from "./growing-column.ts";
import { Largest, type Place, placeAt } from "./most-changed.ts";

/** A stretch between two places at which both tokenizers cut. */
export interface ChangedSpan extends Place {
  /** Σ -ln p of its tokens under the base and the model, nats. */
  totalBaseNll: number;
  totalNll: number;
}

/** Bits per byte with what the bootstrap says of them. */
export interface BitsPerByte {
  value: number;
  standardError: number | null;
  low: number | null;
  high: number | null;
}

/** What a comparison per byte says. */
export interface ByteMeasures {
  /** UTF-8 bytes with a number in both models. */
  bytes: number;
  /** UTF-8 bytes of the texts without one: what is scored by both is compared. */
  unscoredBytes: number;
  /** Spans between common cuts of both tokenizers. */
  spans: number;
  baseBitsPerByte: BitsPerByte;
  bitsPerByte: BitsPerByte;
  /** bitsPerByte - baseBitsPerByte, by pairs: what is hard for both does not count as an error. */
  difference: BitsPerByte;
  /** What was drawn: whole documents, where there are at least ten, else blocks of neighbouring spans. */
  resampled: "documents" | "blocks of spans";
  /** Coverage of the intervals. */
  level: number;
  /** The spans with the largest difference, largest first. */
  mostChanged: ChangedSpan[];
}

/** With fewer documents than this the bootstrap over documents says little. */
const FEWEST_DOCUMENTS = 10;
const LEVEL = 0.95;

/** One model against the base, while the documents go by. Keeps 12 bytes per span. */
export class ByteComparison {
  readonly #bytes = new GrowingColumn();
  readonly #base = new GrowingColumn();
  readonly #model = new GrowingColumn();
  /** Spans before the end of each document. */
  readonly #documentEnds: number[] = [];
  readonly #largest: Largest<ChangedSpan>;
  #unscoredBytes = 0;
  /** Over the spans. */
  #totals = { bytes: 0, base: 0, model: 0 };

  constructor(mostChanged: number) {
    this.#largest = new Largest(mostChanged);
  }

  add(document: { name: string; bytes: Uint8Array }, base: ByteSurprisal, model: ByteSurprisal): void {
    for (const { start, end, first, second } of compareSpans(base, model)) {
      if (first === null || second === null) {
        this.#unscoredBytes += end - start;
        continue;
      }
      this.#bytes.push(end - start);
      this.#base.push(first);
      this.#model.push(second);
      this.#totals.bytes += end - start;
      this.#totals.base += first;
      this.#totals.model += second;
      this.#largest.offer(first === second ? 0 : Math.abs(second - first), () => ({
        ...placeAt(document.name, document.bytes, start, end),
        totalBaseNll: first,
        totalNll: second,
      }));
    }
    this.#documentEnds.push(this.#bytes.values.length);
  }

  /** Bits per byte so far, base and model; `null` before anything was scored. */
  get bitsPerByte(): [base: number, model: number] | null {
    const { bytes, base, model } = this.#totals;
    return bytes === 0 ? null : [bits(base, bytes), bits(model, bytes)];
  }

  /** What all documents say; `null` when no byte had a number in both. */
  result(): ByteMeasures | null {
    const { bytes, base, model } = this.#totals;
    if (bytes === 0) return null;
    const [baseSpans, modelSpans] = [this.#base.values, this.#model.values];
    const difference = modelSpans.map((nats, i) => (nats === baseSpans[i] ? 0 : nats - baseSpans[i]!));
    const overDocuments = this.#documentEnds.length >= FEWEST_DOCUMENTS;
    const ends = overDocuments ? this.#documentEnds : blockEnds(difference.length);
    const sizes = sumsBetween(this.#bytes.values, ends);
    const measured = (total: number, spans: Float32Array): BitsPerByte => ({
      value: bits(total, bytes),
      ...inBits(documentBootstrap(sumsBetween(spans, ends), sizes, { level: LEVEL })),
    });
    return {
      bytes,
      unscoredBytes: this.#unscoredBytes,
      spans: difference.length,
      baseBitsPerByte: measured(base, baseSpans),
      bitsPerByte: measured(model, modelSpans),
      difference: measured(model === base ? 0 : model - base, difference),
      resampled: overDocuments ? "documents" : "blocks of spans",
      level: LEVEL,
      mostChanged: this.#largest.items,
    };
  }
}

const bits = (nats: number, bytes: number): number => nats / bytes / Math.LN2;

function inBits(bootstrap: DocumentBootstrap | null): Omit<BitsPerByte, "value"> {
  if (bootstrap === null) return { standardError: null, low: null, high: null };
  const { standardError, low, high } = bootstrap;
  return { standardError: standardError / Math.LN2, low: low / Math.LN2, high: high / Math.LN2 };
}

/** Ends of blocks of neighbours, the last one cut short. */
function blockEnds(n: number): number[] {
  const length = defaultBlockLength(n);
  const ends: number[] = [];
  for (let end = length; end < n; end += length) ends.push(end);
  return [...ends, n];
}

function sumsBetween(values: ArrayLike<number>, ends: readonly number[]): Float64Array {
  const sums = new Float64Array(ends.length);
  let at = 0;
  for (const [i, end] of ends.entries()) for (; at < end; at++) sums[i]! += values[at]!;
  return sums;
}
