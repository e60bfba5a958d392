/**
 * A Python package index, read without Python: which wheel of a package to take and where it lies.
 * Simple repository API: PEP 503 (HTML), PEP 691 (JSON), PEP 592 (yanked files), PEP 427 (wheel names). Read here because
 * no package on npm does it.
 */
import { basicCredentials, readPipSetting, redact } from "../../../net/index.ts";
import { statusFailure, TransferFailure } from "../failure.ts";
import type { Authorization, HttpClient } from "../http.ts";
import { withRetries } from "../retry.ts";
import type { PackageRequirement } from "../source.ts";
import { compareVersions, isPreRelease } from "./version.ts";

const DEFAULT_INDEX = "https://pypi.org/simple";
const JSON_TYPE = "application/vnd.pypi.simple.v1+json";
const ACCEPT = `${JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1`;

export interface Wheel {
  filename: string;
  /** "package==version". */
  requirement: string;
  url: URL;
  authorization: Authorization | undefined;
  /** What the index says about it. */
  sha256: string | undefined;
  bytes: number | null;
}

interface IndexedFile {
  filename: string;
  url: string;
  sha256: string | undefined;
  bytes: number | null;
  yanked: boolean;
}

/** The newest wheel of a package, or the one of the version asked for. */
export async function findWheel(
  client: HttpClient,
  { package: name, version: wanted }: PackageRequirement,
): Promise<Wheel> {
  const { page, authorization } = indexPage(name, client.settings.environment);
  const { files, base } = await withRetries(client.settings, () => readPage(client, page, authorization));
  const best = chooseWheel(files, wanted);
  if (!best) {
    const what = wanted === undefined ? "has no wheel" : `has no wheel of version ${wanted}`;
    throw new TransferFailure("never", `The package ${name} ${what} on this index`, redact(page));
  }
  const { file, version } = best;
  const { url, authorization: own } = splitCredentials(new URL(file.url, base));
  const { filename, sha256, bytes } = file;
  return {
    filename,
    requirement: `${name}==${version}`,
    url,
    authorization: own ?? authorization,
    sha256,
    bytes,
  };
}

/** Newest first; what was withdrawn or is a pre-release only when it is asked for; one for any platform if there is one. */
function chooseWheel(
  files: IndexedFile[],
  wanted: string | undefined,
): { file: IndexedFile; version: string } | undefined {
  const wheels = files.flatMap((file) => {
    const version = wheelVersion(file.filename);
    const fits =
      wanted === undefined ? !file.yanked : version !== null && compareVersions(version, wanted) === 0;
    return version !== null && fits ? [{ file, version }] : [];
  });
  const stable = wheels.filter(({ version }) => !isPreRelease(version));
  const forAnyPlatform = ({ file }: { file: IndexedFile }) => Number(file.filename.endsWith("-any.whl"));
  return (stable.length > 0 ? stable : wheels).sort(
    (a, b) => compareVersions(b.version, a.version) || forAnyPlatform(b) - forAnyPlatform(a),
  )[0];
}

function indexPage(
  name: string,
  environment: NodeJS.ProcessEnv,
): { page: URL; authorization: Authorization | undefined } {
  const address = readPipSetting("index-url", environment) ?? DEFAULT_INDEX;
  if (!URL.canParse(address) || !/^https?:/i.test(address))
    throw new TransferFailure(
      "never",
      "The package index is not an http:// or https:// address",
      "PIP_INDEX_URL or index-url in pip's configuration",
    );
  const { url, authorization } = splitCredentials(new URL(address));
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${normalizedName(name)}/`;
  return { page: url, authorization };
}

/** Splits credentials off an address: they travel as a header, to that origin only, and are never printed. */
function splitCredentials(address: URL): { url: URL; authorization: Authorization | undefined } {
  const { username, password } = address;
  if (!username && !password) return { url: address, authorization: undefined };
  const url = new URL(address);
  url.username = "";
  url.password = "";
  return { url, authorization: { origin: url.origin, value: basicCredentials(username, password) } };
}

/** PEP 503. */
function normalizedName(name: string): string {
  return name.replace(/[-_.]+/g, "-").toLowerCase();
}

async function readPage(
  client: HttpClient,
  page: URL,
  authorization: Authorization | undefined,
): Promise<{ files: IndexedFile[]; base: URL }> {
  const answer = await client.request(page, { authorization, headers: { accept: ACCEPT } });
  if (answer.status !== 200) {
    answer.dispose();
    throw statusFailure(answer, page, "Check the package's name, and PIP_INDEX_URL with its credentials.");
  }
  const text = (await client.bytes(answer)).toString("utf8");
  const isJson = (answer.headers["content-type"] ?? "").startsWith(JSON_TYPE);
  return isJson ? { files: parseJson(text, page), base: answer.url } : parseHtml(text, answer.url);
}

function parseJson(text: string, page: URL): IndexedFile[] {
  try {
    return (JSON.parse(text).files as Record<string, unknown>[]).map(
      ({ filename, url, hashes, size, yanked }) => ({
        filename: String(filename),
        url: String(url),
        sha256: sha256Of((hashes as Record<string, unknown> | undefined)?.sha256),
        bytes: typeof size === "number" ? size : null,
        yanked: Boolean(yanked),
      }),
    );
  } catch (error) {
    throw new TransferFailure("never", "The index's page cannot be read", redact(page), { cause: error });
  }
}

/** PEP 503: one anchor per file, its text the file name, the sha256 in the address's fragment. */
function parseHtml(html: string, page: URL): { files: IndexedFile[]; base: URL } {
  const baseHref = attribute(/<base\b([^>]*)>/i.exec(html)?.[1] ?? "", "href");
  const files = [...html.matchAll(/<a\b([^>]*)>([^<]*)<\/a>/gi)].flatMap(([, attributes = "", text = ""]) => {
    const href = attribute(attributes, "href");
    if (href === undefined) return [];
    const [url = "", fragment = ""] = href.split("#");
    const sha256 = sha256Of(/^sha256=(\w+)/.exec(fragment)?.[1]);
    return [
      {
        filename: unescapeHtml(text).trim(),
        url,
        sha256,
        bytes: null,
        yanked: /\bdata-yanked\b/i.test(attributes),
      },
    ];
  });
  return { files, base: baseHref === undefined ? page : new URL(baseHref, page) };
}

function attribute(attributes: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, "i").exec(attributes);
  const value = match?.[1] ?? match?.[2];
  return value === undefined ? undefined : unescapeHtml(value);
}

function unescapeHtml(text: string): string {
  const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) =>
    name
      ? (named[name] ?? whole)
      : String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16)),
  );
}

/** PEP 427: name-version(-build)?-python-abi-platform.whl */
function wheelVersion(filename: string): string | null {
  const parts = filename.split("-");
  return filename.endsWith(".whl") && parts.length >= 5 && parts.length <= 6 ? parts[1]! : null;
}

function sha256Of(value: unknown): string | undefined {
  return typeof value === "string" && /^[\da-f]{64}$/i.test(value) ? value.toLowerCase() : undefined;
}
