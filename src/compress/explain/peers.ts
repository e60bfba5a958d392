/** What general-purpose compressors make of the same bytes, at their best settings. */
import { spawn } from "node:child_process";
import { Readable, type Transform, type Writable } from "node:stream";
import * as zlib from "node:zlib";
import { abortError } from "../../core/index.ts";

/** One of them. */
export interface PeerSize {
  /** With its setting: "xz -9e". */
  name: string;
  /** Of what it made; `null`: not known. */
  bytes: number | null;
  /** Why it is not known, in words. */
  missing: string | null;
}

/** Options of `comparePeers`. */
export interface PeerOptions {
  /** Each program has this long, seconds. Default 120. */
  seconds?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Told which one is at work. */
  onPeer?: ((name: string) => void) | undefined;
}

const DEFAULT_SECONDS = 120;
const WINDOW = 24; // bits

/** Makes compressors of Node's; a newer Node has more of them than this one's types say. */
interface LaterZlib {
  createZstdCompress?: (options: { params: Record<number, number> }) => Transform;
}
const ZSTD_LEVEL = 100; // ZSTD_c_compressionLevel of zstd.h

type Peer = (
  length: number,
) => { name: string; node: Transform } | { name: string; program: [string, ...string[]] };

const PEERS: readonly Peer[] = [
  () => ({ name: "gzip -9", node: zlib.createGzip({ level: 9 }) }),
  (length) => ({
    name: "brotli -q 11",
    node: zlib.createBrotliCompress({
      params: {
        [zlib.constants.BROTLI_PARAM_QUALITY]: 11,
        [zlib.constants.BROTLI_PARAM_LGWIN]: WINDOW,
        [zlib.constants.BROTLI_PARAM_SIZE_HINT]: length,
      },
    }),
  }),
  () => {
    const name = "zstd -19";
    const make = (zlib as LaterZlib).createZstdCompress;
    return make
      ? { name, node: make({ params: { [ZSTD_LEVEL]: 19 } }) }
      : { name, program: ["zstd", "-19", "-q", "-c"] };
  },
  () => ({ name: "xz -9e", program: ["xz", "-9e", "-c"] }),
  () => ({ name: "bzip2 -9", program: ["bzip2", "-9", "-c"] }),
];

/**
 * Sizes of the bytes as gzip and brotli of Node make them, zstd of Node or of the system, and xz and bzip2 where the system has them. One after the
 * other; what is compressed is counted and not kept.
 * @param source gives the bytes from their beginning, each time it is called. @param length of them.
 * @throws SurprisalError ABORTED; whatever the source throws
 */
export async function comparePeers(
  source: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  length: number,
  { seconds = DEFAULT_SECONDS, signal, onPeer }: PeerOptions = {},
): Promise<PeerSize[]> {
  const sizes: PeerSize[] = [];
  for (const peerOf of PEERS) {
    if (signal?.aborted) throw abortError("Comparing", signal);
    const peer = peerOf(length);
    onPeer?.(peer.name);
    const end = new AbortController();
    const stop = () => end.abort();
    const timer = setTimeout(stop, 1000 * seconds);
    signal?.addEventListener("abort", stop);
    try {
      const found = await ("node" in peer
        ? counted(source(), peer.node, end.signal)
        : run(source(), peer.program, end.signal));
      if (signal?.aborted) throw abortError("Comparing", signal);
      const late = end.signal.aborted ? `it takes longer than ${seconds} s` : null;
      sizes.push({
        name: peer.name,
        bytes: late === null && typeof found === "number" ? found : null,
        missing: late ?? (typeof found === "number" ? null : found),
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    }
  }
  return sizes;
}

type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Bytes that come out of a stream of Node's; or any number, once `end` is aborted. */
async function counted(source: Bytes, stream: Transform, end: AbortSignal): Promise<number> {
  let length = 0;
  stream.on("data", (chunk: Uint8Array) => {
    length += chunk.length;
  });
  const finished = new Promise<void>((resolve, reject) => {
    stream.on("close", resolve);
    stream.on("error", reject);
  });
  end.addEventListener("abort", () => stream.destroy());
  try {
    await Promise.race([feed(source, stream, end), finished]);
    await finished;
  } finally {
    stream.destroy();
  }
  return length;
}

/** The same of a program, ended by its id once `end` is aborted; in words why it could not be. */
async function run(
  source: Bytes,
  [command, ...args]: [string, ...string[]],
  end: AbortSignal,
): Promise<number | string> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"] });
  let length = 0;
  child.stdout.on("data", (chunk: Uint8Array) => {
    length += chunk.length;
  });
  child.stdin.on("error", () => {}); // it ended early: what became of it tells
  const ended = new Promise<number | string>((resolve) => {
    child.on("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "ENOENT" ? "it is not installed" : `it cannot be run (${error.code})`),
    );
    child.on("close", (code) => resolve(code === 0 ? length : `it ended with status ${code}`));
  });
  const kill = () => child.kill("SIGKILL");
  end.addEventListener("abort", kill);
  try {
    await Promise.race([feed(source, child.stdin, end), ended]);
    return await ended;
  } finally {
    end.removeEventListener("abort", kill);
    if (child.exitCode === null && child.pid !== undefined) kill();
  }
}

/** Writes everything, as fast as it is taken, and ends it. */
async function feed(source: Bytes, to: Writable, end: AbortSignal): Promise<void> {
  for await (const piece of Readable.from(source)) {
    if (end.aborted || to.destroyed) return;
    if (!to.write(piece)) await drained(to);
  }
  if (!to.destroyed) to.end();
}

const drained = (to: Writable): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      to.off("drain", done);
      to.off("close", done);
      resolve();
    };
    to.on("drain", done);
    to.on("close", done);
  });
