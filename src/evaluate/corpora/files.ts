/** The files a person means: one, those of a folder, those that fit a pattern. */
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { abortError, invalidArgument } from "../../core/index.ts";
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

/** How a folder is searched. */
export interface SearchOptions {
  /** Folders that cannot be opened are unreadable too; else they are an error. Default false. */
  skipFolders?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** Told once, where there is more to look through than takes a moment. */
  onMany?: (() => void) | undefined;
}

/** More entries than these take seconds. */
const MANY = 10_000;
/** As many are looked at before it is seen whether to go on. */
const AT_ONCE = 1000;

/** What a search came upon. */
class Found {
  readonly files: Set<string> = new Set();
  /** What stands in a folder and cannot be read: dead links, names that are not UTF-8, pipes, sockets, devices. */
  readonly unreadable: Set<string> = new Set();
  readonly skipFolders: boolean;
  readonly #options: SearchOptions;
  #seen = 0;

  constructor(options: SearchOptions) {
    this.#options = options;
    this.skipFolders = options.skipFolders ?? false;
  }

  /** Counts an entry. @throws SurprisalError ABORTED */
  async see(): Promise<void> {
    const { signal, onMany } = this.#options;
    if (++this.#seen === MANY) onMany?.();
    if (this.#seen % AT_ONCE === 0) await nextTurn(); // what is known without a look at the disk holds nobody up
    if (signal?.aborted) throw abortError("Looking for texts", signal);
  }
}

/** As `kindOfPath`, without a look at what the folder says already: one for each of 200,000 files takes half a minute. */
async function kindOfEntry(entry: Dirent, path: string): ReturnType<typeof kindOfPath> {
  if (entry.isFile() && !entry.name.includes("\ufffd")) return "file";
  return entry.isDirectory() && !entry.name.includes("\ufffd") ? "folder" : kindOfPath(path);
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
 * @throws SurprisalError INVALID_ARGUMENT, FILE_UNREADABLE, ABORTED
 */
export async function matchingFiles(
  pattern: string,
  options: SearchOptions = {},
): Promise<{ files: string[]; unreadable: string[] }> {
  const parts = pattern.split(sep === "\\" ? /[/\\]/ : "/");
  const fixed = parts.findIndex(isPattern);
  const root = parts.slice(0, fixed).join("/");
  const base = fixed > 0 && root === "" ? "/" : root;
  const found = new Found(options);
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
      await found.see();
      if (!entry.isDirectory() || entry.name.startsWith(".")) continue;
      if ((await kindOfEntry(entry, at(entry.name))) === null) found.unreadable.add(at(entry.name));
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
  for (const entry of await entriesBelow(folder || ".", found)) {
    const { name } = entry;
    await found.see();
    if (!expression.test(name) || (name.startsWith(".") && !part.startsWith("."))) continue;
    const kind = await kindOfEntry(entry, at(name));
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
 * @throws SurprisalError FILE_UNREADABLE, ABORTED
 */
export async function domainsOf(
  folder: string,
  options: SearchOptions = {},
): Promise<{ domains: FolderDomain[]; leftOut: string[]; unreadable: string[] }> {
  const taken: string[] = [];
  const leftOut: string[] = [];
  const found = new Found(options);
  await filesBelow(folder, "", found);
  for (const file of found.files) {
    const isText = !file.endsWith("/") && isKnownFormat(file) && !ABOUT.test(basename(file));
    (isText ? taken : leftOut).push(file);
  }
  const domains = new Map<string, string[]>();
  for (const file of taken) {
    const [first, ...rest] = file.split("/");
    const domain = rest.length > 0 ? `${first}/` : file;
    const own = domains.get(domain);
    if (own) own.push(file);
    else domains.set(domain, [file]);
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
  const counts = countsOf(short);
  return short.map((name, i) => (counts.get(name) === 1 ? name : keys[i]!));
}

/** How often each name stands in a list. */
export function countsOf(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/**
 * Every file below, hidden ones apart, relative and sorted. Linked folders are not entered, since they may lead back,
 * and neither are runs, whose journals are no texts: they stand in the list with a slash behind them.
 */
async function filesBelow(folder: string, prefix: string, found: Found): Promise<void> {
  const entries = prefix === "" ? await entriesOf(folder) : await entriesBelow(join(folder, prefix), found);
  for (const entry of entries) {
    await found.see();
    if (entry.name.startsWith(".")) continue;
    const path = `${prefix}${entry.name}`;
    const kind = await kindOfEntry(entry, join(folder, path));
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
