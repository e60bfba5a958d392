/** What is said of what was done: on standard output, unless that has the bytes. */
import { visible } from "../../text/index.ts";
import { renderPacking } from "../render/index.ts";
import type { Packed } from "./packing.ts";
import type { Target } from "./places.ts";

/** In a pipe nothing is said, as gzip says nothing; a terminal behind standard error hears it. */
export function say(words: string, target: Target | null): void {
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
