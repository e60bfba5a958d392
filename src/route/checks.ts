/** What is looked at before anything is fitted or judged. Internal to this room. */
import { groupFolds } from "../calibrate/index.ts";
import { invalidArgument, SurprisalError } from "../core/index.ts";
import { shapes } from "../evaluate/runs/index.ts";
import type { RecordsHeader, RouteRecord, RouteRecords } from "./records.ts";

const { isRecord } = shapes;

/**
 * Records, with their header where they are those of a file.
 * @throws SurprisalError INVALID_ARGUMENT for what is neither a file of records nor a list of them.
 */
export function recordsOf(given: RouteRecords | readonly RouteRecord[]): {
  records: readonly RouteRecord[];
  header: RecordsHeader | null;
} {
  const [records, header] = isFile(given) ? [given.records, given.header ?? null] : [given, null];
  if (!Array.isArray(records))
    throw invalidArgument(
      "These are no records",
      "records",
      "Give what readRecords gives, or a list of records.",
    );
  const at = records.findIndex((each: unknown) => !(isRecord(each) && isRecord(each.paths)));
  if (at >= 0)
    throw invalidArgument("This is no record", `records[${at}]`, 'Give an object with "id" and "paths".');
  return { records, header };
}

const isFile = (given: RouteRecords | readonly RouteRecord[]): given is RouteRecords =>
  isRecord(given) && "records" in given;

/** @throws SurprisalError INVALID_ARGUMENT for what is no number from `low` to `high`; NaN, and a number that is a text, are none. */
export function requireShare(value: unknown, where: string, low = 0, high = 1, name = "share"): void {
  if (typeof value === "number" && value >= low && value <= high) return;
  throw invalidArgument(
    `${shown(value)} is no ${name} from ${low} to ${high}`,
    where,
    "Give a share such as 0.5.",
  );
}

/** @throws SurprisalError INVALID_ARGUMENT for what is no whole number of at least `least`. */
export function requireCount(value: unknown, where: string, least: number): void {
  if (Number.isSafeInteger(value) && Number(value) >= least) return;
  throw invalidArgument(
    `${shown(value)} is not allowed here`,
    where,
    `Give a whole number from ${least} on.`,
  );
}

const shown = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value));

/**
 * A goal is of a kind that is known, and has nothing else than that kind has: it would be dropped in silence.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function requireMembers(goal: unknown, kinds: Readonly<Record<string, readonly string[]>>): void {
  const kind = isRecord(goal) ? goal.kind : undefined;
  if (!isRecord(goal) || typeof kind !== "string" || !Object.hasOwn(kinds, kind))
    throw invalidArgument(
      isRecord(goal) ? `There is no goal ${shown(kind)}` : `${shown(goal)} is no goal`,
      "goal",
      `Give an object of the kind ${Object.keys(kinds).join(", ")}.`,
    );
  const members = ["kind", ...kinds[kind]!];
  const unknown = Object.keys(goal).find((member) => !members.includes(member));
  if (unknown === undefined) return;
  throw invalidArgument(
    `A goal of the kind ${kind} has no "${unknown}"`,
    "goal",
    `It has ${members.join(", ")}.`,
  );
}

/** Tenths of the groups are held out. */
const FOLDS = 10;

/**
 * Which questions the point is chosen on, and nothing else is fitted to.
 * @throws SurprisalError INVALID_ARGUMENT; CALIBRATION_TOO_SMALL for fewer groups than tenths.
 */
export function heldOutOf(groups: readonly string[], share: number, seed = 0): boolean[] {
  requireShare(share, "heldOut", 0.1, 0.9);
  const count = new Set(groups).size;
  if (count < FOLDS)
    throw new SurprisalError({
      code: "CALIBRATION_TOO_SMALL",
      what: `The questions are of ${count} ${count === 1 ? "group" : "groups"}, and a group stays together: ${FOLDS - count} more are needed to hold some out`,
      where: "records",
      wayOut: 'Record other questions, or leave out "group" where they do not belong together.',
    });
  const held = Math.round(share * FOLDS);
  return Array.from(groupFolds(groups, { folds: FOLDS, seed }), (fold) => fold < held);
}

/** @throws SurprisalError INVALID_ARGUMENT for what is no router of this kind. */
export function requireKind(artefact: { kind: string }, kind: string): void {
  const found: unknown = artefact?.kind;
  if (found === kind) return;
  throw invalidArgument(
    typeof found === "string" ? `This is a router of the kind ${found}` : "This is no router",
    "artefact",
    `Give one of the kind ${kind}, as fit gives and loadRouter reads.`,
  );
}
