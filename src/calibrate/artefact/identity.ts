/** Whether a calibration is used beside what it was fitted to. */
import { SurprisalError } from "../../core/index.ts";
import type { CalibrationArtefact, CalibrationIdentity } from "./artefact.ts";

/** Something that is another than when the calibration was fitted. */
export interface IdentityMismatch {
  what: "model" | "tokenizer" | "wording" | "recipe" | "kernels";
  /** What it was fitted to. */
  fitted: string;
  /** What it is used beside. */
  used: string;
}

/** Options of `checkIdentity`. */
export interface IdentityOptions {
  /** A mismatch is an error. Default false: a warning. */
  strict?: boolean | undefined;
  /** Gets a sentence for each mismatch that names both. Default: nothing is said. */
  onWarning?: ((warning: string) => void) | undefined;
}

/**
 * Compares what an artefact was fitted to with what it is used beside. What either side does not know is not compared; models
 * are the same if their sha256 is, and by name only where one has none.
 * @throws SurprisalError CALIBRATION_MISMATCH naming both, under `strict`.
 */
export function checkIdentity(
  { identity }: Pick<CalibrationArtefact, "identity">,
  used: Partial<CalibrationIdentity>,
  { strict = false, onWarning }: IdentityOptions = {},
): IdentityMismatch[] {
  const found: IdentityMismatch[] = [];
  const compare = (what: IdentityMismatch["what"], fitted?: string | null, now?: string | null) => {
    if (fitted && now && fitted !== now) found.push({ what, fitted, used: now });
  };
  const [model, other] = [identity.model, used.model];
  if (model && other) {
    const byHash = model.sha256 !== null && other.sha256 !== null;
    if (byHash ? model.sha256 !== other.sha256 : model.name !== other.name)
      found.push({ what: "model", fitted: modelText(model), used: modelText(other) });
  }
  compare("tokenizer", identity.tokenizer, used.tokenizer);
  compare("wording", identity.wordingSha256, used.wordingSha256);
  compare("recipe", identity.recipe, used.recipe);
  compare("kernels", identity.kernels, used.kernels);
  const sentences = found.map(
    ({ what, fitted, used }) =>
      `The calibration was fitted to the ${what} ${fitted}, and is used beside ${used}`,
  );
  if (strict && found.length > 0)
    throw new SurprisalError({
      code: "CALIBRATION_MISMATCH",
      what: sentences.join("; "),
      where: "identity",
      wayOut: "Fit a calibration to answers of what is in use now, or allow the mismatch (without strict).",
    });
  for (const sentence of sentences) onWarning?.(`${sentence}: its probabilities may not hold.`);
  return found;
}

const modelText = ({ name, sha256 }: NonNullable<CalibrationIdentity["model"]>): string =>
  sha256 === null ? name : `${name} (sha256 ${sha256.slice(0, 12)}…)`;
