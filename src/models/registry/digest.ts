/** sha256 of files, remembered as long as their size and time of change stay the same. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { abortError } from "../../core/index.ts";
import { writeJson } from "../../files/index.ts";
import type { Settings } from "./settings.ts";

interface RememberedDigest {
  bytes: number;
  mtimeMs: number;
  sha256: string;
}

/** sha256 of a file, lower-case hex, read once from beginning to end. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    if (signal?.aborted) throw abortError("Reading the model file", signal);
    hash.update(chunk as Buffer);
  }
  return hash.digest("hex");
}

/** Size and sha256 of a file; a file that did not change since the last time is not read again. */
export async function fileDigest(
  path: string,
  settings: Settings,
): Promise<{ bytes: number; sha256: string }> {
  const { size: bytes, mtimeMs } = await stat(path);
  const remembered = (await readMemory(settings.cache))[path];
  if (remembered?.bytes === bytes && remembered.mtimeMs === mtimeMs)
    return { bytes, sha256: remembered.sha256 };
  const sha256 = await sha256OfFile(path, settings.signal);
  await rememberDigest(path, sha256, settings.cache);
  return { bytes, sha256 };
}

/** Only saves time: a memory that cannot be written, or loses an entry to another process, costs a second reading. */
export async function rememberDigest(path: string, sha256: string, cache: string): Promise<void> {
  try {
    const { size: bytes, mtimeMs } = await stat(path);
    const memory = {
      ...(await readMemory(cache)),
      [path]: { bytes, mtimeMs, sha256 } satisfies RememberedDigest,
    };
    await writeJson(memoryFile(cache), memory);
  } catch {
    // see above
  }
}

async function readMemory(cache: string): Promise<Record<string, RememberedDigest>> {
  try {
    return JSON.parse(await readFile(memoryFile(cache), "utf8"));
  } catch {
    return {};
  }
}

const memoryFile = (cache: string) => join(cache, "digests.json");
