/** Packed files to read from in any order; what comes from a pipe goes by a file of its own for that. */
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { openPacked, type PackedSource } from "../../compress/index.ts";
import { SurprisalError } from "../../core/index.ts";
import { LIKENESS_BYTES, likenessOf } from "./magic.ts";
import { bytesOf, factsOf, type Source } from "./places.ts";
import { temporaryFolder, writeTo } from "./writing.ts";

/** @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, DISK_FULL */
export async function openPackedSource(source: Source): Promise<PackedSource & AsyncDisposable> {
  if (source.file !== null && factsOf(source)?.isFile()) return openPacked(source.file);
  const folder = await temporaryFolder();
  try {
    const file = join(folder.path, "packed");
    await writeTo(createWriteStream(file), bytesOf(source), file);
    const packed = await openPacked(file);
    return {
      name: source.name,
      size: packed.size,
      read: (position, length) => packed.read(position, length),
      async [Symbol.asyncDispose]() {
        await packed[Symbol.asyncDispose]();
        await folder[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Who mixed files up hears what this one is.
 * @throws SurprisalError PACKED_UNSUPPORTED
 */
async function assertPacked(packed: PackedSource): Promise<void> {
  const likeness = likenessOf(await packed.read(0, LIKENESS_BYTES));
  if (likeness === null) return;
  throw new SurprisalError({
    code: "PACKED_UNSUPPORTED",
    what: `This is no file that surprisal packed: it looks like ${likeness.what}`,
    where: packed.name,
    wayOut: likeness.use ? `Use \`${likeness.use}\`.` : "Give a file that `surprisal compress` wrote.",
  });
}

/**
 * The same, and it is a packed file.
 * @throws SurprisalError also PACKED_UNSUPPORTED
 */
export async function openPackedOnly(source: Source): Promise<PackedSource & AsyncDisposable> {
  const packed = await openPackedSource(source);
  try {
    await assertPacked(packed);
    return packed;
  } catch (error) {
    await packed[Symbol.asyncDispose]();
    throw error;
  }
}

/** Looks at a file before its name is looked at. @throws SurprisalError PACKED_UNSUPPORTED, FILE_* */
export async function checkPacked(source: Source): Promise<void> {
  if (factsOf(source)?.isFile()) await (await openPackedOnly(source))[Symbol.asyncDispose]();
}
