/** A policy or a router watched over the many answers of an application. */
import { clopperPearson, DriftWatch, type DriftWatchOptions } from "../../calibrate/index.ts";
import { invalidArgument } from "../../core/index.ts";
import type { RouterArtefact } from "../router-file.ts";

/** What is known of one answer. Whatever is left out is not counted. */
export interface QualityObservation {
  /** Path or model that gave the answer. */
  path?: string | undefined;
  /** Uncertainty that was decided by; `null` = it was missing. */
  signal?: number | null | undefined;
  /** Whether the answer was right, where that comes to be known; `null` = it is not. */
  correct?: boolean | null | undefined;
  /** A policy or an early exit ended it. */
  stopped?: boolean | undefined;
  /** A policy raised an alarm. */
  alarmed?: boolean | undefined;
  /** No answer came. */
  failed?: boolean | undefined;
  /** Tokens written. */
  tokens?: number | undefined;
  /** Milliseconds. */
  ms?: number | undefined;
}

/** Rates that are watched: `path:NAME` is the share of answers that a path gave, `wrong on NAME` that of wrong ones among them. */
export type QualityRate =
  | "missing"
  | "wrong"
  | "stopped"
  | "alarmed"
  | "failed"
  | `path:${string}`
  | `wrong on ${string}`;

/** A rate over the last answers that is not to leave its bounds. */
export interface QualityLimit {
  rate: QualityRate;
  /** Largest rate, 0 ... 1. */
  above?: number | undefined;
  /** Least rate, 0 ... 1. */
  below?: number | undefined;
}

/** Something that has begun to be wrong. */
export interface QualityAlarm {
  /** Answers observed when it began. */
  at: number;
  kind: "rate" | "drift";
  rate?: QualityRate | undefined;
  /** The cause for people, with the numbers. */
  cause: string;
}

/** A share of the answers of which it is known. */
export interface RateReading {
  hits: number;
  /** Answers of which it is known. */
  of: number;
  /** hits / of; `null` = of none. */
  rate: number | null;
}

/** What the monitor says now. */
export interface QualityReading {
  observed: number;
  /** Since the beginning. */
  total: Readonly<Record<string, RateReading>>;
  /** Over the last `window` answers. */
  recent: Readonly<Record<string, RateReading>>;
  /** Means over the last answers of which they are known; `null` = of none. */
  tokens: number | null;
  ms: number | null;
  /** Evidence that the signals are others than those of the reference; `null`: there is no reference. */
  drift: { logMartingale: number; drifted: boolean; since: number | null } | null;
  /** Alarms that hold now. */
  alarms: readonly QualityAlarm[];
}

/** Options of `monitorQuality`. */
export interface MonitorQualityOptions extends Pick<DriftWatchOptions, "falseAlarms" | "seed"> {
  /** Answers that the running rates are over, at least 10. Default 200. */
  window?: number | undefined;
  /** Rates that are not to leave their bounds. Default: none; of a router, see `artefact`. */
  limits?: readonly QualityLimit[] | undefined;
  /**
   * A router whose answers these are: its signals are the reference for drift, and where it was fitted for a risk of kept
   * answers that are wrong, a rate of wrong ones among the short answers above it is an alarm.
   */
  artefact?: RouterArtefact | undefined;
  /** Signals that new ones are compared with. Default: those of the artefact. */
  reference?: readonly number[] | undefined;
  /**
   * Chance that a rate which is within its bounds sets off an alarm at one look: it has to be outside by Clopper and Pearson's
   * interval of this level. Below 0.5; default 0.001.
   */
  error?: number | undefined;
  /** Is told of every alarm when it begins. */
  onAlarm?: ((alarm: QualityAlarm) => void) | undefined;
}

/** A monitor at work. */
export interface QualityMonitor {
  /** Takes the next answer. @throws SurprisalError INVALID_ARGUMENT for a member of another type. @returns alarms that begin with it. */
  observe(observation: QualityObservation): QualityAlarm[];
  /** What it says now. */
  reading(): QualityReading;
}

const LEAST_WINDOW = 10;

/**
 * Watches running rates, limits and drift over many answers.
 *
 * A rate is an alarm when it is surely outside its bounds, not whenever it happens to be: an interval of the last `window`
 * answers lies wholly outside. It is reported again only after it has been inside. Drift is a bet against "nothing has changed"
 * whose chance of a false alarm, ever, is `falseAlarms`.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function monitorQuality(options: MonitorQualityOptions = {}): QualityMonitor {
  const { window = 200, artefact, error = 0.001, onAlarm, falseAlarms, seed } = options;
  if (!(Number.isSafeInteger(window) && window >= LEAST_WINDOW))
    throw invalidArgument(
      `${window} answers say nothing of a rate`,
      "window",
      `Give at least ${LEAST_WINDOW}.`,
    );
  if (!(error > 0 && error < 0.5))
    throw invalidArgument(`${error} is not between 0 and 0.5`, "error", "Give a number such as 0.001.");
  const limits = [...(options.limits ?? []).map(checkedLimit), ...riskLimits(artefact)];
  const reference = options.reference ?? artefact?.reference ?? [];
  if (options.reference !== undefined && reference.length < 2)
    throw invalidArgument(
      `${reference.length} signals are no reference`,
      "reference",
      "Give at least two, or leave it out: then drift is not watched.",
    );
  const drift = reference.length >= 2 ? new DriftWatch(reference, { falseAlarms, seed }) : null;
  const total = new Map<string, Tally>();
  const recent = new Map<string, Tally>();
  const kept: QualityObservation[] = [];
  const holding = new Map<string, QualityAlarm>();
  let observed = 0;

  const begins = (key: string, alarm: Omit<QualityAlarm, "at">): QualityAlarm[] => {
    if (holding.has(key)) return [];
    const begun = { at: observed, ...alarm };
    holding.set(key, begun);
    onAlarm?.(begun);
    return [begun];
  };

  return {
    observe(observation) {
      checkObservation(observation);
      observed++;
      kept.push(observation);
      count(total, observation, 1);
      count(recent, observation, 1);
      if (kept.length > window) count(recent, kept.shift()!, -1);
      const alarms = limits.flatMap((limit, i) => {
        const tally = recent.get(limit.rate);
        const cause = broken(limit, tally, error);
        if (cause !== null) return begins(`${i}`, { kind: "rate", rate: limit.rate, cause });
        if (isInside(limit, tally)) holding.delete(`${i}`);
        return [];
      });
      const { signal } = observation;
      if (drift === null || typeof signal !== "number" || Number.isNaN(signal)) return alarms;
      const reading = drift.next(signal);
      if (!reading.drifted) return alarms;
      const cause = `the signals are no longer like the ${reference.length} of the reference: a bet against that has grown ${shown(Math.exp(reading.logMartingale))}-fold since, first past the bar after ${reading.since} answers`;
      return [...alarms, ...begins("drift", { kind: "drift", cause })];
    },
    reading() {
      const mean = (name: "tokens" | "ms") => {
        const known = kept.flatMap((each) => each[name] ?? []).filter(Number.isFinite);
        return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
      };
      const now = drift?.reading();
      return {
        observed,
        total: readings(total),
        recent: readings(recent),
        tokens: mean("tokens"),
        ms: mean("ms"),
        drift: now ? { logMartingale: now.logMartingale, drifted: now.drifted, since: now.since } : null,
        alarms: [...holding.values()],
      };
    },
  };
}

/** Of each member, the type that it has where it is known. */
const MEMBERS: Readonly<Record<keyof QualityObservation, "string" | "number" | "boolean">> = {
  path: "string",
  signal: "number",
  correct: "boolean",
  stopped: "boolean",
  alarmed: "boolean",
  failed: "boolean",
  tokens: "number",
  ms: "number",
};

/**
 * What is of another type would be counted as something else than it says: "no" is not false.
 * @throws SurprisalError INVALID_ARGUMENT; then nothing is counted.
 */
function checkObservation(observation: QualityObservation): void {
  const members: Readonly<Record<string, unknown>> = { ...observation };
  if (typeof observation !== "object" || observation === null)
    throw invalidArgument(
      `${observation} is no observation`,
      "observation",
      "Give an object, such as { path }.",
    );
  for (const [name, type] of Object.entries(MEMBERS))
    if (members[name] != null && typeof members[name] !== type)
      throw invalidArgument(
        `${JSON.stringify(members[name])} is no ${type}`,
        `observation.${name}`,
        "Leave out what is not known.",
      );
}

interface Tally {
  hits: number;
  of: number;
}

/** Every rate that the observation says something of. */
function count(tallies: Map<string, Tally>, observation: QualityObservation, by: 1 | -1): void {
  const add = (rate: string, hit: boolean) => {
    const tally = tallies.get(rate) ?? { hits: 0, of: 0 };
    tallies.set(rate, tally);
    tally.of += by;
    if (hit) tally.hits += by;
  };
  const { signal, correct, path, stopped, alarmed, failed } = observation;
  if (signal !== undefined) add("missing", signal === null || Number.isNaN(signal));
  if (typeof correct === "boolean") {
    add("wrong", !correct);
    if (path != null) add(`wrong on ${path}`, !correct);
  }
  if (stopped != null) add("stopped", stopped);
  if (alarmed != null) add("alarmed", alarmed);
  if (failed != null) add("failed", failed);
  if (path == null) return;
  add(`path:${path}`, true);
  // All others were not taken; one that is new had not been taken before.
  const taken = [...tallies].filter(([rate]) => rate.startsWith("path:"));
  const answers = taken.reduce((sum, [, { hits }]) => sum + hits, 0);
  for (const [, tally] of taken) tally.of = answers;
}

const readings = (tallies: ReadonlyMap<string, Tally>): Record<string, RateReading> =>
  Object.fromEntries(
    [...tallies].map(([rate, { hits, of }]) => [rate, { hits, of, rate: of > 0 ? hits / of : null }]),
  );

/** The rate itself is within its bounds, which ends an alarm: one that wavers about them is not an alarm each time. */
const isInside = (
  { above = 1, below = 0 }: QualityLimit,
  { hits, of }: Tally = { hits: 0, of: 0 },
): boolean => of === 0 || (hits / of <= above && hits / of >= below);

/** Why a limit is broken, for people; `null`: it is not, or not surely. */
function broken(
  { rate, above, below }: QualityLimit,
  tally: Tally | undefined,
  error: number,
): string | null {
  if (tally === undefined || tally.of < LEAST_WINDOW) return null;
  const share = tally.hits / tally.of;
  if (isInside({ rate, above, below }, tally)) return null; // nearly always
  const { low, high } = clopperPearson(tally.hits, tally.of, { level: 1 - 2 * error });
  const now = `${rate} is ${shown(share)} over the last ${tally.of} answers`;
  if (above !== undefined && low > above) return `${now}, surely above ${above} (at least ${shown(low)})`;
  if (below !== undefined && high < below) return `${now}, surely below ${below} (at most ${shown(high)})`;
  return null;
}

function checkedLimit(limit: QualityLimit): QualityLimit {
  const { rate, above, below } = limit;
  const known = /^(missing|wrong|stopped|alarmed|failed|path:.+|wrong on .+)$/s.test(rate);
  if (!known)
    throw invalidArgument(
      `There is no rate "${rate}"`,
      "limits",
      "Give missing, wrong, stopped, alarmed, failed, path:NAME or wrong on NAME.",
    );
  if (above === undefined && below === undefined)
    throw invalidArgument(`The limit of ${rate} has no bound`, "limits", "Give above or below.");
  for (const bound of [above, below])
    if (bound !== undefined && !(bound >= 0 && bound <= 1))
      throw invalidArgument(`${bound} is no rate`, "limits", "Give a share from 0 to 1.");
  if (above !== undefined && below !== undefined && below > above)
    throw invalidArgument(
      `Every rate is outside the limit of ${rate}: below ${below} or above ${above}`,
      "limits",
      "Give a lower bound that is not above the upper one.",
    );
  return limit;
}

/** The promise of a router that was fitted for a risk. */
function riskLimits(artefact: RouterArtefact | undefined): QualityLimit[] {
  if (artefact?.kind !== "car" || artefact.rule.kind !== "monotone") return [];
  const { goal } = artefact.rule;
  if (goal.kind !== "risk" || goal.of === "lost") return [];
  return [{ rate: "wrong on short", above: goal.risk }];
}

const shown = (value: number): string => String(Number(value.toPrecision(3)));
