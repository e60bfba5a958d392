/** A corpus is read as it goes: memory does not grow with it. */
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { CorpusFolder } from "../../../test/corpus-folder.ts";
import { collectGarbage } from "../../../test/garbage.ts";
import { type OpenCorporaOptions, openCorpora } from "./open.ts";

const MiB = 2 ** 20;
const TEXT = "the quick brown fox jumps over the lazy dog, ".repeat(90); // 4 KB

const folder = new CorpusFolder();
afterAll(() => folder.remove());

/** Pieces of about `size` bytes in all. */
function* repeated(size: number, piece: (number: number) => string): Generator<Buffer> {
  for (let bytes = 0, number = 0; bytes < size; number++) {
    const next = Buffer.from(piece(number));
    bytes += next.length;
    yield next;
  }
}

/** Reads all documents; bytes of text, and the most memory held meanwhile beyond what was held before. */
async function readMeasured(path: string, options?: OpenCorporaOptions) {
  const [corpus] = await openCorpora(path, options);
  const held = () => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage(); // array buffers are a part of `external`
    return heapUsed + external;
  };
  const before = held();
  let most = 0;
  let bytes = 0;
  let count = 0;
  for await (const { text } of corpus!.documents()) {
    bytes += text.length;
    if (++count % 1000 === 0) most = Math.max(most, held() - before);
  }
  return { bytes, count, most };
}

describe("a corpus of hundreds of MiB", () => {
  it.each([
    [300, "large.jsonl.gz", (i: number) => `${JSON.stringify({ id: i, text: TEXT })}\n`, {}],
    [200, "large.txt", (i: number) => `${i} ${TEXT}\n\n`, { split: "blank-lines" }],
    [120, "large.csv", (i: number) => `${i === 0 ? "id,text\n" : ""}${i},"${TEXT}"\n`, {}],
  ] as const)("(%i) as %s takes less than 60 MiB of memory", async (mebibytes, name, piece, options) => {
    const path = join(folder.path, name);
    const packed = name.endsWith(".gz") ? [createGzip({ level: 1 })] : [];
    await pipeline([Readable.from(repeated(mebibytes * MiB, piece)), ...packed, createWriteStream(path)]);
    const { bytes, count, most } = await readMeasured(path, options);
    expect(bytes).toBeGreaterThan(0.98 * mebibytes * MiB);
    expect(count).toBeGreaterThan(mebibytes * 250);
    expect(most).toBeLessThan(60 * MiB);
  });
});
