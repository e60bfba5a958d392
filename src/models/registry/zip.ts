/**
 * Reads zip archives (a wheel is one) through random access, so that a member can be found before the archive is
 * downloaded. PKWARE APPNOTE 6.3.10: end of central directory §4.3.16, zip64 §4.3.14-15, central directory §4.3.12.
 */
import { Transform } from "node:stream";
import { crc32, createInflateRaw } from "node:zlib";
import { TransferFailure } from "./failure.ts";

/** Bytes that can be read from anywhere. `read` answers with exactly the bytes of [start, end). */
export interface RandomAccess {
  /** For error messages. */
  name: string;
  size: number;
  read(start: number, end: number): Promise<Buffer>;
}

export interface ZipMember {
  name: string;
  /** Size as unpacked, bytes. */
  size: number;
  /** Size in the archive, bytes. */
  packedSize: number;
  crc32: number;
  /** 0 = stored, 8 = deflated. */
  method: number;
  /** Of the member's local header in the archive. */
  headerOffset: number;
}

const END_SIGNATURE = 0x06054b50;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_END_SIGNATURE = 0x06064b50;
const MEMBER_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
/** The end record plus the longest comment that may follow it, plus the zip64 locator before it. */
const TAIL = 22 + 0xffff + 20;
const MOST_DIRECTORY_BYTES = 64 * 1024 * 1024;

/** The archive's members, in the order of its central directory. */
export async function readZipDirectory(archive: RandomAccess): Promise<ZipMember[]> {
  const { start, end } = await locateDirectory(archive);
  const directory = await archive.read(start, end);
  const members: ZipMember[] = [];
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === MEMBER_SIGNATURE; ) {
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    if (extraEnd > directory.length) throw damaged(archive);
    members.push(readMember(directory, at, nameEnd, extraEnd));
    at = extraEnd + directory.readUInt16LE(at + 32);
  }
  return members;
}

/** Where the member's packed bytes lie in the archive, [start, end). */
export async function locateMember(
  archive: RandomAccess,
  member: ZipMember,
): Promise<{ start: number; end: number }> {
  const { headerOffset, packedSize } = member;
  if (headerOffset + 30 > archive.size) throw damaged(archive);
  const header = await archive.read(headerOffset, headerOffset + 30);
  if (header.readUInt32LE(0) !== LOCAL_SIGNATURE) throw damaged(archive);
  const start = headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + packedSize > archive.size) throw damaged(archive);
  return { start, end: start + packedSize };
}

/** The transforms that turn a member's packed bytes into its content, and check size and CRC-32. */
export function unpackers(member: ZipMember, archiveName: string): Transform[] {
  if (member.method === 8) return [createInflateRaw(), verifier(member, archiveName)];
  if (member.method === 0) return [verifier(member, archiveName)];
  throw new TransferFailure(
    "never",
    `${member.name} is packed with a method other than deflate`,
    archiveName,
  );
}

function verifier(member: ZipMember, archiveName: string): Transform {
  let size = 0;
  let checksum = 0;
  const failure = () =>
    new TransferFailure("never", `${member.name} is damaged inside its archive`, archiveName);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      checksum = crc32(chunk, checksum);
      if (size > member.size) done(failure());
      else done(null, chunk);
    },
    flush(done) {
      done(size === member.size && checksum === member.crc32 ? null : failure());
    },
  });
}

async function locateDirectory(archive: RandomAccess): Promise<{ start: number; end: number }> {
  const tailStart = Math.max(0, archive.size - TAIL);
  const tail = await archive.read(tailStart, archive.size);
  let at = tail.length - 22;
  while (
    at >= 0 &&
    !(tail.readUInt32LE(at) === END_SIGNATURE && at + 22 + tail.readUInt16LE(at + 20) === tail.length)
  )
    at--;
  if (at < 0) throw damaged(archive);
  const zip64 = at >= 20 && tail.readUInt32LE(at - 20) === ZIP64_LOCATOR_SIGNATURE;
  const [size, start] = zip64
    ? await readZip64End(archive, Number(tail.readBigUInt64LE(at - 12)))
    : [tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)];
  if (size > MOST_DIRECTORY_BYTES || start + size > tailStart + at) throw damaged(archive);
  return { start, end: start + size };
}

async function readZip64End(archive: RandomAccess, offset: number): Promise<[size: number, start: number]> {
  if (offset + 56 > archive.size) throw damaged(archive);
  const record = await archive.read(offset, offset + 56);
  if (record.readUInt32LE(0) !== ZIP64_END_SIGNATURE) throw damaged(archive);
  return [Number(record.readBigUInt64LE(40)), Number(record.readBigUInt64LE(48))];
}

function readMember(directory: Buffer, at: number, nameEnd: number, extraEnd: number): ZipMember {
  const member = {
    name: directory.toString("utf8", at + 46, nameEnd),
    size: directory.readUInt32LE(at + 24),
    packedSize: directory.readUInt32LE(at + 20),
    crc32: directory.readUInt32LE(at + 16),
    method: directory.readUInt16LE(at + 10),
    headerOffset: directory.readUInt32LE(at + 42),
  };
  const wide = zip64Numbers(directory.subarray(nameEnd, extraEnd));
  // In this order, and only those that do not fit 32 bits (§4.5.3).
  for (const field of ["size", "packedSize", "headerOffset"] as const)
    if (member[field] === 0xffffffff) member[field] = wide.shift() ?? member[field];
  return member;
}

/** The 64-bit numbers of the zip64 extra field. */
function zip64Numbers(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const field = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
    return Array.from({ length: field.length >> 3 }, (_, i) => Number(field.readBigUInt64LE(8 * i)));
  }
  return [];
}

function damaged(archive: RandomAccess): TransferFailure {
  return new TransferFailure("never", "Not a readable zip archive", archive.name);
}
