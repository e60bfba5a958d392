/**
 * A package's page of an index: PEP 691 (JSON) and PEP 503 (HTML, one anchor per file). Whoever wrote it is not trusted:
 * one pass from beginning to end, and an entry that makes no sense is left out.
 */
import { isRecord, isSize, parseJson } from "../json.ts";

/** A file as the page has it; nothing of it has been checked but the types. */
export interface IndexedFile {
  filename: string;
  /** Relative to the page's base, or absolute. */
  url: string;
  /** Lower-case hex. */
  sha256: string | undefined;
  bytes: number | null;
  yanked: boolean;
}

export interface IndexPage {
  files: IndexedFile[];
  /** What relative addresses are relative to, where the page says so. */
  base: string | undefined;
}

/** @throws Error for what is no such JSON */
export function readJsonPage(text: string): IndexPage {
  const page = parseJson(text);
  const listed = isRecord(page) ? page.files : undefined;
  if (!Array.isArray(listed)) throw new Error('it has no list "files"');
  const files = listed.flatMap((entry: unknown): IndexedFile[] => {
    if (!isRecord(entry)) return [];
    const { filename, url, hashes, size, yanked } = entry;
    if (typeof filename !== "string" || typeof url !== "string") return [];
    const sha256 = isRecord(hashes) ? sha256Of(hashes.sha256) : undefined;
    const bytes = isSize(size) ? size : null;
    return [{ filename, url, sha256, bytes, yanked: Boolean(yanked) }];
  });
  return { files, base: undefined };
}

/** The anchor's text is the file's name; the sha256 stands in the address's fragment. */
export function readHtmlPage(html: string): IndexPage {
  const files: IndexedFile[] = [];
  let base: string | undefined;
  let anchor: { attributes: ReadonlyMap<string, string>; textFrom: number } | null = null;
  for (const { name, from, to, start } of tags(html)) {
    if (name === "base") base ??= attributesOf(html, from, to).get("href");
    if (anchor && (name === "a" || name === "/a")) {
      const file = fileOf(anchor.attributes, html.slice(anchor.textFrom, start));
      if (file) files.push(file);
      anchor = null;
    }
    if (name === "a") anchor = { attributes: attributesOf(html, from, to), textFrom: to + 1 };
  }
  return { files, base };
}

function fileOf(attributes: ReadonlyMap<string, string>, text: string): IndexedFile | null {
  const href = attributes.get("href");
  if (href === undefined) return null;
  const hash = href.indexOf("#");
  const [url, fragment] = hash < 0 ? [href, ""] : [href.slice(0, hash), href.slice(hash + 1)];
  return {
    filename: unescapeHtml(text.replaceAll(/<[^<>]*>/g, "")).trim(),
    url,
    sha256: sha256Of(/(?:^|&)sha256=([^&]*)/.exec(fragment)?.[1]),
    bytes: null,
    yanked: attributes.has("data-yanked"),
  };
}

interface Tag {
  /** In lower case, with "/" before it where it ends something. */
  name: string;
  /** Index of its "<", of the end of its name, and of its ">". */
  start: number;
  from: number;
  to: number;
}

/** Every tag, in order, but for those in comments. A ">" in a quoted value ends no tag. */
function* tags(html: string): Generator<Tag, void, void> {
  const NAME = /\/?[a-z][a-z\d]*/iy;
  for (let at = html.indexOf("<"); at >= 0; at = html.indexOf("<", at)) {
    const start = at;
    if (html.startsWith("<!--", at)) {
      const end = html.indexOf("-->", at + 4);
      if (end < 0) return;
      at = end + 3;
      continue;
    }
    NAME.lastIndex = at + 1;
    const name = NAME.exec(html)?.[0];
    at += 1 + (name?.length ?? 0);
    if (name === undefined) continue;
    const to = endOfTag(html, at);
    if (to < 0) return;
    yield { name: name.toLowerCase(), start, from: at, to };
    at = to + 1;
  }
}

/** Index of the ">" that ends a tag, or -1: it has none. */
function endOfTag(html: string, from: number): number {
  const NEXT = /[>"']/g;
  NEXT.lastIndex = from;
  for (let next = NEXT.exec(html); next; next = NEXT.exec(html)) {
    if (next[0] === ">") return next.index;
    const close = html.indexOf(next[0], next.index + 1);
    if (close < 0) return -1;
    NEXT.lastIndex = close + 1;
  }
  return -1;
}

/** Attributes by their names in lower case; of two of one name the first counts (HTML 13.2.5.33). */
function attributesOf(html: string, from: number, to: number): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const ATTRIBUTE = /[\s/]*([^\s/=>"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]*)))?|["'=]/gy;
  for (const [, name, double, single, bare] of html.slice(from, to).matchAll(ATTRIBUTE)) {
    if (name === undefined) continue;
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, unescapeHtml(double ?? single ?? bare ?? ""));
  }
  return found;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

function unescapeHtml(text: string): string {
  return text.replace(
    /&(?:#(\d{1,20})|#x([\da-f]{1,20})|(\w{1,20}));/gi,
    (whole, decimal?: string, hex?: string, name?: string) =>
      name === undefined
        ? character(decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal))
        : (ENTITIES.get(name) ?? whole),
  );
}

/** What is no character becomes U+FFFD, as in browsers (HTML 13.2.5.80). */
function character(code: number): string {
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return code > 0 && code <= 0x10ffff && !isSurrogate ? String.fromCodePoint(code) : "\ufffd";
}

function sha256Of(value: unknown): string | undefined {
  return typeof value === "string" && /^[\da-f]{64}$/i.test(value) ? value.toLowerCase() : undefined;
}
