/** A coder for tests: its tokens are the 256 bytes, with probabilities that are known. */
import { FieldWriter } from "../src/compress/container/fields.ts";
import { type LockstepRows, packTokens, unpackTokens } from "../src/compress/model/lockstep-coder.ts";
import { type ModelCoder, partsOf } from "../src/compress/model/model-coder.ts";

/** [256] logits of the bytes at a place of a text. */
export type LogitsAt = (place: number) => Float32Array;

/** Rows of `sequences` texts. */
export function knownRows(sequences: number, logits: LogitsAt): LockstepRows {
  let live = Array.from({ length: sequences }, (_, i) => i);
  let place = 0;
  return {
    get live() {
      return live;
    },
    row: () => logits(place),
    step: async (tokens) => {
      live = live.filter((sequence) => tokens[sequence]! >= 0);
      place++;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** @param parts into which a chunk is cut, of ceil(length / parts) bytes. */
export function byteCoder(logits: LogitsAt, parts: number): ModelCoder {
  const byte = (token: number) => (token < 0 ? new Uint8Array(0) : Uint8Array.of(token));
  return {
    identity: {
      name: "bytes",
      sha256: "ab".repeat(32),
      tokenizer: "cd".repeat(16),
      vocabularySize: 256,
      engine: "test",
      arithmetic: "test",
      cacheType: "f16",
      flashAttention: "off",
      threads: 1,
      batchSize: 1,
      context: 1,
      keep: 0,
      start: 0,
    },
    async pack(chunk, { onToken } = {}) {
      const size = Math.ceil(chunk.length / parts);
      const texts = Array.from({ length: parts }, (_, i) =>
        Int32Array.from(chunk.subarray(i * size, (i + 1) * size)),
      );
      const packed = await packTokens(knownRows(parts, logits), texts, 256, {
        onToken: onToken && ((token) => onToken(token, byte(token.token))),
      });
      const fields = new FieldWriter().varint(parts);
      for (const { bytes } of packed) fields.varint(bytes.length);
      return Buffer.concat([fields.finish(), ...packed.map(({ bytes }) => bytes)]);
    },
    async unpack(packed, length, { onToken } = {}) {
      const all = partsOf(packed, length);
      const most = all.map(() => length);
      const texts = await unpackTokens(knownRows(all.length, logits), all, 256, most, {
        onToken: onToken && ((token) => onToken(token, byte(token.token))),
      });
      return Buffer.concat(texts.map((ids) => Uint8Array.from(ids)));
    },
  };
}
