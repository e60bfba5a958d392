/** The fixtures of test/fixtures/wire, and where their shapes come from. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DialectName } from "./dialects/index.ts";
import type { Json } from "./pick.ts";

export const FIXTURES: string = fileURLToPath(new URL("../fixtures/wire", import.meta.url));

/** The wire format of an answer; what reads it is named after it. */
export type Format =
  | "chat"
  | "completions"
  | "responses"
  | "llama-native"
  | "sglang"
  | "tgi"
  | "ollama"
  | "gemini";

/** What a reader must make of it. */
export type Outcome =
  | {
      /** Text of the answer. */
      text: string;
      /** Records with a number, of all records. */
      scored: number;
      records: number;
      /** exp of the mean surprisal of the records that carry a number; `null` = none does. */
      perplexity: number | null;
      partial: boolean;
      finish: string;
      /** The texts of the parts, where there is more than the answer. */
      texts?: Readonly<Record<string, string>>;
    }
  | { /** Code of the SurprisalError. */ error: string /** Records before it. */; records: number };

export interface Fixture {
  /** Path below test/fixtures/wire. */
  file: string;
  format: Format;
  /** Fixtures of one pair are the same answer, whole and streamed. */
  pair?: string;
  /** The request that the fake server answered with it. Left out for what was written by hand. */
  request?: { dialect: DialectName; method?: "GET"; path: string; body: Json };
  /** What of the fixture is special. */
  about: string;
  /** Where the shape was read: names in manifest.json's `sources`. */
  sources: readonly string[];
  /** Choices that were asked for. Default 1. */
  choices?: number;
  outcome?: Outcome;
}

export interface Manifest {
  sources: Readonly<Record<string, string>>;
  fixtures: readonly Fixture[];
}

export function manifest(): Manifest {
  return JSON.parse(readFileSync(join(FIXTURES, "manifest.json"), "utf8")) as Manifest;
}

export function fixtureBytes(file: string): Uint8Array {
  return readFileSync(join(FIXTURES, file));
}
