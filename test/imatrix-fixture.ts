/** Importance matrices with random numbers, in both formats that `llama-imatrix` has written (common/imatrix-loader.cpp). */
import { encodeGguf, type FixtureTensor, randomNumbers } from "./gguf-fixture.ts";

/** How many columns the matrix of that name has. */
export type Columns = Readonly<Record<string, number>>;

const CHUNKS = 7;
const DATASET = "words.txt";

function sumsOf(columns: Columns): [name: string, sums: Float32Array, count: number][] {
  const random = randomNumbers(3);
  return Object.entries(columns).map(([name, length], i) => [
    name,
    Float32Array.from({ length }, () => random() * 100),
    512 * (i + 1),
  ]);
}

const bytesOf = (values: Float32Array): Uint8Array => new Uint8Array(values.buffer.slice(0));

export function imatrixGguf(columns: Columns): Uint8Array {
  const tensors = sumsOf(columns).flatMap(([name, sums, count]): FixtureTensor[] => [
    { name: `${name}.in_sum2`, shape: [sums.length, 1], type: 0, data: bytesOf(sums) },
    { name: `${name}.counts`, shape: [1, 1], type: 0, data: bytesOf(Float32Array.of(count)) },
  ]);
  return encodeGguf({
    version: 3,
    alignment: 32,
    tensors,
    metadata: new Map([
      ["general.type", { type: "str", value: "imatrix" }],
      ["imatrix.datasets", { type: "arr", elementType: "str", value: [DATASET] }],
      ["imatrix.chunk_count", { type: "u32", value: CHUNKS }],
      ["imatrix.chunk_size", { type: "u32", value: 512 }],
    ]),
  }).bytes;
}

export function imatrixLegacy(columns: Columns): Uint8Array {
  const int = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    return bytes;
  };
  const text = (value: string): Buffer => Buffer.concat([int(value.length), Buffer.from(value)]);
  const entries = sumsOf(columns);
  return Buffer.concat([
    int(entries.length),
    ...entries.flatMap(([name, sums, count]) => [
      text(name),
      int(count / 512),
      int(sums.length),
      bytesOf(sums),
    ]),
    int(CHUNKS),
    text(DATASET),
  ]);
}
