/** What models can do where: bits per byte over domains, and what is to be said about each model. */
import { SurprisalError } from "../../core/index.ts";
import { type RunRow, runRows, withDomains } from "./rows.ts";
import type { Run } from "./run.ts";
import { type Standing, standingsByGroup } from "./standings.ts";

/** One model on one domain. */
export interface DomainScore {
  domain: string;
  /** Comparable across vocabularies; `null`: nothing was scored. */
  bitsPerByte: number | null;
  standardError: number | null;
  /**
   * Among the models of the domain, by differences in pairs over the same texts; `null`: alone, not scored, or the runs do
   * not say (other texts, an older version).
   */
  standing: Standing | null;
}

/**
 * A model over all domains. Numbers are bits per byte; `null` where there are too few domains, or where Infinity (after
 * a token of probability 0) leaves no number, as in the spread.
 */
export interface ModelCapability {
  model: string;
  /** Best first. */
  domains: DomainScore[];
  /** Mean over domains, each counting the same. */
  mean: number | null;
  /** Standard deviation over domains: 0 = as good everywhere. */
  spread: number | null;
  /** Mean over the domains that it was made for; `null`: none was named. */
  inDomain: number | null;
  outOfDomain: number | null;
  /** outOfDomain - inDomain: what leaving its domains costs. */
  gap: number | null;
  /** ± of the gap, of the scores' own errors: the domains themselves are taken as given. */
  gapStandardError: number | null;
}

/**
 * Reads the map off runs. A domain is what the corpus says it is, else the corpus; several corpora of a model that say
 * the same are told apart by their own names.
 * @param inDomain names of the domains that the models were made for.
 * @throws SurprisalError INVALID_ARGUMENT when a name of `inDomain` is no domain, or a run has two scores of a model in one
 *   corpus.
 *   A model that several runs scored in one domain, or under several recipes, stands there once for each run.
 */
export function capabilitiesOf(runs: readonly Run[], inDomain: readonly string[] = []): ModelCapability[] {
  const scored = domainRows(runs).map(({ label, domain, row, standing }) => ({
    label,
    score: { domain, bitsPerByte: row.bitsPerByte, standardError: row.bitsPerByteStandardError, standing },
  }));
  const domains = new Set(scored.map(({ score }) => score.domain));
  const stranger = inDomain.find((name) => !domains.has(name));
  if (stranger !== undefined)
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: `There is no domain "${stranger}"`,
      where: "inDomain",
      wayOut: `The domains are: ${[...domains].join(", ")}.`,
    });
  const models = [...new Set(scored.map(({ label }) => label))];
  const map = models.map((model) =>
    capability(
      model,
      scored.flatMap(({ label, score }) => (label === model ? [score] : [])),
      inDomain,
    ),
  );
  return map.sort((a, b) => (a.mean ?? Number.POSITIVE_INFINITY) - (b.mean ?? Number.POSITIVE_INFINITY));
}

/** The rows of runs with the domain of each, and how its model stands there. */
export function domainRows(
  runs: readonly Run[],
): { label: string; domain: string; row: RunRow; standing: Standing | null }[] {
  const results = runs.flatMap((run) => run.results); // in the order of the rows
  const placed = withDomains(runs.flatMap(runRows)).map((entry, i) => ({
    ...entry,
    corpusSha256: entry.row.corpusSha256,
    bitsPerByte: entry.row.bitsPerByte,
    units: results[i]!.parts,
  }));
  const found = standingsByGroup(placed, ({ domain }) => domain);
  return placed.map(({ label, domain, row }, i) => ({ label, domain, row, standing: found[i]! }));
}

function capability(
  model: string,
  domains: readonly DomainScore[],
  inDomain: readonly string[],
): ModelCapability {
  const twice = domains.find(({ domain }, i) => domains.findIndex((other) => other.domain === domain) < i);
  if (twice)
    throw new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: `${model} has two scores in the domain ${twice.domain}`,
      wayOut: "Give runs that do not overlap.",
    });
  const known = domains.filter(({ bitsPerByte }) => bitsPerByte !== null);
  const inside = known.filter(({ domain }) => inDomain.includes(domain));
  const outside = known.filter(({ domain }) => !inDomain.includes(domain));
  const all = meanOf(known);
  const [within, without] = [meanOf(inside), inside.length > 0 ? meanOf(outside) : EMPTY];
  const isGap = within.mean !== null && without.mean !== null;
  return {
    model,
    domains: known
      .sort((a, b) => a.bitsPerByte! - b.bitsPerByte!)
      .concat(domains.filter(({ bitsPerByte }) => bitsPerByte === null)),
    mean: all.mean,
    spread: spreadOf(known, all.mean),
    inDomain: within.mean,
    outOfDomain: without.mean,
    gap: isGap ? orNull(without.mean! - within.mean!) : null,
    gapStandardError:
      isGap && within.standardError !== null && without.standardError !== null
        ? orNull(Math.hypot(within.standardError, without.standardError))
        : null,
  };
}

const EMPTY: { mean: number | null; standardError: number | null } = { mean: null, standardError: null };

function meanOf(scores: readonly DomainScore[]): typeof EMPTY {
  if (scores.length === 0) return EMPTY;
  const mean = scores.reduce((sum, { bitsPerByte }) => sum + bitsPerByte!, 0) / scores.length;
  if (scores.some(({ standardError }) => standardError === null)) return { mean, standardError: null };
  return {
    mean,
    standardError: Math.hypot(...scores.map(({ standardError }) => standardError!)) / scores.length,
  };
}

function spreadOf(scores: readonly DomainScore[], mean: number | null): number | null {
  if (mean === null || scores.length < 2) return null;
  const squares = scores.reduce((sum, { bitsPerByte }) => sum + (bitsPerByte! - mean) ** 2, 0);
  return orNull(Math.sqrt(squares / (scores.length - 1)));
}

/** Infinity - Infinity is no number. */
function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
