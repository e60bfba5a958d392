/**
 * Names from outside (an index, an archive, a hub, a manifest of somebody's cache) become files here and nowhere else:
 * a name is a name, never a path, and a path stays below its folder. The rules are those of every system together, since
 * a cache is copied from one to another.
 */
import { join } from "node:path";
import { SurprisalError } from "../core/index.ts";

/** File systems take 255; what is not finished has a longer name (".partial.json"). */
const MOST_NAME_BYTES = 240;
const MOST_PATH_BYTES = 1024;

/** Line breaks, escapes, and what turns the direction of writing round: none can be shown as it is. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
/** Windows: characters that no name has, ":" (another stream of a file), and devices, whatever their ending. */
const OF_WINDOWS = /[<>:"|?*]/;
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])[ .]*(?:\.|$)/i;

/** Why this cannot be the name of a file, `null` if it can. */
export function nameFault(name: string): string | null {
  if (name === "") return "it is empty";
  if (name.length > MOST_NAME_BYTES || Buffer.byteLength(name) > MOST_NAME_BYTES)
    return `it is longer than ${MOST_NAME_BYTES} bytes`;
  if (/\p{Cs}/u.test(name)) return "it is no valid Unicode";
  // Some systems make one letter of several that look alike: a full-width slash is a slash then.
  for (const form of [name, name.normalize("NFKC")]) {
    if (/[/\\]/.test(form)) return "it is a path";
    if (form === "." || form === "..") return "it is a folder";
  }
  if (CONTROLS.test(name)) return "it holds control characters";
  if (OF_WINDOWS.test(name)) return 'it holds one of < > : " | ? *';
  if (DEVICE.test(name.normalize("NFKC"))) return "it is the name of a device on Windows";
  if (/[ .]$/.test(name)) return "it ends with a dot or a space";
  if (/^[- ]/.test(name)) return "it begins with a dash or a space";
  return null;
}

/** Why this cannot be a path below a folder, its parts divided by "/"; `null` if it can. */
export function pathFault(path: string): string | null {
  if (path.length > MOST_PATH_BYTES || Buffer.byteLength(path) > MOST_PATH_BYTES)
    return `it is longer than ${MOST_PATH_BYTES} bytes`;
  for (const part of path.split("/")) {
    const fault = nameFault(part);
    if (fault !== null) return fault;
  }
  return null;
}

/**
 * Path of the file called `name` in `folder`.
 * @param whose where the name comes from, for the error.
 * @throws SurprisalError UNSAFE_NAME
 */
export function fileIn(folder: string, name: string, whose: string): string {
  const fault = nameFault(name);
  if (fault !== null) throw unsafeName(name, fault, whose);
  return join(folder, name);
}

/** Path of the file at `path`, its parts divided by "/", below `folder`. @throws SurprisalError UNSAFE_NAME */
export function fileBelow(folder: string, path: string, whose: string): string {
  const fault = pathFault(path);
  if (fault !== null) throw unsafeName(path, fault, whose);
  return join(folder, ...path.split("/"));
}

/** Two of these that would be one file where capitals, or ways to write an accent, do not count; `null`: there are none. */
export function sameFile(paths: readonly string[]): [string, string] | null {
  const known = new Map<string, string>();
  for (const path of paths) {
    const key = path.normalize("NFKC").toLowerCase();
    const other = known.get(key);
    if (other !== undefined && other !== path) return [other, path];
    known.set(key, path);
  }
  return null;
}

/** @param fault as `nameFault` says it. */
export function unsafeName(name: string, fault: string, whose: string): SurprisalError {
  const shown = name.length > 100 ? `${name.slice(0, 100)}...` : name;
  return new SurprisalError({
    code: "UNSAFE_NAME",
    what: `${JSON.stringify(shown)} cannot be the name of a file: ${fault}`,
    where: whose,
    wayOut:
      "Nothing was written for it. If you trust where it comes from, fetch the file by other means and give its path.",
  });
}
