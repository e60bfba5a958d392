/** Routers and records as files, for all commands of `surprisal route`. */
import { groupFolds } from "../../calibrate/index.ts";
import { SurprisalError } from "../../core/index.ts";
import { assertWritable, isSameFile } from "../../files/index.ts";
import { loadRouter, type RouteRecord, type RouterArtefact, saveRouter } from "../../route/index.ts";
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

const FOLDS = 10;

/** Two halves of the groups: rewordings stay with their questions. */
export function halves(
  records: readonly RouteRecord[],
  seed: number,
): [fitted: RouteRecord[], judged: RouteRecord[]] {
  const folds = groupFolds(
    records.map(({ id, group, rewordingOf }) => group ?? rewordingOf ?? id),
    { folds: FOLDS, seed },
  );
  const half = (first: boolean) => records.filter((_, i) => folds[i]! < FOLDS / 2 === first);
  return [half(true), half(false)];
}
