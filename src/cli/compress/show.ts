/** What is said of what was done: on standard output, unless that has the bytes. */
import { visible } from "../../text/index.ts";
import { renderInspection, renderPacking, renderSalvage, renderUnpacking } from "../render/index.ts";
import type { Inspection } from "./inspecting.ts";
import type { Packed } from "./packing.ts";
import type { Source, Target } from "./places.ts";
import type { Salvage, Unpacked } from "./unpacking.ts";

/** In a pipe nothing is said, as gzip says nothing; a terminal behind standard error hears it. */
function say(words: string, target: Target | null): void {
  if (target === null || target.kind === "file") process.stdout.write(words);
  else if (process.stderr.isTTY) process.stderr.write(words);
}

/** @param packed `null`: there was nothing left to do. */
export function showPacked(packed: Packed | null, target: Target): void {
  const name = target.kind === "file" ? target.file : target.name;
  const words =
    packed === null
      ? `${visible(name)}: is there already, and stays as it is\n`
      : renderPacking({ ...packed, name, model: packed.model?.name ?? null });
  say(words, target);
}

const nameOf = (source: Source, target: Target | null): string =>
  target === null ? source.name : target.kind === "file" ? target.file : target.name;

/** @param target `null`: it was only tried. */
export function showUnpacked(unpacked: Unpacked, source: Source, target: Target | null): void {
  const model = unpacked.model?.name ?? null;
  say(renderUnpacking({ ...unpacked, name: nameOf(source, target), model }, target === null), target);
}

/** What is missing is said in a pipe, too. */
export function showSalvaged(salvaged: Salvage, source: Source, target: Target | null): void {
  const words = renderSalvage({ ...salvaged, name: nameOf(source, target) });
  if (target?.kind === "stream" && !salvaged.isWhole) process.stderr.write(words);
  else say(words, target);
}

export function showInspection(inspection: Inspection, { name }: Source, all: boolean): void {
  const columns = process.stdout.isTTY ? process.stdout.columns || 80 : null;
  process.stdout.write(renderInspection({ ...inspection, name }, { columns, all }));
}
