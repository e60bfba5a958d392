/** JSON files beside a model's weights, read as data that nobody vouches for. */
import { closeSync, fstatSync } from "node:fs";
import { basename } from "node:path";
import { readFully } from "../gguf/index.ts";
import { conversionFailure, openPublished } from "./failure.ts";

/** Tokenizers of some 250,000 tokens have 17 MB. */
const MOST_JSON_BYTES = 64 * 2 ** 20;

export type Json = { readonly [key: string]: unknown };

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws SurprisalError CONVERSION_FAILED for what is missing, no JSON, or absurdly large. */
export function readJson(path: string): unknown {
  const descriptor = openPublished(path);
  try {
    const { size } = fstatSync(descriptor);
    if (size > MOST_JSON_BYTES) throw conversionFailure(`A file of ${size} bytes`, basename(path));
    const bytes = Buffer.alloc(size);
    readFully(descriptor, bytes, 0);
    return parseJson(bytes, basename(path));
  } finally {
    closeSync(descriptor);
  }
}

/** @throws SurprisalError CONVERSION_FAILED */
export function parseJson(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw conversionFailure("It is no JSON", where, error);
  }
}

/** Typed questions to one JSON file. */
export class JsonFile {
  readonly #value: Json;
  readonly #where: string;

  /** @throws SurprisalError CONVERSION_FAILED */
  constructor(value: unknown, where: string) {
    if (!isJson(value)) throw conversionFailure("It is no JSON object", where);
    this.#value = value;
    this.#where = where;
  }

  static read(path: string): JsonFile {
    return new JsonFile(readJson(path), basename(path));
  }

  fails(key: string, what: string): Error {
    return conversionFailure(what, `${this.#where}, ${key}`);
  }

  get(key: string): unknown {
    return Object.hasOwn(this.#value, key) ? this.#value[key] : undefined;
  }

  child(key: string): JsonFile {
    return new JsonFile(this.get(key), `${this.#where}, ${key}`);
  }

  /** A whole number from `least` to `most`. */
  count(key: string, least: number, most: number): number {
    const value = this.get(key);
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    throw this.fails(key, `${JSON.stringify(value)} is no whole number from ${least} to ${most}`);
  }

  /** Fails unless the value is one of these; `undefined` and `null` stand for a key that is not there. */
  require(key: string, ...allowed: readonly unknown[]): void {
    const value = this.get(key) ?? null;
    if (allowed.includes(value)) return;
    throw this.fails(key, `${JSON.stringify(value)} is not converted here`);
  }
}
