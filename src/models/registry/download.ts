/** The download engine: one address to one file, through every interruption, verified. */
import { stat } from "node:fs/promises";
import { SurprisalError } from "../../core/index.ts";
import { type HttpAnswer, redact } from "../../net/index.ts";
import { sha256OfFile } from "./digest.ts";
import { statusFailure, TransferFailure } from "./failure.ts";
import type { Authorization, HttpClient } from "./http.ts";
import { PartialFile, type RemoteIdentity } from "./partial-file.ts";
import { withRetries } from "./retry.ts";

export interface DownloadRequest {
  url: URL;
  authorization?: Authorization | undefined;
  /** Where the whole file goes. Until then it is called `<file>.partial`. */
  file: string;
  /** sha256 the file must have, where it is known beforehand. It also says that kept bytes still belong to it. */
  sha256?: string | undefined;
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
  const facts = await stat(file).catch(() => null);
  if (!facts) return null;
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
  onBytes?.(partial.size, partial.remote?.total ?? null, false);
  if (partial.size > 0 && partial.size === partial.remote?.total) return;
  // A range is one of the bytes that are sent, so they must not be packed.
  const answer = await client.request(url, { authorization, headers: rangeHeaders(partial), decode: false });
  try {
    onAnswer();
    await accept(answer, request, partial);
    const total = partial.remote?.total ?? null;
    for await (const chunk of answer.body) {
      await partial.append(chunk);
      onBytes?.(partial.size, total, true);
    }
    if (total !== null && partial.size !== total)
      throw new TransferFailure(
        "always",
        `Connection lost after ${partial.size} of ${total} bytes`,
        redact(url),
      );
    if (partial.remote) partial.remote.total = partial.size;
  } catch (error) {
    throw client.failure(error);
  } finally {
    answer.dispose();
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
  if (status === 200) return partial.restart(remote);
  const { validator } = remote;
  if (rangeStart(answer) === partial.size && validator !== null && validator === partial.remote?.validator)
    return;
  await partial.restart(null);
  throw new TransferFailure("always", "The file changed on the server; starting again", where);
}

function identify({ status, headers }: HttpAnswer, { sha256 }: DownloadRequest): RemoteIdentity {
  const size = status === 206 ? headers["content-range"]?.split("/")[1] : headers["content-length"];
  const total = /^\d+$/.test(size ?? "") ? Number(size) : null;
  return { validator: headers.etag ?? headers["last-modified"] ?? sha256 ?? null, total };
}

function rangeStart({ headers }: HttpAnswer): number {
  return Number(/^bytes (\d+)-/.exec(headers["content-range"] ?? "")?.[1] ?? Number.NaN);
}
