/**
 * Weight formats that llama.cpp writes. Source: include/llama.h (`llama_ftype`), tools/quantize/quantize.cpp
 * (`QUANT_OPTIONS`), src/llama-quant.cpp (`llama_ftype_get_default_type`).
 */
import { nearestNames } from "../../text/index.ts";
import { TENSOR_TYPES } from "./types.ts";

export interface FileType {
  /** enum llama_ftype */
  id: number;
  /** Type that most tensors should get: the mixture gives some a larger one. */
  tensorType: string;
}

const ROWS: readonly (readonly [name: string, id: number, tensorType?: string])[] = [
  ["F32", 0],
  ["F16", 1],
  ["BF16", 32],
  ["Q8_0", 7],
  ["Q6_K", 18],
  ["Q5_K_M", 17, "Q5_K"],
  ["Q5_K_S", 16, "Q5_K"],
  ["Q5_1", 9],
  ["Q5_0", 8],
  ["Q4_K_M", 15, "Q4_K"],
  ["Q4_K_S", 14, "Q4_K"],
  ["Q4_1", 3],
  ["Q4_0", 2],
  ["Q3_K_L", 13, "Q3_K"],
  ["Q3_K_M", 12, "Q3_K"],
  ["Q3_K_S", 11, "Q3_K"],
  ["Q2_K", 10],
  ["Q2_K_S", 21, "Q2_K"],
  ["Q2_0", 41],
  ["Q1_0", 40],
  ["IQ4_NL", 25],
  ["IQ4_XS", 30],
  ["IQ3_M", 27, "IQ3_S"],
  ["IQ3_S", 26],
  ["IQ3_XS", 22, "IQ3_S"],
  ["IQ3_XXS", 23],
  ["IQ2_M", 29, "IQ2_S"],
  ["IQ2_S", 28, "IQ2_XS"],
  ["IQ2_XS", 20],
  ["IQ2_XXS", 19],
  ["IQ1_M", 31],
  ["IQ1_S", 24],
  ["TQ2_0", 37],
  ["TQ1_0", 36],
  ["MXFP4_MOE", 38, "MXFP4"],
];
/** Names that stand for another one. */
const ALIASES: Readonly<Record<string, string>> = { Q3_K: "Q3_K_M", Q4_K: "Q4_K_M", Q5_K: "Q5_K_M" };

const FILE_TYPES: ReadonlyMap<string, FileType> = new Map(
  ROWS.map(([name, id, tensorType = name]) => [name, { id, tensorType }]),
);

/** All tensors as they are: puts the parts of a split model together. */
export const COPY = "COPY";

/** Names of the weight formats `quantize` can make. */
export const quantizationTypes: readonly string[] = [...FILE_TYPES.keys(), COPY];

/** The name as it is listed, from any case and from an alias; `null`: there is none. */
export function quantizationType(text: string): string | null {
  const name = text.toUpperCase();
  const listed = ALIASES[name] ?? name;
  return quantizationTypes.includes(listed) ? listed : null;
}

/**
 * Formats that a mistyped one may have meant, the nearest first: those that begin alike, then those with most letters in
 * common: "Q4_KM" -> ["Q4_K_M", "Q4_K_S"], "fp16" -> ["F16", "BF16"].
 */
export function nearestQuantizationTypes(text: string): string[] {
  const typed = text.toUpperCase().replaceAll(/[^A-Z\d]/g, "");
  const bare = (name: string) => name.replaceAll("_", "");
  const alike = (name: string) => [...bare(name)].findIndex((letter, i) => letter !== typed[i]);
  const near = new Set(nearestNames(typed, quantizationTypes.map(bare)));
  return quantizationTypes
    .filter((name) => near.has(bare(name)) || (typed.length > 1 && bare(name).startsWith(typed)))
    .toSorted((a, b) => begins(alike(b)) - begins(alike(a)))
    .slice(0, 2);
}

/** Letters at the beginning that are the same; all of them where none differs. */
const begins = (firstOther: number): number => (firstOther < 0 ? Number.POSITIVE_INFINITY : firstOther);

/** @param name one of `quantizationTypes`. */
export function fileType(name: string): FileType {
  return FILE_TYPES.get(name) ?? { id: 0, tensorType: "F32" };
}

/** What a file says it is (`general.file_type`), by llama.cpp's number; `null` for a number it does not know. */
export function fileTypeOfId(id: number): (FileType & { name: string }) | null {
  for (const [name, type] of FILE_TYPES) if (type.id === id) return { name, ...type };
  return null;
}

const FLOATS = new Set(["F32", "F16", "BF16", "F64"]);

/** Whether weights of this type have lost digits that no other type brings back. */
export function isQuantised(type: string): boolean {
  return !FLOATS.has(type) && !/^I\d+$/.test(type);
}

/** A type by its name in any case, of those that weights can have. */
export function tensorTypeId(text: string): { id: number; name: string } | null {
  for (const [id, { name, weights }] of TENSOR_TYPES)
    if (weights && name === text.toUpperCase()) return { id, name };
  return null;
}

/** Names of the types that a tensor can be given. */
export const tensorTypeNames: readonly string[] = [...TENSOR_TYPES.values()]
  .filter(({ weights }) => weights)
  .map(({ name }) => name);
