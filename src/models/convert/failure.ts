/** How a model's published files refuse to become a GGUF file. */
import { openSync } from "node:fs";
import { basename } from "node:path";
import { SurprisalError } from "../../core/index.ts";

/** @param where the file, and what in it. */
export function conversionFailure(what: string, where: string, cause?: unknown): SurprisalError {
  return new SurprisalError({
    code: "CONVERSION_FAILED",
    what,
    where,
    wayOut:
      "The file is damaged, or of a model that is not converted here: download it again, or use a GGUF file of the model.",
    cause,
  });
}

/** A file descriptor. @throws SurprisalError CONVERSION_FAILED: the file is not there. */
export function openPublished(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw conversionFailure("This file is missing, or cannot be read", basename(path), error);
  }
}
