/** How the number of another library is written down. */
import type { Need, PeerScore } from "../../estimator.ts";
import { nothing, type OnePassMethod, type Reading, type Tallies } from "../method.ts";

/** What a number of another library is made of. */
export interface PeerMethod {
  /** Its name there. */
  name: string;
  needs: readonly Need[];
  formula: string;
  unit: string;
  higher: PeerScore["higher"];
  /** What differs from the method here that goes by the name, for the table in docs/confidence.md. */
  differs: string;
  /** From its number to ours, where a higher one is more uncertain. */
  uncertainty(value: number): number;
  /** Its number, NaN where its code has NaN; or why there is none. */
  begin(tallies: Tallies): () => number | Reading;
}

/** @param library its name as a prefix, such as "uqlm". @param version such as "uqlm 0.6.7". */
export function peerMethod(library: string, version: string, peer: PeerMethod): OnePassMethod {
  const { name, needs, formula, unit, higher, uncertainty, differs } = peer;
  return {
    method: `${library}/${name}`,
    needs,
    unit,
    formula,
    source: version,
    library: version,
    variant: () => `as ${version}: ${differs}`,
    begin(tallies) {
      const read = peer.begin(tallies);
      return () => {
        const value = read();
        if (typeof value !== "number")
          return { ...value, peer: { library: version, name, value: null, higher } };
        const known = Number.isNaN(value) ? null : value;
        return {
          uncertainty: known === null ? null : uncertainty(known),
          ...(known === null && { reason: `${version} has NaN here.` }),
          peer: { library: version, name, value: known, higher },
        };
      };
    },
  };
}

/** What stands against a number that needs every token, or `null`. */
export function everyToken(known: number, missing: number, what: string): Reading | null {
  if (missing === 0 || known === 0) return nothing(known, missing, what);
  return {
    uncertainty: null,
    reason: `${missing} of ${known + missing} tokens have no ${what}; its code takes lists without gaps.`,
  };
}
