/** Weight formats as people name them. */
import { nearestQuantizationTypes, quantizationType, quantizationTypes } from "../../models/index.ts";
import { usage } from "../errors.ts";

/**
 * The format of that name; what a name that stands for another one was taken for is said.
 * @throws SurprisalError USAGE, with the formats that were perhaps meant.
 */
export function formatNamed(word: string): string {
  const type = quantizationType(word);
  if (type === null) {
    const near = nearestQuantizationTypes(word);
    const hint = near.length > 0 ? `; did you mean ${near.join(" or ")}?` : ";";
    throw usage(
      `There is no format "${word}"${hint} ${near.length > 0 ? "There" : "there"} are ${quantizationTypes.join(", ")}`,
    );
  }
  if (type !== word.toUpperCase()) process.stderr.write(`note: ${word} stands for ${type}\n`);
  return type;
}
