/** A model over all bytes that writes readable text, for servers that show tokens as text only. */
import { TableModel } from "../../src/models/test/index.ts";

const BYTES = 256;
const [BOS, EOS] = [256, 257];
const LETTERS = [...Array.from({ length: 95 }, (_, i) => i + 32), 10];

export interface PlainOptions {
  /** Probability that the text ends after a token. Default 1e-6: never, in a short test. */
  end?: number;
  /** Probability of the two bytes of "é" after a letter. Default 0. */
  accents?: number;
}

/**
 * Printable ASCII follows Zipf's law in an order of its own after each token, as in TableModel.bytes(). All other bytes
 * are possible, so that any text has a number, and as good as never written.
 */
export function plainModel({ end = 1e-6, accents = 0 }: PlainOptions = {}): TableModel {
  const symbols = [...Array.from({ length: BYTES }, (_, byte) => Uint8Array.of(byte)), "<s>", "</s>"];
  const transitions = symbols.map((_, previous) => {
    const row = symbols.map(() => 1e-9);
    row[BOS] = 0;
    if (previous === 0xc3) return normalised(row.map((weight, next) => (next === 0xa9 ? 1 : weight)));
    for (const [i, letter] of LETTERS.entries()) row[letter] = 1 / (1 + ((89 * i + 53 * previous) % 97));
    const total = row.reduce((sum, weight) => sum + weight, 0);
    row[EOS] = end * total;
    row[0xc3] = accents * total;
    return normalised(row);
  });
  return new TableModel({ name: "plain", symbols, bos: BOS, eos: EOS, transitions });
}

function normalised(row: number[]): number[] {
  const total = row.reduce((sum, weight) => sum + weight, 0);
  return row.map((weight) => weight / total);
}
