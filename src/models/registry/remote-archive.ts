/** A zip archive on a server, read through Range requests. */
import { redact, statusFailure, TransferFailure } from "./failure.ts";
import type { HttpClient } from "./http.ts";
import type { Wheel } from "./package-index.ts";
import type { RandomAccess } from "./zip.ts";

/** Enough for the end record with the longest comment: most archives are understood from this one request. */
const TAIL = 128 * 1024;

/** `null` when the server does not answer Range requests; the archive is then only known after its download. */
export async function openRemote(
  client: HttpClient,
  { url, authorization, filename }: Wheel,
): Promise<RandomAccess | null> {
  const tail = await readRange(`bytes=-${TAIL}`);
  if (!tail) return null;
  return {
    name: filename,
    size: tail.total,
    async read(start, end) {
      if (start >= tail.start) return tail.bytes.subarray(start - tail.start, end - tail.start);
      const range =
        start < end ? await readRange(`bytes=${start}-${end - 1}`) : { start, bytes: Buffer.alloc(0) };
      if (range?.start !== start || range.bytes.length !== end - start)
        throw new TransferFailure(
          "always",
          "The server answered with other bytes than asked for",
          redact(url),
        );
      return range.bytes;
    },
  };

  async function readRange(range: string): Promise<{ start: number; total: number; bytes: Buffer } | null> {
    const answer = await client.request(url, { authorization, headers: { range } });
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.headers["content-range"] ?? "") ?? [];
    if (answer.status === 206 && start && total)
      return { start: Number(start), total: Number(total), bytes: await client.bytes(answer) };
    answer.body.destroy();
    if (answer.status >= 400 && answer.status !== 416)
      throw statusFailure(answer, url, "Check PIP_INDEX_URL and its credentials.");
    return null;
  }
}
