/** Names of packed and unpacked files, as gzip makes them. */
import { usage } from "../errors.ts";
import { EXTENSION } from "./options.ts";

const PACKED = new RegExp(`(.)\\${EXTENSION}$`, "i");

/** @throws SurprisalError USAGE for what is packed already, unless --force says so. */
export function packedName(file: string, { force }: { force: boolean }): string {
  if (PACKED.test(file) && !force)
    throw usage(`${file} is packed already, by its name; --force or --out packs it once more`);
  return `${file}${EXTENSION}`;
}

/** @throws SurprisalError USAGE for a name without the extension. */
export function unpackedName(file: string): string {
  if (PACKED.test(file) && !/[/\\]\.surp$/i.test(file)) return file.slice(0, -EXTENSION.length);
  throw usage(
    `${file} does not end with ${EXTENSION}, so that there is no name for what comes out: give --out`,
  );
}
