/** Which weight format stands for which number of bits, and what a ladder is made of a given file. */
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { type GgufFile, quantizationType, quantizationTypes } from "../../models/index.ts";

/** A level that is wanted. */
export interface WantedLevel {
  bits: number;
  /** One of `quantizationTypes`. */
  type: string;
  /** The file's own weights, as they are: the format is that of the file already. */
  asItIs: boolean;
}

/** Q4_K keeps 256 weights together; where rows are no multiple of that, other types stand in. */
const K_BLOCK = 256;
const BITS = [2, 4, 8, 16];

/** "Q4_K_M" -> 4, "F16" -> 16; `null` for what is no format of a number of bits. */
function bitsOfType(type: string): number | null {
  const bits = /\d+/.exec(type)?.[0];
  return bits === undefined ? null : Number(bits);
}

/**
 * Levels of a file.
 * @param own what the file calls itself, such as "Q4_K_M".
 * @param types formats by name; default: Q2_0, Q4_K_M (Q4_0 where its rows are no multiple of 256), Q8_0 and F16 (BF16 of a BF16
 *   file), but the file's own format in the place of the one with as many bits.
 * @returns fewest bits first.
 * @throws SurprisalError INVALID_ARGUMENT for what is no format, two of as many bits, and fewer than two.
 */
export function wantedLevels(
  file: Pick<GgufFile, "tensors">,
  own: string,
  types?: readonly string[],
): WantedLevel[] {
  const levels = (types ?? standardTypes(file, own)).map((given): WantedLevel => {
    const type = quantizationType(given);
    const bits = type === null ? null : bitsOfType(type);
    if (type === null || bits === null)
      throw invalidArgument(
        `"${given}" is no weight format of a number of bits`,
        "types",
        `Use some of ${quantizationTypes.filter((each) => bitsOfType(each) !== null).join(", ")}.`,
      );
    return { bits, type, asItIs: type === own };
  });
  const sorted = levels.toSorted((a, b) => a.bits - b.bits);
  const twice = sorted.findIndex(({ bits }, i) => bits === sorted[i - 1]?.bits);
  if (twice >= 0)
    throw invalidArgument(
      `${sorted[twice - 1]!.type} and ${sorted[twice]!.type} both have ${sorted[twice]!.bits} bits`,
      "types",
      "Give one format for each number of bits.",
    );
  if (sorted.length < 2)
    throw invalidArgument(
      "A ladder has two levels at least",
      "types",
      'Give some, such as "Q4_0" and "F16".',
    );
  return sorted;
}

function standardTypes(file: Pick<GgufFile, "tensors">, own: string): string[] {
  const rows = file.tensors.filter(({ shape }) => shape.length > 1);
  const fits = rows.every(({ shape }) => shape[0]! % K_BLOCK === 0);
  const standard = ["Q2_0", fits ? "Q4_K_M" : "Q4_0", "Q8_0", own === "BF16" ? own : "F16"];
  return standard.map((type, i) => (quantizationType(own) && bitsOfType(own) === BITS[i] ? own : type));
}

/** @throws SurprisalError ROUTER_INVALID where a ladder has no level of that name. */
export function levelNamed<Level extends { name: string }>(
  levels: readonly Level[],
  name: string,
  where: string,
): Level {
  const found = levels.find((level) => level.name === name);
  if (found) return found;
  throw new SurprisalError({
    code: "ROUTER_INVALID",
    what: `There is no level "${name}"`,
    where,
    wayOut: `The ladder has ${levels.map((level) => level.name).join(", ")}.`,
  });
}
