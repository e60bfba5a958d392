/**
 * What a Parquet file says of itself, before it is believed: counts that are no counts, offsets beyond the file, pages that
 * unpack to any size, lists within lists of millions. hyparquet makes room for what is said, and V8 ends the process where
 * there is none. Formats: parquet-format, src/main/thrift/parquet.thrift; Thrift's compact protocol.
 */
import type { AsyncBuffer, FileMetaData } from "hyparquet";

/** Most rows of a row group, and most values of a page: an array of as many is 256 MiB. Writers take 100,000 to some millions. */
const MOST_ROWS = 2 ** 25;
/** Of a column in one row group, unpacked, in longest documents. */
const DOCUMENTS = 4;
/** Deepest structure of thrift, and of a schema. */
const MOST_DEPTH = 64;

/** Types of Thrift's compact protocol. */
const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12,
];

/** Walks a structure of Thrift without keeping it. */
class Walker {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Whole numbers of 32 bits among the fields of a structure, by number; of structures within, by path: "5.1". @throws Error */
  struct(path: string = "", found: Map<string, number> = new Map(), depth: number = 0): Map<string, number> {
    if (depth > MOST_DEPTH) throw new Error(`it is nested deeper than ${MOST_DEPTH}`);
    for (let field = 0; ; ) {
      const byte = this.#byte();
      const type = byte & 0x0f;
      if (type === STOP) return found;
      const delta = byte >> 4;
      field = delta ? field + delta : zigzag(this.#varint());
      this.#element(type, `${path}${field}`, found, depth);
    }
  }

  #element(type: number, path: string, found: Map<string, number>, depth: number): void {
    if (type === TRUE || type === FALSE) return;
    if (type === BYTE) this.#skip(1);
    else if (type === DOUBLE) this.#skip(8);
    else if (type === I16 || type === I32 || type === I64) found.set(path, zigzag(this.#varint()));
    else if (type === BINARY) this.#skip(this.#varint());
    else if (type === STRUCT) this.struct(`${path}.`, found, depth + 1);
    else if (type === LIST) this.#list(depth + 1);
    else throw new Error(`it holds a field of the unknown type ${type}`);
  }

  #list(depth: number): void {
    if (depth > MOST_DEPTH) throw new Error(`it is nested deeper than ${MOST_DEPTH}`);
    const byte = this.#byte();
    const type = byte & 0x0f;
    const size = byte >> 4 === 15 ? this.#varint() : byte >> 4;
    if (size > this.#bytes.length - this.at)
      throw new Error("a list in it is said to be longer than it is itself");
    const none = new Map<string, number>();
    for (let i = 0; i < size; i++)
      this.#element(type === TRUE || type === FALSE ? BYTE : type, "", none, depth);
  }

  #byte(): number {
    if (this.at >= this.#bytes.length) throw new Error("it ends too early");
    return this.#bytes[this.at++]!;
  }

  #skip(length: number): void {
    if (length > this.#bytes.length - this.at) throw new Error("it ends too early");
    this.at += length;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      if (factor > 2 ** 63) throw new Error("it holds a number that does not end");
    }
  }
}

const zigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

/** Bytes before the magic number at the end: how long the description is. */
const TAIL = 8;

/** The description at the end of the file. @param limit longest document, bytes. @throws Error */
export async function checkFooter(file: AsyncBuffer, limit: number): Promise<void> {
  if (file.byteLength < 2 * TAIL) throw new Error("the file is too short");
  const tail = new DataView(await file.slice(file.byteLength - TAIL, file.byteLength));
  const length = tail.getUint32(0, true);
  if (length > file.byteLength - TAIL) throw new Error("its description is said to be longer than the file");
  if (length > limit) throw new Error(`its description is longer than ${limit} bytes`);
  const end = file.byteLength - TAIL;
  new Walker(new Uint8Array(await file.slice(end - length, end))).struct();
}

/** @throws Error for what cannot be true of a file of that size. */
export function checkMetadata(
  { schema, row_groups: groups }: FileMetaData,
  file: AsyncBuffer,
  limit: number,
): void {
  checkSchema(schema);
  for (const [i, { num_rows: rows, columns }] of groups.entries()) {
    const where = `row group ${i + 1}`;
    if (!(rows >= 0n && rows <= BigInt(MOST_ROWS)))
      throw new Error(`${where} is said to have ${rows} rows; ${MOST_ROWS} at most are read`);
    for (const { meta_data: column } of columns) {
      if (!column) continue; // hyparquet says so
      const {
        dictionary_page_offset: dictionary,
        data_page_offset: data,
        total_compressed_size: size,
      } = column;
      const start = dictionary || data;
      if (!(start >= 0n && size >= 0n && start + size <= BigInt(file.byteLength)))
        throw new Error(`${where} has a column that is said to lie beyond the end of the file`);
      if (size > BigInt(DOCUMENTS * limit)) throw tooMuch(where, DOCUMENTS * limit);
    }
  }
}

/** Elements are in the order of a walk through the tree; each says how many are beneath it. */
function checkSchema(schema: FileMetaData["schema"]): void {
  const open: number[] = [];
  for (const [i, { num_children: children = 0 }] of schema.entries()) {
    if (i > 0) {
      if (open.length === 0) throw new Error("its schema has more columns than it says");
      open[open.length - 1]!--;
    }
    if (children < 0 || children > schema.length)
      throw new Error(`its schema has a column of ${children} columns`);
    open.push(children);
    while (open.length > 0 && open.at(-1) === 0) open.pop();
    if (open.length > MOST_DEPTH) throw new Error(`its schema is nested deeper than ${MOST_DEPTH}`);
  }
  if (open.length > 0) throw new Error("its schema has fewer columns than it says");
}

const tooMuch = (where: string, most: number) =>
  new Error(
    `a column of ${where} is larger than ${most / 2 ** 20} MiB: write smaller row groups, or allow longer documents`,
  );

/** The same file, whose pages are looked at before they are unpacked. @throws Error, from `slice` */
export function withCheckedPages(
  file: AsyncBuffer,
  { row_groups: groups }: FileMetaData,
  limit: number,
): AsyncBuffer {
  const columns = groups.flatMap((group, i) =>
    group.columns.flatMap(({ meta_data: column }) => {
      if (!column) return [];
      const start = Number(column.dictionary_page_offset || column.data_page_offset);
      return [{ start, end: start + Number(column.total_compressed_size), where: `row group ${i + 1}` }];
    }),
  );
  return {
    byteLength: file.byteLength,
    async slice(from, to = file.byteLength) {
      const bytes = await file.slice(from, to);
      for (const { start, end, where } of columns) // small columns that lie together are read in one go
        if (start >= from && end <= to)
          checkPages(new Uint8Array(bytes, start - from, end - start), where, DOCUMENTS * limit);
      return bytes;
    },
  };
}

/** Fields of a page's header: its sizes, and how many values it has, whatever kind of page it is. */
const [UNPACKED, PACKED] = ["2", "3"];
const COUNTS = ["5.1", "7.1", "8.1", "8.3"];

function checkPages(bytes: Uint8Array, where: string, most: number): void {
  let whole = 0;
  for (let at = 0; at < bytes.length - 1; ) {
    const walker = new Walker(bytes, at);
    const header = walker.struct();
    const [unpacked = 0, packed = 0] = [header.get(UNPACKED), header.get(PACKED)];
    if (unpacked < 0 || packed < 0 || packed > bytes.length - walker.at)
      throw new Error(`a page of ${where} is said to be longer than its column`);
    whole += unpacked;
    if (whole > most) throw tooMuch(where, most);
    const count = COUNTS.map((field) => header.get(field) ?? 0).find(
      (values) => !(values >= 0 && values <= MOST_ROWS),
    );
    if (count !== undefined)
      throw new Error(`a page of ${where} is said to have ${count} values; ${MOST_ROWS} at most are read`);
    at = walker.at + packed;
  }
}
