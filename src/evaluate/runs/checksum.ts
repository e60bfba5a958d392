/**
 * Checksums of what a run keeps: 64 bits of SHA-256. That is for damage, by disks, copies and hands: whatever is changed, a
 * change is overlooked once in 2^64. (A CRC-32 would cost about as much for lines this short, is overlooked once in 2^32, and
 * is linear: changes can cancel each other.) It is no signature: whoever writes a run on purpose can write its checksums too.
 */
import { createHash } from "node:crypto";
import type { Run } from "./run.ts";

/** 16 hex digits. */
export type Checksum = string;

export function checksumOf(...parts: readonly (string | Uint8Array)[]): Checksum {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex").slice(0, 16);
}

/** How far a journal has come: what stands in its last line proves all lines before it. */
export interface ChainPosition {
  lines: number;
  /** The link of the last line. */
  link: Checksum;
}

/** What run.json says beside the run itself, so that damage is noticed. */
export interface RunSeal {
  /** Of what the run was begun with, its models, corpora and tasks. */
  begun: Checksum;
  /** Of all that run.json has. */
  whole: Checksum;
  /** What the journal has at least; `null`: nothing that counts yet. */
  journal: ChainPosition | null;
  /** tokens.parquet; `null`: there is none yet. */
  tokens: { bytes: number; sha256: string } | null;
}

/** Ties the lines of a journal to the run that they are of. */
export function journalSeed({ created, request, corpora, tasks }: Run): string {
  const texts = [...corpora, ...tasks].map(({ sha256 }) => sha256);
  return JSON.stringify([created, request.models, texts]);
}

/**
 * Of parts of run.json as JSON has them (Infinity is a text): white space between them changes nothing.
 * @param content what run.json holds.
 */
export function runChecksums(
  content: Readonly<Record<string, unknown>>,
  { journal, tokens }: Pick<RunSeal, "journal" | "tokens">,
): Pick<RunSeal, "begun" | "whole"> {
  const { schema, id, version, created, request, models, corpora, tasks } = content;
  const { check: _, ...all } = content;
  return {
    begun: checksumOf(JSON.stringify([schema, id, version, created, request, models, corpora, tasks])),
    whole: checksumOf(JSON.stringify([all, journal, tokens])),
  };
}
