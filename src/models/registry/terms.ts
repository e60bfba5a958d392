/** Terms of a model: shown, accepted once, remembered in the cache. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { writeJson } from "../../files/index.ts";
import { writeFailure } from "./cache-disk.ts";
import { isRecord } from "./json.ts";
import type { Settings } from "./settings.ts";
import type { ModelTerms } from "./types.ts";

/** @throws SurprisalError TERMS_NOT_ACCEPTED */
export async function ensureTermsAccepted(
  terms: ModelTerms,
  reference: string,
  settings: Settings,
): Promise<void> {
  const file = join(settings.cache, "accepted-terms.json");
  const accepted = await readAccepted(file);
  if (Object.hasOwn(accepted, terms.name)) return;
  const { acceptTerms } = settings;
  if (!(typeof acceptTerms === "function" ? await acceptTerms(terms) : acceptTerms))
    throw new SurprisalError({
      code: "TERMS_NOT_ACCEPTED",
      what: `This model is under the ${terms.name}, which have to be accepted before it is downloaded`,
      where: reference,
      wayOut: `Read them at ${terms.url}; accept them with --accept-terms (in code: acceptTerms: true). It is asked once.`,
    });
  const entry = { url: terms.url, date: new Date().toISOString() };
  try {
    await writeJson(file, { ...accepted, [terms.name]: entry });
  } catch (error) {
    throw writeFailure(error, file, null);
  }
}

async function readAccepted(file: string): Promise<Record<string, unknown>> {
  try {
    const accepted: unknown = JSON.parse(await readFile(file, "utf8"));
    return isRecord(accepted) ? accepted : {};
  } catch {
    return {};
  }
}
