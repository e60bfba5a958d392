/** Digests of what a calibration depends on. */
import { createHash } from "node:crypto";

/** What the model was asked: the wording that moves a score more than anything else does. */
export interface Wording {
  /** The prompt with a place for what changes from case to case, such as "{state}\n\nIs it safe?\nAnswer:". */
  prompt: string;
  /** The options' texts; their order does not count unless they are listed in the prompt. */
  options?: readonly string[] | undefined;
}

/** sha256 of the wording of prompt and options, lower-case hex. The same options in another order are the same wording. */
export function wordingSha256({ prompt, options = [] }: Wording): string {
  return sha256Of(JSON.stringify([prompt, options.toSorted()]));
}

/** Lower-case hex. */
export function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** sha256 of rows, one JSON line each. */
export function rowsSha256(rows: Iterable<readonly unknown[]>): string {
  const hash = createHash("sha256");
  let lines: string[] = [];
  for (const row of rows) {
    lines.push(JSON.stringify(row, (_key, value) => (typeof value === "number" ? numberText(value) : value)));
    if (lines.length === 10_000) {
      hash.update(`${lines.join("\n")}\n`);
      lines = [];
    }
  }
  return hash.update(lines.map((line) => `${line}\n`).join("")).digest("hex");
}

const numberText = (value: number): number | string => (Number.isFinite(value) ? value : String(value));
