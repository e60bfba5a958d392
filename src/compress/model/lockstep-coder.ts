/**
 * Texts of a model's tokens to range-coded bytes, and back. Packing and unpacking are one loop, `inLockstep`: the same calls in the same order,
 * so that what is unpacked sees the logits that were packed with, bit for bit.
 */
import { abortError, FrequencyKernel, SurprisalError } from "../../core/index.ts";
import { RangeDecoder, RangeEncoder } from "../coder/range-coder.ts";

/** Where logits come from: `LlamaModel.lockstep`, or anything that repeats itself exactly. */
export interface LockstepRows extends AsyncDisposable {
  readonly live: readonly number[];
  /** [V] logits of a live sequence's next token, valid until the next step. */
  row(sequence: number): Float32Array;
  /** @param tokens [sequences] the next token of each live sequence, -1: it ends. */
  step(tokens: Int32Array): Promise<void>;
}

/**
 * Whether both sides see the same distributions is checked at the 64th token, then whenever the sequences have read 8,192 more between them. The
 * sequences take turns to code a check, so that it costs each 2 bytes of some 5,000.
 */
const FIRST_CHECK = 64;
const CHECK_EVERY = 8192;
const CHECK_VALUES = 2 ** 16;

/** Options of `packTokens` and `unpackTokens`. */
export interface TokenCodingOptions {
  signal?: AbortSignal | undefined;
  /** Told after every step how many tokens of all sequences are done. */
  onProgress?: ((tokens: number) => void) | undefined;
  /** Told of every token as it is coded, on either side, and of the end of every text. */
  onToken?: ((token: CodedToken) => void) | undefined;
}

/** What a token, or the end of a text, cost. */
export interface CodedToken {
  /** Which text, from 0, and which of its tokens. */
  sequence: number;
  place: number;
  /** Its id; -1: the end of the text. */
  token: number;
  /** -log2 of the probability that the model gave it; of the end 0: no model is asked for it. */
  surprisalBits: number;
  /** -log2 of its share of the frequencies that it was coded with. */
  codedBits: number;
  /** Of a check in front of it, 0: there is none. */
  checkBits: number;
}

/** A text that was packed. */
export interface PackedTokens {
  bytes: Uint8Array;
  /** Σ -log2 of the frequencies that were coded, the end of the text included, checks not: what `bytes` can come to at best. */
  idealBits: number;
}

/**
 * Codes each text by what the model expects of it, and its end as a token of its own that costs 30 bits.
 * @param texts [sequences] ids, in the order of the rows' sequences. @param vocabularySize V.
 * @returns [sequences]
 * @throws SurprisalError ENGINE_FAILED, ABORTED
 */
export async function packTokens(
  rows: LockstepRows,
  texts: readonly Int32Array[],
  vocabularySize: number,
  options: TokenCodingOptions = {},
): Promise<PackedTokens[]> {
  const encoders = texts.map(() => new RangeEncoder());
  const idealBits = new Float64Array(texts.length);
  await inLockstep(rows, vocabularySize, options, {
    code(sequence, place, frequencies) {
      const token = texts[sequence]![place] ?? END;
      const total = frequencies.total + 1; // the end stands behind all tokens
      const size = token === END ? 1 : frequencies.counts[token]!;
      encoders[sequence]!.encode(token === END ? frequencies.total : frequencies.below(token), size, total);
      idealBits[sequence]! += bitsOf(size, total);
      return token;
    },
    check(sequence, value) {
      encoders[sequence]!.encode(value, 1, CHECK_VALUES);
    },
  });
  return encoders.map((encoder, i) => ({ bytes: encoder.finish(), idealBits: idealBits[i]! }));
}

/**
 * The texts that `packTokens` packed, from the same model, engine and settings.
 * @param most [sequences] tokens that a text can have: beyond it what is read is none of `packTokens`'s.
 * @throws SurprisalError ENVIRONMENT_DIFFERS where the distributions are not those that it was packed with, or the bytes are damaged: at which token.
 */
export async function unpackTokens(
  rows: LockstepRows,
  packed: readonly Uint8Array[],
  vocabularySize: number,
  most: readonly number[],
  options: TokenCodingOptions = {},
): Promise<Int32Array[]> {
  const decoders = packed.map((bytes) => new RangeDecoder(bytes));
  const texts = packed.map((): number[] => []);
  await inLockstep(rows, vocabularySize, options, {
    code(sequence, place, frequencies) {
      const decoder = decoders[sequence]!;
      const at = decoder.place(frequencies.total + 1);
      if (at === frequencies.total) {
        decoder.take(at, 1);
        return END;
      }
      if (place >= most[sequence]! || decoder.beyondEnd > MOST_BEYOND_END) throw differs(sequence, place);
      const token = frequencies.at(at);
      decoder.take(frequencies.below(token), frequencies.counts[token]!);
      texts[sequence]!.push(token);
      return token;
    },
    check(sequence, value, place) {
      const decoder = decoders[sequence]!;
      const found = decoder.place(CHECK_VALUES);
      if (found !== value) throw differs(sequence, place);
      decoder.take(found, 1);
    },
  });
  return texts.map((text) => Int32Array.from(text));
}

/** What the interval of a symbol costs. */
const bitsOf = (size: number, total: number): number => Math.log2(total / size);

const END = -1;
/** The decoder is six bytes ahead of the encoder. */
const MOST_BEYOND_END = 6;

/** What is done with the distributions. */
interface Side {
  /** @returns the token at `place` of a sequence, END behind its last one. */
  code(sequence: number, place: number, frequencies: FrequencyKernel): number;
  /** @param value what all distributions up to here come to, 0 ... CHECK_VALUES - 1. */
  check(sequence: number, value: number, place: number): void;
}

async function inLockstep(
  rows: LockstepRows,
  vocabularySize: number,
  { signal, onProgress, onToken }: TokenCodingOptions,
  side: Side,
): Promise<void> {
  const frequencies = await FrequencyKernel.create(vocabularySize);
  const next = new Int32Array((rows.live.at(-1) ?? -1) + 1);
  let fingerprint = 0;
  let done = 0;
  let [checks, nextCheck] = [0, CHECK_EVERY];
  for (let place = 0; rows.live.length > 0; place++) {
    if (signal?.aborted) throw abortError("Packing or unpacking", signal);
    const { live } = rows;
    const isChecked = place === FIRST_CHECK || done >= nextCheck;
    const turn = live[checks % live.length]!;
    if (isChecked) {
      checks++;
      side.check(turn, (fingerprint ^ (fingerprint >>> 16)) & (CHECK_VALUES - 1), place);
      nextCheck = done + CHECK_EVERY;
    }
    for (const sequence of live) {
      frequencies.row.set(rows.row(sequence));
      frequencies.count();
      const token = side.code(sequence, place, frequencies);
      next[sequence] = token;
      const size = token === END ? 1 : frequencies.counts[token]!;
      fingerprint = mixed(fingerprint, frequencies.total ^ size);
      onToken?.({
        sequence,
        place,
        token,
        surprisalBits: token === END ? 0 : frequencies.surprisal(token) / Math.LN2,
        codedBits: bitsOf(size, frequencies.total + 1),
        checkBits: isChecked && sequence === turn ? Math.log2(CHECK_VALUES) : 0,
      });
    }
    done += live.length;
    await rows.step(next);
    onProgress?.(done);
  }
}

/** One more number into a fingerprint (MurmurHash3's mix, Appleby). */
function mixed(fingerprint: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = fingerprint ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

const differs = (sequence: number, place: number): SurprisalError =>
  new SurprisalError({
    code: "ENVIRONMENT_DIFFERS",
    what: `What the model computes here is not what it computed when this was packed; the difference shows at token ${place.toLocaleString("en")}`,
    where: `segment ${sequence + 1}`,
    wayOut:
      "Unpack it with the same version of surprisal on a machine of the same kind; `surprisal inspect` says which that was.",
  });
