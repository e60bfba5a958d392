/** Models that are a part of this package: no network, no cache, and nothing is written. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { errorCode, SurprisalError } from "../../core/index.ts";
import type { CatalogueEntry } from "./catalogue.ts";
import type { LocatedModel } from "./types.ts";

/** `source` of such a model. */
export const EMBEDDED_SOURCE = "the surprisal package";

const WAY_OUT = "Reinstall surprisal, or name another model: `surprisal models list` shows some.";

/** @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, CHECKSUM_MISMATCH: a damaged installation. */
export async function locateEmbedded(
  path: string,
  { reference, bytes, sha256, licence }: CatalogueEntry,
): Promise<LocatedModel> {
  const content = await readFile(path).catch((cause: unknown) => {
    const missing = ["ENOENT", "ENOTDIR"].includes(errorCode(cause));
    throw new SurprisalError({
      code: missing ? "FILE_NOT_FOUND" : "FILE_UNREADABLE",
      what: `The file of ${reference}, a model that is a part of surprisal, ${missing ? "is not there" : `cannot be read: ${(cause as Error).message}`}`,
      where: path,
      wayOut: WAY_OUT,
      cause,
    });
  });
  const found = createHash("sha256").update(content).digest("hex");
  if (found !== sha256)
    throw new SurprisalError({
      code: "CHECKSUM_MISMATCH",
      what: `The file of ${reference} is not the one that surprisal was published with: its sha256 is ${found}, not ${sha256}`,
      where: path,
      wayOut: WAY_OUT,
    });
  return { path, name: reference, source: EMBEDDED_SOURCE, sha256, bytes, licence };
}
