/** Typed questions to a file's metadata. llama.cpp insists on exact types, so a wrong type is an error here too. */
import { readArrayBytes } from "./reader.ts";
import { type GgufArray, type GgufFile, type GgufValue, type GgufValueType, ggufError } from "./types.ts";

/** No model has a hyper-parameter beyond this; it keeps products of a few of them below 2^53 and sums below 2^32. */
const LARGEST = 2 ** 27;

export class Metadata {
  readonly file: GgufFile;

  constructor(file: GgufFile) {
    this.file = file;
  }

  invalid(key: string, what: string): Error {
    return ggufError("GGUF_INVALID", this.file.path, key, what);
  }

  /** A key under the architecture's name. */
  own(key: string): string {
    return `${this.file.architecture}.${key}`;
  }

  #entry<T extends GgufValueType>(key: string, type: T): Extract<GgufValue, { type: T }> | null {
    const entry = this.file.metadata.get(key);
    if (!entry) return null;
    if (entry.type === type) return entry as Extract<GgufValue, { type: T }>;
    throw this.invalid(key, `Its type is ${entry.type} and must be ${type}`);
  }

  text(key: string): string | null {
    return this.#entry(key, "str")?.value ?? null;
  }

  flag(key: string): boolean | null {
    return this.#entry(key, "bool")?.value ?? null;
  }

  /** A token id; out of range is the caller's business. */
  id(key: string): number | null {
    return (this.#entry(key, "u32") as { value: number } | null)?.value ?? null;
  }

  /** @throws SurprisalError GGUF_INVALID unless absent or in [least, most]. */
  count(key: string, least = 0, most: number = LARGEST): number | null {
    const value = this.id(key);
    if (value === null || (value >= least && value <= most)) return value;
    throw this.invalid(key, `${value} is out of range (${least} to ${most})`);
  }

  required(key: string, least = 1, most: number = LARGEST): number {
    const value = this.count(key, least, most);
    if (value !== null) return value;
    throw this.invalid(key, "This metadata key is missing");
  }

  float(key: string): number | null {
    return (this.#entry(key, "f32") as { value: number } | null)?.value ?? null;
  }

  array(key: string, ...elementTypes: GgufArray["elementType"][]): GgufArray | null {
    const array = this.#entry(key, "arr");
    if (!array || elementTypes.includes(array.elementType)) return array;
    throw this.invalid(key, `Its elements are ${array.elementType} and must be ${elementTypes.join(" or ")}`);
  }

  /** One value for all layers, or an array of one per layer. [layers] */
  perLayer(key: string, layers: number, least: number, most: number = LARGEST): number[] | null {
    const entry = this.file.metadata.get(key);
    if (entry?.type !== "arr") {
      const value = this.count(key, least, most);
      return value === null ? null : new Array(layers).fill(value);
    }
    const array = this.array(key, "u32", "i32")!;
    if (array.length !== layers) throw this.invalid(key, `${array.length} values for ${layers} layers`);
    const bytes = readArrayBytes(this.file.path, array);
    return Array.from({ length: layers }, (_, i) => {
      const value = array.elementType === "u32" ? bytes.readUInt32LE(4 * i) : bytes.readInt32LE(4 * i);
      if (value >= least && value <= most) return value;
      throw this.invalid(key, `${value} for layer ${i} is out of range (${least} to ${most})`);
    });
  }
}
