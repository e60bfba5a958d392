/** Small zip archives and wheels, written as the format's specification says (PKWARE APPNOTE), for tests. */
import { createHash } from "node:crypto";
import { crc32, deflateRawSync } from "node:zlib";

export interface FixtureMember {
  name: string;
  data: Buffer;
  /** Default: deflated. */
  stored?: boolean;
  /** Written with 64-bit sizes and offsets, as archives beyond 4 GiB are. */
  zip64?: boolean;
}

export function makeZip(members: readonly FixtureMember[], comment = ""): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const name = Buffer.from(member.name);
    const packed = member.stored ? member.data : deflateRawSync(member.data);
    const common = Buffer.alloc(26); // version needed ... extra length, the same in both headers
    common.writeUInt16LE(member.zip64 ? 45 : 20, 0);
    common.writeUInt16LE(member.stored ? 0 : 8, 4);
    common.writeUInt32LE(crc32(member.data), 10);
    common.writeUInt32LE(member.zip64 ? 0xffffffff : packed.length, 14);
    common.writeUInt32LE(member.zip64 ? 0xffffffff : member.data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const sizes = [member.data.length, packed.length];
    const localExtra = member.zip64 ? zip64Extra(sizes) : Buffer.alloc(0);
    const local = Buffer.concat([number(0x04034b50), common, name, localExtra]);
    local.writeUInt16LE(localExtra.length, 28);

    const extra = member.zip64
      ? Buffer.concat([UNRELATED_EXTRA, zip64Extra([...sizes, offset])])
      : Buffer.alloc(0);
    const entry = Buffer.concat([
      number(0x02014b50),
      Buffer.from([20, 3]),
      common,
      Buffer.alloc(14),
      name,
      extra,
    ]);
    entry.writeUInt16LE(extra.length, 30);
    entry.writeUInt32LE(member.zip64 ? 0xffffffff : offset, 42);
    directory.push(entry);
    parts.push(local, packed);
    offset += local.length + packed.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const wide = members.some(({ zip64 }) => zip64);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  for (const at of [8, 10]) end.writeUInt16LE(wide ? 0xffff : members.length, at);
  end.writeUInt32LE(wide ? 0xffffffff : size, 12);
  end.writeUInt32LE(wide ? 0xffffffff : offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([
    ...parts,
    ...directory,
    ...(wide ? zip64End(members.length, size, offset) : []),
    end,
    Buffer.from(comment),
  ]);
}

/** A wheel holding `members`, with the metadata files every wheel has. */
export function makeWheel(
  name: string,
  version: string,
  members: readonly FixtureMember[],
): { filename: string; body: Buffer; sha256: string } {
  const distribution = name.replaceAll("-", "_");
  const body = makeZip([
    { name: `${distribution}/__init__.py`, data: Buffer.from("# nothing\n") },
    ...members,
    { name: `${distribution}-${version}.dist-info/METADATA`, data: Buffer.from(`Name: ${name}\n`) },
  ]);
  return { filename: `${distribution}-${version}-py3-none-any.whl`, body, sha256: sha256(body) };
}

/** Bytes that start like a GGUF file and cannot be compressed; the same for the same seed. */
export function ggufBytes(length: number, seed: number): Buffer {
  const blocks: Buffer[] = [];
  for (let i = 0; i * 32 < length; i++) blocks.push(createHash("sha256").update(`${seed}:${i}`).digest());
  const bytes = Buffer.concat(blocks).subarray(0, length);
  bytes.write("GGUF");
  return bytes;
}

export const sha256 = (data: Buffer): string => createHash("sha256").update(data).digest("hex");

/** Readers have to skip extra fields they do not know. */
const UNRELATED_EXTRA = Buffer.from([0x55, 0x54, 2, 0, 1, 2]);

function number(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

function zip64Extra(numbers: number[]): Buffer {
  const extra = Buffer.alloc(4 + 8 * numbers.length);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(8 * numbers.length, 2);
  for (const [i, value] of numbers.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
  return extra;
}

function zip64End(count: number, size: number, offset: number): Buffer[] {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  for (const at of [24, 32]) record.writeBigUInt64LE(BigInt(count), at);
  record.writeBigUInt64LE(BigInt(size), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset + size), 8);
  locator.writeUInt32LE(1, 16);
  return [record, locator];
}
