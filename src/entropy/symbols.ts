/** A text as a sequence of numbered symbols: its bytes, its characters, or a model's tokens. */
import { SurprisalError } from "../core/index.ts";

/** What is counted. Characters are Unicode code points. */
export type SymbolUnit = "bytes" | "characters" | "tokens";

/** A sequence over an alphabet that it uses in full. */
export interface SymbolSequence {
  unit: SymbolUnit;
  /** [N] symbols, 0 ... alphabet-1, numbered in the order of what they stand for. */
  symbols: Int32Array;
  /** Distinct symbols K. */
  alphabet: number;
  /** [K] what each stands for: a byte, a code point, a token id. */
  values: Int32Array;
}

/** Numbers the distinct values of a sequence from 0 on. @param values whole numbers from 0. */
export function symbolSequence(values: ArrayLike<number>, unit: SymbolUnit): SymbolSequence {
  let most = -1;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isSafeInteger(value) || value < 0 || value > 2 ** 24)
      throw new SurprisalError({
        code: "INVALID_ARGUMENT",
        what: `${value} is no number of a symbol`,
        where: `values[${i}]`,
        wayOut: "Give whole numbers from 0 to 16,777,216.",
      });
    if (value > most) most = value;
  }
  const numbers = new Int32Array(most + 1);
  for (let i = 0; i < values.length; i++) numbers[values[i]!] = 1;
  const used: number[] = [];
  for (let value = 0; value <= most; value++) if (numbers[value] === 1) numbers[value] = used.push(value) - 1;
  const symbols = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) symbols[i] = numbers[values[i]!]!;
  return { unit, symbols, alphabet: used.length, values: Int32Array.from(used) };
}

/** The bytes of a file as symbols. */
export const byteSymbols = (bytes: Uint8Array): SymbolSequence => symbolSequence(bytes, "bytes");

/** The code points of a text as symbols. */
export function characterSymbols(text: string): SymbolSequence {
  const points = new Int32Array(text.length);
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i)!;
    points[count++] = point;
    if (point > 0xffff) i++;
  }
  return symbolSequence(points.subarray(0, count), "characters");
}
