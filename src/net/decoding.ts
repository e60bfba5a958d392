/** Content encodings (RFC 9110 §8.4.1): servers compress although they were asked not to. */
import { Duplex, PassThrough, pipeline, Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";
import { NetworkFailure } from "./failure.ts";

/** Coded more often than this, an answer is an attack. */
const MOST_ENCODINGS = 3;

/** From Node 22.15 on. */
const zstd: (() => Transform) | undefined = Reflect.get(zlib, "createZstdDecompress");

const DECODERS: Readonly<Record<string, (() => Duplex) | undefined>> = {
  gzip: zlib.createGunzip,
  "x-gzip": zlib.createGunzip,
  deflate: () => new Inflate(),
  br: zlib.createBrotliDecompress,
  zstd,
  identity: () => new PassThrough(),
};

/**
 * What `body` holds, as far as it can be told from what has arrived. Where an encoding is not known, reading it fails.
 * @param encodings the header, as it came
 */
export function decoded(body: Readable, encodings: string, url: URL): Readable {
  const names = encodings
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const decoders = names.map((name) => (Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined));
  if (names.length > MOST_ENCODINGS || decoders.includes(undefined)) {
    const failure = new NetworkFailure("encoding", `The answer is encoded as "${encodings}"`, url);
    return new Readable({ read: () => {} }).destroy(failure);
  }
  let stream = body;
  for (const make of decoders.reverse()) {
    const decoder = make!();
    pipeline(stream, decoder, () => {}); // whoever reads the decoder's end is told
    stream = decoder;
  }
  return stream;
}

/**
 * "deflate" is a zlib stream, and of some servers a bare deflate stream: the first byte tells. No more is unpacked than is
 * read: a chunk may hold a thousand times its size.
 */
class Inflate extends Duplex {
  #inner: Transform | null = null;

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#inner ??= this.#start(chunk);
    this.#inner.write(chunk, done);
  }

  override _read(): void {
    this.#inner?.resume();
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#inner) this.#inner.end();
    else this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#inner?.destroy();
    done(error);
  }

  #start(chunk: Buffer): Transform {
    const inner = (chunk[0]! & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw();
    inner.on("data", (piece) => {
      if (!this.push(piece)) inner.pause(); // until it is asked for more
    });
    inner.on("end", () => this.push(null));
    inner.on("error", (error) => this.destroy(error));
    return inner;
  }
}
