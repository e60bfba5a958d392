/** Where a model file can be fetched from, and how that is written. */
import type { ConvertedModel, ConvertedType } from "../convert/index.ts";

export interface HubFile {
  /** "owner/name". */
  repository: string;
  /** Path inside the repository. */
  path: string;
  /** Branch, tag or commit. Default "main". */
  revision?: string | undefined;
}

export interface PackageRequirement {
  package: string;
  /** Exact version; the newest when left out. */
  version?: string | undefined;
}

/** How the published files of a model become its GGUF file. */
export interface Conversion {
  /** Name of the archive in the wheel that holds the files of a sentence encoder. */
  archive: string;
  /** sha256 of its model.safetensors, lower-case hex. */
  sha256: string;
  type: ConvertedType;
  /** Name of the GGUF file. */
  file: string;
  about: ConvertedModel;
}

export type ModelSource =
  | { kind: "hub"; file: HubFile }
  | {
      kind: "index";
      packages: readonly PackageRequirement[];
      /** Left out: the wheels hold the GGUF file itself. */
      conversion?: Conversion | undefined;
    };

/** A source as a reference, for messages and as the cache's key. */
export function describeSource(source: ModelSource): string {
  if (source.kind === "hub") return hubReference(source.file);
  return `pypi:${source.packages.map((required) => required.package + (required.version ? `==${required.version}` : "")).join(",")}`;
}

/** The way a file of the hub is written in a reference. */
export function hubReference({ repository, path, revision }: HubFile): string {
  return `hf:${repository}${revision === undefined || revision === "main" ? "" : `@${revision}`}/${path}`;
}
