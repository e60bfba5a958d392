/** The files a person means: one, those of a folder, those that fit a pattern. */
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { isKnownFormat, readFailure } from "./stored-file.ts";

const MAGIC = /[*?[{]/;

/** Files that are about a folder's texts, and none of them. */
const ABOUT = /^(readme|licen[cs]e|copying|notice|changelog|manifest|metadata|dataset_infos?)\b/i;

export function isPattern(spec: string): boolean {
  return MAGIC.test(spec);
}

/** "file", "folder", or `null` when there is neither. */
export async function kindOfPath(path: string): Promise<"file" | "folder" | null> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw readFailure(error, path);
  }
}

/**
 * The files that fit a pattern, sorted by name. `*` and `?` stand for characters of a name, `[a-z]` and `[!a-z]`
 * for one of several, `{a,b}` for either, `**` for any folders. Names that begin with a dot only fit a pattern that
 * begins with one. (Node 20 has no fs.glob.)
 */
export async function matchingFiles(pattern: string): Promise<string[]> {
  const parts = pattern.split(sep === "\\" ? /[/\\]/ : "/");
  const fixed = parts.findIndex(isPattern);
  const root = parts.slice(0, fixed).join("/");
  const base = fixed > 0 && root === "" ? "/" : root;
  const found = new Set<string>();
  for (const alternative of braces(parts.slice(fixed).join("/")))
    await match(base, alternative.split("/"), found);
  return [...found].sort();
}

async function match(folder: string, [part, ...rest]: string[], found: Set<string>): Promise<void> {
  if (part === undefined) return;
  const at = (name: string) =>
    folder === "" ? name : folder.endsWith("/") ? folder + name : `${folder}/${name}`;
  if (part === "**") {
    if (rest.length === 0) return match(folder, ["**", "*"], found);
    await match(folder, rest, found);
    for (const entry of await entriesOf(folder || "."))
      if (entry.isDirectory() && !entry.name.startsWith("."))
        await match(at(entry.name), [part, ...rest], found);
    return;
  }
  if (!isPattern(part)) {
    const kind = await kindOfPath(at(part));
    if (kind === "file" && rest.length === 0) found.add(at(part));
    if (kind === "folder") await match(at(part), rest, found);
    return;
  }
  const expression = expressionOf(part);
  for (const { name } of await entriesOf(folder || ".")) {
    if (!expression.test(name) || (name.startsWith(".") && !part.startsWith("."))) continue;
    const kind = await kindOfPath(at(name));
    if (kind === "file" && rest.length === 0) found.add(at(name));
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
  return new RegExp(`^${source}$`, "su");
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
 * @returns with the files that were left out
 * @throws SurprisalError EMPTY_INPUT, FILE_UNREADABLE
 */
export async function domainsOf(folder: string): Promise<{ domains: FolderDomain[]; leftOut: string[] }> {
  const taken: string[] = [];
  const leftOut: string[] = [];
  for (const file of await filesBelow(folder, "")) {
    const isText = !file.endsWith("/") && isKnownFormat(file) && !ABOUT.test(basename(file));
    (isText ? taken : leftOut).push(file);
  }
  const domains = new Map<string, string[]>();
  for (const file of taken) {
    const [first, ...rest] = file.split("/");
    const domain = rest.length > 0 ? `${first}/` : file;
    domains.set(domain, [...(domains.get(domain) ?? []), file]);
  }
  if (domains.size === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The folder holds no texts",
      where: folder,
      wayOut:
        'Texts have names that end in .txt, .md, .jsonl, .csv, .tsv or .parquet (also with .gz or .zst); others are taken by a pattern, such as "folder/**/*.py".',
    });
  const names = nameDomains([...domains.keys()]);
  return {
    domains: [...domains.values()].map((files, i) => ({ domain: names[i]!, files })),
    leftOut,
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
async function filesBelow(folder: string, prefix: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await entriesOf(join(folder, prefix))) {
    if (entry.name.startsWith(".")) continue;
    const path = `${prefix}${entry.name}`;
    const linked = entry.isSymbolicLink() ? await kindOfPath(join(folder, path)) : null;
    if (entry.isDirectory() && (await isRun(join(folder, path)))) files.push(`${path}/`);
    else if (entry.isDirectory()) files.push(...(await filesBelow(folder, `${path}/`)));
    else if (entry.isFile() || linked === "file") files.push(path);
    else if (linked === "folder") files.push(`${path}/`);
  }
  return files;
}

/** A run of `surprisal eval`: it writes them into the folder it is called in, which may be the corpus. */
async function isRun(folder: string): Promise<boolean> {
  const kinds = await Promise.all(
    ["run.json", "journal.jsonl"].map((name) => kindOfPath(join(folder, name))),
  );
  return kinds.every((kind) => kind === "file");
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
