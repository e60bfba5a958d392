/** What all routers keep beside their parameters. Internal to this room. */
import { type CalibrationIdentity, type FittedOn, rowsSha256 } from "../calibrate/index.ts";
import { packageVersion } from "../evaluate/runs/index.ts";

/** The form of this version. A file of a higher number is refused. */
export const ROUTER_SCHEMA = "surprisal.router/1";

/** What stands beside the parameters of every router. */
export interface RouterFacts {
  schema: typeof ROUTER_SCHEMA;
  fittedOn: FittedOn;
  identity: CalibrationIdentity;
  /** Up to 1,000 of the signals it was fitted to, ascending, evenly picked: what `monitorQuality` compares with. */
  reference: readonly number[];
  /** Version of surprisal that made it. */
  madeBy: string;
}

/** A question as far as it tells one set of records from another. */
export interface FittedCase {
  id: string;
  group: string;
  kind: string | null;
  uncertainty: number | null;
  right: boolean;
}

/**
 * Facts of a fit.
 * @param leftOut records that lacked a label.
 */
export function routerFacts(
  cases: readonly FittedCase[],
  leftOut: number,
  ...identities: (Partial<CalibrationIdentity> | null | undefined)[]
): RouterFacts {
  const known = cases.filter(({ uncertainty }) => uncertainty !== null);
  const right = known.filter((each) => each.right).length;
  const kinds = new Map<string, number>(); // a kind may be called "constructor" or "__proto__"
  for (const { kind } of cases) if (kind !== null) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const signals = known.map(({ uncertainty }) => uncertainty!).filter(Number.isFinite);
  return {
    schema: ROUTER_SCHEMA,
    fittedOn: {
      n: known.length,
      right,
      wrong: known.length - right,
      missing: leftOut + cases.length - known.length,
      groups: new Set(known.map(({ group }) => group)).size,
      kinds: kinds.size > 0 ? Object.fromEntries(kinds) : null,
      sha256: rowsSha256(cases.map((each) => [each.id, each.group, each.uncertainty, each.right])),
    },
    identity: Object.assign(
      { model: null, tokenizer: null, wordingSha256: null, recipe: null, kernels: null },
      ...identities,
    ),
    reference: evenlyPicked(signals.toSorted((a, b) => a - b)),
    madeBy: packageVersion(),
  };
}

const MOST_REFERENCE = 1000;

function evenlyPicked(sorted: readonly number[]): number[] {
  const most = Math.min(sorted.length, MOST_REFERENCE);
  return Array.from({ length: most }, (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / most)]!);
}
