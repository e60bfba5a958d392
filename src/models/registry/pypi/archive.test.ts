import { Transform, Writable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBufferPromise } from "yauzl";
import { makeZip } from "../../../../test/wheel-fixture.ts";
import { Archive, type Member } from "./archive.ts";

const archiveOf = (bytes: Buffer) => Archive.from((options) => fromBufferPromise(bytes, options), "test.zip");
const membersOf = async (bytes: Buffer) => (await archiveOf(bytes)).members(() => true);

async function extract(archive: Archive, member: Member): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const through = new Transform({ transform: (chunk, _encoding, done) => done(null, chunk) });
  const collect = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  await archive.unpack(member, [through, collect]);
  return Buffer.concat(chunks);
}

function refused(error: { code: string }): null {
  expect(error.code).toBe("DOWNLOAD_FAILED");
  return null;
}

function sizeBytes(size: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(size);
  return bytes;
}

describe("zip", () => {
  it("gives back what was put in, stored or deflated, with and without zip64, with a comment", async () => {
    const member = fc.record({
      name: fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }),
      data: fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
      stored: fc.boolean(),
      zip64: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(member, { maxLength: 5 }),
        fc.string({ unit: "grapheme-ascii", maxLength: 30 }),
        async (members, comment) => {
          const bytes = makeZip(members, comment);
          const archive = await archiveOf(bytes);
          const found = await archive.members(() => true);
          expect(found.map(({ name }) => name)).toEqual(members.map(({ name }) => name));
          for (const [i, entry] of found.entries())
            expect(await extract(archive, entry)).toEqual(members[i]!.data);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("notices a damaged member by its CRC-32", async () => {
    const bytes = makeZip([{ name: "a", data: Buffer.from("surprisal"), stored: true }]);
    bytes[bytes.indexOf("surprisal")]! ^= 1;
    const archive = await archiveOf(bytes);
    const [member] = await archive.members(() => true);
    await expect(extract(archive, member!)).rejects.toThrow(/a is damaged inside its archive/);
  });

  it("stops a member that unpacks to more than it says", async () => {
    const bytes = makeZip([{ name: "bomb", data: Buffer.alloc(1_000_000) }]);
    const size = bytes.readUInt32LE(22);
    expect(size).toBe(1_000_000);
    for (let at = bytes.indexOf(sizeBytes(size)); at >= 0; at = bytes.indexOf(sizeBytes(size), at + 4))
      bytes.writeUInt32LE(1000, at);
    const archive = await archiveOf(bytes);
    const [member] = await archive.members(() => true);
    expect(member!.size).toBe(1000);
    await expect(extract(archive, member!)).rejects.toThrow(/damaged/);
  });

  it("refuses whatever is cut off or overwritten, without reading outside of it", async () => {
    const bytes = makeZip([
      { name: "a.gguf", data: Buffer.from("GGUF and more"), zip64: true },
      { name: "b", data: Buffer.alloc(500, 7) },
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.nat(bytes.length - 1),
        fc.nat(255),
        async (length, at, value) => {
          const broken = Buffer.from(bytes.subarray(0, length));
          if (at < length) broken[at] = value;
          await expect(membersOf(broken)).rejects.toThrow(/Not a readable zip archive/);
        },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
        const broken = Buffer.from(bytes);
        broken[at] = value;
        const archive = await archiveOf(broken).catch(refused);
        const found = (await archive?.members(() => true).catch(refused)) ?? [];
        for (const member of found) await extract(archive!, member).catch(refused);
      }),
    );
  });

  it("refuses a file that is no archive", async () => {
    await expect(membersOf(Buffer.from("<html>not found</html>"))).rejects.toThrow(/zip/);
    await expect(membersOf(Buffer.alloc(0))).rejects.toThrow(/zip/);
  });
});
