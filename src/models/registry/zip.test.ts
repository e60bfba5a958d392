import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeZip } from "../../../test/wheel-fixture.ts";
import { locateMember, type RandomAccess, readZipDirectory, unpackers, type ZipMember } from "./zip.ts";

function archiveOf(bytes: Buffer): RandomAccess {
  return { name: "test.zip", size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

async function extract(bytes: Buffer, member: ZipMember): Promise<Buffer> {
  const { start, end } = await locateMember(archiveOf(bytes), member);
  const chunks: Buffer[] = [];
  const collect = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  await pipeline([Readable.from([bytes.subarray(start, end)]), ...unpackers(member, "test.zip"), collect]);
  return Buffer.concat(chunks);
}

function refused(error: { code: string }): [] {
  expect(error.code).toBe("DOWNLOAD_FAILED");
  return [];
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
          const found = await readZipDirectory(archiveOf(bytes));
          expect(found.map(({ name }) => name)).toEqual(members.map(({ name }) => name));
          for (const [i, entry] of found.entries())
            expect(await extract(bytes, entry)).toEqual(members[i]!.data);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("notices a damaged member by its CRC-32", async () => {
    const bytes = makeZip([{ name: "a", data: Buffer.from("surprisal"), stored: true }]);
    const [member] = await readZipDirectory(archiveOf(bytes));
    bytes[bytes.indexOf("surprisal")]! ^= 1;
    await expect(extract(bytes, member!)).rejects.toThrow(/a is damaged inside its archive/);
  });

  it("stops a member that unpacks to more than it says", async () => {
    const bytes = makeZip([{ name: "bomb", data: Buffer.alloc(1_000_000) }]);
    const [member] = await readZipDirectory(archiveOf(bytes));
    await expect(extract(bytes, { ...member!, size: 1000 })).rejects.toThrow(/damaged/);
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
          await expect(readZipDirectory(archiveOf(broken))).rejects.toThrow(/Not a readable zip archive/);
        },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, value) => {
        const broken = Buffer.from(bytes);
        broken[at] = value;
        const found = await readZipDirectory(archiveOf(broken)).catch(refused);
        for (const member of found) await locateMember(archiveOf(broken), member).catch(refused);
      }),
    );
  });

  it("refuses a file that is no archive", async () => {
    await expect(readZipDirectory(archiveOf(Buffer.from("<html>not found</html>")))).rejects.toThrow(/zip/);
    await expect(readZipDirectory(archiveOf(Buffer.alloc(0)))).rejects.toThrow(/zip/);
  });
});
