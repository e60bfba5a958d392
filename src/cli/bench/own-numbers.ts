/** Numbers that other methods gave an answer: they are compared with ours. */
import { infinityFromText } from "../../text/index.ts";
import { isObject, type Line, malformed } from "../confidence/index.ts";

/** What a method of someone else says. */
export interface GivenNumber {
  /** Higher = more uncertain; `null`: it has none. */
  uncertainty: number | null;
  /** What it took beside the answer, where that is known. */
  tokensRead?: number | undefined;
  tokensWritten?: number | undefined;
  ms?: number | undefined;
}

const FORM = 'Write {"uncertainties": {"my method": 0.3}}; a higher number is more uncertain.';

/** The field "uncertainties". @throws SurprisalError INVALID_ARGUMENT */
export function givenNumbers({ uncertainties }: Line, where: string): Record<string, GivenNumber> {
  if (uncertainties === undefined || uncertainties === null) return {};
  if (!isObject(uncertainties)) throw malformed('"uncertainties" is no object', where, FORM);
  return Object.fromEntries(
    Object.entries(uncertainties).map(([name, value]): [string, GivenNumber] => {
      if (!isObject(value)) return [name, { uncertainty: numberOf(value, name, where) }];
      const { uncertainty, tokensRead, tokensWritten, ms } = value;
      return [
        name,
        {
          uncertainty: numberOf(uncertainty, name, where),
          ...(typeof tokensRead === "number" && { tokensRead }),
          ...(typeof tokensWritten === "number" && { tokensWritten }),
          ...(typeof ms === "number" && { ms }),
        },
      ];
    }),
  );
}

function numberOf(value: unknown, name: string, where: string): number | null {
  const number = infinityFromText("value", value);
  if (number === null || number === undefined) return null;
  if (typeof number !== "number" || Number.isNaN(number))
    throw malformed(`The uncertainty ${JSON.stringify(name)} is no number`, where, FORM);
  return number;
}
