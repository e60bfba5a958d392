/** The plain data a GGUF header becomes, and the two tables of types that the format defines. */
import { type ErrorCode, SurprisalError } from "../../core/index.ts";

/** Type of a metadata value, by llama.cpp's names; index = id in the file (ggml/include/gguf.h, `gguf_type`). */
export const VALUE_TYPES = [
  "u8",
  "i8",
  "u16",
  "i16",
  "u32",
  "i32",
  "f32",
  "bool",
  "str",
  "arr",
  "u64",
  "i64",
  "f64",
] as const;

/** Names of the types of metadata. Source: ggml, docs/gguf.md. */
export type GgufValueType = (typeof VALUE_TYPES)[number];
export type GgufElementType = Exclude<GgufValueType, "arr">;

/** Bytes of a value; strings and arrays have no fixed size. */
export const VALUE_BYTES: Readonly<Record<Exclude<GgufElementType, "str">, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  bool: 1,
  u64: 8,
  i64: 8,
  f64: 8,
};

/** An array in the metadata. Its elements stay in the file: `readArrayBytes` fetches them. */
export interface GgufArray {
  type: "arr";
  elementType: GgufElementType;
  /** Number of elements. */
  length: number;
  /** File offset of the first element, bytes. */
  offset: number;
  /** Bytes of all elements together (a string is its length as u64 and its bytes). */
  bytes: number;
}

export interface GgufNumber {
  type: Exclude<GgufElementType, "str" | "bool">;
  /** Integers beyond 2^53 are rounded. */
  value: number;
}

/** A value of the metadata, with its type. */
export type GgufValue =
  | GgufNumber
  | GgufArray
  | { type: "str"; value: string }
  | { type: "bool"; value: boolean };

/** A tensor as the file describes it. */
export interface GgufTensor {
  name: string;
  /** One to four sizes, the fastest-running dimension first, as the file gives them. */
  shape: readonly number[];
  /** Name of the ggml type, such as "Q8_0". */
  type: string;
  /** Index into `parts` of the file that holds the data. */
  part: number;
  /** Absolute offset of the data in that file, bytes. */
  offset: number;
  /** Size of the data without padding, bytes. */
  bytes: number;
}

/** What the header of a GGUF file says, believed only as far as the file's own size allows. */
export interface GgufFile {
  path: string;
  /** All files of a split model in order; otherwise just `path`. */
  parts: readonly string[];
  /** 2 or 3. */
  version: number;
  /** Bytes. */
  alignment: number;
  metadata: ReadonlyMap<string, GgufValue>;
  tensors: readonly GgufTensor[];
  /** Where the tensor data of the first file begin, bytes. */
  dataOffset: number;
  /** Size of all parts together, bytes. */
  fileBytes: number;
  /** `general.architecture`; "" when the file has none (`checkGguf` refuses it). */
  architecture: string;
  /** `general.name`. */
  name: string | null;
  /** Number of weights. */
  parameters: number;
  /** The type that holds most of the weights' bytes, such as "Q4_1". */
  weightType: string;
  /** Trained context, tokens. */
  contextLength: number | null;
  /** Number of tokens in the vocabulary; 0 when the file has none (`checkGguf` refuses it). */
  vocabularySize: number;
}

export interface TensorType {
  name: string;
  /** Weights per block. */
  blockSize: number;
  /** Bytes per block. */
  blockBytes: number;
  /** llama.cpp can multiply by a matrix of this type. The others crash it when they stand in for weights. */
  weights: boolean;
}

/** Types of tensors by id (ggml/include/ggml.h, sizes as in gguf-py's GGML_QUANT_SIZES). Gaps were removed. */
const TENSOR_TYPE_ROWS: readonly (readonly [
  id: number,
  name: string,
  size: number,
  bytes: number,
  weights?: false,
])[] = [
  [0, "F32", 1, 4],
  [1, "F16", 1, 2],
  [2, "Q4_0", 32, 18],
  [3, "Q4_1", 32, 20],
  [6, "Q5_0", 32, 22],
  [7, "Q5_1", 32, 24],
  [8, "Q8_0", 32, 34],
  [9, "Q8_1", 32, 36, false],
  [10, "Q2_K", 256, 84],
  [11, "Q3_K", 256, 110],
  [12, "Q4_K", 256, 144],
  [13, "Q5_K", 256, 176],
  [14, "Q6_K", 256, 210],
  [15, "Q8_K", 256, 292, false],
  [16, "IQ2_XXS", 256, 66],
  [17, "IQ2_XS", 256, 74],
  [18, "IQ3_XXS", 256, 98],
  [19, "IQ1_S", 256, 50],
  [20, "IQ4_NL", 32, 18],
  [21, "IQ3_S", 256, 110],
  [22, "IQ2_S", 256, 82],
  [23, "IQ4_XS", 256, 136],
  [24, "I8", 1, 1, false],
  [25, "I16", 1, 2, false],
  [26, "I32", 1, 4, false],
  [27, "I64", 1, 8, false],
  [28, "F64", 1, 8, false],
  [29, "IQ1_M", 256, 56],
  [30, "BF16", 1, 2],
  [34, "TQ1_0", 256, 54],
  [35, "TQ2_0", 256, 66],
  [39, "MXFP4", 32, 17],
  [40, "NVFP4", 64, 36],
  [41, "Q1_0", 128, 18],
  [42, "Q2_0", 64, 18],
];

export const TENSOR_TYPES: ReadonlyMap<number, TensorType> = new Map(
  TENSOR_TYPE_ROWS.map(([id, name, blockSize, blockBytes, weights = true]) => [
    id,
    { name, blockSize, blockBytes, weights },
  ]),
);

const BY_NAME: ReadonlyMap<string, TensorType> = new Map(
  [...TENSOR_TYPES.values()].map((type) => [type.name, type]),
);

/** The type of a name such as "Q4_K"; `undefined`: there is none. */
export function tensorTypeNamed(name: string): TensorType | undefined {
  return BY_NAME.get(name);
}

export function holdsWeights(type: string): boolean {
  return tensorTypeNamed(type)?.weights ?? false;
}

const DAMAGED = "The file is damaged or was written by a faulty tool: download or convert it again.";

/** A refusal of a model file. `place` is a byte offset, a key or a tensor inside the file. */
export function ggufError(
  code: ErrorCode,
  path: string,
  place: string | null,
  what: string,
  wayOut: string = DAMAGED,
): SurprisalError {
  return new SurprisalError({ code, what, where: place ? `${path}, ${place}` : path, wayOut });
}
