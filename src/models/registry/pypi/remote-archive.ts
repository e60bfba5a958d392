/** A zip archive on a server, read through Range requests. */
import { fromRandomAccessReaderPromise, RandomAccessReader } from "yauzl";
import { redact } from "../../../net/index.ts";
import { statusFailure, TransferFailure } from "../failure.ts";
import type { HttpClient } from "../http.ts";
import { Archive } from "./archive.ts";
import type { Wheel } from "./package-index.ts";

/** Enough for the end record with the longest comment: most archives are understood from this one request. */
const TAIL_BYTES = 128 * 1024;
/** A directory that does not fit into the tail is fetched whole, up to here. */
const MOST_DIRECTORY_BYTES = 64 * 2 ** 20;

/** `null` when the server does not answer Range requests; the archive is then only known after its download. */
export async function openRemote(
  client: HttpClient,
  wheel: Wheel,
): Promise<{ archive: Archive; size: number } | null> {
  const tail = await readRange(client, wheel, `bytes=-${TAIL_BYTES}`, TAIL_BYTES);
  if (tail?.start !== undefined && tail.start + tail.bytes.length !== tail.size) throw otherBytes(wheel);
  if (!tail) return null;
  const reader = new TailReader(client, wheel, tail);
  const open = (options: object) => fromRandomAccessReaderPromise(reader, tail.size, options);
  return { archive: await Archive.from(open, wheel.filename), size: tail.size };
}

interface Range {
  start: number;
  bytes: Buffer;
  /** Of the whole archive. */
  size: number;
}

/** Keeps the archive's end, where its directory is, since yauzl reads that in many small pieces. */
class TailReader extends RandomAccessReader {
  readonly #client: HttpClient;
  readonly #wheel: Wheel;
  #kept: Range;

  constructor(client: HttpClient, wheel: Wheel, tail: Range) {
    super();
    this.#client = client;
    this.#wheel = wheel;
    this.#kept = tail;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#reach(position, position + length).then(() => {
      const from = position - this.#kept.start;
      this.#kept.bytes.copy(buffer, offset, from, from + length);
      callback(null);
    }, callback);
  }

  /** Fetches what lies between `start` and what is kept. */
  async #reach(start: number, end: number): Promise<void> {
    const { start: kept, bytes, size } = this.#kept;
    if (end > size || start < 0 || kept - start > MOST_DIRECTORY_BYTES)
      throw new Error("outside of the archive");
    if (start >= kept) return;
    const range = await readRange(this.#client, this.#wheel, `bytes=${start}-${kept - 1}`, kept - start);
    if (range?.start !== start || range.bytes.length !== kept - start) throw otherBytes(this.#wheel);
    this.#kept = { start, size, bytes: Buffer.concat([range.bytes, bytes]) };
  }
}

function otherBytes({ url }: Wheel): TransferFailure {
  return new TransferFailure("always", "The server answered with other bytes than asked for", redact(url));
}

/** @param most bytes that were asked for. */
async function readRange(
  client: HttpClient,
  { url, authorization }: Wheel,
  range: string,
  most: number,
): Promise<Range | null> {
  const answer = await client.request(url, {
    authorization,
    headers: { range },
    decode: false,
    isPage: true,
  });
  const { status, headers } = answer;
  const [, start, size] =
    /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(headers["content-range"] ?? "") ?? [];
  if (status === 206 && start && size)
    return { start: Number(start), size: Number(size), bytes: await client.atMost(answer, most) };
  answer.dispose();
  if (status >= 400 && status !== 416)
    throw statusFailure(answer, url, "Check PIP_INDEX_URL and its credentials.");
  return null;
}
