/** Routers and records as files, for all commands of `surprisal route`. */
import { stat } from "node:fs/promises";
import { groupFolds } from "../../calibrate/index.ts";
import { SurprisalError } from "../../core/index.ts";
import { assertWritable, isSameFile } from "../../files/index.ts";
import {
  loadRouter,
  type RouteRecords,
  type RouterArtefact,
  readRecords,
  saveRouter,
} from "../../route/index.ts";
import { visible, wrapWords } from "../../text/index.ts";
import { usage } from "../errors.ts";
import { printDocument } from "../json.ts";

/** @throws SurprisalError USAGE, ROUTER_INVALID where it is a router of another kind */
export async function routerOf<Kind extends RouterArtefact["kind"]>(
  file: string | undefined,
  kind: Kind,
): Promise<Extract<RouterArtefact, { kind: Kind }>> {
  if (file === undefined) throw usage("There is no router: --artefact FILE, which `fit` writes");
  const artefact = await loadRouter(file);
  if (isOf(artefact, kind)) return artefact;
  throw new SurprisalError({
    code: "ROUTER_INVALID",
    what: `This is a router of the kind ${artefact.kind}`,
    where: file,
    wayOut: `Give one that \`surprisal route ${kind} fit\` wrote, or use \`surprisal route ${artefact.kind}\`.`,
  });
}

function isOf<Kind extends RouterArtefact["kind"]>(
  artefact: RouterArtefact,
  kind: Kind,
): artefact is Extract<RouterArtefact, { kind: Kind }> {
  return artefact.kind === kind;
}

/** Before the work begins. @throws SurprisalError USAGE, FILE_UNWRITABLE */
export function checkOut(out: string | undefined, input: string): void {
  if (out === undefined) return;
  if (input !== "-" && isSameFile(out, input)) throw usage("The file that is read would be overwritten", out);
  assertWritable(out);
}

/** A router that was fitted: into its file, and in words or as JSON. */
export async function keepRouter(
  artefact: RouterArtefact,
  sentences: readonly string[],
  { out, json }: { out: string | undefined; json: boolean },
): Promise<void> {
  if (out !== undefined) await saveRouter(out, artefact);
  if (json) {
    printDocument(artefact);
    return;
  }
  const width = process.stdout.isTTY ? process.stdout.columns || 80 : null;
  const last = out === undefined ? "Not kept: --out FILE writes it." : `Written to ${visible(out)}`;
  for (const line of [...sentences, last].flatMap((each) => wrapWords(each, width)))
    process.stdout.write(`${line}\n`);
}

/** Commands whose records have what each needs: the first is the one that most likely wrote them. */
function commandsOf({ header, records }: RouteRecords): RecordedBy[] {
  if (header.thinking) return ["exit"];
  if (header.paths.length > 0 && header.paths.every((path) => /^\d+-bit$/.test(path))) return ["paq"];
  const hasTraces = header.paths.length === 0 || records.some(({ traces }) => traces);
  const isCar = ["short", "long"].every((path) => header.paths.includes(path)) && !header.identities;
  return [
    ...(hasTraces ? ["deepconf" as const] : []),
    ...(isCar ? ["car" as const] : []),
    ...(header.paths.length >= 2 ? ["cascade" as const] : []),
  ];
}

type RecordedBy = "car" | "cascade" | "deepconf" | "exit" | "paq";

/** @throws SurprisalError ROUTER_INVALID where another command recorded it; EMPTY_INPUT where nothing is recorded; as `readRecords`. */
export async function recordsOf(file: string, command: RecordedBy): Promise<RouteRecords> {
  const found = await readRecords(file);
  const commands = commandsOf(found);
  if (!commands.includes(command)) {
    const [by] = commands;
    throw new SurprisalError({
      code: "ROUTER_INVALID",
      what: `These are no records of \`surprisal route ${command}\`${by ? `, but of \`surprisal route ${by}\`` : ""}`,
      where: file,
      wayOut: `Give some that \`surprisal route ${command} ${command === "paq" ? "label" : "record"}\` wrote${by ? `, or use \`surprisal route ${by}\`` : ""}.`,
    });
  }
  if (found.records.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The file has no records, only its first line",
      where: file,
      wayOut: `Go on with it: \`surprisal route ${command} ${command === "paq" ? "label" : "record"} ... --resume\`.`,
    });
  if ((await stat(file)).size > found.wholeBytes)
    process.stderr.write(
      `note: the last line of ${visible(file)} has no line feed, so it was not written to its end: it is left out\n`,
    );
  return found;
}

const FOLDS = 10;

/**
 * Two halves of the groups: rewordings stay with their questions.
 * @throws SurprisalError CALIBRATION_TOO_SMALL where there is one group alone.
 */
export function halves(all: RouteRecords, seed: number): { fitted: RouteRecords; judged: RouteRecords } {
  const groups = all.records.map(({ id, group, rewordingOf }) => group ?? rewordingOf ?? id);
  requireGroups(groups);
  const folds = Math.min(FOLDS, new Set(groups).size);
  const fold = groupFolds(groups, { folds, seed });
  const half = (first: boolean) => ({
    ...all,
    records: all.records.filter((_, i) => fold[i]! < folds / 2 === first),
  });
  return { fitted: half(true), judged: half(false) };
}

/** @throws SurprisalError CALIBRATION_TOO_SMALL where one half would be empty. */
export function requireGroups(groups: readonly string[]): void {
  if (new Set(groups).size >= 2) return;
  throw new SurprisalError({
    code: "CALIBRATION_TOO_SMALL",
    what: "One group of questions cannot be halved: one half is fitted to, and the other is judged",
    where: "records",
    wayOut:
      "Record more questions, or judge what is there already: a router (--artefact), a threshold of an early exit (--threshold).",
  });
}
