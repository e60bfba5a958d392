/** The download engine: one address to one file, through every interruption, verified. */
import { lstat, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { performance } from "node:perf_hooks";
import { SurprisalError } from "../../core/index.ts";
import { type HttpAnswer, redact } from "../../net/index.ts";
import { ensureSpace } from "./cache-disk.ts";
import { sha256OfFile } from "./digest.ts";
import { statusFailure, TransferFailure } from "./failure.ts";
import type { Authorization, HttpClient } from "./http.ts";
import { PartialFile, type RemoteIdentity } from "./partial-file.ts";
import { withRetries } from "./retry.ts";

/** A server that cannot go on, or whose file changes all the time: each costs what had arrived. */
const MOST_RESTARTS = 20;
/** So many bytes at least in so many times the longest silence: 218 bytes a second where that is half a minute. */
const PACE_STALLS = 10;
const PACE_BYTES = 65_536;

export interface DownloadRequest {
  url: URL;
  authorization?: Authorization | undefined;
  /** Where the whole file goes. Until then it is called `<file>.partial`. */
  file: string;
  /** sha256 the file must have, where it is known beforehand. It also says that kept bytes still belong to it. */
  sha256?: string | undefined;
  /** Size that the file has by the word of an index or a hub, bytes. Another one is refused before it is read. */
  bytes?: number | null | undefined;
  /** What a person can do when the server refuses access. */
  wayOut?: string | undefined;
  /** Told after every chunk: bytes of the file held, and its size where it is known. */
  onBytes?: ((bytes: number, total: number | null, arrived: boolean) => void) | undefined;
}

/**
 * Downloads, or goes on with what an earlier run left. Answers with the file's sha256.
 *
 * @throws TransferFailure when the server cannot be reached, refuses, or fails `attempts` times without a new byte
 * @throws SurprisalError CHECKSUM_MISMATCH, ABORTED
 */
export async function download(client: HttpClient, request: DownloadRequest): Promise<string> {
  const whole = await finishedEarlier(request);
  if (whole) return whole;
  const partial = await PartialFile.open(request.file);
  let continued = partial.size > 0;
  try {
    for (;;) {
      await withRetries(
        client.settings,
        (onAnswer) => fill(client, request, partial, onAnswer),
        () => partial.size,
      );
      const sha256 = partial.digest();
      if (!request.sha256 || sha256 === request.sha256) {
        await partial.finish(request.file);
        return sha256;
      }
      await partial.restart(null);
      // Bytes of an earlier run may be to blame (a disk, another server): begin anew, once.
      if (!continued) throw checksumMismatch(redact(request.url), request.sha256, sha256);
      continued = false;
    }
  } finally {
    await partial.close();
  }
}

/** Bytes of a file, or of what an interrupted run left of it. */
export async function bytesHeld(file: string): Promise<number> {
  const facts = await stat(file).catch(() => stat(`${file}.partial`).catch(() => null));
  return facts?.size ?? 0;
}

export function checksumMismatch(where: string, expected: string, found: string): SurprisalError {
  return new SurprisalError({
    code: "CHECKSUM_MISMATCH",
    what: `The file is not the expected one: its sha256 is ${found}, not ${expected}`,
    where,
    wayOut:
      "It was deleted. Try again; if it happens again, the server (or a proxy on the way) hands out another file.",
  });
}

/** One file of several was completed before the run was interrupted. */
async function finishedEarlier({ file, sha256, onBytes }: DownloadRequest): Promise<string | null> {
  const facts = await lstat(file).catch(() => null);
  if (!facts?.isFile()) return null;
  const found = await sha256OfFile(file);
  if (sha256 && found !== sha256) return null;
  onBytes?.(facts.size, facts.size, false);
  return found;
}

/** One request; appends what arrives. Returns when the file is whole. */
async function fill(
  client: HttpClient,
  request: DownloadRequest,
  partial: PartialFile,
  onAnswer: () => void,
): Promise<void> {
  const { url, authorization, onBytes } = request;
  const { patience, mostUnannouncedBytes } = client.settings;
  const where = redact(url);
  onBytes?.(partial.size, partial.remote?.total ?? null, false);
  if (partial.size > 0 && partial.size === partial.remote?.total) return;
  if (partial.dropped > MOST_RESTARTS)
    throw new TransferFailure("never", `The download had to start again ${MOST_RESTARTS} times`, where);
  // A range is one of the bytes that are sent, so they must not be packed.
  const answer = await client.request(url, { authorization, headers: rangeHeaders(partial), decode: false });
  try {
    onAnswer();
    await accept(answer, request, partial);
    const total = partial.remote?.total ?? null;
    const most = total ?? mostUnannouncedBytes;
    ensureSpace(dirname(request.file), (total ?? 0) - partial.size);
    const pace = new Pace(patience.stallMs, where);
    for await (const chunk of answer.body) {
      if (partial.size + chunk.length > most) {
        await partial.restart(null);
        throw tooLong(total, most, where);
      }
      await partial.append(chunk);
      pace.count(chunk.length);
      onBytes?.(partial.size, total, true);
    }
    if (total !== null && partial.size !== total)
      throw new TransferFailure("always", `Connection lost after ${partial.size} of ${total} bytes`, where);
    if (partial.remote) partial.remote.total = partial.size;
  } catch (error) {
    throw client.failure(error);
  } finally {
    answer.dispose();
  }
}

function tooLong(total: number | null, most: number, where: string): TransferFailure {
  return total === null
    ? new TransferFailure(
        "never",
        `The server does not say how large the file is, and sends more than ${most} bytes`,
        where,
        {
          wayOut:
            "If the file is right, set SURPRISAL_MOST_UNANNOUNCED_BYTES to a larger size (in code: mostUnannouncedBytes).",
        },
      )
    : new TransferFailure("never", `The server sends more than the ${total} bytes it announced`, where);
}

/** Notices a server that sends a byte now and then: slower than any line there is, it would go on for ever. */
class Pace {
  readonly #windowMs: number;
  readonly #where: string;
  #since = performance.now();
  #bytes = 0;

  constructor(stallMs: number, where: string) {
    this.#windowMs = PACE_STALLS * stallMs;
    this.#where = where;
  }

  /** @throws TransferFailure */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (performance.now() - this.#since < this.#windowMs) return;
    if (this.#bytes < PACE_BYTES)
      throw new TransferFailure(
        "never",
        `The server sent ${this.#bytes} bytes within ${Math.round(this.#windowMs / 1000)} s`,
        this.#where,
        {
          wayOut:
            "What has arrived is kept: the same command goes on from there. In code, a larger patience.stallMs waits longer.",
        },
      );
    this.#since = performance.now();
    this.#bytes = 0;
  }
}

/** Asks for the rest, on condition that the file is still the same one (RFC 9110 §13.1.5; weak ETags do not qualify). */
function rangeHeaders({ size, remote }: PartialFile): Record<string, string> {
  const validator = remote?.validator;
  if (size === 0 || !validator) return {};
  return { range: `bytes=${size}-`, ...(/^"|GMT$/.test(validator) && { "if-range": validator }) };
}

/** Decides from the answer's head whether the body goes on after the kept bytes or replaces them. */
async function accept(answer: HttpAnswer, request: DownloadRequest, partial: PartialFile): Promise<void> {
  const { status, headers } = answer;
  const where = redact(request.url);
  if (status === 416 && partial.size > 0) {
    await partial.restart(null);
    throw new TransferFailure("always", "The server has less than was downloaded already", where);
  }
  if (status !== 200 && status !== 206) throw statusFailure(answer, request.url, request.wayOut);
  if (headers["content-encoding"] && headers["content-encoding"] !== "identity")
    throw new TransferFailure(
      "never",
      `The server sends the file encoded as ${headers["content-encoding"]}`,
      where,
    );
  const remote = identify(answer, request);
  const expected = request.bytes ?? null;
  if (expected !== null && remote.total !== null && remote.total !== expected)
    throw new TransferFailure(
      "never",
      `The server has ${remote.total} bytes where the file is said to have ${expected}`,
      where,
    );
  if (status === 200) return partial.restart({ ...remote, total: remote.total ?? expected });
  const { validator, total } = remote;
  const kept = partial.remote;
  const isSame = validator !== null && validator === kept?.validator;
  if (isSame && rangeStart(answer) === partial.size && (kept.total === null || total === kept.total)) {
    kept.total = total;
    return;
  }
  await partial.restart(null);
  throw new TransferFailure("always", "The file changed on the server; starting again", where);
}

function identify({ status, headers }: HttpAnswer, { sha256 }: DownloadRequest): RemoteIdentity {
  const size = status === 206 ? headers["content-range"]?.split("/")[1] : headers["content-length"];
  const total = /^\d{1,15}$/.test(size ?? "") ? Number(size) : null;
  return { validator: headers.etag ?? headers["last-modified"] ?? sha256 ?? null, total };
}

function rangeStart({ headers }: HttpAnswer): number {
  return Number(/^bytes (\d{1,15})-/.exec(headers["content-range"] ?? "")?.[1] ?? Number.NaN);
}
