/** Tells a person what a file is that was taken for a GGUF file. */
import { ggufError } from "./types.ts";

const FETCH_AGAIN = "Download the file again, with the address of the file itself and not of its page.";
const CONVERT = "Get a GGUF conversion of the model, or make one with llama.cpp's convert_hf_to_gguf.py.";

/** What the first bytes (read as Latin-1) can be instead of "GGUF". */
const OTHER_FORMATS: readonly (readonly [pattern: RegExp, what: string, wayOut: string])[] = [
  [
    /^version https:\/\/git-lfs/,
    "a Git LFS pointer, not the file it stands for",
    "Run `git lfs pull` where the file came from.",
  ],
  [
    /^(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|head|!--)/i,
    "a web page saved in place of the model",
    FETCH_AGAIN,
  ],
  [/^(\xef\xbb\xbf)?\s*[{[]\s*"/, "a JSON text, perhaps a server's error message", FETCH_AGAIN],
  [/^[\s\S]{8}\{[\s"]/, "a safetensors file", CONVERT],
  [/^PK\x03\x04/, "a zip archive, perhaps PyTorch weights", CONVERT],
  [/^\x80[\x02-\x05]/, "a Python pickle, perhaps PyTorch weights", CONVERT],
  [
    /^\x1f\x8b|^7z\xbc\xaf|^\xfd7zXZ|^BZh|^\x28\xb5\x2f\xfd/,
    "a compressed archive",
    "Unpack it and give the .gguf file inside.",
  ],
  [/^(lmgg|fmgg|tjgg|algg|ggml|ggmf|ggjt|ggla)/, "a model in a format older than GGUF", CONVERT],
  [/^FUGG/, "a GGUF file with its bytes in the wrong order", FETCH_AGAIN],
  [/^\x00+$/, "filled with zeros, as an unfinished download can be", FETCH_AGAIN],
];

/** @throws SurprisalError GGUF_NOT_GGUF, GGUF_TRUNCATED unless the file begins like a GGUF file. */
export function refuseOtherFormats(path: string, start: Buffer, size: number): void {
  const text = start.toString("latin1");
  if (text.startsWith("GGUF")) return;
  if (size === 0) throw ggufError("GGUF_TRUNCATED", path, null, "The file is empty", FETCH_AGAIN);
  if ("GGUF".startsWith(text)) {
    throw ggufError("GGUF_TRUNCATED", path, null, `The file ends after ${size} bytes`, FETCH_AGAIN);
  }
  for (const [pattern, what, wayOut] of OTHER_FORMATS) {
    if (pattern.test(text)) throw ggufError("GGUF_NOT_GGUF", path, null, `This looks like ${what}`, wayOut);
  }
  const magic = JSON.stringify(text.slice(0, 4));
  throw ggufError(
    "GGUF_NOT_GGUF",
    path,
    "byte 0",
    `This is not a GGUF file: it begins with ${magic}`,
    FETCH_AGAIN,
  );
}
