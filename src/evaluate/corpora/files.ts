/** The files a person means: one, those of a folder, those that fit a pattern. */
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { invalidArgument } from "../../core/index.ts";
import { readFailure } from "../../files/index.ts";
import { isKnownFormat } from "./stored-file.ts";
import { orLeftOut } from "./unreadable.ts";

const MAGIC = /[*?[{]/;

/** Files that are about a folder's texts, and none of them. */
const ABOUT = /^(readme|licen[cs]e|copying|notice|changelog|manifest|metadata|dataset_infos?)\b/i;

export function isPattern(spec: string): boolean {
  return MAGIC.test(spec);
}

/** "special" is a pipe, a socket or a device; `null`: there is nothing, or a link that leads nowhere or to itself. */
export async function kindOfPath(path: string): Promise<"file" | "folder" | "special" | null> {
  try {
    const found = await stat(path);
    if (found.isFile()) return "file";
    return found.isDirectory() ? "folder" : "special";
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return null;
    throw readFailure(error, path);
  }
}

/** What a search came upon. */
interface Found {
  files: Set<string>;
  /** What stands in a folder and cannot be read: dead links, names that are not UTF-8, pipes, sockets, devices. */
  unreadable: Set<string>;
  /** Folders that cannot be opened are unreadable too; else they are an error. */
  skipFolders: boolean;
}

/**
 * The files that fit a pattern, sorted by name. `*` and `?` stand for characters of a name, `[a-z]` and `[!a-z]`
 * for one of several, `{a,b}` for either, `**` for any folders. Names that begin with a dot only fit a pattern that
 * begins with one.
 *
 * Node 20 has no fs.glob, and tinyglobby leaves out pipes, dead links and folders with names that are not UTF-8 without a
 * word, reads a linked folder a second time, and takes the parentheses of a name for a group.
 *
 * @returns with what fits and cannot be read
 * @throws SurprisalError INVALID_ARGUMENT, FILE_UNREADABLE
 */
export async function matchingFiles(
  pattern: string,
  skipFolders: boolean = false,
): Promise<{ files: string[]; unreadable: string[] }> {
  const parts = pattern.split(sep === "\\" ? /[/\\]/ : "/");
  const fixed = parts.findIndex(isPattern);
  const root = parts.slice(0, fixed).join("/");
  const base = fixed > 0 && root === "" ? "/" : root;
  const found: Found = { files: new Set(), unreadable: new Set(), skipFolders };
  for (const alternative of braces(parts.slice(fixed).join("/")))
    await match(base, alternative.split("/"), found);
  return { files: [...found.files].sort(), unreadable: [...found.unreadable].sort() };
}

async function match(folder: string, [part, ...rest]: string[], found: Found): Promise<void> {
  if (part === undefined) return;
  const at = (name: string) =>
    folder === "" ? name : folder.endsWith("/") ? folder + name : `${folder}/${name}`;
  if (part === "**") {
    if (rest.length === 0) return match(folder, ["**", "*"], found);
    await match(folder, rest, found);
    for (const entry of await entriesBelow(folder || ".", found)) {
      if (!entry.isDirectory() || entry.name.startsWith(".")) continue;
      if ((await kindOfPath(at(entry.name))) === null) found.unreadable.add(at(entry.name));
      await match(at(entry.name), [part, ...rest], found);
    }
    return;
  }
  if (!isPattern(part)) {
    const kind = await kindOfPath(at(part));
    if (kind === "file" && rest.length === 0) found.files.add(at(part));
    if (kind === "special" && rest.length === 0) found.unreadable.add(at(part));
    if (kind === "folder") await match(at(part), rest, found);
    return;
  }
  const expression = expressionOf(part);
  for (const { name } of await entriesBelow(folder || ".", found)) {
    if (!expression.test(name) || (name.startsWith(".") && !part.startsWith("."))) continue;
    const kind = await kindOfPath(at(name));
    if (kind === "file" && rest.length === 0) found.files.add(at(name));
    if ((kind === "special" || kind === null) && rest.length === 0) found.unreadable.add(at(name));
    if (kind === "folder" && rest.length > 0) await match(at(name), rest, found);
  }
}

/** "a{b,c}d" → "abd", "acd". */
function braces(pattern: string): string[] {
  const [whole, before = "", choices = "", after = ""] = /^(.*?)\{([^{}]*)\}(.*)$/s.exec(pattern) ?? [];
  if (whole === undefined) return [pattern];
  return choices.split(",").flatMap((choice) => braces(before + choice + after));
}

function expressionOf(part: string): RegExp {
  const source = part.replace(/\[([!^]?)([^\]]+)\]|[*?]|[^*?[]+|\[/g, (token, not, characters) => {
    if (token === "*") return ".*";
    if (token === "?") return ".";
    if (characters === undefined) return token.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    return `[${not ? "^" : ""}${characters.replace(/[\\\]^]/g, "\\$&")}]`;
  });
  try {
    return new RegExp(`^${source}$`, "su");
  } catch (cause) {
    throw invalidArgument(
      "The pattern has a range that ends before it begins",
      part,
      "A range goes upwards: [a-z].",
      cause,
    );
  }
}

/** A domain of a folder, and the files that belong to it. */
export interface FolderDomain {
  domain: string;
  /** Paths relative to the folder, sorted. */
  files: string[];
}

/**
 * The domains of a folder: each sub-folder with everything below it, and each file that lies in the folder itself.
 * Taken are files whose names say that they hold texts.
 *
 * @returns with the files that were left out, and what cannot be read
 * @throws SurprisalError FILE_UNREADABLE
 */
export async function domainsOf(
  folder: string,
  skipFolders: boolean = false,
): Promise<{ domains: FolderDomain[]; leftOut: string[]; unreadable: string[] }> {
  const taken: string[] = [];
  const leftOut: string[] = [];
  const found: Found = { files: new Set(), unreadable: new Set(), skipFolders };
  await filesBelow(folder, "", found);
  for (const file of found.files) {
    const isText = !file.endsWith("/") && isKnownFormat(file) && !ABOUT.test(basename(file));
    (isText ? taken : leftOut).push(file);
  }
  const domains = new Map<string, string[]>();
  for (const file of taken) {
    const [first, ...rest] = file.split("/");
    const domain = rest.length > 0 ? `${first}/` : file;
    domains.set(domain, [...(domains.get(domain) ?? []), file]);
  }
  const names = nameDomains([...domains.keys()]);
  return {
    domains: [...domains.values()].map((files, i) => ({ domain: names[i]!, files })),
    leftOut,
    unreadable: [...found.unreadable],
  };
}

/** Without the endings of file names, unless that makes two the same. */
function nameDomains(keys: string[]): string[] {
  const short = keys.map((key) => (key.endsWith("/") ? key.slice(0, -1) : key.replace(/(?<=.)\..*$/s, "")));
  return short.map((name, i) => (short.indexOf(name) === short.lastIndexOf(name) ? name : keys[i]!));
}

/**
 * Every file below, hidden ones apart, relative and sorted. Linked folders are not entered, since they may lead back,
 * and neither are runs, whose journals are no texts: they stand in the list with a slash behind them.
 */
async function filesBelow(folder: string, prefix: string, found: Found): Promise<void> {
  const entries = prefix === "" ? await entriesOf(folder) : await entriesBelow(join(folder, prefix), found);
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const path = `${prefix}${entry.name}`;
    const kind = await kindOfPath(join(folder, path));
    if (kind === "file") found.files.add(path);
    else if (kind !== "folder") found.unreadable.add(path);
    else if (entry.isSymbolicLink() || (await isRun(join(folder, path)))) found.files.add(`${path}/`);
    else await filesBelow(folder, `${path}/`, found);
  }
}

/** A run of `surprisal eval`: it writes them into the folder it is called in, which may be the corpus. */
async function isRun(folder: string): Promise<boolean> {
  const kinds = await Promise.all(
    ["run.json", "journal.jsonl"].map((name) => kindOfPath(join(folder, name))),
  );
  return kinds.every((kind) => kind === "file");
}

/** The same of a folder within what is searched, which may be left out. */
async function entriesBelow(folder: string, { unreadable, skipFolders }: Found): Promise<Dirent[]> {
  try {
    return await entriesOf(folder);
  } catch (error) {
    if (!skipFolders) throw orLeftOut(error);
    unreadable.add(`${folder}/`);
    return [];
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return [];
    throw readFailure(error, folder);
  }
}
