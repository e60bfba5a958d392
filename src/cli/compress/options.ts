/** What `surprisal compress` and `decompress` are given in the same words. */
import { usage } from "../errors.ts";
import { type Declared, flag, option, type Read, text } from "../parameters.ts";

/** What packed files are called behind their own name. */
export const EXTENSION = ".surp";

/** Where to, of both directions. */
export interface TargetValues {
  out: string | undefined;
  stdout: boolean;
  force: boolean;
  keep: boolean;
}

// biome-ignore format: one option a line
export const TARGET_OPTIONS: Declared<TargetValues> = {
  out: option(text, { short: "o", hint: "FILE", description: "Where to; - is standard output, a folder takes the usual name" }),
  stdout: flag({ short: "c", description: "To standard output" }),
  force: flag({ short: "f", description: "Replace files that are there" }),
  keep: flag({ short: "k", description: "Taken as gzip takes it, and changes nothing: what is read is never deleted" }),
};

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20 };

/** "64K", "1M", "65536", also "64KiB": bytes. */
export function byteSize(from: number, to: number): Read<number> {
  return (text, name) => {
    const [, digits = "", unit = ""] = /^(\d{1,9})(?:([km])(?:i?b)?)?$/i.exec(text) ?? [];
    const bytes = digits === "" ? Number.NaN : Number(digits) * UNITS[unit.toLowerCase()]!;
    if (bytes >= from && bytes <= to) return bytes;
    throw usage(`${name} takes a size from ${from / 2 ** 10}K to ${to / 2 ** 20}M, not "${text}"`);
  };
}

/** Of `decompress` and `inspect`. */
export const PACKED_FILES = "Packed files; - or nothing: standard input";
