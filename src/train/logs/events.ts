/**
 * TensorBoard's event files: TFRecord framing around protobuf messages.
 *
 * A record is its length (uint64, little-endian), the masked CRC-32C of those 8 bytes, the bytes, and their masked CRC-32C
 * (tensorflow/core/lib/io/record_writer.h; the mask is ((crc >> 15) | (crc << 17)) + 0xa282ead8). A scalar is in
 * Summary.Value either as simple_value or as a tensor of one number (event.proto, summary.proto, tensor.proto).
 */
import type { LogCollector } from "../collector.ts";
import type { LogReader } from "./reader.ts";

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc >>> 0;
});

/** CRC-32C (Castagnoli), as a number below 2^32. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const masked = (bytes: Uint8Array): number => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

const HEADER = 12;
/** Longest record, bytes; images are in them too. */
const LONGEST = 1 << 30;

/** Whether bytes begin as an event file does. */
export function isEvents(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(8, true) === masked(bytes.subarray(0, 8));
}

export class EventsReader implements LogReader {
  readonly format = "TensorBoard events";
  private rest: Uint8Array = new Uint8Array(0);
  private damaged = false;
  private records = 0;

  private readonly collector: LogCollector;
  private readonly run: string | null;
  private readonly prefix: string;

  /** @param prefix is put before every tag: of a folder "train" or "validation". */
  constructor(collector: LogCollector, run: string | null = null, prefix: string = "") {
    this.collector = collector;
    this.run = run;
    this.prefix = prefix;
  }

  push(bytes: Uint8Array): void {
    if (this.damaged) return;
    const all = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    let at = 0;
    while (at + HEADER <= all.length) {
      const size = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
      if (view.getUint32(at + 8, true) !== masked(all.subarray(at, at + 8)) || size > LONGEST) {
        this.damage();
        return;
      }
      const end = at + HEADER + size;
      if (end + 4 > all.length) break;
      const data = all.subarray(at + HEADER, end);
      if (view.getUint32(end, true) !== masked(data)) {
        this.damage();
        return;
      }
      this.records++;
      this.event(data);
      at = end + 4;
    }
    this.rest = new Uint8Array(all.subarray(at)); // a copy: a Buffer's `slice` is none
  }

  end(): void {
    if (this.rest.length > 0 && !this.damaged)
      this.collector.note(`The event file ends within record ${this.records + 1}: it is left out.`);
  }

  private damage(): void {
    this.damaged = true;
    this.collector.note(
      `Record ${this.records + 1} of the event file has a wrong checksum: nothing behind it is read.`,
    );
  }

  private event(data: Uint8Array): void {
    let step = 0;
    const values: Uint8Array[] = [];
    for (const { field, number, bytes } of fieldsOf(data)) {
      if (field === 2) step = number;
      else if (field === 5 && bytes)
        for (const inner of fieldsOf(bytes)) if (inner.field === 1 && inner.bytes) values.push(inner.bytes);
    }
    for (const value of values) {
      const scalar = scalarOf(value);
      if (scalar !== null)
        this.collector.point(
          { tag: this.prefix + scalar.tag, value: scalar.value, step, run: this.run },
          this.records,
        );
    }
  }
}

interface Field {
  field: number;
  /** Of a varint; of four or eight bytes those are in `bytes`. */
  number: number;
  bytes: Uint8Array | null;
  fixed: boolean;
}

/** Fields of a message; what is cut short ends the list. */
function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    while (at < message.length) {
      const byte = message[at++]!;
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) break;
    }
    return value >= 2 ** 63 ? value - 2 ** 64 : value;
  };
  while (at < message.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    const type = key % 8;
    if (type === 0) yield { field, number: varint(), bytes: null, fixed: false };
    else {
      const size = type === 1 ? 8 : type === 5 ? 4 : type === 2 ? varint() : Number.NaN;
      if (!(size <= message.length - at)) return;
      yield { field, number: 0, bytes: message.subarray(at, at + size), fixed: type !== 2 };
      at += size;
    }
  }
}

function scalarOf(message: Uint8Array): { tag: string; value: number } | null {
  let [tag, value]: [string, number | null] = ["", null];
  for (const { field, bytes } of fieldsOf(message)) {
    if (bytes === null) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (field === 1) tag = Buffer.from(bytes).toString("utf8");
    else if (field === 2 && bytes.length === 4) value = view.getFloat32(0, true);
    else if (field === 8) value = tensorOf(bytes);
  }
  return value === null ? null : { tag, value };
}

const [FLOAT, DOUBLE] = [1, 2];

/** The number of a tensor that has one. */
function tensorOf(message: Uint8Array): number | null {
  let type = 0;
  let content: Uint8Array | null = null;
  for (const { field, number, bytes } of fieldsOf(message)) {
    if (field === 1) type = number;
    // tensor_content, float_val (packed or not), double_val
    else if ((field === 4 || field === 5 || field === 6) && bytes) content = bytes;
  }
  if (content === null) return null;
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (type === FLOAT && content.length === 4) return view.getFloat32(0, true);
  return type === DOUBLE && content.length === 8 ? view.getFloat64(0, true) : null;
}
