/** A made-up score of any text, the same every time: for the tests of its pictures. */
import type { ScoreView } from "../src/report/score/view.ts";

export interface MadeUp {
  /** Cut every token into its bytes where `cut` says so. */
  bytewise?: (token: string) => boolean;
  /** Alternatives per token. Default 5. */
  alternatives?: number;
  /** Surprisal of a token, bits; NaN = no number. Default: pseudo-random, rarer for longer words. */
  bits?: (token: string, index: number) => number;
}

const encoder = new TextEncoder();
const TOKEN = /\r?\n| ?\p{L}+| ?\p{N}|[^\S\r\n]+|[^\s\p{L}\p{N}]+|\s/gu;

/** mulberry32: a small pseudo-random generator, [0, 1). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const bytesOf = (text: string | Uint8Array) => (typeof text === "string" ? encoder.encode(text) : text);

/** Tokens as bytes: words with their space, digits, punctuation; bytes that are not UTF-8 one by one. */
function tokenize(text: Uint8Array, bytewise: (token: string) => boolean): Uint8Array[] {
  let decoded: string;
  try {
    decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    return Array.from(text, (byte) => Uint8Array.of(byte));
  }
  return (decoded.match(TOKEN) ?? []).flatMap((token) => {
    const bytes = encoder.encode(token);
    return bytewise(token) ? Array.from(bytes, (byte) => Uint8Array.of(byte)) : [bytes];
  });
}

/** A ScoreView of `text` with made-up numbers; the first token has none. */
export function madeUpView(source: string | Uint8Array, options: MadeUp = {}): ScoreView {
  const { bytewise = () => false, alternatives: k = 5 } = options;
  const text = bytesOf(source);
  const next = random(text.length + 1);
  const guess = (token: string, index: number) =>
    index === 0
      ? Number.NaN
      : Math.min(22, -Math.log2(1 - next()) * (0.4 + Math.min(token.length, 9) * 0.45));
  const bits = options.bits ?? guess;
  const tokens = tokenize(text, bytewise);
  const vocabulary = new Map<string, number>();
  const pieces: Uint8Array[] = [];
  const intern = (token: Uint8Array): number => {
    const key = token.join();
    if (!vocabulary.has(key)) vocabulary.set(key, pieces.push(token) - 1);
    return vocabulary.get(key)!;
  };
  const ids = Int32Array.from(tokens, intern);
  const n = ids.length;
  const byteOffsets = new Uint32Array(n + 1);
  tokens.forEach((token, i) => {
    byteOffsets[i + 1] = byteOffsets[i]! + token.length;
  });
  const logprobs = Float64Array.from(
    tokens,
    (token, i) => -Math.LN2 * bits(new TextDecoder().decode(token), i),
  );
  const alternatives = {
    k,
    ids: new Int32Array(n * k).fill(-1),
    logprobs: new Float32Array(n * k).fill(Number.NaN),
  };
  const ranks = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(logprobs[i]!)) continue;
    const p = Math.exp(logprobs[i]!);
    const likely = p > 0.4;
    ranks[i] = likely ? 1 : Math.min(49_152, Math.max(k + 1, Math.round(0.4 / p)));
    let rest = (1 - p) * 0.8;
    for (let j = 0; j < k; j++) {
      const own = likely && j === 0;
      const share = own ? p : rest * (0.3 + 0.3 * next());
      if (!own) rest -= share;
      let id = own ? ids[i]! : Math.floor(next() * pieces.length);
      if (!own && id === ids[i]) id = (id + 1) % pieces.length;
      alternatives.ids[i * k + j] = id;
      alternatives.logprobs[i * k + j] = Math.log(share);
    }
  }
  const scored = logprobs.filter((logprob) => !Number.isNaN(logprob));
  const nll = -scored.reduce((sum, logprob) => sum + logprob, 0) / scored.length;
  const measure = scored.length === 0 ? () => null : (value: number) => value;
  const perByte = (nll * scored.length) / text.length;
  return {
    model: {
      name: "SmolLM2-135M-Instruct",
      source: "smollm2",
      sha256: "b179c952".repeat(8),
      architecture: "llama",
      parameters: 134_515_008,
      quantisation: "Q4_1",
      bytes: 98_212_640,
    },
    settings: { device: "cpu", threads: 2, cacheType: "f16" },
    recipe: Object.assign(
      { id: "c4f1a2b0", name: "cached" },
      { context: 2048, step: 512, sinks: 4, bos: "model" },
    ),
    textSha256: "0123456789abcdef".repeat(4),
    text,
    table: {
      length: n,
      ids,
      byteOffsets,
      logprobs,
      entropies: logprobs.map((logprob) => (Number.isNaN(logprob) ? logprob : 2.5 - logprob / 8)),
      ranks,
      alternatives: k === 0 ? null : alternatives,
    },
    pieces: (id) => pieces[id]!,
    tokens: n,
    scored: scored.length,
    unscored: {
      bytes: tokens.reduce((sum, token, i) => sum + (Number.isNaN(logprobs[i]!) ? token.length : 0), 0),
      words: logprobs.filter(Number.isNaN).length,
      characters: logprobs.filter(Number.isNaN).length,
      tokens: n - scored.length,
    },
    nll: measure(nll),
    perplexity: measure(Math.exp(nll)),
    standardError: measure(Math.exp(nll) * 0.031),
    standardErrorMethod: "block bootstrap",
    bitsPerToken: measure(nll / Math.LN2),
    bitsPerByte: measure(perByte / Math.LN2),
    bytePerplexity: measure(Math.exp(perByte)),
    wordPerplexity: measure(Math.exp(nll * 1.3)),
    characterPerplexity: measure(Math.exp(perByte)),
    bitsPerCharacter: measure(perByte / Math.LN2),
    geometricMeanProbability: measure(Math.exp(-nll)),
    timing: { totalMs: 842, loadMs: 210, decodeMs: 597, tokensRun: n },
    notes: [],
    compression: { gzip: 4.61, brotli: 3.55, xz: 5.12 },
  };
}
