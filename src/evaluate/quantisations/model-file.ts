/** Files that `quantize` has made: what fell back in them, and how they are known again. */
import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { QuantizePlan } from "../../models/index.ts";

/** Tensors that did not get the type of the format, because their rows are no multiple of its block. */
export interface FallbackCount {
  tensors: number;
  /** The type they should have had, and the one they have: "Q2_K", "Q4_0". */
  from: string;
  to: string;
}

/** The fallbacks of a plan, counted by types. */
export function fallbackCounts({ fallbacks }: Pick<QuantizePlan, "fallbacks">): FallbackCount[] {
  const counts = new Map<string, FallbackCount>();
  for (const { wanted: from, used: to } of fallbacks) {
    const key = `${from} ${to}`;
    counts.set(key, { from, to, tensors: (counts.get(key)?.tensors ?? 0) + 1 });
  }
  return [...counts.values()];
}

/** Whether a file is there as it was made: its size and sha256. */
export async function isWholeFile(
  { file, bytes, sha256 }: { file: string; bytes: number; sha256: string | null | undefined },
  onBytes: (done: number) => void = () => {},
): Promise<boolean> {
  const there = statSync(file, { throwIfNoEntry: false });
  if (!there?.isFile() || there.size !== bytes) return false;
  return (await hashOfFiles([file], onBytes)) === sha256;
}

/**
 * sha256 of a model's file, lower-case hex; of several parts that of their sha256 in order, each followed by a line feed, as
 * `ModelIdentity.sha256`.
 * @param onBytes told the bytes read so far.
 */
export async function hashOfFiles(
  files: readonly string[],
  onBytes: (done: number) => void = () => {},
): Promise<string> {
  let done = 0;
  const each: string[] = [];
  for (const file of files) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(file), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        hash.update(chunk);
        done += chunk.length;
        onBytes(done);
      }
    });
    each.push(hash.digest("hex"));
  }
  if (each.length === 1) return each[0]!;
  return createHash("sha256")
    .update(each.map((one) => `${one}\n`).join(""))
    .digest("hex");
}
